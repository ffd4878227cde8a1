"""How executions and Map Runs stand, in AWS's words."""

from __future__ import annotations

from typing import Final

RUNNING_STATUSES: Final = frozenset({"RUNNING", "PENDING_REDRIVE"})
"""The execution goes on. PENDING_REDRIVE: a child of a Map Run that is being redriven waits for its turn."""

FAILURE_STATUSES: Final = frozenset({"FAILED", "TIMED_OUT", "ABORTED"})
"""The execution has ended without success. Source: API_DescribeExecution, ``status``."""

ENDED_STATUSES: Final = FAILURE_STATUSES | {"SUCCEEDED"}

STATUSES: Final = RUNNING_STATUSES | ENDED_STATUSES

MAP_RUN_STATUSES: Final = frozenset({"RUNNING", "SUCCEEDED", "FAILED", "ABORTED"})
"""Source: API_DescribeMapRun, ``status``."""
