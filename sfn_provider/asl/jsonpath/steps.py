"""Evaluates the selectors of a JSONPath that may select many nodes, as Jayway JsonPath 2.0.0 does.

Jayway walks depth first and gives up at the first node that a selector does not fit. Step Functions then has an empty
list (recorded: ``$.items[*].name`` without ``items`` is ``[]``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from sfn_provider.asl.jsonpath.errors import Inapplicable, NoSuchNode, TooMuchWork
from sfn_provider.asl.jsonpath.filters import compile_filter, get_item, select_members, start_matching
from sfn_provider.asl.jsonpath.syntax import (
    Descent,
    Filter,
    FromEnd,
    Indices,
    Names,
    Selector,
    Slice,
    Wildcard,
    is_definite,
)
from sfn_provider.asl.scope import MISSING, Json

MAX_NODES: Final = 1_000_000
"""How many nodes one path may visit. A result of 256 KiB, the most that a state can have, has 131,072."""


class _Evaluation:
    """One walk of a path through a document.

    Args:
        root: the document.
        lenient: True for Jayway with SUPPRESS_EXCEPTIONS, in which a missing last member is passed over.
    """

    __slots__ = ("found", "left", "lenient", "root")

    def __init__(self, root: Json, lenient: bool) -> None:
        self.root = root
        self.lenient = lenient
        self.found: list[Json] = []
        self.left = MAX_NODES

    def visit(self, count: int) -> None:
        """Count nodes.

        Raises:
            TooMuchWork: there were too many.
        """
        self.left -= count
        if self.left < 0:
            raise TooMuchWork(f"the path visits more than {MAX_NODES:,} nodes")


Walk = Callable[[Json, _Evaluation], None]
"""Applies a selector and all after it to a node, and adds what they select to the evaluation."""


def compile_steps(selectors: Sequence[Selector]) -> Callable[[Json], list[Json]]:
    """Create the function that gives all nodes that selectors select, in the order of the document.

    The function raises TooMuchWork.

    Raises:
        PathSyntaxError: a filter's regular expression is wrong.
    """
    walk: Walk = _collect
    rest: Walk = _collect
    definite = True
    for position in reversed(range(len(selectors))):
        selector = selectors[position]
        definite = definite and is_definite((selector,))
        required = definite and position > 0 and is_definite((selectors[position - 1],))
        following = selectors[position + 1] if position + 1 < len(selectors) else None
        last_but_one = position + 2 == len(selectors)
        place = _Place(selector, following, walk, None if last_but_one else rest, last_but_one, required)
        walk, rest = _MAKERS[type(selector)](place), walk

    def select(root: Json) -> list[Json]:
        start_matching()
        # Where the strict walk fails, AWS has what the lenient one gives.
        for lenient in (False, True):
            evaluation = _Evaluation(root, lenient)
            try:
                walk(root, evaluation)
            except (NoSuchNode, Inapplicable):
                continue
            except RecursionError as error:
                raise TooMuchWork("the path has too many steps") from error
            return evaluation.found
        return []

    return select


class _Place(NamedTuple):
    """A selector in its path.

    Args:
        selector: the selector.
        following: the selector after it; None where it is the last one.
        rest: the walk of what comes after it.
        after_next: the walk of what comes after the following selector; None where there is nothing.
        last_but_one: whether the following selector is the last one.
        is_required: whether Jayway fails at a missing member on the way: it asks whether all is definite from the
            selector before this one to the end.
    """

    selector: Any
    following: Selector | None
    rest: Walk
    after_next: Walk | None
    last_but_one: bool
    is_required: bool

    @property
    def last(self) -> bool:
        """Whether it is the last selector."""
        return self.following is None


def _collect(node: Json, evaluation: _Evaluation) -> None:
    evaluation.found.append(node)


def _member(place: _Place) -> Walk:
    name, rest, last, required = place.selector, place.rest, place.last, place.is_required

    def walk(node: Json, evaluation: _Evaluation) -> None:
        if not isinstance(node, dict):
            raise NoSuchNode
        value = node.get(name, MISSING)
        if value is not MISSING:
            rest(value, evaluation)
        elif (not evaluation.lenient) if last else (required or evaluation.lenient):
            raise NoSuchNode

    return walk


def _names(place: _Place) -> Walk:
    names, rest, last = place.selector, place.rest, place.last

    def walk(node: Json, evaluation: _Evaluation) -> None:
        members = select_members(node, names, last=last)
        if members is MISSING:
            raise NoSuchNode
        evaluation.visit(len(members))
        rest(members, evaluation)

    return walk


def _items(place: _Place) -> Walk:
    """One item or several: [0], [(@.length-1)], [0,2]."""
    selector, rest = place.selector, place.rest
    wanted = selector.indices if isinstance(selector, Indices) else (selector,)

    def walk(node: Json, evaluation: _Evaluation) -> None:
        evaluation.visit(len(wanted))
        for each in wanted:
            item = get_item(node, each)
            if item is MISSING:
                raise NoSuchNode
            rest(item, evaluation)

    return walk


def _slice(place: _Place) -> Walk:
    selector, rest, last = place.selector, place.rest, place.last

    def walk(node: Json, evaluation: _Evaluation) -> None:
        if node is None:
            raise NoSuchNode
        if not isinstance(node, list):
            raise Inapplicable
        items = _sliced(node, selector.start, selector.end)
        if last:
            evaluation.found += items
            return
        for item in items:
            rest(item, evaluation)

    return walk


def _sliced(items: list[Json], start: int | None, end: int | None) -> list[Json]:
    """Slice as Jayway does: with both sides given, negative ones are not counted from the end."""
    length = len(items)
    if start is None:
        assert end is not None
        return items[: max(0, length + end if end < 0 else end)]
    if end is None:
        return items[max(0, length + start if start < 0 else start) :]
    end = min(length, end)
    if start >= end or not items:
        return []
    if start < 0:
        raise NoSuchNode
    return items[start:end]


def _wildcard(place: _Place) -> Walk:
    """All members or items. What does not fit an item of an array leaves that item alone out."""
    rest, last = place.rest, place.last
    # The most common path that selects many nodes is $.items[*].name.
    name = place.following if place.last_but_one else None

    def walk(node: Json, evaluation: _Evaluation) -> None:
        if last and isinstance(node, (dict, list)):
            evaluation.found.extend(node.values() if isinstance(node, dict) else node)
        elif isinstance(node, dict):
            for value in node.values():
                rest(value, evaluation)
        elif isinstance(node, list):
            if isinstance(name, str):
                evaluation.found += [item[name] for item in node if isinstance(item, dict) and name in item]
                return
            for item in node:
                try:
                    rest(item, evaluation)
                except NoSuchNode:
                    continue

    return walk


def _filter(place: _Place) -> Walk:
    """A filter on an object tests the object itself."""
    accepts, rest = compile_filter(place.selector), place.rest

    def walk(node: Json, evaluation: _Evaluation) -> None:
        if isinstance(node, dict):
            if accepts(node, evaluation.root):
                rest(node, evaluation)
        elif isinstance(node, list):
            for item in node:
                if accepts(item, evaluation.root):
                    rest(item, evaluation)
        else:
            raise Inapplicable

    return walk


def _descent(place: _Place) -> Walk:
    """Apply the next selector to the node and everything below, each before what is in it.

    Jayway: to the items of an array the selector after the next one is applied, if there is one.
    """
    assert place.following is not None
    matches = _matcher(place.following)
    at_object, at_items = place.rest, place.after_next

    def walk(node: Json, evaluation: _Evaluation) -> None:
        waiting = [node]
        while waiting:
            node = waiting.pop()
            if isinstance(node, dict):
                if matches(node, evaluation.root):
                    at_object(node, evaluation)
                children: Any = node.values()
            elif isinstance(node, list):
                if not matches(node, evaluation.root):
                    pass
                elif at_items is None:
                    at_object(node, evaluation)
                else:
                    for item in node:
                        at_items(item, evaluation)
                children = node
            else:
                continue
            evaluation.visit(len(children) + 1)
            waiting.extend(reversed(children))

    return walk


def _matcher(selector: Selector) -> Callable[[Json, Json], bool]:
    """Create the test that says at which objects and arrays a descent applies the selector after it."""
    if isinstance(selector, (str, Names)):
        names = (selector,) if isinstance(selector, str) else selector.names
        return lambda node, _root: isinstance(node, dict) and all(name in node for name in names)
    if isinstance(selector, Filter):
        return compile_filter(selector)
    if isinstance(selector, Wildcard):
        return lambda _node, _root: True
    if isinstance(selector, Descent):
        return lambda _node, _root: False
    return lambda node, _root: isinstance(node, list)


_MAKERS: Final[dict[type, Callable[[_Place], Walk]]] = {
    str: _member,
    int: _items,
    FromEnd: _items,
    Indices: _items,
    Names: _names,
    Slice: _slice,
    Wildcard: _wildcard,
    Filter: _filter,
    Descent: _descent,
}
