"""Where two JSON values differ."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest

from sfn_provider.asl.diagnostics import pointer
from sfn_provider.asl.scope import MISSING, Json
from sfn_provider.engine.limits import to_json


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where two values differ.

    Args:
        location: JSON pointer.
        expected: the value on the side of Step Functions; MISSING where there is none.
        found: the value on the side of Airflow; MISSING where there is none.
    """

    location: str
    expected: Json
    found: Json

    def __str__(self) -> str:
        return f"{self.location or '/'}: {_show(self.expected)} on Step Functions, {_show(self.found)} on Airflow"


def _show(value: Json) -> str:
    if value is MISSING:
        return "nothing"
    text = to_json(value)
    return text if len(text) <= 80 else text[:77] + "..."


def differences(expected: Json, found: Json, location: str = "") -> Iterator[Difference]:
    """Every place where two JSON values differ.

    Numbers are equal by value: 1 and 1.0 are. So are texts that are the same JSON object or list written in two ways:
    Step Functions writes some causes anew.
    """
    if isinstance(expected, dict) and isinstance(found, dict):
        for key in {**expected, **found}:
            yield from differences(expected.get(key, MISSING), found.get(key, MISSING), location + pointer(key))
    elif isinstance(expected, list) and isinstance(found, list):
        for index, (one, other) in enumerate(zip_longest(expected, found, fillvalue=MISSING)):
            yield from differences(one, other, location + pointer(index))
    elif not _equal(expected, found):
        yield Difference(location, expected, found)


def _equal(expected: Json, found: Json) -> bool:
    if isinstance(expected, str) and isinstance(found, str):
        return expected == found or same_json(expected, found)
    return isinstance(expected, bool) is isinstance(found, bool) and bool(expected == found)


def same_json(one: str, other: str) -> bool:
    """Are two texts the same JSON object or list, written in two ways?"""
    if one[:1] not in ("{", "[") or one[:1] != other[:1]:
        return False
    try:
        return not any(differences(json.loads(one), json.loads(other)))
    except ValueError:
        return False
