"""Computes the graph of states: successors, loops and topological order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from sfn_provider.asl.model import Choice, State

if TYPE_CHECKING:
    import networkx as nx


def successors(state: State) -> tuple[str, ...]:
    """Return the names of the states that a state may go to, each once: Next first, Catch last."""
    found: list[str | None] = [getattr(state, "next", None)]
    if isinstance(state, Choice):
        found += [rule.next for rule in state.choices]
        found.append(state.default)
    found += [catcher.next for catcher in getattr(state, "catch", ())]
    found += getattr(state, "exits", ())  # of states that stay exact in a native DAG
    return tuple(dict.fromkeys(name for name in found if name is not None))


def loops(edges: Mapping[str, Sequence[str]]) -> list[tuple[str, ...]]:
    """Find the strongly connected components: states that can reach themselves, each in the order of the definition."""
    import networkx as nx

    graph = _graph(edges)
    rank = {name: number for number, name in enumerate(edges)}
    components = [
        tuple(sorted(component, key=rank.__getitem__))
        for component in nx.strongly_connected_components(graph)
        if len(component) > 1 or any(graph.has_edge(name, name) for name in component)
    ]
    return sorted(components, key=lambda component: rank[component[0]])


def flow_order(start: str, edges: Mapping[str, Sequence[str]]) -> list[str]:
    """Sort nodes topologically, depth first: each node after its predecessors and as near to them as possible.

    Args:
        start: the first node.
        edges: successors by node, without cycles.
    """
    import networkx as nx

    graph = _graph({node: targets[::-1] for node, targets in edges.items()})
    return list(nx.dfs_postorder_nodes(graph, start))[::-1]


def _graph(edges: Mapping[str, Sequence[str]]) -> nx.DiGraph[str]:
    import networkx as nx

    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(edges)
    graph.add_edges_from((source, target) for source, targets in edges.items() for target in targets)
    return graph
