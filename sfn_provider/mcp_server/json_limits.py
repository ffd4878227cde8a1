"""Shortens JSON values to a number of characters, and says in place what was left out."""

from __future__ import annotations

import json
from typing import Any, Final

_STEPS: Final = ((200, 4_000), (50, 1_000), (20, 400), (8, 150), (3, 60))
"""Most members of each list or object, and most characters of each text, mildest first."""

_DEEPEST: Final = 40


def shorten_json(value: dict[str, Any], most_characters: int) -> dict[str, Any]:
    """Return an object that has no more than a number of characters as JSON.

    Args:
        value: the object.
        most_characters: how many it may have, 200 or more.

    Returns:
        The object itself where it is short enough. Else a copy with long lists, objects and texts cut, each with a
        note of how much is left out, and a member ``shortened`` that says so.
    """
    size = len(_text(value))
    if size <= most_characters:
        return value
    note = f"{size:,} characters of JSON are shortened to at most {most_characters:,}"
    for most_members, most_text in _STEPS:
        cut: dict[str, Any] = {"shortened": note, **_cut(value, most_members, most_text, 0)}
        if len(_text(cut)) <= most_characters:
            return cut
    return {"shortened": f"{note}: nothing of it is left; ask for less, or for a file"}


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def _cut(value: Any, members: int, characters: int, depth: int) -> Any:
    if isinstance(value, str):
        rest = len(value) - characters
        return value if rest <= 0 else f"{value[:characters]}... ({rest:,} more characters)"
    if depth >= _DEEPEST and isinstance(value, dict | list):
        return "... (too deep)"
    if isinstance(value, list):
        shown = [_cut(item, members, characters, depth + 1) for item in value[:members]]
        return shown if len(value) <= members else [*shown, f"... ({len(value) - members:,} more)"]
    if isinstance(value, dict):
        names = [*value][:members]
        cut = {name: _cut(value[name], members, characters, depth + 1) for name in names}
        return cut if len(value) <= members else {**cut, "...": f"{len(value) - members:,} more"}
    return value
