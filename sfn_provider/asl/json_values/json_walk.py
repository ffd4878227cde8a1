"""Iterates over everything in a JSON value with JSON pointers, and changes the texts in one."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sfn_provider.asl.diagnostics import pointer
from sfn_provider.asl.scope import Json


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


def map_texts(value: Json, change: Callable[[str], str]) -> Json:
    """Return a value with the strings in it changed; names of fields are not."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [map_texts(entry, change) for entry in value]
    if isinstance(value, dict):
        return {key: map_texts(entry, change) for key, entry in value.items()}
    return value
