"""Integrations of Task states: calls AWS services, polls their jobs, converts errors.

    caller = Caller(aws_conn_id="aws_default", execution_arn=..., machine_arn=...)
    outcome = caller.submit(call, idempotency_key=...)
    while isinstance(outcome, Submitted):
        ...  # wait outcome.poll_after seconds, here or in another process
        outcome = caller.poll(outcome.job)

Where to add or change an integration:

- ``optimized/table.py``: a row for each optimized integration, of the type in ``integration.py``.
- ``optimized/sync_jobs.py``: its job, of the type in ``sync_job.py``; ``job_recovery.py``: how to find a lost one.
- ``optimized/transforms.py``, or a module per service: functions that change its parameters and results.
- ``adapters/``: calls that boto3 cannot make. AWS SDK integrations need nothing: ``resolver.py`` finds all of boto3's.

Importing this package imports neither boto3 nor Airflow: ``Caller`` does when it makes its first client.
"""

from __future__ import annotations

from sfn_provider.integrations.call_outcomes import Completed, Submitted
from sfn_provider.integrations.caller import Caller
from sfn_provider.integrations.coverage import (
    IntegrationDetails,
    SupportedResource,
    integration_details,
    supported_resources,
)

__all__ = [
    "Caller",
    "Completed",
    "IntegrationDetails",
    "Submitted",
    "SupportedResource",
    "integration_details",
    "supported_resources",
]
