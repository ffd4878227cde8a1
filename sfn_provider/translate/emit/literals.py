"""Formats JSON values, calls and edges as Python text, laid out as ruff and black do."""

from __future__ import annotations

import math
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sfn_provider.asl.json_values.value_size import is_larger
from sfn_provider.translate.emit.expression_layout import lay_out_expression

WIDTH = 88
"""Columns of a line: the default of ruff and black."""

INDENT = "    "


@dataclass(frozen=True, slots=True)
class Code:
    """Python text of an expression as a value beside JSON values.

    Args:
        text: the expression, on one line.
        lines: the expression in lines, where it can be cut; they are put in brackets.
    """

    text: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wrapped:
    """A string that is written as several literals, which Python joins, where it is too long for a line.

    It is cut behind blanks, but within ``{{ }}`` only where that alone is too long.
    """

    text: str


def string(text: str) -> str:
    """Return a string literal, in double quotes unless that needs more escapes."""
    literal = repr(text)
    body = literal[1:-1]
    if literal[0] == '"' or body.count('"') > body.count("\\'"):
        return literal
    return '"' + body.replace("\\'", "'").replace('"', '\\"') + '"'


def inline(value: Any) -> str:
    """Return a value on one line.

    Args:
        value: a JSON value, in which `Code` and `Wrapped` may stand.

    Raises:
        TypeError: it is not a JSON value, such as NaN.
    """
    if isinstance(value, Code):
        return value.text
    if isinstance(value, str | Wrapped):
        return string(value.text if isinstance(value, Wrapped) else value)
    if isinstance(value, float) and not math.isfinite(value):
        raise TypeError(f"no literal for {value!r}: JSON has no such number")
    if value is None or isinstance(value, (bool, int, float)):
        return repr(value).replace("e+", "e")
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(inline, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{string(key)}: {inline(entry)}" for key, entry in value.items()) + "}"
    raise TypeError(f"no literal for {value!r}")


def literal(value: Any, indent: str, used: int, width: int = WIDTH) -> str:
    """Return a value, on one line if it fits, else with one entry per line.

    Args:
        value: a JSON value, in which `Code` and `Wrapped` may stand.
        indent: blanks at the start of the first line.
        used: columns of that line without the value, the comma after it included.
        width: columns of a line.
    """
    if isinstance(value, (dict, list)) and value and is_larger(value, width):  # each value takes a column
        return _on_lines(value, indent, width)
    flat = inline(value)
    if isinstance(value, Code) and len(value.lines) > 1 and used + columns(flat) > width:
        together = " ".join(value.lines)
        fits = columns(f"{indent}{INDENT}{together}") <= width
        lines = (together,) if fits else tuple(_part(line, indent + INDENT, width) for line in value.lines)
        return "(\n" + "".join(f"{indent}{INDENT}{line}\n" for line in lines) + f"{indent})"
    if isinstance(value, Code) and used + columns(flat) > width:
        return lay_out_expression(flat, indent, used, width)
    if isinstance(value, Wrapped) and used + columns(flat) > width:
        return _wrapped(value.text, indent, width)
    if not isinstance(value, (dict, list, tuple)) or not value or used + columns(flat) <= width:
        return flat
    return _on_lines(value, indent, width)


def _on_lines(value: dict[str, Any] | list[Any] | tuple[Any, ...], indent: str, width: int) -> str:
    inner = indent + INDENT
    if isinstance(value, dict):
        entries = [_entry(key, entry, inner, width) for key, entry in value.items()]
        return "{\n" + "".join(entries) + indent + "}"
    items = [f"{inner}{literal(entry, inner, len(inner) + 1, width)},\n" for entry in value]
    return "[\n" + "".join(items) + indent + "]"


def _part(line: str, indent: str, width: int) -> str:
    """Return a part of a conditional expression, in several lines where it is too long for one."""
    word = next((word for word in ("else ", "if ") if line.startswith(word)), "")
    return word + lay_out_expression(line.removeprefix(word), indent, columns(indent + word), width)


def _entry(key: str, value: Any, indent: str, width: int) -> str:
    start = f"{indent}{string(key)}: "
    return f"{start}{literal(value, indent, columns(start) + 1, width)},\n"


_WORD = re.compile(r"\{\{.*?\}\}+[^\s{]*\s*|[^\s{]+\s*|\s+|\{", re.DOTALL)
"""A word with the blanks behind it; a template with what is around it up to a blank."""


def _words(text: str, width: int) -> Iterator[str]:
    for word in _WORD.findall(text):
        yield from [word] if columns(string(word)) <= width else re.findall(r"[^ ]* *", word)


def _wrapped(text: str, indent: str, width: int) -> str:
    """Return the literals of a text in brackets, one per line; a word that is too long is one of its own."""
    inner = indent + INDENT
    pieces = [""]
    words = [
        word if columns(inner + string(word)) <= width else word.replace(" ", " \0") for word in _WORD.findall(text)
    ]
    for word in "\0".join(words).split("\0"):
        if pieces[-1] and columns(inner + string(pieces[-1] + word)) > width:
            pieces.append("")
        pieces[-1] += word
    return "(\n" + "".join(f"{inner}{string(piece)}\n" for piece in pieces) + f"{indent})"


def columns(text: str) -> int:
    """Return the maximum columns of a line: ruff and black count some characters beyond Latin as two columns.

    Text that fits by this count fits by theirs. Other text gets one entry per line, which they do not change.
    """
    return len(text) if text.isascii() else len(text) + sum(char > "\u02ff" for char in text)


def call(name: str, arguments: dict[str, str], indent: str) -> str:
    """Return a call with one argument per line.

    Args:
        name: the class or function.
        arguments: the arguments' text by name; see `argument`.
        indent: blanks at the start of the first line.
    """
    lines = [f"{indent}{INDENT}{key}={text},\n" for key, text in arguments.items()]
    return f"{name}(\n" + "".join(lines) + f"{indent})"


def argument(name: str, value: Any, indent: str, width: int = WIDTH) -> str:
    """Return the text of an argument's value, for `call` with the same indent."""
    inner = indent + INDENT
    return literal(value, inner, len(inner) + len(name) + 2, width)


def edge(left: str, rights: list[str], indent: str) -> str:
    """Return the line of an edge: ``left >> right``, or ``left >> [right, right]``.

    Args:
        left: the variable of the upstream task.
        rights: the variables of the downstream tasks; at least one.
        indent: blanks at the start of the line.
    """
    flat = rights[0] if len(rights) == 1 else f"[{', '.join(rights)}]"
    if len(f"{indent}{left} >> {flat}") <= WIDTH:
        return f"{indent}{left} >> {flat}\n"
    if len(rights) > 1 and len(f"{indent}{left} >> [") <= WIDTH:
        return f"{indent}{left} >> {_one_per_line(rights, indent)}\n"
    inner = indent + INDENT
    right = flat if len(f"{inner}>> {flat}") <= WIDTH or len(rights) == 1 else _one_per_line(rights, inner)
    return f"{indent}(\n{inner}{left}\n{inner}>> {right}\n{indent})\n"


def _one_per_line(names: list[str], indent: str) -> str:
    return "[\n" + "".join(f"{indent}{INDENT}{name},\n" for name in names) + f"{indent}]"


def wrap(text: str, width: int) -> list[str]:
    """Return prose in lines of a width; names of files keep their hyphens on one line."""
    return textwrap.wrap(text, width, break_on_hyphens=False)


def prose(text: str) -> str:
    """Return text for a docstring or a comment, without quotes, backslashes or control characters that could end it."""
    shown = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(shown.replace("\\", "/").replace('"""', "'''").split()).rstrip('"')
