"""Defines the errors of JSONPaths, with the messages of Jayway JsonPath."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from sfn_provider.asl.json_values.java_values import java_text
from sfn_provider.asl.scope import MISSING, Json

Key = str | int
"""A member's name or an item's index."""

MissKind = Literal["missing", "beyond the end", "not an array"]

_TYPE_NAMES: dict[type, str] = {
    dict: "object",
    list: "array",
    str: "string",
    bool: "boolean",
    int: "number",
    float: "number",
    type(None): "null",
}


class PathSyntaxError(ValueError):
    """The text is no JSONPath that Step Functions takes; the message says what is wrong and where."""


class PathNotFound(LookupError):
    """A path names nothing in the data.

    Args:
        reason: the sentence of Jayway JsonPath that AWS prints, for example ``Missing property in path $['a']``.
        path: the path as written.
        miss: ``beyond the end`` where only the last index is too large, ``not an array`` where an index is applied to
            something else.
    """

    def __init__(self, reason: str, path: str = "", miss: MissKind = "missing") -> None:
        self.reason = reason
        self.path = path
        self.miss = miss
        super().__init__(reason, path, miss)

    def __str__(self) -> str:
        return self.reason


class NoSuchNode(Exception):
    """Jayway's PathNotFoundException within a path: a node is not there."""


class Inapplicable(Exception):
    """Jayway's other exceptions within a path: a selector or a comparison cannot be applied to a value."""


class TooMuchWork(Exception):
    """A path would take too long."""


def get_child(node: Json, key: Key) -> Json:
    """Return a member or an item of a value; MISSING where it has none or is neither object nor array."""
    if isinstance(key, str):
        return node.get(key, MISSING) if isinstance(node, Mapping) else MISSING
    return node[key] if isinstance(node, list) and 0 <= key < len(node) else MISSING


def type_name(value: Json) -> str:
    """Return the JSON type of a value, for example ``string``."""
    return _TYPE_NAMES.get(type(value), "object")


def format_keys(*keys: Key) -> str:
    """Format keys in brackets as Jayway JsonPath does: ``['a']``, ``[0]``, ``['a', 'b']``."""
    return "[" + ", ".join(f"'{key}'" if isinstance(key, str) else str(key) for key in keys) + "]"


def explain_missing(value: Json, keys: tuple[Key, ...]) -> tuple[str, MissKind]:
    """Explain at which key a path finds nothing, in the words of Jayway JsonPath.

    Recorded: "Missing property in path $['no']" before the last key, "No results for path: $['x']" at it. Where Jayway
    names a Java class, this names the JSON type.
    """
    path, full_path = "$", "$" + "".join(map(format_keys, keys))
    for position, key in enumerate(keys):
        last = position == len(keys) - 1
        found = get_child(value, key)
        if found is not MISSING:
            value, path = found, path + format_keys(key)
        elif isinstance(key, int):
            return _explain_missing_index(value, key, path, full_path, last)
        elif isinstance(value, Mapping):
            return (
                f"No results for path: {full_path}" if last else f"Missing property in path {path}['{key}']"
            ), "missing"
        else:
            expected = f"Expected to find an object with property ['{key}'] in path {path} but found"
            return f"{expected} '{type_name(value)}'. This is not a json object.", "missing"
    raise AssertionError(f"{full_path} is there")


def _explain_missing_index(value: Json, index: int, path: str, full_path: str, last: bool) -> tuple[str, MissKind]:
    if isinstance(value, list):
        return f"No results for path: {full_path}", "beyond the end" if last and index >= 0 else "missing"
    if value is None:
        return f"The path {path} is null", "not an array"
    return f"Filter: [{index}] can only be applied to arrays. Current context is: {java_text(value)}", "not an array"
