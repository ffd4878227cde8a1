"""Iterates over JSON values with JSON pointers, also where two differ, and changes their texts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import zip_longest

from sfn_provider.asl.diagnostics import pointer
from sfn_provider.asl.scope import MISSING, Json


def walk_json(value: Json, at: str = "") -> Iterator[tuple[str, str | None, Json]]:
    """Iterate over a value and everything in it, in order.

    Args:
        value: the value.
        at: its JSON pointer.

    Yields:
        JSON pointer; name of a field, None for the value itself and for items of arrays, which may be tuples; value.
    """
    stack: list[tuple[str, str | None, Json]] = [(at, None, value)]
    while stack:
        place, name, item = stack.pop()
        yield place, name, item
        if isinstance(item, dict):
            stack += [(place + pointer(key), key, inner) for key, inner in reversed(item.items())]
        elif isinstance(item, (list, tuple)):
            stack += [(f"{place}/{index}", None, item[index]) for index in reversed(range(len(item)))]


def walk_texts(value: Json, at: str = "") -> Iterator[tuple[str, str]]:
    """Iterate over the strings in a value, in order, with their JSON pointers; names of fields are not included."""
    return ((place, item) for place, _, item in walk_json(value, at) if isinstance(item, str))


def walk_differences(one: Json, other: Json, at: str = "") -> Iterator[tuple[str, Json, Json]]:
    """Iterate over the places where two values differ, in the order of the first one.

    Numbers are equal by value: 1 and 1.0 are, but true is not 1. Objects and arrays are entered where both values have
    them.

    Args:
        one: the first value.
        other: the second value.
        at: the JSON pointer of both.

    Yields:
        JSON pointer; what each value has there, MISSING for nothing.
    """
    if isinstance(one, dict) and isinstance(other, dict):
        for key in {**one, **other}:
            yield from walk_differences(one.get(key, MISSING), other.get(key, MISSING), at + pointer(key))
    elif isinstance(one, list) and isinstance(other, list):
        for index, (item, same) in enumerate(zip_longest(one, other, fillvalue=MISSING)):
            yield from walk_differences(item, same, at + pointer(index))
    elif isinstance(one, bool) is not isinstance(other, bool) or one != other:
        yield at, one, other


def map_texts(value: Json, change: Callable[[str], str]) -> Json:
    """Return a value with the strings in it changed; names of fields are not."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [map_texts(entry, change) for entry in value]
    if isinstance(value, dict):
        return {key: map_texts(entry, change) for key, entry in value.items()}
    return value
