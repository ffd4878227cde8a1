"""Task token callbacks and activities: workers outside of Airflow answer tasks over HTTP or SQS."""

from __future__ import annotations

from typing import Final

URL_PREFIX: Final = "/step-functions"
"""Path of the endpoint on Airflow's web server."""

ENDPOINT_PATH: Final = "/v1"
"""Path below the prefix: AWS clients request it without a trailing slash, which a mounted prefix alone would need."""
