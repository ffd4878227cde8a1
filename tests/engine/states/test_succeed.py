"""Succeed, and how executions end well."""

from __future__ import annotations

from typing import Any

import pytest

from sfn_provider.engine import simulate
from tests.fixtures.machines.distributed_maps import events
from tests.fixtures.machines.engine import group, jsonata, one, outcome, parallel

CASES = {
    "nothing": ({}, {"a": [1]}),
    "input path": ({"InputPath": "$.a"}, [1]),
    "output path": ({"OutputPath": "$.a[0]"}, 1),
    "both": ({"InputPath": "$.a", "OutputPath": "$[0]"}, 1),
    "no input": ({"InputPath": None}, {}),
    "no output": ({"OutputPath": None}, {}),
}


@pytest.mark.parametrize(("fields", "output"), CASES.values(), ids=CASES)
def test_in_jsonpath(fields: dict[str, Any], output: Any) -> None:
    assert outcome(simulate(one({"Type": "Succeed", **fields}), {"a": [1]})) == ("SUCCEEDED", output)


@pytest.mark.parametrize(("fields", "output"), [({}, {"a": 1}), ({"Output": "{% $states.input.a + 1 %}"}, 2)])
def test_in_jsonata(fields: dict[str, Any], output: Any) -> None:
    assert simulate(jsonata({"State": {"Type": "Succeed", **fields}}), {"a": 1}).output == output


def test_it_ends_its_branch_alone() -> None:
    branches = parallel({"Out": {"Type": "Succeed"}}, {"On": {"Type": "Pass", "Next": "Two"}, "Two": {"Type": "Pass"}})
    assert simulate(group({"Both": {**branches, "Next": "After"}, "After": {"Type": "Pass"}}), 1).output == [1, 1]


def test_events() -> None:
    execution = simulate(one({"Type": "Succeed"}), 3)
    assert events(execution) == [
        ("ExecutionStarted", 1, 0),
        ("SucceedStateEntered", 2, 0),
        ("SucceedStateExited", 3, 2),
        ("ExecutionSucceeded", 4, 3),
    ]
    assert execution.events[3]["executionSucceededEventDetails"] == {
        "output": "3",
        "outputDetails": {"truncated": False},
    }
