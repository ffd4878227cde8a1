"""Makes unified diffs of the values that differ."""

from __future__ import annotations

import json
from collections.abc import Iterator
from difflib import unified_diff
from typing import Any

from sfn_provider.asl.scope import Json
from sfn_provider.compare.diff.json_diff import find_differences
from sfn_provider.compare.diff.state_comparison import StateComparison
from sfn_provider.compare.report.model import Diff
from sfn_provider.formatting import cut_long

_MAX_LINES = 80
_MAX_CHARACTERS = 2_000


def make_diff(name: str, expected: Json, actual: Json) -> Diff | None:
    """Make the diff of two JSON values, with two lines of context; None where they do not differ.

    Args:
        name: the name of the value.
        expected: the value on the side of Step Functions.
        actual: the value on the side of Airflow.
    """
    if not any(find_differences(expected, actual)):
        return None
    one, other = (_lines(value) for value in (expected, actual))
    lines = [line for line in unified_diff(one, other, n=2, lineterm="") if not line.startswith(("---", "+++"))]
    more = len(lines) - _MAX_LINES
    shown = [cut_long(line, 400) for line in lines[:_MAX_LINES]]
    return Diff(name=name, lines=(*shown, *([f"  ... {more} more lines"] if more > 0 else ())))


def state_diffs(state: StateComparison) -> Iterator[Diff]:
    """Make the diffs of a visit's values; values that cannot repeat are among them."""
    one, other = state.expected, state.actual
    if one is None or other is None or one.state != other.state:
        return
    pairs: list[tuple[str, Json, Json]] = [
        ("input", one.input, other.input),
        ("output", one.output, other.output),
        ("variables", dict(one.assigned), dict(other.assigned)),
    ]
    for number, (call, same) in enumerate(zip(one.attempts, other.attempts, strict=False), 1):
        pairs.append((f"arguments of call {number}", call.arguments, same.arguments))
    for name, expected, actual in pairs:
        if any(text.startswith(name) for text in state.differences) and (diff := make_diff(name, expected, actual)):
            yield diff


def format_value(value: Any) -> str:
    """Format a JSON value over several lines, cut where it is too long."""
    return cut_long(json.dumps(value, ensure_ascii=False, indent=2), _MAX_CHARACTERS)


def _lines(value: Json) -> list[str]:
    return json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True).splitlines()
