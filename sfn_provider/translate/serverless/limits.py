"""Limits of Amazon MWAA Serverless, each with its source.

The pages are those of https://docs.aws.amazon.com/mwaa/latest/mwaa-serverless-userguide/.
"""

from __future__ import annotations

from typing import Final

from sfn_provider.translate.native.model import Versions

TARGET: Final = "mwaa-serverless"
"""The name of the service in options and arguments."""

VERSIONS: Final = Versions((3, 0, 6), (9, 32))
"""Airflow's and the amazon provider's on the service. Source: operators-python-bash-detail."""

MAX_DEFINITION_BYTES: Final = 50_000
"""The most bytes of a workflow's YAML: 50 KB. Source: quotas. 1 KB may be 1,024 bytes there; this fits either way."""

MAX_RETRIES: Final = 3
"""Source: supported-airflow-parameters."""

MAX_RETRY_DELAY: Final = 300
"""Seconds. Source: supported-airflow-parameters."""

MAX_TASK_SECONDS: Final = 3600
"""How long each start of a task may take. Source: quotas."""

EVALUATED_KEYS: Final = frozenset(["__type__", "__args__", "__and__", "__or__", "__join__"])
"""Keys that dag-factory evaluates at any depth of the YAML; data with one of them must not be YAML."""
