"""Finds the nodes and edges of a graph that ran, and where the sides differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Literal

from sfn_provider.compare.report.model import Case, StateRow
from sfn_provider.drawing.graph import Edge, Graph
from sfn_provider.drawing.taken_paths import TakenPaths, count_groups, walk_edges

SideName = Literal["step_functions", "airflow"]


def find_taken_paths(graph: Graph, cases: Sequence[Case], side: SideName) -> TakenPaths:
    """Find the nodes and edges of a graph that ran in some cases.

    A state or task counts once for each visit. An edge was taken where a visit of its one end follows one of the other
    among those of the same branch; where an end stands for no state, where both ends ran.

    Args:
        graph: the state machine's, or the DAG's.
        cases: the cases.
        side: the side that ran.
    """
    node_of = {state: node.key for node in graph.walk() for state in node.states}
    keys = {node.key for node in graph.walk()}
    transitions = {step for case in cases for step in _transitions(case, side)}
    nodes = Counter(node_of[row.state] for case in cases for row in _rows(case, side) if row.state in node_of)
    if side == "airflow":
        ran = Counter(task.task_id for case in cases for task in case.task_times if task.task_id in keys)
        nodes = ran + Counter({key: number for key, number in nodes.items() if key not in ran})
    count_groups(graph, nodes)
    followed = {(node_of.get(one), node_of.get(other)) for one, other in transitions}
    state_nodes = set(node_of.values())
    edges = {
        (one, other)
        for one, other in walk_edges(graph)
        if ((one, other) in followed if {one, other} <= state_nodes else nodes[one] and nodes[other])
    }
    differing = frozenset(node_of[row.state] for case in cases for row in case.differing if row.state in node_of)
    failed, caught = (_count_ends(cases, side, node_of, ended) for ended in ("failed", "caught"))
    return TakenPaths(nodes, frozenset(edges), differing, failed, caught)


def _count_ends(cases: Sequence[Case], side: SideName, node_of: dict[str, str], ended: str) -> Counter[str]:
    """Count the visits that ended in some way, by the node of their state."""
    timings = ((node_of.get(row.state), getattr(row, side)) for case in cases for row in _rows(case, side))
    return Counter(node for node, timing in timings if node is not None and timing.ended == ended)


def _rows(case: Case, side: SideName) -> list[StateRow]:
    return [row for row in case.states if getattr(row, side) is not None]


def _transitions(case: Case, side: SideName) -> Iterator[Edge]:
    """Pairs of states of which one was entered after the other, in the same branch or item."""
    by_branch: dict[tuple[int, str, int], list[str]] = {}
    containers: dict[int, int] = {}
    for number, row in enumerate(_rows(case, side)):
        containers[row.depth] = number
        container = containers.get(row.depth - 1, -1)
        by_branch.setdefault((row.depth, row.within, container), []).append(row.state)
    for names in by_branch.values():
        yield from pairwise(names)
