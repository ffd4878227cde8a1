"""Counts how often an execution has entered or left a state, from pages of its history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from sfn_provider.executions.argument_types import Passage
from sfn_provider.executions.history.history_events import EXECUTION_ENDS, Event, event_details
from sfn_provider.executions.history.history_pages import HistoryPosition
from sfn_provider.formatting import count

_EVENT_SUFFIXES: Final[Mapping[str, str]] = {"entered": "StateEntered", "left": "StateExited"}
"""Source: API_HistoryEvent, ``type``."""


@dataclass(slots=True)
class StateEventCounter:
    """Counts the entries or exits of a state up to a target.

    Args:
        state_name: the state's name.
        passage: the event to count.
        times: the target.
        position: how far the history has been read.
        count: events so far.
        found: the event that reached the target: ``{"event_id", "timestamp"}``; None before.
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
    def from_dict(
        cls, state_name: str, passage: Passage, times: int, value: Mapping[str, Any] | None
    ) -> StateEventCounter:
        """Restore a counter from what ``to_dict`` returned; a new one for None."""
        if not value:
            return cls(state_name, passage, times)
        position = HistoryPosition.from_dict(value["position"])
        return cls(state_name, passage, times, **{**value, "position": position})

    def to_dict(self) -> dict[str, Any]:
        """Return the progress as JSON value."""
        progress = asdict(self)
        return {name: progress[name] for name in ("position", "count", "found", "ended")}

    @property
    def is_reached(self) -> bool:
        """Whether the event has occurred ``times`` times."""
        return self.found is not None

    def result(self) -> dict[str, Any]:
        """Return a sensor's return value: state, passage and count, and the id and time of the event."""
        return {"state_name": self.state_name, "passage": self.passage, "count": self.count, **(self.found or {})}

    def progress(self) -> str:
        """Return the progress in one line: ``'Ship' was entered 2 times, of 3``."""
        return f"{self.state_name!r} was {self.passage} {count(self.count, 'time')}, of {self.times}"

    def add_page(self, page: Mapping[str, Any]) -> None:
        """Count the events of a page: the response of GetExecutionHistory at ``position``."""
        for event in self.position.advance(page):
            self.ended = event["type"] in EXECUTION_ENDS
            if self._matches(event):
                self.count += 1
                if self.count == self.times:
                    self.found = {"event_id": event["id"], "timestamp": event["timestamp"].isoformat()}

    def _matches(self, event: Event) -> bool:
        suffix = _EVENT_SUFFIXES[self.passage]
        return event["type"].endswith(suffix) and event_details(event).get("name") == self.state_name
