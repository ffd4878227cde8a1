"""Errors of Parallel states in native DAGs: that of the Task which has failed in a branch."""

from __future__ import annotations

from typing import Any

import pytest

from sfn_provider.translate import Translation
from tests.translate.native.native_states import function, native


def call(name: str, **fields: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": function(name), "Parameters": {}, **fields}


def branch(states: dict[str, Any]) -> dict[str, Any]:
    return {"StartAt": next(iter(states)), "States": states}


def parallel(*branches: dict[str, Any]) -> Translation:
    states = {
        "Both": {
            "Type": "Parallel",
            "Branches": [branch(states) for states in branches],
            "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Tell"}],
            "Next": "Go",
        },
        "Tell": call("tell", Parameters={"why.$": "$.error.Cause", "all.$": "$.error"}, End=True),
        "Go": call("go", End=True),
    }
    return native(states)


def test_the_handler_reads_the_error_of_the_task_that_has_one() -> None:
    made = parallel({"A": call("a", End=True)}, {"B": call("b", Next="C"), "C": call("c", End=True)})
    assert "sfn_provider" not in made.source
    assert made.source.count("on_failure_callback=push_error") == 3
    assert '(ti.xcom_pull(task_ids=["A", "B", "C"], key="error") | select | first).Cause | tojson' in made.source
    told = {found.state for found in made.findings if found.code == "ERROR_CONTENTS"}
    assert told == {"A", "B", "C"}


def test_the_only_task_s_error_is_that_of_the_parallel() -> None:
    made = parallel({"A": call("a", End=True)}, {"P": {"Type": "Pass", "End": True}})
    assert '"why": {{ ti.xcom_pull(task_ids="A", key="error").Cause | tojson }}' in made.source


STAYS: dict[str, dict[str, Any]] = {
    "a task that catches": {
        "B": call("b", Catch=[{"ErrorEquals": ["States.ALL"], "Next": "C"}], End=True),
        "C": call("c", End=True),
    },
    "a Fail": {"F": {"Type": "Fail", "Error": "Broken"}},
    "a Choice of which no rule may match": {
        "Q": {"Type": "Choice", "Choices": [{"Variable": "$.x", "IsPresent": True, "Next": "C"}]},
        "C": call("c", End=True),
    },
}


@pytest.mark.parametrize("case", STAYS)
def test_a_parallel_stays_exact_in_which_something_else_fails_or_is_caught(case: str) -> None:
    made = parallel({"A": call("a", End=True)}, STAYS[case])
    assert {entry.state: entry.how for entry in made.tasks}["Both"] == "exact"
