"""Splits a Terraform file into the texts of its blocks, without parsing what is in them.

Source: https://developer.hashicorp.com/terraform/language/syntax/configuration
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

_COMMENT = r"\#[^\n]*|//[^\n]*|/\*[\s\S]*?\*/"

_BETWEEN = re.compile(rf"[ \t\r\n]+|{_COMMENT}", re.ASCII)

_NAME = r"[a-zA-Z_][a-zA-Z0-9_-]*"

_HEAD = re.compile(rf'({_NAME})((?:[ \t\r]+{_NAME}|[ \t\r]*"[^"\\$%\n]*")*)[ \t\r\n]*\{{')

_LABEL = re.compile(rf'"([^"]*)"|({_NAME})')

_CODE = re.compile(
    rf"""
    [^"{{}}\#/<]+ | {_COMMENT}
    | <<-?(?P<end>[a-zA-Z][a-zA-Z0-9._-]*)\r?\n (?:[^\n]*\n)*? [ \t]*(?P=end)\r?(?=\n)
    | <(?!<) | /(?![/*])
    | "[^"\\$%]*"  # the most frequent texts at once
    | (?P<mark>["{{}}])
    """,
    re.VERBOSE,
)
"""A part of what stands outside of a text; the parser's heredocs and comments."""

_TEXT = re.compile(r'[^"\\$%]+|\\[\s\S]|\$\$\{[^}]*\}|%%\{[^}]*\}|\$(?!\$?\{)|%(?!%?\{)|(?P<mark>"|[$%]\{)')
"""A part of what stands in quotation marks; what the parser takes for escapes has its brace."""


_CHARACTERS_OF_TOKEN, _PARTS_OF_TOKEN = 1000, 30
"""How much of a text is gone through in the time of a token; a block takes that of one, too."""


@dataclass(frozen=True, slots=True)
class BlockText:
    """The text of a block of a file.

    Args:
        kind: its first word, such as ``resource``.
        labels: its labels.
        text: all of it, with its kind and labels.
        line: the line in the file on which it starts.
    """

    kind: str
    labels: tuple[str, ...]
    text: str
    line: int


def split_blocks(text: str, spend: Callable[[int], None]) -> list[BlockText] | None:
    """Return the texts of a file's blocks; None where it has anything else, or a block without an end.

    Args:
        text: the file's text.
        spend: is told the work, in tokens that the parser would read meanwhile.
    """
    spend(1 + len(text) // _CHARACTERS_OF_TOKEN)
    try:
        return list(_blocks(text + "\n", spend))  # a heredoc or a comment may end with the file
    except _NoBlockError:
        return None


class _NoBlockError(Exception):
    """What stands there is no block."""


def _blocks(text: str, spend: Callable[[int], None]) -> Iterator[BlockText]:
    line, counted, position = 1, 0, _skip(text, 0)
    while position < len(text):
        head = _HEAD.match(text, position)
        if head is None:
            raise _NoBlockError
        end = _find_end(text, head.end(), spend)
        start = text.rfind("\n", 0, position) + 1
        if text[start:position].strip():
            start = position
        line, counted = line + text.count("\n", counted, start), start
        labels = tuple(quoted or name for quoted, name in _LABEL.findall(head[2]))
        yield BlockText(head[1], labels, text[start:end], line)
        position = _skip(text, end)


def _skip(text: str, position: int) -> int:
    """Return the position after blanks and comments."""
    while (match := _BETWEEN.match(text, position)) is not None:
        position = match.end()
    return position


def _find_end(text: str, position: int, spend: Callable[[int], None]) -> int:
    """Return the position after the brace that closes a block, from the one after the brace that opens it."""
    opened = ["{"]
    parts = 0
    while opened:
        match = (_TEXT if opened[-1] == '"' else _CODE).match(text, position)
        if match is None:
            raise _NoBlockError
        position, mark = match.end(), match["mark"]
        if mark == "}" or (mark == '"' and opened[-1] == '"'):
            opened.pop()
        elif mark is not None:
            opened.append(mark)
        parts += 1
        if parts % _PARTS_OF_TOKEN == 0:
            spend(1)
    spend(1)
    return position
