"""Python text for values: safe for any JSON value, and laid out as ruff and black do."""

from __future__ import annotations

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
        TypeError: where it is none.
    """
    if isinstance(value, str):
        return string(value)
    if value is None or isinstance(value, (bool, int, float)):
        return repr(value)
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
    if not isinstance(value, (dict, list, tuple)) or not value or used + len(flat) <= WIDTH:
        return flat
    inner = indent + INDENT
    if isinstance(value, dict):
        entries = [_entry(key, entry, inner) for key, entry in value.items()]
        return "{\n" + "".join(entries) + indent + "}"
    items = [f"{inner}{literal(entry, inner, len(inner) + 1)},\n" for entry in value]
    return "[\n" + "".join(items) + indent + "]"


def _entry(key: str, value: Any, indent: str) -> str:
    start = f"{indent}{string(key)}: "
    return f"{start}{literal(value, indent, len(start) + 1)},\n"


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


def names(found: list[str], start: str, indent: str) -> str:
    """A list of names behind the start of a line, on one line if it fits."""
    flat = f"{start}[{', '.join(found)}]"
    if len(indent) + len(flat) <= WIDTH:
        return flat
    return f"{start}[\n" + "".join(f"{indent}{INDENT}{name},\n" for name in found) + f"{indent}]"


def prose(text: str) -> str:
    """Text for a docstring or a comment line: no quotes, backslashes or control characters that could end it."""
    shown = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(shown.replace("\\", "/").replace('"""', "'''").split()).rstrip('"')
