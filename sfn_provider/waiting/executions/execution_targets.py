"""What the poller of executions knows about each that is waited for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sfn_provider.executions.aws_errors import Backoff
from sfn_provider.waiting.poll_waits import PollTarget
from sfn_provider.waiting.status_queue.status_messages import ExecutionDescription, StatusChange

MAX_LIST_LAG_DELAYS: Final = 3
"""How often ListExecutions, which is eventually consistent, is given time to show a new execution."""


@dataclass(frozen=True, slots=True)
class ExecutionFinding:
    """What was found out about an execution.

    Args:
        status: AWS's status.
        description: its result, where a message had it.
    """

    status: str
    description: ExecutionDescription | None = None


class ExecutionTarget(PollTarget):
    """An execution that is waited for, and what the poller knows about it.

    Args:
        name: its ARN.
        awaited_since: when the last wait for it began, in milliseconds since the epoch.
    """

    __slots__ = ("awaited_since", "backoff", "confirmations", "lag_delays", "listed", "redrive_count")

    def __init__(self, name: str, awaited_since: float) -> None:
        super().__init__(name)
        self.awaited_since = awaited_since
        self.redrive_count = 0
        """How often it has been redriven at least, according to AWS."""
        self.listed = False
        """It was in the list of running executions once, so that its absence means something."""
        self.lag_delays = 0
        """How often it was given time to appear there."""
        self.confirmations = 0
        """Descriptions left until a message that it has ended is taken for wrong."""
        self.backoff: Backoff | None = None
        """Of DescribeExecution, while that does not know it."""

    @property
    def maybe_unlisted(self) -> bool:
        """May it be too young for the list?"""
        return not self.listed and self.lag_delays < MAX_LIST_LAG_DELAYS

    def is_current(self, change: StatusChange) -> bool:
        """Is it certain that a change belongs to what is waited for?

        An execution with the same ARN may have ended before the wait began: this one, which was redriven since, or one
        of a state machine that was deleted and created again.
        """
        return (
            change.stopped is not None
            and change.redrive_count is not None
            and change.stopped >= self.awaited_since
            and change.redrive_count >= self.redrive_count
        )

    def is_outdated(self, row: dict[str, Any]) -> bool:
        """Does a response of AWS, which is eventually consistent, show an earlier state than others did?"""
        count = row.get("redriveCount", 0)
        if count < self.redrive_count:
            return True
        self.redrive_count = count
        return False
