"""Real AWS calls for Task states.

    caller = Caller(aws_conn_id="aws_default", execution_arn=..., machine_arn=...)
    answer = caller.submit(call, idempotency_key=...)
    while isinstance(answer, Submitted):
        ...  # wait answer.poll_after seconds, here or in another process
        answer = caller.poll(answer.job)

Importing this package imports neither boto3 nor Airflow: ``Caller`` does when it makes its first client.
"""

from __future__ import annotations

from sfn_provider.integrations.call_outcomes import Completed, Submitted
from sfn_provider.integrations.caller import Caller
from sfn_provider.integrations.coverage import (
    JobEnd,
    SupportedResource,
    SyncResource,
    job_ends,
    supported_resources,
    sync_resources,
)

__all__ = [
    "Caller",
    "Completed",
    "JobEnd",
    "Submitted",
    "SupportedResource",
    "SyncResource",
    "job_ends",
    "supported_resources",
    "sync_resources",
]
