"""Finds the offset of each field and item in a JSON text, and the lines of offsets."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from dataclasses import dataclass, field

from sfn_provider.asl.diagnostics import escape_part

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')


class LineIndex:
    """Converts offsets in a text to lines and columns, counted from 1."""

    def __init__(self, text: str) -> None:
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]

    def position(self, offset: int) -> tuple[int, int]:
        """Return line and column of an offset."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1


@dataclass(slots=True)
class _Container:
    """An object or list that is being scanned."""

    location: str
    is_list: bool
    index: int = 0
    name: str | None = None
    seen: set[str] = field(default_factory=set)

    def next_location(self) -> str:
        part = str(self.index) if self.is_list else escape_part(str(self.name))
        return f"{self.location}/{part}"

    def next_entry(self) -> None:
        self.index += 1
        self.name = None

    def start_field(self, name: str) -> bool:
        """Set the name of the next field; True where the object already had a field of that name."""
        self.name = name
        repeated = name in self.seen
        self.seen.add(name)
        return repeated


def scan_positions(text: str) -> tuple[dict[str, int], list[tuple[str, int]]]:
    """Find every value of a valid JSON text.

    Args:
        text: JSON that ``json.loads`` accepts.

    Returns:
        ``{JSON pointer: offset}``, the offset of the name for fields, of the value for items and the whole; and the
        pointers and offsets of repeated field names, from the second one on.
    """
    positions: dict[str, int] = {}
    duplicates: list[tuple[str, int]] = []
    stack: list[_Container] = []
    for match in _TOKEN.finditer(text):
        token = match.group()
        if token in ("}", "]"):
            stack.pop()
        elif token == ",":
            stack[-1].next_entry()
        elif stack and not stack[-1].is_list and stack[-1].name is None:
            repeated = stack[-1].start_field(json.loads(token) if "\\" in token else token[1:-1])
            location = stack[-1].next_location()
            positions[location] = match.start()
            duplicates += [(location, match.start())] if repeated else []
        elif token != ":":
            location = stack[-1].next_location() if stack else ""
            positions.setdefault(location, match.start())
            if token in ("{", "["):
                stack.append(_Container(location, token == "["))
    return positions, duplicates
