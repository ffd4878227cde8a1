"""Values that differ, as people read differences."""

from __future__ import annotations

import json
from collections.abc import Iterator
from difflib import unified_diff
from typing import Any

from sfn_provider.asl.scope import Json
from sfn_provider.compare.diff.json_diff import differences
from sfn_provider.compare.diff.state_comparison import StateComparison
from sfn_provider.compare.report.model import Diff

_MOST_LINES = 80
_MOST_LETTERS = 2_000


def diff(name: str, expected: Json, found: Json) -> Diff | None:
    """The lines in which two JSON values differ, with two lines around; None where they do not.

    Args:
        name: what to call the value.
        expected: the value on the side of Step Functions.
        found: the value on the side of Airflow.
    """
    if not any(differences(expected, found)):
        return None
    one, other = (_lines(value) for value in (expected, found))
    lines = [line for line in unified_diff(one, other, n=2, lineterm="") if not line.startswith(("---", "+++"))]
    more = len(lines) - _MOST_LINES
    shown = [_cut(line, 400) for line in lines[:_MOST_LINES]]
    return Diff(name=name, lines=(*shown, *([f"  ... {more} more lines"] if more > 0 else ())))


def visit_diffs(state: StateComparison) -> Iterator[Diff]:
    """The values of a visit that differ; those that cannot repeat are among them."""
    one, other = state.expected, state.found
    if one is None or other is None or one.state != other.state:
        return
    pairs: list[tuple[str, Json, Json]] = [
        ("input", one.input, other.input),
        ("output", one.output, other.output),
        ("variables", dict(one.assigned), dict(other.assigned)),
    ]
    for number, (call, same) in enumerate(zip(one.attempts, other.attempts, strict=False), 1):
        pairs.append((f"arguments of call {number}", call.arguments, same.arguments))
    for name, expected, found in pairs:
        if any(told.startswith(name) for told in state.differences) and (made := diff(name, expected, found)):
            yield made


def shown(value: Any) -> str:
    """A JSON value as text for people, cut where it is too long."""
    return _cut(json.dumps(value, ensure_ascii=False, indent=2), _MOST_LETTERS)


def _lines(value: Json) -> list[str]:
    return json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True).splitlines()


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}... ({len(text) - most:,} more characters)"
