"""The states an execution passed, read from its history."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sfn_provider.asl.scope import Json


@dataclass(frozen=True, slots=True)
class Visit:
    """One passage through one state.

    Args:
        state: the state's name.
        type: the state's type.
        input: its input.
        output: its output; None where it was not left.
        left: True where the state was left, False where the execution ended or failed in it.
        calls: how often the state called something: more than once where it was retried.
        entered: when it was entered.
        seconds: how long it took; None where it was not left.
    """

    state: str
    type: str
    input: Json
    output: Json
    left: bool
    calls: int
    entered: datetime
    seconds: float | None


def visits(events: Sequence[Mapping[str, Any]]) -> list[Visit]:
    """The visits of an execution's states, in the order in which they were entered.

    Args:
        events: as GetExecutionHistory returns them, oldest first.
    """
    by_id = {event["id"]: event for event in events}
    exits: dict[int, Mapping[str, Any]] = {}
    calls: dict[int, int] = {}
    for event in events:
        if event["type"].endswith("StateExited"):
            exits[_entry(event, by_id)] = event
        elif event["type"].endswith("Scheduled"):
            entry = _entry(event, by_id)
            calls[entry] = calls.get(entry, 0) + 1
    entered = [event for event in events if event["type"].endswith("StateEntered")]
    return [_visit(event, exits.get(event["id"]), calls.get(event["id"], 0)) for event in entered]


def _entry(event: Mapping[str, Any], by_id: Mapping[int, Mapping[str, Any]]) -> int:
    """Id of the event by which the state was entered that an event belongs to."""
    name = event["stateExitedEventDetails"]["name"] if "stateExitedEventDetails" in event else None
    step: Mapping[str, Any] | None = by_id.get(event["previousEventId"])
    while step is not None:
        details = step.get("stateEnteredEventDetails")
        if details is not None and name in (None, details["name"]):
            return int(step["id"])
        step = by_id.get(step["previousEventId"])
    return 0


def _visit(entered: Mapping[str, Any], exited: Mapping[str, Any] | None, calls: int) -> Visit:
    details = entered["stateEnteredEventDetails"]
    left = exited["stateExitedEventDetails"] if exited is not None else {}
    return Visit(
        state=details["name"],
        type=entered["type"].removesuffix("StateEntered"),
        input=json.loads(details.get("input", "null")),
        output=json.loads(left.get("output", "null")),
        left=exited is not None,
        calls=calls,
        entered=entered["timestamp"],
        seconds=(exited["timestamp"] - entered["timestamp"]).total_seconds() if exited is not None else None,
    )
