"""Redrives executions: starts those again that have failed, where they have failed."""

from __future__ import annotations

from typing import Final

from sfn_provider.server.execution import Execution

PERIOD: Final = 14 * 86_400.0
"""Seconds for which an execution that has ended can be redriven (AWS's documentation of RedriveExecution)."""

MAX_REDRIVES: Final = 1_000
"""How often an execution can be redriven (AWS's quotas)."""


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
    return "REDRIVABLE", None
