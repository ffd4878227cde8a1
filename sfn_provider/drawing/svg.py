"""Draws a graph as SVG boxes and lines, with what ran."""

from __future__ import annotations

import itertools
import unicodedata
from dataclasses import dataclass, replace

from sfn_provider.drawing.graph import Graph, Node
from sfn_provider.drawing.layered_layout import Point, Size, lay_out
from sfn_provider.drawing.taken_paths import TakenPaths

_CHARACTER, _SMALL_CHARACTER, _LINE, _PADDING = 7.6, 6.2, 17.0, 13.0
_HEAD = 34.0
_MAX_LINE, _MAX_HEAD = 22, 36
"""Characters on a line of a box, and in the head of a group."""

_MARGIN = 3.0


@dataclass(frozen=True)
class Box:
    """A state, a task or a group of them.

    Args:
        x: left side.
        y: upper side.
        width: its width.
        height: its height.
        lines: its name, on one line or two.
        title: its name in full, and whether it ran.
        kind: what it is.
        note: what is written below its name: what it is, how often it ran, failed, and was caught.
        ran: how often it ran.
        differs: whether the sides differ in it.
        failed: how often it failed.
        caught: how often it failed, and a catcher took the error.
        group: whether it holds others.
    """

    x: float
    y: float
    width: float
    height: float
    lines: tuple[str, ...]
    title: str
    kind: str
    note: str
    ran: int
    differs: bool
    failed: int
    caught: int
    group: bool

    @property
    def style(self) -> str:
        """The name of what is drawn: what matters most of it."""
        names = {"differs": self.differs, "failed": self.failed, "caught": self.caught, "ran": self.ran}
        return next((name for name, applies in names.items() if applies), "idle")


@dataclass(frozen=True)
class Line:
    """An edge through points; ``back`` where it leads back, ``taken`` where it ran."""

    points: tuple[Point, ...]
    title: str
    back: bool
    taken: bool

    @property
    def path(self) -> str:
        """The line as an SVG path: corners where it leads back, else a curve that is vertical in each point."""
        start, *others = map(_format_point, self.points)
        if self.back:
            return " L".join([f"M{start}", *others])
        parts = [f"M{start}"]
        for (x, y), (to_x, to_y) in itertools.pairwise(self.points):
            middle = (y + to_y) / 2
            parts.append(f"C{_format_point((x, middle))} {_format_point((to_x, middle))} {_format_point((to_x, to_y))}")
        return " ".join(parts)

    @property
    def head(self) -> str:
        """The arrow head as an SVG path."""
        x, y = self.points[-1]
        corners = [(x, y), (x + 7, y - 4), (x + 7, y + 4)] if self.back else [(x, y), (x + 4, y - 7), (x - 4, y - 7)]
        return f"M{' L'.join(map(_format_point, corners))} Z"


@dataclass(frozen=True)
class Drawing:
    """A drawn graph."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]


def draw(graph: Graph, ran: TakenPaths) -> Drawing:
    """Draw a graph.

    Args:
        graph: the graph.
        ran: which of its nodes and edges ran.
    """
    drawn = _draw(graph, ran)
    moved = _move(drawn, _MARGIN, _MARGIN)
    return replace(moved, width=drawn.width + 2 * _MARGIN, height=drawn.height + 2 * _MARGIN)


def _draw(graph: Graph, ran: TakenPaths) -> Drawing:
    inner = {node.key: _draw_inside(node, ran) for node in graph.nodes if node.inside}
    sizes = {node.key: _size(node, _note(node, ran), inner.get(node.key)) for node in graph.nodes}
    titles = {node.key: node.title for node in graph.nodes}
    layout = lay_out(sizes, graph.edges)
    boxes: list[Box] = []
    lines: list[Line] = []
    for node in graph.nodes:
        boxes.append(_make_box(node, layout.corners[node.key], sizes[node.key], ran))
        if node.key in inner:
            x, y = layout.corners[node.key]
            left = x + (sizes[node.key].width - inner[node.key].width) / 2
            moved = _move(inner[node.key], left, y + _HEAD)
            boxes += moved.boxes
            lines += moved.lines
    for edge, points in layout.routes.items():
        title = f"{titles[edge[0]]} to {titles[edge[1]]}"
        lines.append(Line(tuple(points), title, edge in layout.back, edge in ran.edges))
    return Drawing(layout.size.width, layout.size.height, tuple(boxes), tuple(lines))


def _draw_inside(node: Node, ran: TakenPaths) -> Drawing:
    """Draw the graphs within a node beside one another."""
    boxes: list[Box] = []
    lines: list[Line] = []
    x, height = 0.0, 0.0
    for graph in node.inside:
        drawn = _draw(graph, ran)
        moved = _move(drawn, x, 0.0)
        boxes += moved.boxes
        lines += moved.lines
        x += drawn.width + 2 * _PADDING
        height = max(height, drawn.height)
    return Drawing(x - 2 * _PADDING, height, tuple(boxes), tuple(lines))


def _note(node: Node, ran: TakenPaths) -> str:
    times, failed, caught = (counted[node.key] for counted in (ran.nodes, ran.failed, ran.caught))
    found = [f"{node.kind} ×{times}" if times > 1 else node.kind]  # noqa: RUF001
    for count, word in ((failed, "failed"), (caught, "caught")):
        found += [f"{count} {word}" if times > 1 else word] if count else []
    return f"{'≠ ' if node.key in ran.differing else ''}{', '.join(found)}"


def _size(node: Node, note: str, inner: Drawing | None) -> Size:
    if inner is not None:
        head = _width(_fit(node.title, _MAX_HEAD)) * _CHARACTER + _width(note) * _SMALL_CHARACTER + 3 * _PADDING
        return Size(max(inner.width + 2 * _PADDING, head), inner.height + _HEAD + _PADDING)
    lines = _wrap(node.title)
    widths = [_width(line) * _CHARACTER for line in lines]
    return Size(max(84.0, *widths, _width(note) * _SMALL_CHARACTER) + 2 * _PADDING, 26 + _LINE * len(lines))


def _make_box(node: Node, corner: Point, size: Size, ran: TakenPaths) -> Box:
    times = ran.nodes[node.key]
    failed, caught = ran.failed[node.key], ran.caught[node.key]
    result = f"ran {times} times" if times > 1 else "ran" if times else "did not run"
    result += f", failed{_times(failed, times)}" if failed else ""
    result += f", its error was caught{_times(caught, times)}" if caught else ""
    differs = node.key in ran.differing
    title = f"{node.title}, {node.kind}: {result}{'; the sides differ' if differs else ''}"
    lines = _wrap(node.title) if not node.inside else (_fit(node.title, _MAX_HEAD),)
    group = bool(node.inside)
    note = _note(node, ran)
    return Box(*corner, size.width, size.height, lines, title, node.kind, note, times, differs, failed, caught, group)


def _times(count: int, of: int) -> str:
    """How often, where it ran more than once."""
    return "" if of <= 1 else " once" if count == 1 else f" {count} times"


def _wrap(text: str) -> tuple[str, ...]:
    """Put a name on one line, or on two, broken at a space or an underscore where there is one."""
    shown = " ".join(text.split())
    if _width(shown) <= _MAX_LINE:
        return (shown,)
    limit = next(place for place in range(len(shown), 0, -1) if _width(shown[:place]) <= _MAX_LINE)
    breaks = [place for place, letter in enumerate(shown[:limit]) if letter in " _-." and place > 6]
    at = breaks[-1] + 1 if breaks else limit
    return _fit(shown[:at].rstrip(), _MAX_LINE), _fit(shown[at:], _MAX_LINE)


def _fit(text: str, limit: int) -> str:
    if _width(text) <= limit:
        return text
    while text and _width(text) > limit - 1:
        text = text[:-1]
    return f"{text}…"


def _width(text: str) -> int:
    """The width of a text in Latin characters."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def _format_point(point: Point) -> str:
    return f"{point[0]:.1f},{point[1]:.1f}"


def _move(drawing: Drawing, x: float, y: float) -> Drawing:
    boxes = tuple(replace(box, x=box.x + x, y=box.y + y) for box in drawing.boxes)
    lines = tuple(
        replace(line, points=tuple((point_x + x, point_y + y) for point_x, point_y in line.points))
        for line in drawing.lines
    )
    return replace(drawing, boxes=boxes, lines=lines)
