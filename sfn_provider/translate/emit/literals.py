"""Python text for values: safe for any JSON value, and laid out as ruff and black do."""

from __future__ import annotations

import math
from typing import Any

WIDTH = 88
"""Columns of a line, as ruff and black have it by default."""

INDENT = "    "


def string(text: str) -> str:
    """A string literal, in double quotes unless that needs more escapes."""
    literal = repr(text)
    body = literal[1:-1]
    if literal[0] == '"' or body.count('"') > body.count("\\'"):
        return literal
    return '"' + body.replace("\\'", "'").replace('"', '\\"') + '"'


def inline(value: Any) -> str:
    """A value on one line.

    Args:
        value: a JSON value.

    Raises:
        TypeError: where it is none, such as NaN.
    """
    if isinstance(value, str):
        return string(value)
    if isinstance(value, float) and not math.isfinite(value):
        raise TypeError(f"no literal for {value!r}: JSON has no such number")
    if value is None or isinstance(value, (bool, int, float)):
        return repr(value).replace("e+", "e")
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(inline, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{string(key)}: {inline(entry)}" for key, entry in value.items()) + "}"
    raise TypeError(f"no literal for {value!r}")


def literal(value: Any, indent: str, used: int) -> str:
    """A value, on one line if it fits there, else an entry a line.

    Args:
        value: a JSON value.
        indent: blanks in front of the line that it starts on.
        used: columns that this line has besides the value, the comma after it included.
    """
    flat = inline(value)
    if not isinstance(value, (dict, list, tuple)) or not value or used + columns(flat) <= WIDTH:
        return flat
    inner = indent + INDENT
    if isinstance(value, dict):
        entries = [_entry(key, entry, inner) for key, entry in value.items()]
        return "{\n" + "".join(entries) + indent + "}"
    items = [f"{inner}{literal(entry, inner, len(inner) + 1)},\n" for entry in value]
    return "[\n" + "".join(items) + indent + "]"


def _entry(key: str, value: Any, indent: str) -> str:
    start = f"{indent}{string(key)}: "
    return f"{start}{literal(value, indent, columns(start) + 1)},\n"


def columns(text: str) -> int:
    """Columns that a line takes, at most: ruff and black count some characters beyond the Latin ones as two wide.

    What fits by this count fits by theirs. What does not is laid out an entry a line, which they leave as it is.
    """
    return len(text) + sum(char > "\u02ff" for char in text)


def call(name: str, arguments: dict[str, str], indent: str) -> str:
    """A call with an argument a line.

    Args:
        name: what is called.
        arguments: the arguments' text by name; see `argument`.
        indent: blanks in front of the line that it starts on.
    """
    lines = [f"{indent}{INDENT}{key}={text},\n" for key, text in arguments.items()]
    return f"{name}(\n" + "".join(lines) + f"{indent})"


def argument(name: str, value: Any, indent: str) -> str:
    """The text of an argument's value, for `call` with the same indent."""
    inner = indent + INDENT
    return literal(value, inner, len(inner) + len(name) + 2)


def shift(left: str, rights: list[str], indent: str) -> str:
    """A line that says which tasks come after one: ``left >> right``, or ``left >> [right, right]``.

    Args:
        left: the variable of the task before.
        rights: the variables of those after it; at least one.
        indent: blanks in front of the line.
    """
    flat = rights[0] if len(rights) == 1 else f"[{', '.join(rights)}]"
    if len(f"{indent}{left} >> {flat}") <= WIDTH:
        return f"{indent}{left} >> {flat}\n"
    if len(rights) > 1 and len(f"{indent}{left} >> [") <= WIDTH:
        return f"{indent}{left} >> {_one_a_line(rights, indent)}\n"
    inner = indent + INDENT
    right = flat if len(f"{inner}>> {flat}") <= WIDTH or len(rights) == 1 else _one_a_line(rights, inner)
    return f"{indent}(\n{inner}{left}\n{inner}>> {right}\n{indent})\n"


def _one_a_line(names: list[str], indent: str) -> str:
    return "[\n" + "".join(f"{indent}{INDENT}{name},\n" for name in names) + f"{indent}]"


def prose(text: str) -> str:
    """Text for a docstring or a comment line: no quotes, backslashes or control characters that could end it."""
    shown = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(shown.replace("\\", "/").replace('"""', "'''").split()).rstrip('"')
