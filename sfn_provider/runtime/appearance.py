"""How a state looks in Airflow: its colours in the graph, its definition in the task's documentation."""

from __future__ import annotations

import json
import re
from typing import Any

Json = Any

_TEXT = "#16191f"

COLORS: dict[str, tuple[str, str]] = {
    "Task": ("#fde5cc", _TEXT),
    "Pass": ("#f2f3f3", _TEXT),
    "Choice": ("#e6dcf5", _TEXT),
    "Wait": ("#dcebf7", _TEXT),
    "Succeed": ("#dcefd9", _TEXT),
    "Fail": ("#f9dcdc", _TEXT),
    "Parallel": ("#fbf0cf", _TEXT),
    "Map": ("#d5f0ea", _TEXT),
    "Loop": ("#dfe3f8", _TEXT),
}
"""Background and text of a task in the graph, by the type of its state."""

_ON_ONE_LINE = json.JSONEncoder(ensure_ascii=False).encode

_LINE = 80
"""Letters of a value that stands on one line."""

_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")


def states_markdown(states: dict[str, dict[str, Json]], comment: str | None = None) -> str:
    """What a task does, for its documentation.

    Args:
        states: the states that it runs, by name, as in the definition.
        comment: what it is for; plain text.
    """
    # A character that no encoding takes becomes the escape that JSON has for it.
    written = {
        name: _object(dict(zip(state, map(_value, state.values()), strict=True)), "  ")
        for name, state in states.items()
    }
    text = _object(written, "")
    text = text.encode(errors="backslashreplace").decode()
    fence = "```"
    while fence in text:
        fence += "`"
    about = f"{_plain(comment)}\n\n" if comment else ""
    return f"{about}{fence}json\n{text}\n{fence}\n"


def _object(entries: dict[str, str], indent: str) -> str:
    """An object of values that are text already, an entry a line."""
    lines = ",\n".join(f"{indent}  {_ON_ONE_LINE(key)}: {text}" for key, text in entries.items())
    return f"{{\n{lines}\n{indent}}}" if entries else "{}"


def _value(value: Json) -> str:
    """A field's value, on one line if that is short. Most are, and writing them so takes a tenth of the time."""
    flat = _ON_ONE_LINE(value)
    return flat if len(flat) <= _LINE else json.dumps(value, indent=2, ensure_ascii=False).replace("\n", "\n    ")


def _plain(text: str) -> str:
    """Text in which Markdown finds nothing to format."""
    written = " ".join(text.encode(errors="replace").decode().split())
    return _PUNCTUATION.sub(r"\\\1", written)
