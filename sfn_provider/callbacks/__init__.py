"""Workers outside of Airflow that answer tasks: task tokens, activities, and the ways that their answers take."""

from __future__ import annotations

from typing import Final

URL_PREFIX: Final = "/step-functions"
"""Where Airflow's web server has the endpoint."""

ENDPOINT_PATH: Final = "/v1"
"""The endpoint below the prefix: clients of AWS ask for it without a slash at the end, which a prefix alone needs."""
