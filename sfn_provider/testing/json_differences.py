"""Compares JSON values for assertions, and says where they differ."""

from __future__ import annotations

import json
from typing import Final

from sfn_provider.asl.json_values.json_walk import walk_differences
from sfn_provider.asl.scope import MISSING, Json
from sfn_provider.formatting import cut

_MOST_TEXT: Final = 2_000


def json_text(value: Json) -> str:
    """Return a value as JSON text for a message, cut where it is long; ``none`` for MISSING."""
    return "none" if value is MISSING else cut(json.dumps(value, ensure_ascii=False), _MOST_TEXT)


def is_different(found: Json, expected: Json) -> bool:
    """Return whether two JSON values differ: true is not 1, but 1 is 1.0."""
    return any(walk_differences(found, expected))


def differences(found: Json, expected: Json, at: str = "$") -> list[str]:
    """Return a line for each member of objects that differs; nothing for other values."""
    if not (isinstance(found, dict) and isinstance(expected, dict)):
        return []
    lines = []
    for key in dict.fromkeys((*expected, *found)):
        one, other = found.get(key, MISSING), expected.get(key, MISSING)
        if one is MISSING or other is MISSING or is_different(one, other):
            inner = differences(one, other, f"{at}.{key}")
            lines += inner or [f"  {at}.{key}: {json_text(one)}, expected {json_text(other)}"]
    return lines
