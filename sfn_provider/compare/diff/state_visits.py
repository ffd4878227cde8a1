"""Reads the state visits of an execution from its history."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from sfn_provider.asl.scope import Json
from sfn_provider.compare.diff.history_flow import HistoryFlow, VisitPlace
from sfn_provider.engine.history.events import details_key

Outcome = Literal["succeeded", "failed", "unanswered"]

_OUTCOMES: Mapping[str, Outcome] = {
    "Succeeded": "succeeded",
    "Failed": "failed",
    "TimedOut": "failed",
    "ScheduleFailed": "failed",
    "StartFailed": "failed",
    "SubmitFailed": "failed",
}
"""The outcome of a call by its event's type, without ``Task``, ``LambdaFunction`` or ``Activity`` before it."""

_CALL_PREFIXES = ("LambdaFunction", "Activity", "Task")


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
        resource: what was called: ``glue:startJobRun.sync``, or the ARN of a function or an activity.
    """

    arguments: Json
    outcome: Outcome
    result: Json
    error: str | None
    cause: str | None
    at: datetime
    seconds: float | None
    resource: str = ""


@dataclass(frozen=True, slots=True)
class StateVisit:
    """One visit of one state.

    Args:
        state: the state's name.
        type: the state's type.
        input: its input.
        output: its output; None where the state was not exited.
        exited: whether the state was exited; False where the execution ended or failed in it.
        attempts: the calls that it made: more than one where it was retried.
        assigned: the variables that it set, by name.
        entered: when it was entered.
        seconds: how long it took; None where the state was not exited.
        place: its position in the flow.
    """

    state: str
    type: str
    input: Json
    output: Json
    exited: bool
    attempts: tuple[Attempt, ...]
    assigned: Mapping[str, Json]
    entered: datetime
    seconds: float | None
    place: VisitPlace = ()

    @property
    def calls(self) -> int:
        """The number of calls that the state made."""
        return len(self.attempts)

    @property
    def containers(self) -> tuple[VisitPlace, ...]:
        """The places of the Parallels and Maps around it, the outermost first."""
        return tuple(self.place[:length] for length in range(1, len(self.place), 3))

    @property
    def key(self) -> str:
        """The place as `CallTask.place` writes it, without the number of the call."""
        return place_key(self.place)


def place_key(place: VisitPlace) -> str:
    """Return a place as `CallTask.place` writes it, without the number of the call."""
    containers = zip(place[:-1:3], place[1::3], place[2::3], strict=True)
    return "".join(f"/{number}.{retry}.{index}" for number, retry, index in containers) + f"/{place[-1]}"


@dataclass(slots=True)
class _VisitEvents:
    """The events of one visit."""

    entered: Mapping[str, Any]
    exited: Mapping[str, Any] | None = None
    attempts: list[Attempt] = field(default_factory=list)


def read_state_visits(
    events: Sequence[Mapping[str, Any]], branches: Mapping[str, int] | None = None
) -> list[StateVisit]:
    """Return the visits of an execution's states in the order of the flow, branch after branch.

    Args:
        events: as GetExecutionHistory returns them.
        branches: the index of each branch of a Parallel, by its first state; see `HistoryFlow`.
    """
    flow = HistoryFlow(events, branches)
    by_owner: dict[int, _VisitEvents] = {}
    ordered = sorted(events, key=lambda event: int(event["id"]))
    for event in ordered:
        if event["type"].endswith("StateEntered"):
            by_owner[flow.owner(event)] = _VisitEvents(event)
    for event in ordered:
        if (visit := by_owner.get(flow.owner(event))) is not None:
            _add_event(event, visit)
    found = [_make_visit(visit, flow.place(owner)) for owner, visit in by_owner.items()]
    return sorted(found, key=lambda visit: visit.place)


def _add_event(event: Mapping[str, Any], visit: _VisitEvents) -> None:
    if event["type"].endswith("StateExited"):
        visit.exited = event
        return
    prefix = next((prefix for prefix in _CALL_PREFIXES if event["type"].startswith(prefix)), None)
    stage = event["type"].removeprefix(prefix) if prefix else ""
    details = event.get(details_key(event["type"]), {})
    if stage == "Scheduled":
        arguments = _parse_json(details.get("parameters", details.get("input")))
        called = ":".join(filter(None, (details.get("resourceType"), details.get("resource"))))
        visit.attempts.append(Attempt(arguments, "unanswered", None, None, None, event["timestamp"], None, called))
    elif stage in _OUTCOMES and visit.attempts:
        visit.attempts[-1] = _ended(visit.attempts[-1], _OUTCOMES[stage], details, event["timestamp"])


def _ended(attempt: Attempt, outcome: Outcome, details: Mapping[str, Any], at: datetime) -> Attempt:
    result = _parse_json(details.get("output")) if outcome == "succeeded" else None
    seconds = (at - attempt.at).total_seconds()
    error, cause = details.get("error"), details.get("cause")
    return replace(attempt, outcome=outcome, result=result, error=error, cause=cause, seconds=seconds)


def _make_visit(events: _VisitEvents, place: VisitPlace) -> StateVisit:
    entered, exited = events.entered, events.exited
    details = entered["stateEnteredEventDetails"]
    exit_details = exited["stateExitedEventDetails"] if exited is not None else {}
    assigned = {name: _parse_json(text) for name, text in (exit_details.get("assignedVariables") or {}).items()}
    return StateVisit(
        state=details["name"],
        type=entered["type"].removesuffix("StateEntered"),
        input=_parse_json(details.get("input")),
        output=_parse_json(exit_details.get("output")),
        exited=exited is not None,
        attempts=tuple(events.attempts),
        assigned=assigned,
        entered=entered["timestamp"],
        seconds=(exited["timestamp"] - entered["timestamp"]).total_seconds() if exited is not None else None,
        place=place,
    )


def _parse_json(text: str | None) -> Json:
    return json.loads(text) if text is not None else None
