"""Finds what of a DAG's state machine, and of its tasks, a DAG run has taken so far."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from sfn_provider.airflow_pages.dag_structure import DagStructure
from sfn_provider.drawing.graph import Edge, Graph
from sfn_provider.drawing.taken_paths import TakenPaths, count_groups, walk_edges
from sfn_provider.engine.history.visited_states import VisitedStates

Json = Any

STARTED: Final = frozenset(
    {"success", "failed", "running", "deferred", "up_for_retry", "up_for_reschedule", "restarting"}
)
"""States of task instances that have begun, and were not skipped."""

_FAILED: Final = "failed"


@dataclass(frozen=True)
class TaskRun:
    """A task instance.

    Args:
        task_id: its task.
        map_index: its map index, -1 where it is not mapped.
        state: its state; None where Airflow has not scheduled it.
        token: the routing token that it has pushed, as JSON; of a failed one that of its error. None where there is
            none.
    """

    task_id: str
    map_index: int = -1
    state: str | None = None
    token: Mapping[str, Json] | None = None


def machine_paths(dag: DagStructure, runs: Iterable[TaskRun]) -> TakenPaths:
    """Find the states and transitions that a DAG run has taken.

    A state counts once for each visit. That a catcher took an error, and what was visited of the states of a loop or
    segment, is known when its task has ended.

    Args:
        dag: the DAG; it has a state machine.
        runs: the task instances of the run.
    """
    if dag.machine is None:
        raise ValueError("the DAG has no state machine")
    found = _MachineRun(dag)
    for run in runs:
        if run.state in STARTED:
            found.add(run)
    found.add_unfinished()
    count_groups(dag.machine, found.visited.visits)
    visited = found.visited
    return TakenPaths(visited.visits, frozenset(visited.transitions), frozenset(), visited.failed, visited.caught)


@dataclass
class _MachineRun:
    """What was found so far."""

    dag: DagStructure
    visited: VisitedStates = field(default_factory=VisitedStates)
    chosen: Counter[str] = field(default_factory=Counter)
    unfinished: list[tuple[TaskRun, list[str]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._states: dict[str, list[str]] = {}
        self._joins: dict[str, str] = {}
        for name, tasks in self.dag.states.items():
            if tasks.task_id is not None:
                self._states.setdefault(tasks.task_id, []).append(name)
            if tasks.join_id is not None:
                self._joins[tasks.join_id] = name

    def add(self, run: TaskRun) -> None:
        """Add a task instance that has started."""
        states = self._states.get(run.task_id)
        if run.task_id in self._joins:
            self._add_join(run, self._joins[run.task_id])
        elif states is None or self._is_not_chosen(run, states[0]):
            return
        elif run.token is not None and run.token.get("visited"):
            self._add_visited(VisitedStates.from_json(run.token["visited"]), run)
        elif len(states) == 1:
            self._count(states[0], run)
        else:
            self.unfinished.append((run, states))

    def _is_not_chosen(self, run: TaskRun, state: str) -> bool:
        """Return True for the start task of a Map that ran without being chosen, as on some versions of Airflow."""
        return run.state == "success" and run.token is None and self.dag.states[state].join_id is not None

    def _count(self, state: str, run: TaskRun) -> None:
        self.visited.visits[state] += 1
        self.visited.failed[state] += run.state == _FAILED
        self._leave(state, run)

    def _add_visited(self, visited: VisitedStates, run: TaskRun) -> None:
        self.visited.visits += visited.visits
        self.visited.transitions |= visited.transitions
        self.visited.caught += visited.caught
        if run.state == _FAILED:
            self.visited.failed += visited.failed
        self._leave(visited.last, run)

    def _add_join(self, run: TaskRun, state: str) -> None:
        self.visited.failed[state] += run.state == _FAILED and run.token is not None
        if run.token is not None and run.token.get("visited"):
            self.visited.caught += VisitedStates.from_json(run.token["visited"]).caught
        self._leave(state, run)

    def _leave(self, state: str | None, run: TaskRun) -> None:
        target = (run.token or {}).get("next")
        if target is None or state is None or run.state != "success":
            return
        self.chosen[target] += 1
        if target != state:  # the start task of a Parallel or Map names its own state, for its branches
            self.visited.transitions.add((state, target))

    def add_unfinished(self) -> None:
        """Add the tasks of several states that have not ended: the state at which each was entered counts."""
        for run, states in self.unfinished:
            entered = next((name for name in states if self.chosen[name]), states[0])
            self.visited.visits[entered] += 1
            self.visited.failed[entered] += run.state == _FAILED


def task_paths(graph: Graph, runs: Sequence[TaskRun]) -> TakenPaths:
    """Find the tasks that have started in a DAG run, and the edges between two of them.

    Args:
        graph: the graph of the DAG's tasks.
        runs: the task instances of the run.
    """
    nodes = Counter(run.task_id for run in runs if run.state in STARTED)
    failed = Counter(run.task_id for run in runs if run.state == _FAILED)
    count_groups(graph, nodes)
    edges: frozenset[Edge] = frozenset((one, other) for one, other in walk_edges(graph) if nodes[one] and nodes[other])
    return TakenPaths(nodes, edges, frozenset(), failed)


def without_unknown_states(dag: DagStructure, graph: Graph) -> Graph:
    """Return a graph of states without those inside of Maps of which nothing is known: one task ran several items.

    Args:
        dag: the DAG.
        graph: its state machine's graph, or one inside of it.
    """
    nodes = (
        replace(node, inside=())
        if dag.states[node.key].is_batched
        else replace(node, inside=tuple(without_unknown_states(dag, inner) for inner in node.inside))
        for node in graph.nodes
    )
    return Graph(tuple(nodes), graph.edges)
