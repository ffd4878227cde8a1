"""Redrives executions: starts those again that have failed, where they have failed."""

from __future__ import annotations

from typing import Final

from sfn_provider.server.api_errors import ApiError
from sfn_provider.server.resources.execution import Execution
from sfn_provider.server.service_state import ServiceState

PERIOD: Final = 14 * 86_400.0
"""Seconds for which an execution that has ended can be redriven (AWS's documentation of RedriveExecution)."""

MAX_REDRIVES: Final = 1_000
"""How often an execution can be redriven (AWS's quotas)."""

MAX_EVENTS: Final = 24_999
"""Events of a history after which nothing can be redriven (AWS's documentation of redrives)."""


def redrive_status(execution: Execution, now: float) -> tuple[str, str | None]:
    """Return whether an execution can be redriven, and why not, as DescribeExecution says it.

    Args:
        execution: the execution.
        now: the time, seconds since the epoch.
    """
    if execution.status in ("RUNNING", "SUCCEEDED"):
        return "NOT_REDRIVABLE", f"Execution is {execution.status} and cannot be redriven"
    if execution.map_run_arn is not None:
        return "REDRIVABLE_BY_MAP_RUN", None
    if now - (execution.stopped or now) > PERIOD:
        return "NOT_REDRIVABLE", "Execution's redrivable period of 14 days is over"
    if execution.redrives >= MAX_REDRIVES:
        return "NOT_REDRIVABLE", f"Execution was redriven {MAX_REDRIVES} times and cannot be redriven again"
    if len(execution.records) >= MAX_EVENTS or execution.redrive_point is None:
        return "NOT_REDRIVABLE", f"Execution history has reached {MAX_EVENTS} events and cannot be redriven"
    return "REDRIVABLE", None


def redrive(state: ServiceState, execution: Execution, client_token: str | None, now: float) -> float:
    """Redrive an execution; a request with the same client token does so once.

    Args:
        state: the service.
        execution: the execution.
        client_token: makes a repeated request have no effect; None without.
        now: the time, seconds since the epoch.

    Returns:
        When it was redriven, seconds since the epoch.

    Raises:
        ApiError: ``ExecutionNotRedrivable``.
    """
    if client_token is not None and client_token in execution.redrive_tokens:
        return execution.redrive_tokens[client_token]
    status, reason = redrive_status(execution, now)
    if status != "REDRIVABLE" or execution.redrive_point is None:
        message = reason or "Child executions are redriven with the execution that has their Map Run"
        raise ApiError("ExecutionNotRedrivable", message)
    if client_token is not None:
        execution.redrive_tokens[client_token] = now
    point, execution.redrive_point = execution.redrive_point, None
    execution.redrives, execution.redriven = execution.redrives + 1, now
    execution.begin_again()
    state.redrive(execution, point, now)
    return now
