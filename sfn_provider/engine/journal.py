"""What an execution records and asks for in one step: history events and requests."""

from __future__ import annotations

from typing import Any

from sfn_provider.engine.execution_state import ExecutionState, Frame, Pending
from sfn_provider.engine.history import Record
from sfn_provider.engine.limits import MAX_EVENTS
from sfn_provider.engine.requests import Cancel, Request, WakeAt


class HistoryFull(Exception):
    """The execution may record one event more, its last one."""


class Journal:
    """Collects the requests and the history records of a step.

    Args:
        state: the execution's state, changed in place.
    """

    def __init__(self, state: ExecutionState) -> None:
        self.state = state
        self.requests: list[Request] = []
        self.records: list[Record] = []

    def emit(self, frame: Frame, type: str, details: dict[str, Any] | None = None, *, chain: bool = True) -> int:
        """Record a history event after the frame's previous one; with ``chain`` the next one follows it.

        Child executions of a distributed Map have a history of their own, which is not kept.

        Raises:
            HistoryFull: only the event that ends the execution can be recorded now.
        """
        if frame.child_execution is not None:
            return self._count_event(self.state.frames[frame.child_execution], frame, chain)
        state = self.state
        if state.event_ids >= MAX_EVENTS - 1 and not type.startswith("Execution"):
            raise HistoryFull
        state.event_ids += 1
        identity = state.first_event + state.event_ids
        self.records.append(Record(identity, frame.previous, type, state.now, details or {}))
        if chain:
            frame.previous = identity
        return identity

    @staticmethod
    def _count_event(child: Frame, frame: Frame, chain: bool) -> int:
        child.events += 1
        if chain:
            frame.previous = child.events
        return child.events

    def new_request(self, frame: Frame, purpose: str) -> str:
        """Make the id of a request whose answer is for the frame."""
        self.state.request_ids += 1
        identity = str(self.state.request_ids)
        self.state.pending[identity] = Pending(frame.id, purpose)
        frame.requests.append(identity)
        return identity

    def close_request(self, frame: Frame, identity: str) -> None:
        """Forget a request of the frame: it was answered, withdrawn or never sent."""
        del self.state.pending[identity]
        frame.requests.remove(identity)

    def wake(self, frame: Frame, purpose: str, at: float) -> str:
        """Ask to be told once the time is ``at``."""
        identity = self.new_request(frame, purpose)
        self.requests.append(WakeAt(identity, at))
        return identity

    def cancel(self, frame: Frame, purpose: str | None = None) -> None:
        """Withdraw the frame's open requests for one purpose, or all but the timeout of the execution itself."""
        for identity in tuple(frame.requests):
            asked = self.state.pending[identity].purpose
            if asked == purpose or (purpose is None and asked != "execution"):
                self.close_request(frame, identity)
                self.requests.append(Cancel(identity))
