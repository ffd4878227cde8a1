"""Arguments of the Python interface that are no JSON end in one sentence that names the place."""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable
from typing import Any

import pytest

from sfn_provider.compare import make_cases
from sfn_provider.engine import simulate, test_state
from sfn_provider.exceptions import InvalidDefinition, UsageError
from tests.fixtures.machines.engine import one, task


def cyclic() -> list[Any]:
    value: list[Any] = []
    value.append(value)
    return value


def deep() -> list[Any]:
    value: list[Any] = []
    for _ in range(3_000):
        value = [value]
    return value


VALUES: dict[str, tuple[Any, str]] = {
    "infinity": (math.inf, "inf is no JSON number"),
    "not a number": (math.nan, "nan is no JSON number"),
    "set": ({1}, "a Python set is no JSON value"),
    "bytes": (b"x", "a Python bytes is no JSON value"),
    "tuple": ((1, 2), "a Python tuple is no JSON value"),
    "datetime": (datetime.datetime(2020, 1, 1), "a Python datetime is no JSON value"),
    "number as key": ({1: 2}, "the field name 1 is not a string"),
    "None as key": ({None: 2}, "the field name None is not a string"),
    "object": (object(), "a Python object is no JSON value"),
    "number of 5,000 digits": (10**5_000, "the number is too large"),
    "in itself": (cyclic(), "contains itself"),
    "deep": (deep(), "nests deeper than 500 levels"),
}
PASS = one({"Type": "Pass"})
CALL = task(End=True)

ARGUMENTS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "input": (lambda value: simulate(PASS, {"k": [value]}), "the execution's input is no JSON at /k/0"),
    "mock": (
        lambda value: simulate(one(task()), {}, mocks={"State": [{"Return": {"k": value}}]}),
        "Return of entry 0 of the mock of state 'State' is no JSON at /k",
    ),
    "input of a state": (lambda value: test_state(CALL, {"k": [value]}, mock={"result": 1}), "TestState's input"),
    "result of a state": (lambda value: test_state(CALL, {}, mock={"result": [value]}), "TestState's mock.result"),
    "variables of a state": (lambda value: test_state({"Type": "Succeed"}, {}, variables={"v": value}), "variables"),
    "context of a state": (
        lambda value: test_state(CALL, {}, mock={"result": 1}, context={"Execution": {"Input": value}}),
        "TestState's context is no JSON at /Execution/Input",
    ),
}


@pytest.mark.parametrize(("call", "place"), ARGUMENTS.values(), ids=ARGUMENTS)
@pytest.mark.parametrize(("value", "problem"), VALUES.values(), ids=VALUES)
def test_a_value_that_is_no_json(call: Callable[[Any], Any], place: str, value: Any, problem: str) -> None:
    with pytest.raises(UsageError) as refused:
        call(value)
    assert place in str(refused.value)
    assert problem in str(refused.value)
    assert len(str(refused.value)) < 300


@pytest.mark.parametrize("value", [1, "text", [1], {1}, object()], ids=lambda value: type(value).__name__)
def test_mocks_and_objects_are_mappings(value: Any) -> None:
    with pytest.raises(UsageError, match="mocks must be a dict such as"):
        simulate(PASS, {}, mocks=value)
    with pytest.raises(UsageError, match="objects must be a dict such as"):
        simulate(PASS, {}, objects=value)
    with pytest.raises(UsageError, match="mocks has the key 1: keys are texts"):
        simulate(PASS, {}, mocks={1: []})  # type: ignore[dict-item]


@pytest.mark.parametrize("value", [value for value, _ in VALUES.values()], ids=VALUES)
def test_a_definition_that_is_no_json(value: Any) -> None:
    definition = one({"Type": "Pass", "Result": {"k": [value]}})
    for call in (lambda: simulate(definition, {}), lambda: make_cases(definition)):
        with pytest.raises(InvalidDefinition, match="/States/State/Result/k/0"):
            call()
