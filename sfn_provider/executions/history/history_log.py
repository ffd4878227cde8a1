"""Formats an execution's history events as lines for the task's log.

A line depends on earlier events: the states that are open, the tries of each, the items of a Map that are done. This
state converts to a JSON value, so that a wait can move from a worker to the triggerer and back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from sfn_provider.executions.history.history_events import Event, event_details
from sfn_provider.executions.history.history_pages import HistoryPosition
from sfn_provider.formatting import count, format_seconds
from sfn_provider.secret_masking import excerpt, masked_line

_BRANCHING_EVENTS: Final = frozenset({"MapStateStarted", "ParallelStateStarted"})
_MAX_CAUSE: Final = 200


@dataclass(slots=True)
class OpenState:
    """A state that has been entered and not left.

    Args:
        name: the state's name.
        entered: when, in seconds since 1970.
        calls: calls of a Task so far.
        items: items of a Map.
        done: its items that have succeeded.
        failed: its items that have failed.
        aborted: its items that were running when another one failed the Map.
    """

    name: str
    entered: float
    calls: int = 0
    items: int = 0
    done: int = 0
    failed: int = 0
    aborted: int = 0


EnclosingStates = tuple[int, ...]
"""Open states by the ids of the events that entered them, the outermost first."""


@dataclass(slots=True)
class HistoryLog:
    """Formats new events as lines.

    Args:
        position: how far the history has been read.
        open_states: the open states, by the id of the event that entered them.
        heads: the enclosing states of each event that has no successor yet, by the event's id.
        forks: the enclosing states of each event that all branches of a Parallel or Map follow, by the event's id.
    """

    position: HistoryPosition = field(default_factory=HistoryPosition)
    open_states: dict[int, OpenState] = field(default_factory=dict)
    heads: dict[int, EnclosingStates] = field(default_factory=dict)
    forks: dict[int, EnclosingStates] = field(default_factory=dict)

    @classmethod
    def from_dict(cls, value: Mapping[str, Any] | None) -> HistoryLog:
        """Restore a log from what ``to_dict`` returned; a new one for None."""
        if not value:
            return cls()
        return cls(
            HistoryPosition.from_dict(value["position"]),
            {int(key): OpenState(**state) for key, state in value["open_states"].items()},
            {int(key): tuple(enclosing) for key, enclosing in value["heads"].items()},
            {int(key): tuple(enclosing) for key, enclosing in value["forks"].items()},
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the log's state as JSON value."""
        return {
            "position": self.position.to_dict(),
            "open_states": {str(key): asdict(state) for key, state in self.open_states.items()},
            "heads": {str(key): list(enclosing) for key, enclosing in self.heads.items()},
            "forks": {str(key): list(enclosing) for key, enclosing in self.forks.items()},
        }

    def lines(self, page: Mapping[str, Any]) -> list[str]:
        """Return the lines for the new events of a page, without secrets and control characters.

        Args:
            page: the response of GetExecutionHistory at ``position``.
        """
        progressed: set[int] = set()
        lines = [line for event in self.position.advance(page) if (line := self._line(event, progressed)) is not None]
        lines += [_progress(self.open_states[key]) for key in sorted(progressed) if key in self.open_states]
        return [masked_line(line) for line in lines]

    def _line(self, event: Event, progressed: set[int]) -> str | None:
        """Update the open states by an event and return its line, if any; add Maps whose items ended to a set."""
        previous, event_type = event.get("previousEventId", 0), event["type"]
        enclosing = self.heads.pop(previous, None) or self.forks.get(previous, ())
        if event_type.endswith("StateEntered"):
            enclosing = (*enclosing, event["id"])
            self.open_states[event["id"]] = OpenState(event_details(event)["name"], event["timestamp"].timestamp())
        key = self._state_of(event, enclosing)
        line = None
        if key is not None and (formatter := _FORMATTERS.get(_formatter_key(event_type))) is not None:
            line = formatter(self.open_states[key], event)
            if event_type.startswith("MapIteration"):
                progressed.add(key)
        if key is not None and event_type.endswith("StateExited"):
            enclosing = enclosing[: enclosing.index(key)] if key in enclosing else ()
            self._close(key)
        (self.forks if event_type in _BRANCHING_EVENTS else self.heads)[event["id"]] = enclosing
        return line

    def _state_of(self, event: Event, enclosing: EnclosingStates) -> int | None:
        """Find the open state of an event: by its name, or else the innermost enclosing one.

        A caught error ends a Map or Parallel from within: its events are then enclosed by a state of a branch.
        """
        name = event_details(event).get("name")
        if name is None:
            return enclosing[-1] if enclosing else None
        nearest = (*reversed(enclosing), *reversed(self.open_states))
        return next((key for key in nearest if self.open_states[key].name == name), None)

    def _close(self, key: int) -> None:
        """Remove a state that has been left, and all states inside it."""
        self.heads = {head: enclosing for head, enclosing in self.heads.items() if key not in enclosing}
        self.forks = {fork: enclosing for fork, enclosing in self.forks.items() if key not in enclosing}
        still_open = {key for enclosing in (*self.heads.values(), *self.forks.values()) for key in enclosing}
        self.open_states = {key: state for key, state in self.open_states.items() if key in still_open}


def _entered(state: OpenState, event: Event) -> str:
    return f"{state.name!r} entered"


def _left(state: OpenState, event: Event) -> str:
    calls = f", {state.calls} calls" if state.calls > 1 else ""
    items = f", {state.done} of {count(state.items, 'item')} done" if state.items else ""
    return f"{state.name!r} left after {format_seconds(event['timestamp'].timestamp() - state.entered)}{calls}{items}"


def _called(state: OpenState, event: Event) -> str | None:
    state.calls += 1
    return f"{state.name!r}: retry {state.calls - 1}" if state.calls > 1 else None


def _call_failed(state: OpenState, event: Event) -> str:
    details = event_details(event)
    reason = ": ".join(excerpt(part, _MAX_CAUSE) for part in (details.get("error"), details.get("cause")) if part)
    return f"{state.name!r}: call {state.calls} failed: {reason or event['type']}"


def _map_started(state: OpenState, event: Event) -> str:
    state.items = event_details(event).get("length", 0)
    return f"{state.name!r}: {count(state.items, 'item')}"


def _map_run_started(state: OpenState, event: Event) -> str:
    return f"{state.name!r}: Map Run {event_details(event)['mapRunArn']}"


def _item_done(state: OpenState, event: Event) -> None:
    state.done += 1


def _item_failed(state: OpenState, event: Event) -> None:
    state.failed += 1


def _item_aborted(state: OpenState, event: Event) -> None:
    state.aborted += 1


def _progress(state: OpenState) -> str:
    failed = f", {state.failed} failed" if state.failed else ""
    aborted = f", {state.aborted} aborted" if state.aborted else ""
    return f"{state.name!r}: {state.done} of {count(state.items, 'item')} done{failed}{aborted}"


def _formatter_key(event_type: str) -> str:
    """Return the key of an event's type in the table: types of all kinds of states share an ending."""
    return next((end for end in ("StateEntered", "StateExited") if event_type.endswith(end)), event_type)


# Source: API_HistoryEvent, ``type``.
_FORMATTERS: Final[dict[str, Callable[[OpenState, Event], str | None]]] = {
    "StateEntered": _entered,
    "StateExited": _left,
    "MapStateStarted": _map_started,
    "MapRunStarted": _map_run_started,
    "MapIterationSucceeded": _item_done,
    "MapIterationFailed": _item_failed,
    "MapIterationAborted": _item_aborted,
    **dict.fromkeys(("ActivityScheduled", "LambdaFunctionScheduled", "TaskScheduled"), _called),
    **dict.fromkeys(
        (
            "ActivityFailed",
            "ActivityScheduleFailed",
            "ActivityTimedOut",
            "LambdaFunctionFailed",
            "LambdaFunctionScheduleFailed",
            "LambdaFunctionStartFailed",
            "LambdaFunctionTimedOut",
            "TaskFailed",
            "TaskStartFailed",
            "TaskSubmitFailed",
            "TaskTimedOut",
        ),
        _call_failed,
    ),
}
