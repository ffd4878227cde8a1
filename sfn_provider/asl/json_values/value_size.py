"""Counts the nodes of a JSON value, up to a bound; a part that it holds twice counts twice."""

from __future__ import annotations

from typing import Any, Final

MAX_NODES: Final = 2_000_000
"""How many values a result may consist of: more than AWS's 256 KiB can say, which is refused later, by its size."""


def is_larger(value: Any, most: int = MAX_NODES, *, with_texts: bool = False) -> bool:
    """Return whether a value consists of more than so many values.

    Args:
        value: a JSON value, or one of JSONata's evaluator.
        most: how many values there may be.
        with_texts: True to count each character of a text as a value, too.
    """
    return _left_of(value, most, with_texts) < 0


def count_nodes(value: Any, most: int = MAX_NODES, *, with_texts: bool = False) -> int:
    """Return how many values a value consists of, itself not counted; more than ``most`` where there are more.

    Args:
        value: a JSON value, or one of JSONata's evaluator.
        most: where counting stops.
        with_texts: True to count each character of a text as a value, too.
    """
    return most - _left_of(value, most, with_texts)


def _left_of(value: Any, left: int, with_texts: bool) -> int:
    if isinstance(value, str):
        return left - len(value) if with_texts else left
    if not isinstance(value, (list, dict)):
        return left
    left -= len(value)
    if with_texts and isinstance(value, dict):
        left -= sum(map(len, value))
    for item in value.values() if isinstance(value, dict) else value:
        if left < 0:
            break
        if isinstance(item, (list, dict, str)):
            left = _left_of(item, left, with_texts)
    return left
