"""Defines which nodes and edges of a graph ran, for its drawing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from sfn_provider.drawing.graph import Edge, Graph


@dataclass(frozen=True)
class TakenPaths:
    """The nodes and edges that ran.

    Args:
        nodes: how often each node ran.
        edges: the edges that were taken.
        differing: the nodes in whose states the sides differ.
        failed: how often a node failed.
        caught: how often it failed, and a catcher took the error.
    """

    nodes: Counter[str] = field(default_factory=Counter)
    edges: frozenset[Edge] = frozenset()
    differing: frozenset[str] = frozenset()
    failed: Counter[str] = field(default_factory=Counter)
    caught: Counter[str] = field(default_factory=Counter)


def count_groups(graph: Graph, nodes: Counter[str]) -> bool:
    """Count a group once where anything in it ran; return whether any node ran.

    Args:
        graph: the graph.
        nodes: how often each node ran; the groups are added.
    """
    any_ran = False
    for node in graph.nodes:
        inside = [count_groups(within, nodes) for within in node.inside]
        if any(inside) and not nodes[node.key]:
            nodes[node.key] = 1
        any_ran = any_ran or bool(nodes[node.key])
    return any_ran


def walk_edges(graph: Graph) -> Iterator[Edge]:
    """Yield all edges, those within nodes included."""
    yield from graph.edges
    for node in graph.nodes:
        for within in node.inside:
            yield from walk_edges(within)
