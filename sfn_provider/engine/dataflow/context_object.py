"""Makes the context object, ``$$``: the parts of an execution, its state, item and task token.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html
"""

from __future__ import annotations

import uuid
from typing import Any

from sfn_provider.asl.scope import Json
from sfn_provider.engine.history.timestamps import format_time
from sfn_provider.engine.progress.execution_state import ExecutionState, Frame

PLACEHOLDER_ACCOUNT = "111111111111"
"""The account in the ARNs of the context object where an execution runs outside of AWS and no ARN was given."""


def execution_context(
    input: Json,
    at: float,
    *,
    machine: str,
    name: str,
    role: str = "",
    region: str = "us-east-1",
    execution_type: str = "STANDARD",
) -> dict[str, Any]:
    """Make the ``Execution`` and ``StateMachine`` parts of the context object.

    Args:
        input: the execution's input.
        at: when it starts, seconds since the epoch.
        machine: name of the state machine.
        name: name of the execution.
        role: ARN of the role that it runs as.
        region: AWS region for the ARNs.
        execution_type: ``STANDARD`` or ``EXPRESS``, whose executions have other ARNs and cannot be redriven.
    """
    prefix = f"arn:aws:states:{region}:{PLACEHOLDER_ACCOUNT}"
    arn = f"{prefix}:execution:{machine}:{name}"
    redrives = {"RedriveCount": 0}
    if execution_type == "EXPRESS":
        # Two executions of the type may have the same name: AWS adds a text of its own.
        arn, redrives = f"{prefix}:express:{machine}:{name}:{uuid.uuid5(uuid.NAMESPACE_URL, name)}", {}
    return {
        "Execution": {
            "Id": arn,
            "Input": input,
            "StartTime": format_time(at),
            "Name": name,
            "RoleArn": role or f"arn:aws:iam::{PLACEHOLDER_ACCOUNT}:role/{machine}",
            **redrives,
        },
        "StateMachine": {"Id": f"{prefix}:stateMachine:{machine}", "Name": machine},
    }


def state_context(
    execution: dict[str, Any],
    name: str,
    entered_at: float,
    retry_count: int | None,
    map_item: dict[str, Json] | None,
    token: str | None,
) -> dict[str, Any]:
    """Make the context object of a state.

    Args:
        execution: the ``Execution`` and ``StateMachine`` parts.
        name: the state's name.
        entered_at: when it was entered, seconds since the epoch.
        retry_count: retries so far; None for a state of a type without Retry, which has none (recorded executions).
        map_item: what ``$$.Map.Item`` shows; None outside of a Map.
        token: the task token; None where there is none.
    """
    state: dict[str, Any] = {"Name": name, "EnteredTime": format_time(entered_at)}
    if retry_count is not None:
        state["RetryCount"] = retry_count
    context = {**execution, "State": state}
    if map_item is not None:
        context["Map"] = {"Item": map_item}
    if token is not None:
        context["Task"] = {"Token": token}
    return context


def frame_context(execution: ExecutionState, frame: Frame) -> dict[str, Any]:
    """Return the ``Execution`` and ``StateMachine`` parts for a frame: its child execution's where it is in one."""
    if frame.child_execution is None:
        return execution.context
    return execution.frames[frame.child_execution].execution_context or {}
