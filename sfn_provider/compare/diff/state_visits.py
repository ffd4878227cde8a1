"""The states an execution passed, read from its history."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from sfn_provider.asl.scope import Json
from sfn_provider.compare.diff.history_flow import Flow, Place

Outcome = Literal["succeeded", "failed", "unanswered"]

_ENDINGS: Mapping[str, Outcome] = {
    "Succeeded": "succeeded",
    "Failed": "failed",
    "TimedOut": "failed",
    "ScheduleFailed": "failed",
    "StartFailed": "failed",
    "SubmitFailed": "failed",
}
"""How a call ended, by the end of the event's type, after ``Task``, ``LambdaFunction`` or ``Activity``."""

_FAMILIES = ("LambdaFunction", "Activity", "Task")


@dataclass(frozen=True, slots=True)
class Attempt:
    """One call of a Task state.

    Args:
        arguments: what it was called with.
        outcome: how it ended; ``unanswered`` where the execution ended first.
        result: what came back; None unless it succeeded.
        error: name of the error where it failed with one.
        cause: text beside the error.
        at: when it was made.
        seconds: how long the answer took; None where it was not answered.
    """

    arguments: Json
    outcome: Outcome
    result: Json
    error: str | None
    cause: str | None
    at: datetime
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Visit:
    """One passage through one state.

    Args:
        state: the state's name.
        type: the state's type.
        input: its input.
        output: its output; None where it was not left.
        left: True where the state was left, False where the execution ended or failed in it.
        attempts: the calls that it made: more than one where it was retried.
        assigned: the variables that it set, by name.
        entered: when it was entered.
        seconds: how long it took; None where it was not left.
        place: where it stands in the flow.
    """

    state: str
    type: str
    input: Json
    output: Json
    left: bool
    attempts: tuple[Attempt, ...]
    assigned: Mapping[str, Json]
    entered: datetime
    seconds: float | None
    place: Place = ()

    @property
    def calls(self) -> int:
        """How often the state called something."""
        return len(self.attempts)

    @property
    def around(self) -> tuple[Place, ...]:
        """The places of the Parallels and Maps that it stands in, the outermost first."""
        return tuple(self.place[:length] for length in range(1, len(self.place), 3))

    @property
    def key(self) -> str:
        """The place as the engine writes it: `CallTask.place`, but for the number of the call."""
        return place_key(self.place)


def place_key(place: Place) -> str:
    """A place as the engine writes it: `CallTask.place`, but for the number of the call."""
    around = zip(place[:-1:3], place[1::3], place[2::3], strict=True)
    return "".join(f"/{number}.{retry}.{index}" for number, retry, index in around) + f"/{place[-1]}"


@dataclass(slots=True)
class _Events:
    """The events of one visit."""

    entered: Mapping[str, Any]
    exited: Mapping[str, Any] | None = None
    attempts: list[Attempt] = field(default_factory=list)


def visits(events: Sequence[Mapping[str, Any]], branches: Mapping[str, int] | None = None) -> list[Visit]:
    """The visits of an execution's states, in the order of the flow, those of a branch after those of the one before.

    Args:
        events: as GetExecutionHistory returns them.
        branches: the index of each branch of a Parallel, by its first state; see `Flow`.
    """
    flow = Flow(events, branches)
    by_owner: dict[int, _Events] = {}
    ordered = sorted(events, key=lambda event: int(event["id"]))
    for event in ordered:
        if event["type"].endswith("StateEntered"):
            by_owner[flow.owner(event)] = _Events(event)
    for event in ordered:
        if (around := by_owner.get(flow.owner(event))) is not None:
            _sort_in(event, around)
    found = [_visit(around, flow.place(owner)) for owner, around in by_owner.items()]
    return sorted(found, key=lambda visit: visit.place)


def _sort_in(event: Mapping[str, Any], around: _Events) -> None:
    if event["type"].endswith("StateExited"):
        around.exited = event
        return
    family = next((family for family in _FAMILIES if event["type"].startswith(family)), None)
    what = event["type"].removeprefix(family) if family else ""
    details = event.get(f"{event['type'][0].lower()}{event['type'][1:]}EventDetails", {})
    if what == "Scheduled":
        arguments = _read(details.get("parameters", details.get("input")))
        around.attempts.append(Attempt(arguments, "unanswered", None, None, None, event["timestamp"], None))
    elif what in _ENDINGS and around.attempts:
        around.attempts[-1] = _ended(around.attempts[-1], _ENDINGS[what], details, event["timestamp"])


def _ended(attempt: Attempt, outcome: Outcome, details: Mapping[str, Any], at: datetime) -> Attempt:
    result = _read(details.get("output")) if outcome == "succeeded" else None
    seconds = (at - attempt.at).total_seconds()
    return Attempt(attempt.arguments, outcome, result, details.get("error"), details.get("cause"), attempt.at, seconds)


def _visit(events: _Events, place: Place) -> Visit:
    entered, exited = events.entered, events.exited
    details = entered["stateEnteredEventDetails"]
    left = exited["stateExitedEventDetails"] if exited is not None else {}
    assigned = {name: _read(text) for name, text in (left.get("assignedVariables") or {}).items()}
    return Visit(
        state=details["name"],
        type=entered["type"].removesuffix("StateEntered"),
        input=_read(details.get("input")),
        output=_read(left.get("output")),
        left=exited is not None,
        attempts=tuple(events.attempts),
        assigned=assigned,
        entered=entered["timestamp"],
        seconds=(exited["timestamp"] - entered["timestamp"]).total_seconds() if exited is not None else None,
        place=place,
    )


def _read(text: str | None) -> Json:
    return json.loads(text) if text is not None else None
