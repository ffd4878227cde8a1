"""Renders history events in the shape of GetExecutionHistory.

Source: https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import cache, partial
from typing import Any, NamedTuple

from sfn_provider.asl.scope import Json
from sfn_provider.engine.limits import to_json

_JSON_DETAILS = frozenset({"input", "output", "parameters"})
"""Details whose value is JSON text."""


class Record(NamedTuple):
    """One history event; unlike in GetExecutionHistory ``details`` holds JSON values, not JSON text."""

    id: int
    previous: int
    type: str
    at: float
    details: dict[str, Any]


make_record: Callable[[tuple[int, int, str, float, dict[str, Any]]], Record] = partial(tuple.__new__, Record)
"""Makes a record from its fields in half the time that the class takes, whose ``__new__`` is Python: most of a step."""


@cache
def details_key(event_type: str) -> str:
    """Return the field that holds an event's details: ``TaskStateEntered`` has ``stateEnteredEventDetails``."""
    for ending in ("StateEntered", "StateExited"):
        if event_type.endswith(ending):
            return ending[0].lower() + ending[1:] + "EventDetails"
    return event_type[0].lower() + event_type[1:] + "EventDetails"


def render(records: Iterable[Record]) -> list[dict[str, Any]]:
    """Render records as GetExecutionHistory returns events, oldest first."""
    time_of = cache(partial(datetime.fromtimestamp, tz=UTC))  # many events happen at the same time
    return [_render(record, time_of(record.at)) for record in records]


def _render(record: Record, timestamp: datetime) -> dict[str, Any]:
    event: dict[str, Any] = {
        "timestamp": timestamp,
        "type": record.type,
        "id": record.id,
        "previousEventId": record.previous,
    }
    if record.details:
        event[details_key(record.type)] = dict(_render_details(record.details))
    return event


def _render_details(details: dict[str, Any]) -> Iterable[tuple[str, Json]]:
    for key, value in details.items():
        if key == "assignedVariables":
            yield key, {name: to_json(assigned) for name, assigned in value.items()}
            yield f"{key}Details", {"truncated": False}
        elif key in _JSON_DETAILS:
            yield key, to_json(value)
            if key != "parameters":
                yield f"{key}Details", {"truncated": False}
        else:
            yield key, value
