"""Draws graphs for Airflow's pages, but for those that would take long while a browser waits."""

from __future__ import annotations

from itertools import islice
from typing import Final

from sfn_provider.drawing.graph import Graph
from sfn_provider.drawing.svg import Drawing, draw
from sfn_provider.drawing.taken_paths import TakenPaths, walk_edges

MAX_EDGES: Final = 2_500
"""Edges of a graph that is drawn. Those from each of 50 tasks to each of 50 others take 1.3 s, of 100 over 20 s."""


def draw_bounded(graph: Graph, taken: TakenPaths) -> Drawing | None:
    """Draw a graph; None for one of more than `MAX_EDGES` edges.

    Args:
        graph: the graph.
        taken: what of it ran.
    """
    edges = sum(1 for _ in islice(walk_edges(graph), MAX_EDGES + 1))
    return draw(graph, taken) if edges <= MAX_EDGES else None
