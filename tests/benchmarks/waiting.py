"""Our trigger, as a benchmark of waiting takes it: a factory, and what its event means.

Importing this module does what a process does once, however many executions it waits for: it imports what calls AWS,
and has botocore read its data files (10 MiB). So what is measured is the cost of waiting.
"""

from __future__ import annotations

from typing import Any

from sfn_provider.triggers.step_function import StepFunctionsExecutionCompleteTrigger
from sfn_provider.waiting.aws_client import read_botocore_data

read_botocore_data("stepfunctions")
read_botocore_data("sqs")

QUEUE_URL = "https://sqs.us-east-1.amazonaws.com/123456789012/ends"


def trigger(
    execution_arn: str, *, poll_interval: float, region_name: str | None, aws_conn_id: str | None
) -> StepFunctionsExecutionCompleteTrigger:
    """Make the trigger that waits for one execution."""
    return StepFunctionsExecutionCompleteTrigger(
        execution_arn=execution_arn, waiter_delay=poll_interval, region_name=region_name, aws_conn_id=aws_conn_id
    )


def hearing_trigger(
    execution_arn: str, *, poll_interval: float, region_name: str | None, aws_conn_id: str | None
) -> StepFunctionsExecutionCompleteTrigger:
    """Make the trigger that hears of the execution's end through a queue."""
    return StepFunctionsExecutionCompleteTrigger(
        execution_arn=execution_arn,
        waiter_delay=poll_interval,
        region_name=region_name,
        aws_conn_id=aws_conn_id,
        status_queue_url=QUEUE_URL,
    )


def event_succeeded(payload: dict[str, Any]) -> bool:
    """Tell whether an event says that the execution has succeeded."""
    return payload.get("execution_status") == "SUCCEEDED"
