"""Compares values deeply, as the operator ``=`` and ``$distinct`` do."""

from __future__ import annotations

from typing import Any

from sfn_provider.asl.json_values.value_size import MAX_NODES
from sfn_provider.asl.jsonata.errors import JsonataError
from sfn_provider.asl.jsonata.limits import TIMEOUT


def is_equal(left: Any, right: Any) -> bool:
    """Return whether two values are equal: 1 and 1.0 are, 1 and true are not.

    Raises:
        JsonataError: there is too much to compare; with AWS's words for what takes too long.
    """
    return _is_equal(left, right, [MAX_NODES])


def _is_equal(left: Any, right: Any, room: list[int]) -> bool:
    if left is right and left == left:  # NaN is not equal to itself
        return True
    is_list = isinstance(left, list) and isinstance(right, list)
    if not is_list and not (isinstance(left, dict) and isinstance(right, dict)):
        return bool(left == right) and isinstance(left, bool) == isinstance(right, bool)
    if len(left) != len(right):
        return False
    room[0] -= len(left)
    if room[0] < 0:
        raise JsonataError(None, TIMEOUT)
    if is_list:
        return all(_is_equal(one, other, room) for one, other in zip(left, right, strict=True))
    return left.keys() == right.keys() and all(_is_equal(item, right[key], room) for key, item in left.items())


def equality_key(value: Any) -> Any:
    """Return a key for sets, which equal values share. Check before that the value is not too large."""
    if isinstance(value, list):
        return ("array", *map(equality_key, value))
    if isinstance(value, dict):
        return ("object", frozenset((key, equality_key(item)) for key, item in value.items()))
    return (isinstance(value, bool), value)
