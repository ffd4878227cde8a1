"""Names, inputs and ARNs of executions."""

from __future__ import annotations

import json
import re
from collections import UserDict
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfn_provider.exceptions import UsageError
from sfn_provider.executions.start_request import (
    MAX_INPUT_BYTES,
    as_bool,
    encode_input,
    execution_arn,
    execution_name,
    numbered_name,
    refuse_express,
)

ALLOWED = re.compile(r"[0-9A-Za-z_-]{1,80}")
ids = st.text(min_size=1, max_size=250)


@given(ids, ids, ids, st.none() | st.integers(-1, 5000))
def test_a_name_is_one_that_aws_takes(dag_id: str, run_id: str, task_id: str, map_index: int | None) -> None:
    assert ALLOWED.fullmatch(execution_name(dag_id, run_id, task_id, map_index))


def test_a_name_is_readable_and_the_same_in_every_try() -> None:
    names = {execution_name("sales", "scheduled__2025-03-15T02:00:00+00:00", "load.start", 7) for _ in range(3)}
    assert names == {"sales-load-start-scheduled__2025-03-15T02-00-00-00-00-7-a65ef12a8bd8"}


def test_task_instances_that_clean_or_join_alike_have_names_of_their_own() -> None:
    tasks = list(product(["a", "a-b"], ["r:1", "r-1"], ["b-c", "c", "b.c"], [-1, 0, 1]))
    assert len({execution_name(*task) for task in tasks}) == len(tasks)


def test_long_ids_differ_though_cut() -> None:
    names = {execution_name("d" * 200, "r", "t" * 200 + str(i)) for i in range(3)}
    assert len(names) == 3
    assert {len(name) for name in names} == {80}


@pytest.mark.parametrize("name", ["nightly", "n" * 77, "n" * 78, "n" * 80])
def test_numbered_names_are_short_enough_and_all_different(name: str) -> None:
    names = [numbered_name(name, number) for number in (1, 2, 3, 10, 100)]
    assert names[0] == name
    assert len(set(names)) == 5
    assert all(ALLOWED.fullmatch(each) for each in names)


def test_two_long_names_stay_different_with_a_number() -> None:
    assert numbered_name("n" * 79 + "a", 2) != numbered_name("n" * 79 + "b", 2)


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


@pytest.mark.parametrize(
    ("value", "expected"),
    [(True, True), (None, False), (0, False), ("False", False), (" true ", True), ("", False), ("on", True)],
)
def test_a_boolean_out_of_a_template_means_what_it_says(value: Any, expected: bool) -> None:
    assert as_bool(value, "field") is expected


def test_a_text_that_is_no_boolean_is_refused() -> None:
    with pytest.raises(UsageError, match="field: 'maybe'"):
        as_bool("maybe", "field")


@pytest.mark.parametrize("qualifier", ["", ":7", ":live"])
def test_an_execution_arn_has_no_version_and_no_alias(qualifier: str) -> None:
    machine = f"arn:aws-cn:states:cn-north-1:123456789012:stateMachine:Sales{qualifier}"
    assert execution_arn(machine, "one") == "arn:aws-cn:states:cn-north-1:123456789012:execution:Sales:one"


@pytest.mark.parametrize("arn", ["Sales", "arn:aws:states:us-east-1:123456789012:stateMachine:", ""])
def test_what_is_no_state_machine_arn_is_refused(arn: str) -> None:
    with pytest.raises(UsageError, match="not the ARN of a state machine"):
        execution_arn(arn, "one")


def test_only_an_express_execution_outside_of_a_map_run_is_refused() -> None:
    refuse_express("arn:aws:states:us-east-1:123456789012:execution:Sales:express")
    refuse_express("arn:aws:states:us-east-1:123456789012:express:Sales/Each:child:id")
    with pytest.raises(UsageError, match="Express"):
        refuse_express("arn:aws:states:us-east-1:123456789012:express:Sales:one:id")
