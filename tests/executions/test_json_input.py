"""Inputs of executions as JSON text."""

from __future__ import annotations

import json
from collections import UserDict
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest

from sfn_provider.exceptions import UsageError
from sfn_provider.executions.json_input import MAX_INPUT_BYTES, encode_input


@dataclass(frozen=True)
class Case:
    """A value and the JSON that it becomes."""

    id: str
    value: Any
    text: str | None


@pytest.mark.parametrize(
    "case",
    [
        Case("nothing", None, None),
        Case("object", {"a": [1, 2.5, None, True]}, '{"a": [1, 2.5, null, true]}'),
        Case("array", [1], "[1]"),
        Case("number", 7, "7"),
        Case("false", False, "false"),
        Case("text of JSON", ' {"a":1}', ' {"a":1}'),
        Case("text of a JSON text", '"ready"', '"ready"'),
        Case("datetime", {"at": datetime(2025, 3, 15, 2, tzinfo=UTC)}, '{"at": "2025-03-15T02:00:00+00:00"}'),
        Case("date and time", [date(2025, 3, 15), time(2, 30)], '["2025-03-15", "02:30:00"]'),
        Case("decimal", [Decimal("2"), Decimal("2.5")], "[2, 2.5]"),
        Case("not ASCII", ["Zürich"], '["Zürich"]'),
        Case("tuple and mapping", (UserDict(a=1),), '[{"a": 1}]'),
        Case("lazy sequence", {"rows": range(3)}, '{"rows": [0, 1, 2]}'),
    ],
    ids=lambda case: case.id,
)
def test_any_json_value_is_an_input(case: Case) -> None:
    assert encode_input(case.value) == case.text


@dataclass(frozen=True)
class BadInput:
    """A value that is no JSON, and a word of what is said about it."""

    id: str
    value: Any
    message: str


@pytest.mark.parametrize(
    "case",
    [
        BadInput("plain text", "2025-03-15T", "no JSON"),
        BadInput("empty text", "", "no JSON"),
        BadInput("NaN", float("nan"), "Out of range"),
        BadInput("bytes", b"{}", "bytes"),
        BadInput("not a number", '{"a": NaN}', "NaN is no JSON"),
        BadInput("infinite decimal", Decimal("Infinity"), "Decimal is no JSON type"),
        BadInput("memory", memoryview(b"x"), "memoryview is no JSON type"),
        BadInput("deep text", "[" * 100_000, "recursion"),
        BadInput("set", {1}, "set is no JSON type"),
        BadInput("duration", {"d": timedelta(1)}, "timedelta is no JSON type"),
    ],
    ids=lambda case: case.id,
)
def test_what_is_no_json_is_refused(case: BadInput) -> None:
    with pytest.raises(UsageError, match=f"state_machine_input: .*{case.message}"):
        encode_input(case.value)


def test_the_limit_counts_bytes() -> None:
    most = "ü" * ((MAX_INPUT_BYTES - 2) // 2)
    assert encode_input(most.join('""')) == json.dumps(most, ensure_ascii=False)
    with pytest.raises(UsageError, match="262,146 bytes"):
        encode_input([most])
