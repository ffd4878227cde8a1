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
        place: where it stands in the flow: the number of the visit among those of the machine; within a Parallel or
            Map the place of that, the number of the branch or iteration, and the number of the visit in it.
    """

    state: str
    type: str
    input: Json
    output: Json
    left: bool
    calls: int
    entered: datetime
    seconds: float | None
    place: tuple[int, ...] = ()

    @property
    def around(self) -> tuple[tuple[int, ...], ...]:
        """The places of the Parallels and Maps that it stands in, the outermost first."""
        return tuple(self.place[:length] for length in range(1, len(self.place), 2))


def visits(events: Sequence[Mapping[str, Any]]) -> list[Visit]:
    """The visits of an execution's states, in the order of the flow, those of a branch after those of the one before.

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
    places = _places(events, by_id)
    entered = [event for event in events if event["type"].endswith("StateEntered")]
    found = [_visit(event, exits.get(event["id"]), calls.get(event["id"], 0), places[event["id"]]) for event in entered]
    return sorted(found, key=lambda visit: visit.place)


def _places(events: Sequence[Mapping[str, Any]], by_id: Mapping[int, Mapping[str, Any]]) -> dict[int, tuple[int, ...]]:
    """The places of all visits, by the id of the event by which the state was entered."""
    places: dict[int, tuple[int, ...]] = {}
    branches: dict[int, int] = {}
    for event in sorted(events, key=lambda event: int(event["id"])):
        if not event["type"].endswith("StateEntered"):
            continue
        before, started, index = _before(event, by_id)
        if before == 0:
            places[event["id"]] = (0,)
        elif started == 0:
            *around, number = places[before]
            places[event["id"]] = (*around, number + 1)
        else:
            branches[started] = branches.get(started, -1) + 1
            places[event["id"]] = (*places[before], branches[started] if index is None else index, 0)
    return places


def _before(event: Mapping[str, Any], by_id: Mapping[int, Mapping[str, Any]]) -> tuple[int, int, int | None]:
    """What comes before a state was entered.

    Returns:
        The visit before, or around, by the id of its first event, 0 for none; the event that started the branch, 0
        where the visit before is in the same one; the index of a Map's iteration.
    """
    index = None
    step = by_id.get(event["previousEventId"])
    last = 0
    while step is not None:
        if step["type"].endswith("StateExited"):
            return _entry(step, by_id), 0, None
        if step["type"].endswith("StateEntered"):
            return int(step["id"]), last, index
        if step["type"] == "MapIterationStarted":
            index = step["mapIterationStartedEventDetails"]["index"]
        last = int(step["id"])
        step = by_id.get(step["previousEventId"])
    return 0, 0, None


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


def _visit(entered: Mapping[str, Any], exited: Mapping[str, Any] | None, calls: int, place: tuple[int, ...]) -> Visit:
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
        place=place,
    )
