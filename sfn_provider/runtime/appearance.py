"""Colors, operator names, links and documentation of tasks in Airflow's pages."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sfn_provider.links.aws_console import AwsConsoleLink

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
    "Segment": ("#e8ebee", _TEXT),
}
"""Background and text of a task in the graph, by the type of its state."""

_ON_ONE_LINE = json.JSONEncoder(ensure_ascii=False).encode

_LINE = 80
"""Characters of the longest value that is written on one line."""

_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")


def task_name(state_type: str, state: dict[str, Json]) -> str:
    """Return what Airflow shows as a task's operator: ``glue:startJobRun.sync`` for a Task, otherwise the type.

    Args:
        state_type: the state's type; ``Loop`` for a loop, ``Segment`` for another run of states.
        state: the state as in the definition.
    """
    from sfn_provider.links.console_pages import call_name

    resource = state.get("Resource")
    return call_name(resource) if state_type == "Task" and isinstance(resource, str) else state_type


def task_links(states: dict[str, dict[str, Json]]) -> tuple[AwsConsoleLink, ...]:
    """Return the links of a task that runs states: one for each kind of console page that they lead to.

    Args:
        states: the states by name, as in the definition.
    """
    from sfn_provider.links.console_pages import called_resources, find_template

    templates = map(find_template, called_resources(states))
    kinds = dict.fromkeys(template.kind for template in templates if template is not None)
    if not kinds:
        return ()
    from sfn_provider.links.aws_console import AwsConsoleLink

    return tuple(map(AwsConsoleLink, kinds))


def states_markdown(states: dict[str, dict[str, Json]], comment: str | None = None) -> str:
    """Return the documentation of a task, in Markdown.

    Args:
        states: the states that the task runs, by name, as in the definition.
        comment: its description, plain text.
    """
    # A character that cannot be encoded, such as half a surrogate pair, becomes its JSON escape.
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
    """Writes an object with an entry a line, of values that are JSON text already."""
    lines = ",\n".join(f"{indent}  {_ON_ONE_LINE(key)}: {text}" for key, text in entries.items())
    return f"{{\n{lines}\n{indent}}}" if entries else "{}"


def _value(value: Json) -> str:
    """Writes a field's value, on one line if it is short: most are, and that takes a tenth of the time."""
    flat = _ON_ONE_LINE(value)
    return flat if len(flat) <= _LINE else json.dumps(value, indent=2, ensure_ascii=False).replace("\n", "\n    ")


def _plain(text: str) -> str:
    """Escapes the characters of a text that Markdown would format."""
    written = " ".join(text.encode(errors="replace").decode().split())
    return _PUNCTUATION.sub(r"\\\1", written)
