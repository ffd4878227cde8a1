"""Implements the selectors of a JSONPath that may select many nodes, as Jayway JsonPath does.

A selector that does not fit a node selects nothing from it: recorded executions give ``[]`` for ``$.items[*].name``
without ``items``. Filters are evaluated by jsonpath-rfc9535, which is imported with the first path that has one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from sfn_provider.asl.jsonpath.errors import PathSyntaxError
from sfn_provider.asl.jsonpath.syntax import Descent, Filter, Indices, Names, Selector, Slice, Wildcard
from sfn_provider.asl.scope import Json

if TYPE_CHECKING:
    from jsonpath_rfc9535 import JSONPathQuery

Step = Callable[[Json], Iterable[Json]]
"""Return the nodes that one selector selects from a node."""


def make_steps(selectors: Iterable[Selector]) -> tuple[Step, ...]:
    """Create the steps for the selectors of a path.

    Raises:
        PathSyntaxError: a filter's condition is wrong.
    """
    return tuple(_MAKERS[type(selector)](selector) for selector in _merge_descents(selectors))


def apply_steps(node: Json, steps: Iterable[Step]) -> list[Json]:
    """Apply steps one after the other and return all nodes at the end, in the order of the document."""
    nodes = [node]
    for step in steps:
        nodes = [selected for node in nodes for selected in step(node)]
    return nodes


class _DescentStep(tuple[Selector]):
    """A Descent together with the selector after it."""


def _merge_descents(selectors: Iterable[Selector]) -> Iterator[Any]:
    rest = iter(selectors)
    for selector in rest:
        yield _DescentStep((next(rest),)) if isinstance(selector, Descent) else selector


def _member(name: str) -> Step:
    return lambda node: (node[name],) if isinstance(node, dict) and name in node else ()


def _item(index: int) -> Step:
    return lambda node: (node[index],) if isinstance(node, list) and -len(node) <= index < len(node) else ()


def _wildcard(_selector: Wildcard) -> Step:
    def step(node: Json) -> Iterable[Json]:
        if isinstance(node, dict):
            return node.values()
        return node if isinstance(node, list) else ()

    return step


def _indices(selector: Indices) -> Step:
    steps = [_item(index) for index in selector.indices]
    return lambda node: [selected for step in steps for selected in step(node)]


def _slice(selector: Slice) -> Step:
    def step(node: Json) -> Iterable[Json]:
        if not isinstance(node, list):
            return ()
        return [node[index] for index in _slice_range(selector, len(node)) if -len(node) <= index < len(node)]

    return step


def _slice_range(selector: Slice, length: int) -> range:
    """The indices of a slice. Jayway: with both sides given, negative ones are not made positive first."""
    start, end = selector.start, selector.end
    if end is None:
        return range(max(0, start + length if start is not None and start < 0 else start or 0), length)
    if start is None:
        return range(min(length, end + length if end < 0 else end))
    return range(start, min(length, end))


def _names(selector: Names) -> Step:
    def step(node: Json) -> Iterable[Json]:
        if not isinstance(node, dict):
            return ()
        return ({name: node[name] for name in selector.names if name in node},)

    return step


def _filter(selector: Filter) -> Step:
    """Jayway: a filter on an object tests the object itself. AWS: ``@`` matches objects only."""
    query = _compile_filter(selector.condition)

    def step(node: Json) -> Iterable[Json]:
        candidates = node if isinstance(node, list) else [node]
        return [found.value for found in query.find([item for item in candidates if isinstance(item, dict)])]

    return step


def _compile_filter(condition: str) -> JSONPathQuery:
    from jsonpath_rfc9535 import JSONPathError, compile

    try:
        return compile(f"$[?{condition}]")
    except JSONPathError as error:
        raise PathSyntaxError(f"the filter [?{condition}] is wrong: {error}") from error


def _descent(scan: _DescentStep) -> Step:
    (step,) = make_steps(scan)
    # A filter sees every object below anyway; through the array around it, it would find each a second time.
    objects_only = isinstance(scan[0], Filter)

    def select(node: Json) -> Iterable[Json]:
        below = _descendants(node)
        return [selected for found in below if not objects_only or isinstance(found, dict) for selected in step(found)]

    return select


def _descendants(node: Json) -> Iterator[Json]:
    """The node itself and everything below, each before what is in it."""
    yield node
    for child in _wildcard(Wildcard())(node):
        yield from _descendants(child)


_MAKERS: dict[type, Callable[[Any], Step]] = {
    str: _member,
    int: _item,
    Wildcard: _wildcard,
    Indices: _indices,
    Slice: _slice,
    Names: _names,
    Filter: _filter,
    _DescentStep: _descent,
}
