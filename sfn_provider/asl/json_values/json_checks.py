"""Finds what in a Python value is no JSON, and names and checks the types of JSON values."""

from __future__ import annotations

import math
import sys
from typing import Any, Final, NamedTuple, TypeGuard

from sfn_provider.asl.diagnostics import pointer
from sfn_provider.asl.scope import Json, TracedJson

_LARGEST: Final = int(sys.float_info.max)
"""The largest integer that Java reads as a number."""

_KINDS: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (bool, "a boolean"),
    ((int, float), "a number"),
    (str, "a string"),
    (list, "a list"),
    (dict, "an object"),
    (type(None), "null"),
)


class InvalidJson(NamedTuple):
    """A part of a value that is no JSON.

    Args:
        problem: what is wrong: ``a Python set is no JSON value``.
        location: its JSON pointer.
        is_depth: True where the value is nested too deep, as one that contains itself is.
    """

    problem: str
    location: str
    is_depth: bool = False


def kind_of(value: object) -> str:
    """Return the type of a JSON value with its article (``a list``), or the Python type of another value."""
    return next((name for kinds, name in _KINDS if isinstance(value, kinds)), f"a Python {type(value).__name__}")


def is_number(value: Json) -> TypeGuard[int | float]:
    """Return True for a number: unlike in Python a boolean is none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_whole_number(value: Json) -> TypeGuard[int | float]:
    """Return True for a number without a fraction; Python reads ``1e400`` as an infinite one, which is none."""
    return is_number(value) and (isinstance(value, int) or value.is_integer())


def is_object_of_text_lists(value: Json) -> bool:
    """Return True for an object whose members are lists of texts."""
    return isinstance(value, dict) and all(
        isinstance(entry, list) and all(isinstance(text, str) for text in entry) for entry in value.values()
    )


def is_jsonata(value: Json) -> TypeGuard[str]:
    """Return True for an expression in a field of JSONata: a text from ``{%`` to ``%}``."""
    return isinstance(value, str) and value.startswith("{%") and value.endswith("%}") and len(value) > len("{%}")


def find_invalid_json(value: object, max_depth: int, max_integer: int = _LARGEST) -> InvalidJson | None:
    """Return the first part of a value that is no JSON; None where all of it is.

    Args:
        value: any Python value.
        max_depth: how many lists and objects may lie in one another.
        max_integer: the largest integer; by default the largest one that Java reads as a double.
    """
    stack: list[tuple[Any, int, Any]] = [(value, 1, None)]
    while stack:
        part, depth, path = stack.pop()
        if depth > max_depth:
            problem = f"it nests deeper than {max_depth} levels, or contains itself"
            return InvalidJson(problem, _pointer_of(path), is_depth=True)
        if isinstance(part, TracedJson):
            continue  # made of JSON, and it notes who reads it
        if isinstance(part, dict):
            if odd := [key for key in part if not isinstance(key, str)]:
                return InvalidJson(f"the field name {odd[0]!r} is not a string", _pointer_of(path))
            stack.extend((item, depth + 1, (path, key)) for key, item in part.items())
        elif isinstance(part, list):
            stack.extend((item, depth + 1, (path, index)) for index, item in enumerate(part))
        elif (wrong := _scalar_problem(part, max_integer)) is not None:
            return InvalidJson(wrong, _pointer_of(path))
    return None


def _scalar_problem(value: object, max_integer: int) -> str | None:
    if isinstance(value, float) and not math.isfinite(value):
        return f"{value} is no JSON number"
    if isinstance(value, int) and abs(value) > max_integer:
        return "the number is too large"
    if value is None or isinstance(value, (str, int, float)):
        return None
    return f"{kind_of(value)} is no JSON value"


def _pointer_of(path: Any) -> str:
    parts = []
    while path is not None:
        path, part = path
        parts.append(part)
    return pointer(*reversed(parts))
