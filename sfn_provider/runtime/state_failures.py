"""Pushes the error of a failed state for other tasks, and makes the exception that fails its task."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING

from sfn_provider._compat import AirflowFailException
from sfn_provider.engine.progress.execution_state import ExecutionState
from sfn_provider.exceptions import StatesError
from sfn_provider.runtime.routing.routing_token import ERROR_KEY, RoutingToken
from sfn_provider.secret_masking import mask_secrets, one_line
from sfn_provider.xcom_json import encode_xcom

if TYPE_CHECKING:
    from sfn_provider._compat import Context


def push_state_failure(
    context: Context, state: ExecutionState, token: RoutingToken, max_seconds: float
) -> AirflowFailException:
    """Push the XCom `ERROR_KEY` of a failed state; return the exception that fails the task.

    Args:
        context: the task's context.
        state: the execution's state after the failure.
        token: the token that names no next state.
        max_seconds: how long the execution may run.
    """
    error = {
        "Error": state.error,
        "Cause": state.cause,
        "IsOversized": state.is_oversized,
        "Status": state.status,
        "Transitions": state.transitions,
        "Token": asdict(token),
    }
    context["ti"].xcom_push(key=ERROR_KEY, value=encode_xcom(error))
    message = (
        str(StatesError(state.error, state.cause and mask_secrets(state.cause)))
        or "the state failed without naming an error"
    )
    if state.status == "TIMED_OUT":
        message = f"the execution ran longer than the {timedelta(seconds=max_seconds)} that it may take"
    return AirflowFailException(one_line(message))
