"""Finds what of a state machine's graph an execution has taken so far, from its history."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from sfn_provider.drawing.graph import Edge, Graph
from sfn_provider.drawing.taken_paths import TakenPaths, count_groups
from sfn_provider.engine.history import Record

_FAILURES = ("Failed", "TimedOut")
_CONTAINER_FAILURES = ("ParallelStateFailed", "MapStateFailed")
_ENDS = ("ExecutionFailed", "ExecutionTimedOut")


@dataclass(eq=False, slots=True)
class _Visit:
    """A visit of a state, and that of the Parallel or Map around it."""

    state: str
    container: _Visit | None = None


@dataclass(slots=True)
class _History:
    """The visits of an execution by the ids of their events, and what was found of them."""

    visits: dict[int, _Visit] = field(default_factory=dict)
    failures: set[int] = field(default_factory=set)
    exits: set[int] = field(default_factory=set)
    failed: set[_Visit] = field(default_factory=set)
    nodes: Counter[str] = field(default_factory=Counter)
    caught: Counter[str] = field(default_factory=Counter)
    edges: set[Edge] = field(default_factory=set)

    def add(self, record: Record) -> None:
        before = self.visits.get(record.previous)
        if record.type.endswith("StateEntered"):
            visit = self._enter(str(record.details.get("name", "")), before, record.previous in self.exits)
        elif record.type in _CONTAINER_FAILURES and before is not None:
            visit = before.container or before  # the event before it is of the branch that has failed
        elif before is not None:
            visit = before
        else:
            return
        self.visits[record.id] = visit
        if record.type.endswith("StateExited"):
            self.exits.add(record.id)
            self.failed.discard(visit)
            if record.previous in self.failures:
                self.caught[visit.state] += 1
        elif record.type.endswith(_FAILURES):
            self.failures.add(record.id)
            self.failed.add(visit)
        elif record.type.endswith("Scheduled"):
            self.failed.discard(visit)  # it is retried

    def _enter(self, state: str, before: _Visit | None, follows: bool) -> _Visit:
        self.nodes[state] += 1
        if before is None:
            return _Visit(state)
        if follows:
            self.edges.add((before.state, state))
            return _Visit(state, before.container)
        return _Visit(state, before)


def find_execution_paths(graph: Graph, records: Sequence[Record]) -> TakenPaths:
    """Find the nodes and edges that an execution has taken.

    Args:
        graph: the graph of its state machine.
        records: its history, whole.
    """
    history = _History()
    for record in records:
        history.add(record)
    count_groups(graph, history.nodes)
    failed: Counter[str] = Counter()
    if records and records[-1].type in _ENDS:
        failed.update(visit.state for visit in history.failed)
    return TakenPaths(history.nodes, frozenset(history.edges), frozenset(), failed, history.caught)
