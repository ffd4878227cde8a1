"""Waiting for a state to be entered or left: what a history says of it, read in parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from sfn_provider.executions.history_pages import HistoryPosition
from sfn_provider.executions.outcomes import Event, details_of

Passage = Literal["entered", "left"]

PASSAGES: Final[Mapping[str, str]] = {"entered": "StateEntered", "left": "StateExited"}
"""What the types of the events end in. Source: API_HistoryEvent, ``type``."""

_ENDS: Final = frozenset({"ExecutionSucceeded", "ExecutionFailed", "ExecutionTimedOut", "ExecutionAborted"})


@dataclass(slots=True)
class StateEventCounter:
    """How far a wait for a state has come.

    Args:
        state_name: the state's name.
        passage: what is waited for.
        times: how often it is to happen.
        position: how far the history has been read.
        count: how often it has happened.
        found: the event at which it had happened often enough: ``{"event_id", "timestamp"}``; None before.
        ended: the execution has ended; a redrive takes that back.
    """

    state_name: str
    passage: Passage
    times: int
    position: HistoryPosition = field(default_factory=HistoryPosition)
    count: int = 0
    found: dict[str, Any] | None = None
    ended: bool = False

    @classmethod
    def of(cls, state_name: str, passage: Passage, times: int, saved: Mapping[str, Any] | None) -> StateEventCounter:
        """Make one out of what ``saved`` gave; a new one for None."""
        wait = cls(state_name, passage, times)
        if saved:
            wait.position = HistoryPosition.of(saved["position"])
            wait.count, wait.found, wait.ended = saved["count"], saved["found"], saved["ended"]
        return wait

    def saved(self) -> dict[str, Any]:
        """Give what has been seen, as JSON value."""
        return {
            "position": self.position.saved(),
            "count": self.count,
            "found": self.found,
            "ended": self.ended,
        }

    @property
    def seen(self) -> bool:
        """Has it happened often enough?"""
        return self.found is not None

    def result(self) -> dict[str, Any]:
        """Give what a task returns: the state, what has happened, how often, and the event's number and time."""
        return {"state_name": self.state_name, "passage": self.passage, "count": self.count, **(self.found or {})}

    def take(self, page: Mapping[str, Any]) -> None:
        """Read a page of the history: the answer of GetExecutionHistory at ``position``."""
        for event in self.position.take(page):
            self.ended = event["type"] in _ENDS
            if self._is_it(event):
                self.count += 1
                if self.count == self.times:
                    self.found = {"event_id": event["id"], "timestamp": event["timestamp"].isoformat()}

    def _is_it(self, event: Event) -> bool:
        return event["type"].endswith(PASSAGES[self.passage]) and details_of(event).get("name") == self.state_name
