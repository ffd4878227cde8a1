"""Finds which states history events visit: how often, by which transitions, which failed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from sfn_provider.asl.scope import Json
from sfn_provider.engine.history.events import Record

Transition = tuple[str, str]
"""The names of two states, of which the second was entered after the first."""

_FAILURES = ("Failed", "TimedOut")
_CONTAINER_FAILURES = ("ParallelStateFailed", "MapStateFailed")
_CONTAINER_EVENTS = (
    *("ParallelStateSucceeded", "ParallelStateExited", "MapStateSucceeded", "MapStateExited", "MapIteration"),
    *_CONTAINER_FAILURES,
)
"""What the types of events of a Parallel or Map begin with that follow events of the states within."""


@dataclass(eq=False, slots=True)
class _Visit:
    """A visit of a state, whether it is a Parallel or Map, and the visit of the one around it."""

    state: str
    is_container: bool
    container: _Visit | None = None


@dataclass(slots=True)
class VisitedStates:
    """The states that some history events visit.

    Args:
        visits: how often each state was entered.
        transitions: the pairs of states of which one was entered after the other.
        failed: how often each state has failed and was neither retried nor left since.
        caught: how often a catcher took the error of each state.
        last: the state that was left last; None where none was.
    """

    visits: Counter[str] = field(default_factory=Counter)
    transitions: set[Transition] = field(default_factory=set)
    failed: Counter[str] = field(default_factory=Counter)
    caught: Counter[str] = field(default_factory=Counter)
    last: str | None = None

    def to_json(self) -> dict[str, Json]:
        """Return the same as JSON, for `from_json`."""
        return {
            "visits": dict(self.visits),
            "transitions": sorted(map(list, self.transitions)),
            "failed": dict(self.failed),
            "caught": dict(self.caught),
            "last": self.last,
        }

    @classmethod
    def from_json(cls, data: dict[str, Json]) -> VisitedStates:
        """Read what `to_json` has returned."""
        visits, failed, caught = (Counter[str](data[name]) for name in ("visits", "failed", "caught"))
        transitions = {(one, other) for one, other in data["transitions"]}
        return cls(visits, transitions, failed, caught, data["last"])


def find_visited_states(records: Iterable[Record]) -> VisitedStates:
    """Find the states that history events visit.

    Args:
        records: a history in order, or the part of one that a task has made: events may follow others that are missing.
    """
    reader = _Reader()
    for record in records:
        reader.add(record)
    reader.found.failed.update(visit.state for visit in reader.failed)
    return reader.found


def visited_json(records: Iterable[Record], only_state: str) -> dict[str, Json] | None:
    """Return the states that history events visit as JSON; None where that says nothing.

    Args:
        records: see `find_visited_states`.
        only_state: the state of which one visit, whose error no catcher takes, is nothing to say.
    """
    found = find_visited_states(records)
    is_plain = found.visits.keys() <= {only_state} and found.visits.total() <= 1 and not found.caught
    return None if is_plain else found.to_json()


@dataclass(slots=True)
class _Reader:
    """The visits so far by the ids of their events."""

    found: VisitedStates = field(default_factory=VisitedStates)
    visits: dict[int, _Visit] = field(default_factory=dict)
    failures: set[int] = field(default_factory=set)
    exits: set[int] = field(default_factory=set)
    closed: set[int] = field(default_factory=set)
    """The exits, and the failures of Parallels and Maps: what follows them is of the container around."""
    failed: set[_Visit] = field(default_factory=set)

    def add(self, record: Record) -> None:
        before = self.visits.get(record.previous)
        if record.type.endswith("StateEntered"):
            visit: _Visit | None = self._enter(record, before)
        elif record.type.startswith(_CONTAINER_EVENTS) and before is not None:
            visit = self._container(record, before)
        else:
            visit = before
        if visit is not None:
            self.visits[record.id] = visit
        if record.type.endswith("StateExited"):
            self._leave(record, visit)
        elif record.type.endswith(_FAILURES):
            self.failures.add(record.id)
            if record.type in _CONTAINER_FAILURES:
                self.closed.add(record.id)
            if visit is not None:
                self.failed.add(visit)
        elif record.type.endswith("Scheduled") and visit is not None:
            self.failed.discard(visit)  # it is retried

    def _container(self, record: Record, before: _Visit) -> _Visit | None:
        """Return the Parallel or Map whose event follows one of a visit: of that one, or of one within."""
        if record.type.endswith("StateExited") and record.previous in self.failures:
            return before  # a catcher took its error
        is_open = before.is_container and record.previous not in self.closed
        return before if is_open else before.container

    def _enter(self, record: Record, before: _Visit | None) -> _Visit:
        state, is_container = str(record.details.get("name", "")), record.type.startswith(("Parallel", "Map"))
        self.found.visits[state] += 1
        if before is None:
            return _Visit(state, is_container)
        if record.previous in self.exits:
            self.found.transitions.add((before.state, state))
            return _Visit(state, is_container, before.container)
        return _Visit(state, is_container, before)

    def _leave(self, record: Record, visit: _Visit | None) -> None:
        # The state may have been entered by an event that is missing: the join of a Parallel is such a task.
        state = visit.state if visit is not None else str(record.details.get("name", ""))
        self.exits.add(record.id)
        self.closed.add(record.id)
        self.found.last = state
        if visit is not None:
            self.failed.discard(visit)
        if record.previous in self.failures:
            self.found.caught[state] += 1
