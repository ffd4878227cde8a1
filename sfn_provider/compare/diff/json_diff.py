"""Compares two JSON values member by member."""

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
        actual: the value on the side of Airflow; MISSING where there is none.
    """

    location: str
    expected: Json
    actual: Json

    def __str__(self) -> str:
        return f"{self.location or '/'}: {_format(self.expected)} on Step Functions, {_format(self.actual)} on Airflow"


def _format(value: Json) -> str:
    if value is MISSING:
        return "nothing"
    text = to_json(value)
    return text if len(text) <= 80 else text[:77] + "..."


def find_differences(expected: Json, actual: Json, location: str = "") -> Iterator[Difference]:
    """Yield every place where two JSON values differ.

    Numbers are equal by value: 1 and 1.0 are. So are texts that are the same JSON object or list written in two ways:
    Step Functions rewrites some causes.
    """
    # Two texts are compared in a hundredth of the time that a walk through both values takes; most are the same.
    if isinstance(expected, dict | list) and type(expected) is type(actual) and to_json(expected) == to_json(actual):
        return
    yield from _walk(expected, actual, location)


def _walk(expected: Json, actual: Json, location: str) -> Iterator[Difference]:
    if isinstance(expected, dict) and isinstance(actual, dict):
        for key in {**expected, **actual}:
            yield from _walk(expected.get(key, MISSING), actual.get(key, MISSING), location + pointer(key))
    elif isinstance(expected, list) and isinstance(actual, list):
        for index, (one, other) in enumerate(zip_longest(expected, actual, fillvalue=MISSING)):
            yield from _walk(one, other, location + pointer(index))
    elif not _equal(expected, actual):
        yield Difference(location, expected, actual)


def _equal(expected: Json, actual: Json) -> bool:
    if isinstance(expected, str) and isinstance(actual, str):
        return expected == actual or is_same_json(expected, actual)
    return isinstance(expected, bool) is isinstance(actual, bool) and bool(expected == actual)


def is_same_json(one: str, other: str) -> bool:
    """Return whether two texts are the same JSON object or list, written in two ways."""
    if one[:1] not in ("{", "[") or one[:1] != other[:1]:
        return False
    try:
        return not any(find_differences(json.loads(one), json.loads(other)))
    except ValueError:
        return False
