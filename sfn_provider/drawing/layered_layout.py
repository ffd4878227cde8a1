"""Lays out a directed graph in layers from top to bottom, after Sugiyama."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import networkx as nx

Point = tuple[float, float]
Edge = tuple[str, str]
Layers = list[list[str]]

_NODE_GAP, _LAYER_GAP, _BACK_EDGE_GAP = 28.0, 46.0, 16.0
"""Pixels between nodes of a layer, between layers, and between the edges that lead back."""

_ORDERING_SWEEPS, _PLACING_SWEEPS = 6, 10
_BEND_WIDTH = 10.0
"""Width of an edge where it crosses a layer."""


@dataclass(frozen=True)
class Size:
    """Width and height in pixels."""

    width: float
    height: float


@dataclass(frozen=True)
class Layout:
    """A graph with positions.

    Args:
        corners: the upper left corner of each node.
        routes: the points of each edge, from the lower side of a node to the upper side of another; for an edge that
            leads back from right side to right side.
        back: the edges that lead back.
        size: the size of the whole.
    """

    corners: dict[str, Point]
    routes: dict[Edge, list[Point]]
    back: frozenset[Edge]
    size: Size


def lay_out(sizes: Mapping[str, Size], edges: Iterable[Edge]) -> Layout:
    """Lay out a graph.

    Args:
        sizes: the size of each node; the first one is where the flow starts.
        edges: the edges; those that lead back make cycles.
    """
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(sizes)
    graph.add_edges_from(edge for edge in edges if edge[0] in sizes and edge[1] in sizes)
    back = _find_back_edges(graph)
    graph.remove_edges_from(back)
    layers = [list(layer) for layer in nx.topological_generations(graph)]
    widths = {name: size.width for name, size in sizes.items()}
    chains = _add_bends(graph, layers, widths)
    _reduce_crossings(graph, layers)
    centres = _place_centres(graph, layers, widths)
    level = {name: number for number, layer in enumerate(layers) for name in layer}
    spans = _layer_spans(layers, sizes)
    corners = {}
    for name, size in sizes.items():
        top, bottom = spans[level[name]]
        corners[name] = (centres[name] - size.width / 2, (top + bottom - size.height) / 2)
    routes: dict[Edge, list[Point]] = {}
    for (left, right), bends in chains.items():
        crossed = [(centres[bend], y) for bend in bends for y in spans[level[bend]]]
        # Straight to the edge of the layer: its other nodes may be taller.
        start = [(centres[left], y) for y in (corners[left][1] + sizes[left].height, spans[level[left]][1])]
        end = [(centres[right], y) for y in (spans[level[right]][0], corners[right][1])]
        routes[left, right] = list(dict.fromkeys([*start, *crossed, *end]))
    right_side = max((centres[name] + width / 2 for name, width in widths.items()), default=0.0)
    for number, edge in enumerate(sorted(back), 1):
        routes[edge] = _route_back(edge, corners, sizes, right_side + number * _BACK_EDGE_GAP)
    width = right_side + (len(back) * _BACK_EDGE_GAP + 4 if back else 0)
    return Layout(corners, routes, frozenset(back), Size(width, spans[-1][1] if spans else 0.0))


def _find_back_edges(graph: nx.DiGraph[str]) -> set[Edge]:
    """The edges that a depth-first search finds leading to a node that it has not left yet."""
    found: set[Edge] = set()
    entered: set[str] = set()
    for left, right, label in nx.dfs_labeled_edges(graph):
        if label == "forward":
            entered.add(right)
        elif label == "reverse":
            entered.discard(right)
        elif right in entered:
            found.add((left, right))
    return found


def _add_bends(graph: nx.DiGraph[str], layers: Layers, widths: dict[str, float]) -> dict[Edge, list[str]]:
    """Split edges over several layers by a node in each that they cross; return these nodes by edge."""
    level = {name: number for number, layer in enumerate(layers) for name in layer}
    bends: dict[Edge, list[str]] = {}
    for number, (left, right) in enumerate(list(graph.edges)):
        crossed = range(level[left] + 1, level[right])
        bends[left, right] = names = [f"\0{number}.{layer}" for layer in crossed]
        if names:
            graph.remove_edge(left, right)
            nx.add_path(graph, [left, *names, right])
        for layer, name in zip(crossed, names, strict=True):
            layers[layer].append(name)
            widths[name] = _BEND_WIDTH
    return bends


def _reduce_crossings(graph: nx.DiGraph[str], layers: Layers) -> None:
    """Order each layer by the mean position of its nodes' neighbours, down and up, and keep the best order."""
    best, fewest = [list(layer) for layer in layers], _count_crossings(graph, layers)
    for sweep in range(_ORDERING_SWEEPS):
        downwards = sweep % 2 == 0
        for neighbours, layer in itertools.pairwise(layers if downwards else reversed(layers)):
            position = {name: place for place, name in enumerate(neighbours)}
            means = {}
            for place, name in enumerate(layer):
                found = [position[other] for other in (graph.pred if downwards else graph.succ)[name]]
                means[name] = sum(found) / len(found) if found else float(place)
            layer.sort(key=means.__getitem__)
        crossings = _count_crossings(graph, layers)
        if crossings < fewest:
            best, fewest = [list(layer) for layer in layers], crossings
    layers[:] = best


def _count_crossings(graph: nx.DiGraph[str], layers: Layers) -> int:
    total = 0
    for upper, lower in itertools.pairwise(layers):
        position = {name: place for place, name in enumerate(lower)}
        ends = [(place, position[other]) for place, name in enumerate(upper) for other in graph.succ[name]]
        total += sum(one[0] < two[0] and one[1] > two[1] for one, two in itertools.combinations(ends, 2))
    return total


def _place_centres(graph: nx.DiGraph[str], layers: Layers, widths: Mapping[str, float]) -> dict[str, float]:
    """Move each layer towards its neighbours, with its order and gaps unchanged."""
    centres: dict[str, float] = {}
    for layer in layers:
        centres |= _spread(layer, dict.fromkeys(layer, 0.0), widths)
    for sweep in range(_PLACING_SWEEPS):
        downwards = sweep % 2 == 0
        for layer in layers if downwards else reversed(layers):
            targets = {}
            for name in layer:
                near = [centres[other] for other in (graph.pred if downwards else graph.succ)[name]]
                targets[name] = sum(near) / len(near) if near else centres[name]
            centres |= _spread(layer, targets, widths)
    left = min((centres[name] - width / 2 for name, width in widths.items()), default=0.0)
    return {name: centre - left for name, centre in centres.items()}


def _spread(layer: Sequence[str], targets: Mapping[str, float], widths: Mapping[str, float]) -> dict[str, float]:
    """Centres as near to the targets as the gaps allow: the mean of packing from the left and from the right."""

    def pack(names: Iterable[str], sign: int) -> dict[str, float]:
        packed, edge = {}, float("-inf")
        for name in names:
            centre = max(sign * targets[name], edge + widths[name] / 2)
            edge = centre + widths[name] / 2 + _NODE_GAP
            packed[name] = sign * centre
        return packed

    from_left, from_right = pack(layer, 1), pack(reversed(layer), -1)
    return {name: (from_left[name] + from_right[name]) / 2 for name in layer}


def _layer_spans(layers: Layers, sizes: Mapping[str, Size]) -> list[tuple[float, float]]:
    """The top and the bottom of each layer."""
    heights = [max((sizes[name].height for name in layer if name in sizes), default=0.0) for layer in layers]
    tops = itertools.accumulate((height + _LAYER_GAP for height in heights), initial=0.0)
    return [(top, top + height) for top, height in zip(tops, heights, strict=False)]


def _route_back(edge: Edge, corners: Mapping[str, Point], sizes: Mapping[str, Size], lane: float) -> list[Point]:
    (x, y), (to_x, to_y) = (corners[name] for name in edge)
    size, to_size = (sizes[name] for name in edge)
    start, end = y + size.height * 0.6, to_y + to_size.height * (0.4 if edge[0] != edge[1] else 0.3)
    return [(x + size.width, start), (lane, start), (lane, end), (to_x + to_size.width, end)]
