"""Finds what of a state machine's graph an execution has taken so far, from its history."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from sfn_provider.drawing.graph import Graph
from sfn_provider.drawing.taken_paths import TakenPaths, count_groups
from sfn_provider.engine.history.events import Record
from sfn_provider.engine.history.visited_states import find_visited_states

_ENDS = ("ExecutionFailed", "ExecutionTimedOut")


def find_execution_paths(graph: Graph, records: Sequence[Record]) -> TakenPaths:
    """Find the nodes and edges that an execution has taken.

    Args:
        graph: the graph of its state machine.
        records: its history, whole.
    """
    found = find_visited_states(records)
    count_groups(graph, found.visits)
    failed = found.failed if records and records[-1].type in _ENDS else Counter[str]()
    return TakenPaths(found.visits, frozenset(found.transitions), frozenset(), failed, found.caught)
