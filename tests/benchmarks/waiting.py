"""Our trigger, as a benchmark of waiting takes it: a factory, and what its event means."""

from __future__ import annotations

from typing import Any

import aiobotocore.session  # noqa: F401  what every trigger that calls AWS needs; its cost is not a wait's
import airflow.providers.amazon.aws.hooks.base_aws  # noqa: F401

from sfn_provider.triggers.step_function import StepFunctionsExecutionCompleteTrigger


def trigger(
    execution_arn: str, *, poll_interval: float, region_name: str | None, aws_conn_id: str | None
) -> StepFunctionsExecutionCompleteTrigger:
    """Make the trigger that waits for one execution."""
    return StepFunctionsExecutionCompleteTrigger(
        execution_arn=execution_arn, waiter_delay=poll_interval, region_name=region_name, aws_conn_id=aws_conn_id
    )


def event_succeeded(payload: dict[str, Any]) -> bool:
    """Tell whether an event says that the execution has succeeded."""
    return payload.get("execution_status") == "SUCCEEDED"
