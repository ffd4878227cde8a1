"""Reads an execution's history events: details, and the chain of events that led to a failure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

Event = Mapping[str, Any]
"""An event as GetExecutionHistory returns it."""

EXECUTION_ENDS: Final = {
    "ExecutionSucceeded": "SUCCEEDED",
    "ExecutionFailed": "FAILED",
    "ExecutionTimedOut": "TIMED_OUT",
    "ExecutionAborted": "ABORTED",
}
"""The status of an execution behind the event that ends it."""

_FAILURES: Final = EXECUTION_ENDS.keys() - {"ExecutionSucceeded"}


def event_details(event: Event) -> Mapping[str, Any]:
    """Return an event's details, under the key that ends in ``EventDetails``; empty for types that have none."""
    return next((value for key, value in event.items() if key.endswith("EventDetails")), {})


def is_state_entered(event: Event) -> bool:
    """Return whether an event is the entry of a state."""
    return bool(event["type"].endswith("StateEntered"))


def index_by_id(events: Iterable[Event]) -> dict[int, Event]:
    """Index events by their id, in which the functions below find an event's predecessor."""
    return {event["id"]: event for event in events}


def failure_chain(by_id: Mapping[int, Event]) -> Iterator[Event]:
    """Iterate from the event that ended the execution back to the entry of the state that failed."""
    last = by_id[max(by_id)] if by_id else None
    if last is not None and last["type"] in _FAILURES:
        yield from until_state_entered(preceding_events(by_id, last))


def preceding_events(by_id: Mapping[int, Event], event: Event) -> Iterator[Event]:
    """Iterate backwards from an event, each time to its ``previousEventId``."""
    while (previous := by_id.get(event["previousEventId"])) is not None:
        yield previous
        event = previous


def until_state_entered(events: Iterable[Event]) -> Iterator[Event]:
    """Iterate over events up to the first entry of a state, which is included."""
    for event in events:
        yield event
        if is_state_entered(event):
            return


def last_state_entered(by_id: Mapping[int, Event]) -> Event | None:
    """Find the last entry of a state; the first state's predecessor is event 0, which does not exist."""
    return next((by_id[i] for i in sorted(by_id, reverse=True) if is_state_entered(by_id[i])), None)
