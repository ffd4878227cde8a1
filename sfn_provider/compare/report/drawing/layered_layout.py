"""Places the nodes of a directed graph in layers, top to bottom, after Sugiyama."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import networkx as nx

Point = tuple[float, float]
Edge = tuple[str, str]

_BETWEEN, _LAYERS, _LANE = 28.0, 46.0, 16.0
"""Pixels between nodes of a layer, between layers, and between the ways back."""

_SWEEPS = 6
_BEND = 10.0
"""Width that an edge takes where it passes a layer."""


@dataclass(frozen=True)
class Size:
    """Width and height in pixels."""

    width: float
    height: float


@dataclass(frozen=True)
class Placed:
    """A graph with places.

    Args:
        corners: the upper left corner of each node.
        routes: the points of each edge, from the lower side of a node to the upper side of another; for a way back
            from right side to right side.
        back: the edges that lead back.
        size: the size of the whole.
    """

    corners: dict[str, Point]
    routes: dict[Edge, list[Point]]
    back: frozenset[Edge]
    size: Size


def place(sizes: Mapping[str, Size], edges: Iterable[Edge]) -> Placed:
    """Place a graph.

    Args:
        sizes: the size of each node; the first one is where the flow starts.
        edges: the edges; those that lead back make cycles.
    """
    distinct = [edge for edge in dict.fromkeys(edges) if edge[0] in sizes and edge[1] in sizes]
    back = _back_edges(list(sizes), distinct)
    layers = _layers(list(sizes), [edge for edge in distinct if edge not in back])
    chains, widths = _bend(layers, [edge for edge in distinct if edge not in back], sizes)
    rows = _rows(layers, chains)
    links = _links(chains)
    _untangle(rows, links)
    centres = _centres(rows, links, widths)
    tops, heights = _tops(rows, sizes)
    corners = {
        name: (centres[name] - size.width / 2, _top(name, size, rows, tops, heights)) for name, size in sizes.items()
    }
    right = max((centres[name] + width / 2 for name, width in widths.items()), default=0.0)
    level = {name: number for number, row in enumerate(rows) for name in row}
    routes: dict[Edge, list[Point]] = {}
    for edge, chain in chains.items():
        passed = [(centres[name], y) for name in chain[1:-1] for y in _through(tops, heights, level[name])]
        start, end = _lower(edge[0], corners, sizes), _upper(edge[1], corners, sizes)
        # Straight to the edge of the layer: what stands beside may be taller.
        leaving = (start[0], _through(tops, heights, level[edge[0]])[1])
        arriving = (end[0], tops[level[edge[1]]])
        routes[edge] = list(dict.fromkeys([start, leaving, *passed, arriving, end]))
    for lane, edge in enumerate(sorted(back), 1):
        routes[edge] = _way_back(edge, corners, sizes, right + lane * _LANE)
    width = right + (len(back) * _LANE + 4 if back else 0)
    height = tops[-1] + heights[-1] if rows else 0.0
    return Placed(corners, routes, frozenset(back), Size(width, height))


def _back_edges(names: Sequence[str], edges: Sequence[Edge]) -> set[Edge]:
    """The edges that a search in depth finds leading to a node that it is still in."""
    following: dict[str, list[str]] = {name: [] for name in names}
    for left, right in edges:
        following[left].append(right)
    found: set[Edge] = set()
    done: set[str] = set()
    for start in names:
        stack = [(start, iter(following[start]))] if start not in done else []
        within = {start} if stack else set()
        while stack:
            name, rest = stack[-1]
            target = next(rest, None)
            if target is None:
                stack.pop()
                within.discard(name)
                done.add(name)
            elif target in within:
                found.add((name, target))
            elif target not in done:
                stack.append((target, iter(following[target])))
                within.add(target)
    return found


def _layers(names: Sequence[str], edges: Sequence[Edge]) -> dict[str, int]:
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(names)
    graph.add_edges_from(edges)
    return {name: number for number, row in enumerate(nx.topological_generations(graph)) for name in row}


def _bend(
    layers: dict[str, int], edges: Sequence[Edge], sizes: Mapping[str, Size]
) -> tuple[dict[Edge, list[str]], dict[str, float]]:
    """Give edges over several layers a bend in each that they pass; return the edges as chains, and all widths."""
    widths = {name: size.width for name, size in sizes.items()}
    chains = {}
    for number, (left, right) in enumerate(edges):
        bends = [f"\0{number}.{level}" for level in range(layers[left] + 1, layers[right])]
        layers.update(zip(bends, range(layers[left] + 1, layers[right]), strict=True))
        widths.update(dict.fromkeys(bends, _BEND))
        chains[left, right] = [left, *bends, right]
    return chains, widths


def _rows(layers: Mapping[str, int], chains: Mapping[Edge, Sequence[str]]) -> list[list[str]]:
    rows: list[list[str]] = [[] for _ in range(max(layers.values(), default=-1) + 1)]
    for name, level in layers.items():
        rows[level].append(name)
    return rows


def _links(chains: Mapping[Edge, Sequence[str]]) -> dict[str, tuple[list[str], list[str]]]:
    """For each node and bend those above and those below."""
    links: dict[str, tuple[list[str], list[str]]] = {}
    for chain in chains.values():
        for upper, lower in itertools.pairwise(chain):
            links.setdefault(upper, ([], []))[1].append(lower)
            links.setdefault(lower, ([], []))[0].append(upper)
    return links


def _untangle(rows: list[list[str]], links: Mapping[str, tuple[list[str], list[str]]]) -> None:
    """Order each layer by the middle of what its nodes are linked to, down and up, keeping the best order."""
    best, fewest = [list(row) for row in rows], _crossings(rows, links)
    for sweep in range(_SWEEPS):
        side = sweep % 2
        for number in range(1, len(rows)) if side == 0 else range(len(rows) - 2, -1, -1):
            beside = rows[number - 1 if side == 0 else number + 1]
            spot = {name: place for place, name in enumerate(beside)}
            middle = {}
            for place_now, name in enumerate(rows[number]):
                found = [spot[other] for other in links.get(name, ((), ()))[side] if other in spot]
                middle[name] = sum(found) / len(found) if found else float(place_now)
            rows[number].sort(key=middle.__getitem__)
        crossings = _crossings(rows, links)
        if crossings < fewest:
            best, fewest = [list(row) for row in rows], crossings
    rows[:] = best


def _crossings(rows: Sequence[Sequence[str]], links: Mapping[str, tuple[list[str], list[str]]]) -> int:
    total = 0
    for upper, lower in itertools.pairwise(rows):
        spot = {name: place for place, name in enumerate(lower)}
        ends = [sorted(spot[other] for other in links.get(name, ([], []))[1] if other in spot) for name in upper]
        flat = [(place, end) for place, found in enumerate(ends) for end in found]
        total += sum(one[0] < two[0] and one[1] > two[1] for at, one in enumerate(flat) for two in flat[at + 1 :])
    return total


def _centres(
    rows: Sequence[Sequence[str]], links: Mapping[str, tuple[list[str], list[str]]], widths: Mapping[str, float]
) -> dict[str, float]:
    """Move each layer towards what it is linked to, the order and the gaps kept."""
    centres: dict[str, float] = {}
    for row in rows:
        centres |= _spread(row, dict.fromkeys(row, 0.0), widths)
    for sweep in range(10):
        side = sweep % 2
        for row in rows if side == 0 else reversed(rows):
            wanted = {}
            for name in row:
                near = [centres[other] for other in links.get(name, ((), ()))[side]]
                wanted[name] = sum(near) / len(near) if near else centres[name]
            centres |= _spread(row, wanted, widths)
    left = min((centres[name] - width / 2 for name, width in widths.items()), default=0.0)
    return {name: centre - left for name, centre in centres.items()}


def _spread(row: Sequence[str], wanted: Mapping[str, float], widths: Mapping[str, float]) -> dict[str, float]:
    """Centres as near to those wanted as the gaps allow: the mean of packing from the left and from the right."""
    from_left: dict[str, float] = {}
    from_right: dict[str, float] = {}
    edge = float("-inf")
    for name in row:
        from_left[name] = max(wanted[name], edge + widths[name] / 2)
        edge = from_left[name] + widths[name] / 2 + _BETWEEN
    edge = float("inf")
    for name in reversed(row):
        from_right[name] = min(wanted[name], edge - widths[name] / 2)
        edge = from_right[name] - widths[name] / 2 - _BETWEEN
    return {name: (from_left[name] + from_right[name]) / 2 for name in row}


def _tops(rows: Sequence[Sequence[str]], sizes: Mapping[str, Size]) -> tuple[list[float], list[float]]:
    heights = [max((sizes[name].height for name in row if name in sizes), default=0.0) for row in rows]
    tops, top = [], 0.0
    for height in heights:
        tops.append(top)
        top += height + _LAYERS
    return tops, heights


def _top(name: str, size: Size, rows: Sequence[Sequence[str]], tops: list[float], heights: list[float]) -> float:
    level = next(number for number, row in enumerate(rows) if name in row)
    return tops[level] + (heights[level] - size.height) / 2


def _through(tops: Sequence[float], heights: Sequence[float], level: int) -> tuple[float, float]:
    return tops[level], tops[level] + heights[level]


def _lower(name: str, corners: Mapping[str, Point], sizes: Mapping[str, Size]) -> Point:
    return corners[name][0] + sizes[name].width / 2, corners[name][1] + sizes[name].height


def _upper(name: str, corners: Mapping[str, Point], sizes: Mapping[str, Size]) -> Point:
    return corners[name][0] + sizes[name].width / 2, corners[name][1]


def _way_back(edge: Edge, corners: Mapping[str, Point], sizes: Mapping[str, Size], lane: float) -> list[Point]:
    (x, y), size = corners[edge[0]], sizes[edge[0]]
    (to_x, to_y), to_size = corners[edge[1]], sizes[edge[1]]
    start, end = y + size.height * 0.6, to_y + to_size.height * (0.4 if edge[0] != edge[1] else 0.3)
    return [(x + size.width, start), (lane, start), (lane, end), (to_x + to_size.width, end)]
