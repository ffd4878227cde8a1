from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfn_provider.asl.scope import MISSING
from sfn_provider.compare.diff.json_diff import Difference, find_differences
from sfn_provider.compare.diff.run_specific_values import mask_execution_name
from sfn_provider.compare.diff.state_comparison import compare_outcomes, compare_states
from sfn_provider.engine import Execution, simulate
from tests.fixtures.machines.definitions import END, call, choose, go, machine

JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(st.text(max_size=3), inside, max_size=4),
    max_leaves=15,
)


@pytest.mark.parametrize(
    ("expected", "found", "told"),
    [
        (1, 1.0, []),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, []),
        (1, 2, [Difference("", 1, 2)]),
        (True, 1, [Difference("", True, 1)]),
        (0, False, [Difference("", 0, False)]),
        (None, False, [Difference("", None, False)]),
        ("1", 1, [Difference("", "1", 1)]),
        ({"a": {"b/c": [1, 2]}}, {"a": {"b/c": [1, 3]}}, [Difference("/a/b~1c/1", 2, 3)]),
        ({"a": None}, {}, [Difference("/a", None, MISSING)]),
        ({}, {"a": None}, [Difference("/a", MISSING, None)]),
        ([1], [1, 2], [Difference("/1", MISSING, 2)]),
        ([1, 2], [2], [Difference("/0", 1, 2), Difference("/1", 2, MISSING)]),
        (
            {"a": 1, "b": 2},
            {"a": 2, "c": 2},
            [Difference("/a", 1, 2), Difference("/b", 2, MISSING), Difference("/c", MISSING, 2)],
        ),
        ([], {}, [Difference("", [], {})]),
    ],
)
def test_differences(expected: Any, found: Any, told: list[Difference]) -> None:
    assert list(find_differences(expected, found)) == told


@given(JSON, JSON)
def test_there_is_a_difference_exactly_where_values_are_not_equal(one: Any, other: Any) -> None:
    assert not list(find_differences(one, one))
    assert bool(list(find_differences(one, other))) == bool(list(find_differences(other, one)))
    if one != other:
        assert list(find_differences(one, other))


def test_a_difference_is_told_with_its_place_and_both_values() -> None:
    assert str(Difference("/a", 1, MISSING)) == "/a: 1 on Step Functions, nothing on Airflow"
    assert str(Difference("", None, "x" * 200)) == f'/: null on Step Functions, "{"x" * 76}... on Airflow'


ROUTE = machine({"A": choose("$.x", {"b": "B"}, "C"), "B": go("C", Result=1, ResultPath="$.b"), "C": END})
CALLS = machine({"A": call(Retry=[{"ErrorEquals": ["E"], "IntervalSeconds": 5}])})
THROW = {"Throw": {"Error": "E"}}


def told(expected: Execution, found: Execution) -> list[tuple[str, tuple[str, ...]]]:
    """What is told of the states that differ."""
    return [(state.state, state.differences) for state in compare_states(expected, found) if not state.agrees]


def test_an_execution_agrees_with_itself() -> None:
    execution = simulate(ROUTE, {"x": "b"})
    assert told(execution, execution) == []
    assert [state.state for state in compare_states(execution, execution)] == ["A", "B", "C"]
    assert compare_outcomes(execution, execution) == []


def test_other_states_are_told_one_by_one() -> None:
    assert told(simulate(ROUTE, {"x": "b"}), simulate(ROUTE, {"x": "b"} | {"x": "c"}))[1:] == [
        ("B", ("B entered on Step Functions, C on Airflow",)),
        ("C", ("C entered on Step Functions, no state on Airflow",)),
    ]


def test_a_state_too_many_is_told() -> None:
    short, long = simulate(ROUTE, {"x": "c"}), simulate(ROUTE, {"x": "b"})
    assert ("C", ("no state entered on Step Functions, C on Airflow",)) in told(short, long)


def test_calls_and_time_count() -> None:
    once = simulate(CALLS, {}, mocks={"A": [{"Return": 1}]})
    twice = simulate(CALLS, {}, mocks={"A": [THROW, {"Return": 1}]})
    assert told(once, twice) == [
        (
            "A",
            (
                "1 calls on Step Functions, 2 on Airflow",
                "0.0 seconds on Step Functions, 5.0 on Airflow",
                "error of call 1: None on Step Functions, 'E' on Airflow",
            ),
        )
    ]
    assert compare_outcomes(once, twice) == ["transitions: 1 on Step Functions, 2 on Airflow"]


def test_a_state_that_was_not_left_is_told() -> None:
    good = simulate(CALLS, {}, mocks={"A": [{"Return": None}]})
    bad = simulate(CALLS, {}, mocks={"A": [{"Throw": {"Error": "Other", "Cause": "c"}}]})
    assert told(good, bad) == [
        (
            "A",
            (
                "left on Step Functions, not left on Airflow",
                "error of call 1: None on Step Functions, 'Other' on Airflow",
                "cause of call 1: None on Step Functions, 'c' on Airflow",
            ),
        )
    ]
    assert compare_outcomes(good, bad) == [
        "status: 'SUCCEEDED' on Step Functions, 'FAILED' on Airflow",
        "error: None on Step Functions, 'Other' on Airflow",
        "cause: None on Step Functions, 'c' on Airflow",
    ]


def test_outputs_of_executions_are_compared_place_by_place() -> None:
    execution = simulate(ROUTE, {"x": "b"})
    other = replace(execution, output={"x": "b", "b": 2})
    assert compare_outcomes(execution, other) == ["output/b: 1 on Step Functions, 2 on Airflow"]


# Placeholders ---------------------------------------------------------------------------------------------------------

NAMED = machine(
    {
        "A": {
            "Type": "Pass",
            "Parameters": {"id.$": "$$.Execution.Id", "deep": [{"n.$": "$$.Execution.Name"}]},
            "End": True,
        }
    }
)


def test_the_executions_own_name_is_no_difference() -> None:
    one, other = (simulate(NAMED, {}, name=name) for name in ("first", "manual__2025-03-15T02:00:00+00:00"))
    assert told(one, other) and compare_outcomes(one, other)
    assert told(mask_execution_name(one), mask_execution_name(other)) == []
    assert compare_outcomes(mask_execution_name(one), mask_execution_name(other)) == []
    assert mask_execution_name(one).output["deep"] == [{"n": "<execution name>"}]
    assert one.output["deep"] == [{"n": "first"}], "the execution itself stays as it is"


def test_other_differences_are_not_hidden() -> None:
    one, other = simulate(NAMED, {}, name="first"), simulate(ROUTE, {"x": "first"}, name="second")
    assert compare_outcomes(mask_execution_name(one), mask_execution_name(other))


def test_a_cause_and_an_error_with_the_name_are_masked() -> None:
    fails = machine({"A": {"Type": "Fail", "Error": "E", "CausePath": "$$.Execution.Name"}})
    assert mask_execution_name(simulate(fails, {}, name="first")).cause == "<execution name>"


def test_an_execution_without_a_name_is_left_alone() -> None:
    execution = Execution("SUCCEEDED", {"a": ""})
    assert mask_execution_name(execution) is execution
