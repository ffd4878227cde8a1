"""What an execution does, as lines for the task's log: out of its history, event by event.

The lines need what happened before: which states are open, how often each was tried, how many items of a Map are done.
That is kept here, as JSON value, so that a wait can be handed from a worker to the triggerer and back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from sfn_provider.executions.history_pages import HistoryPosition
from sfn_provider.executions.outcomes import Event, details_of

_FORKS: Final = frozenset({"MapStateStarted", "ParallelStateStarted"})
_CAUSE: Final = 200
_MINUTE, _HOUR = 60, 3600


@dataclass(slots=True)
class OpenState:
    """A state that has been entered and not left.

    Args:
        name: the state's name.
        entered: when, in seconds since 1970.
        calls: how often it has called something.
        items: of a Map.
        done: items of it that have succeeded.
        failed: items of it that have failed.
    """

    name: str
    entered: float
    calls: int = 0
    items: int = 0
    done: int = 0
    failed: int = 0


EnclosingStates = tuple[int, ...]


@dataclass(slots=True)
class HistoryLog:
    """Turns new events into lines.

    Args:
        position: how far the history has been read.
        visits: the open states, by the number of the event that entered them.
        heads: for events that one other may follow: the open states around them, the outermost first.
        forks: the same for events that each branch of a Parallel or Map follows.
    """

    position: HistoryPosition = field(default_factory=HistoryPosition)
    visits: dict[int, OpenState] = field(default_factory=dict)
    heads: dict[int, EnclosingStates] = field(default_factory=dict)
    forks: dict[int, EnclosingStates] = field(default_factory=dict)

    @classmethod
    def of(cls, saved: Mapping[str, Any] | None) -> HistoryLog:
        """Make one out of what ``saved`` gave; a new one for None."""
        if not saved:
            return cls()
        return cls(
            HistoryPosition.of(saved["position"]),
            {int(key): OpenState(**visit) for key, visit in saved["visits"].items()},
            {int(key): tuple(around) for key, around in saved["heads"].items()},
            {int(key): tuple(around) for key, around in saved["forks"].items()},
        )

    def saved(self) -> dict[str, Any]:
        """Give it as JSON value."""
        return {
            "position": self.position.saved(),
            "visits": {str(key): asdict(visit) for key, visit in self.visits.items()},
            "heads": {str(key): list(around) for key, around in self.heads.items()},
            "forks": {str(key): list(around) for key, around in self.forks.items()},
        }

    def lines(self, page: Mapping[str, Any]) -> list[str]:
        """Read a page of the history, and give the lines for what is new in it.

        Args:
            page: the answer of GetExecutionHistory at ``position``.
        """
        counted: set[int] = set()
        found = [line for event in self.position.take(page) if (line := self._line(event, counted)) is not None]
        return found + [_progress(self.visits[key]) for key in sorted(counted) if key in self.visits]

    def _line(self, event: Event, counted: set[int]) -> str | None:
        before, kind = event.get("previousEventId", 0), event["type"]
        around = self.heads.pop(before, None) or self.forks.get(before, ())
        if kind.endswith("StateEntered"):
            around = (*around, event["id"])
            self.visits[event["id"]] = OpenState(details_of(event)["name"], event["timestamp"].timestamp())
        key = self._visit_of(event, around)
        line = None
        if key is not None and (say := _SAYINGS.get(_saying(kind))) is not None:
            line = say(self.visits[key], event)
            if kind.startswith("MapIteration"):
                counted.add(key)
        if key is not None and kind.endswith("StateExited"):
            around = around[: around.index(key)] if key in around else ()
            self._close(key)
        (self.forks if kind in _FORKS else self.heads)[event["id"]] = around
        return line

    def _visit_of(self, event: Event, around: EnclosingStates) -> int | None:
        """Find the open state that an event belongs to: by its name, or else the innermost one around it.

        A caught error ends a Map or Parallel from within: its events then stand inside a state of a branch.
        """
        name = details_of(event).get("name")
        if name is None:
            return around[-1] if around else None
        nearest = (*reversed(around), *reversed(self.visits))
        return next((key for key in nearest if self.visits[key].name == name), None)

    def _close(self, key: int) -> None:
        """Forget a state that has been left, and all that is inside it."""
        self.heads = {head: around for head, around in self.heads.items() if key not in around}
        self.forks = {fork: around for fork, around in self.forks.items() if key not in around}
        still_open = {key for around in (*self.heads.values(), *self.forks.values()) for key in around}
        self.visits = {key: visit for key, visit in self.visits.items() if key in still_open}


def _entered(visit: OpenState, event: Event) -> str:
    return f"{visit.name!r} entered"


def _left(visit: OpenState, event: Event) -> str:
    calls = f", {visit.calls} calls" if visit.calls > 1 else ""
    items = f", {visit.done} of {visit.items} items done" if visit.items else ""
    return f"{visit.name!r} left after {format_duration(event['timestamp'].timestamp() - visit.entered)}{calls}{items}"


def _called(visit: OpenState, event: Event) -> str | None:
    visit.calls += 1
    return f"{visit.name!r}: retry {visit.calls - 1}" if visit.calls > 1 else None


def _call_failed(visit: OpenState, event: Event) -> str:
    details = details_of(event)
    reason = ": ".join(part for part in (details.get("error"), details.get("cause")) if part)
    return f"{visit.name!r}: call {visit.calls} failed: {reason[:_CAUSE] or event['type']}"


def _map_started(visit: OpenState, event: Event) -> str:
    visit.items = details_of(event).get("length", 0)
    return f"{visit.name!r}: {visit.items} items"


def _map_run_started(visit: OpenState, event: Event) -> str:
    return f"{visit.name!r}: Map Run {details_of(event)['mapRunArn']}"


def _item_done(visit: OpenState, event: Event) -> None:
    visit.done += 1


def _item_failed(visit: OpenState, event: Event) -> None:
    visit.failed += 1


def _progress(visit: OpenState) -> str:
    failed = f", {visit.failed} failed" if visit.failed else ""
    return f"{visit.name!r}: {visit.done} of {visit.items} items done{failed}"


def format_duration(seconds: float) -> str:
    """Write a duration: ``0.4 s``, ``2 min 5 s``, ``3 h 10 min``."""
    if seconds < _MINUTE:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE} s"
    return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE} min"


def _saying(kind: str) -> str:
    """Give the key of an event's type in the table: for the states' own events what their names end in."""
    return next((end for end in ("StateEntered", "StateExited") if kind.endswith(end)), kind)


# Source: API_HistoryEvent, ``type``.
_SAYINGS: Final[dict[str, Callable[[OpenState, Event], str | None]]] = {
    "StateEntered": _entered,
    "StateExited": _left,
    "MapStateStarted": _map_started,
    "MapRunStarted": _map_run_started,
    "MapIterationSucceeded": _item_done,
    "MapIterationFailed": _item_failed,
    "MapIterationAborted": _item_failed,
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
