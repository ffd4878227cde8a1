"""Errors of Map states in native DAGs: that of the mapped task, which one of its items has pushed."""

from __future__ import annotations

from typing import Any

import pytest

from sfn_provider.translate import Translation
from tests.translate.native.native_states import call, native

PUT = "arn:aws:states:::dynamodb:putItem"


def mapped(item: dict[str, Any], **handler: Any) -> Translation:
    states = {
        "Each": {
            "Type": "Map",
            "ItemsPath": "$.items",
            "ItemProcessor": {"StartAt": next(iter(item)), "States": item},
            "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Tell"}],
            "End": True,
        },
        "Tell": {**call("tell", End=True), **handler},
    }
    return native(states)


def test_a_template_reads_the_error_of_the_item_that_has_one() -> None:
    made = mapped({"A": call("a", End=True)}, Parameters={"why.$": "$.error.Cause"})
    assert "sfn_provider" not in made.source
    assert '(ti.xcom_pull(task_ids=["Each"], key="error") | select | first).Cause | tojson' in made.source
    assert made.source.count("on_failure_callback=push_error") == 1
    assert {found.state for found in made.findings if found.code == "ERROR_CONTENTS"} == {"Each"}


def test_a_function_reads_the_error_once() -> None:
    item = {"why": {"S.$": "$.error.Cause"}, "name": {"S.$": "$.error.Error"}}
    source = mapped({"A": call("a", End=True)}, Resource=PUT, Parameters={"TableName": "t", "Item": item}).source
    assert 'next(filter(None, ti.xcom_pull(task_ids=["Each"], key="error")), None)' in source
    assert source.count("xcom_pull") == 1


MORE = {"Variable": "$.more", "BooleanEquals": True, "Next": "A"}
LOOP = {
    "A": call("a", Next="Which"),
    "Which": {"Type": "Choice", "Choices": [MORE], "Default": "Z"},
    "Z": {"Type": "Pass", "End": True},
}


def test_a_loop_of_an_item_ends_in_no_failure_of_its_own() -> None:
    assert "sfn_provider" not in mapped(LOOP, Parameters={"why.$": "$.error.Cause"}).source


STAYS: dict[str, dict[str, Any]] = {
    "a Fail": {"F": {"Type": "Fail", "Error": "Broken"}},
    "a Choice of which no rule may match": {
        "Q": {"Type": "Choice", "Choices": [{"Variable": "$.x", "IsPresent": True, "Next": "A"}]},
        "A": call("a", End=True),
    },
}


@pytest.mark.parametrize("case", STAYS)
def test_a_map_stays_exact_in_which_something_else_fails(case: str) -> None:
    made = mapped(STAYS[case], Parameters={"why.$": "$.error.Cause"})
    assert {entry.state: entry.how for entry in made.tasks}["Each"] == "exact"


def test_handlers_of_several_tasks_read_the_error_of_the_one_that_has_failed() -> None:
    catch = [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Tell"}]
    item = {"why": {"S.$": "States.Format('{}: {}', $.error.Error, $.error.Cause)"}}
    states = {
        "A": call("a", ResultPath=None, Catch=catch, Next="B"),
        "B": call("b", ResultPath=None, Catch=catch, End=True),
        "Tell": {"Type": "Task", "Resource": PUT, "Parameters": {"TableName": "t", "Item": item}, "End": True},
    }
    source = native(states).source
    assert 'error = next(filter(None, ti.xcom_pull(task_ids=["B", "A"], key="error")), None)' in source
    assert """f"{error['Error']}: {error['Cause']}\"""" in source
