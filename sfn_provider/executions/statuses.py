"""Statuses of executions and Map Runs, and the error of an execution that Airflow has stopped."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

RUNNING_STATUSES: Final = frozenset({"RUNNING", "PENDING_REDRIVE"})
"""The execution has not ended. PENDING_REDRIVE: a child of a Map Run waits for the start of its redrive."""

FAILURE_STATUSES: Final = frozenset({"FAILED", "TIMED_OUT", "ABORTED"})
"""The execution has ended without success. Source: API_DescribeExecution, ``status``."""

ENDED_STATUSES: Final = FAILURE_STATUSES | {"SUCCEEDED"}

STATUSES: Final = RUNNING_STATUSES | ENDED_STATUSES

MAP_RUN_STATUSES: Final = frozenset({"RUNNING", "SUCCEEDED", "FAILED", "ABORTED"})
"""Source: API_DescribeMapRun, ``status``."""

KILLED_ERROR: Final = "Airflow.TaskKilled"
KILLED_CAUSE: Final = "The Airflow task that waited for this execution was killed, cleared, marked or timed out."
"""Error and cause of an execution that was stopped because its task was killed."""


def was_killed(description: Mapping[str, Any]) -> bool:
    """Return whether an execution was stopped because its task was killed, by its response of DescribeExecution."""
    return description["status"] == "ABORTED" and description.get("error") == KILLED_ERROR
