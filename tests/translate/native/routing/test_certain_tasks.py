"""Native tasks run where a branch, a skipped task or a caught error leads to them: nothing of the run is left out."""

from __future__ import annotations

from typing import Any

import pytest

from tests.translate.native.native_states import call, catch, native, publish

MESSAGE = {"TopicArn": "arn:aws:sns:us-east-1:123456789012:news", "Message": "m"}
IS_THERE = {"Variable": "$.b", "IsPresent": True, "Next": "B"}


@pytest.mark.parametrize("last", [{"Type": "Succeed"}, {"Type": "Pass", "End": True}], ids=["Succeed", "Pass"])
def test_a_choice_that_ends_a_branch_of_a_parallel_leads_to_its_end(last: dict[str, Any]) -> None:
    branch = {
        "StartAt": "Which",
        "States": {
            "Which": {"Type": "Choice", "Choices": [IS_THERE], "Default": "Nothing"},
            "B": publish(Parameters=MESSAGE, End=True),
            "Nothing": last,
        },
    }
    other = {"StartAt": "A", "States": {"A": publish(Parameters=MESSAGE, End=True)}}
    made = native(
        {
            "Fan": {"Type": "Parallel", "Branches": [other, branch], "ResultPath": None, "Next": "Last"},
            "Last": publish(Parameters=MESSAGE, End=True),
        }
    )
    assert """return "B" if "b" in params else "Which_to_end2\"""" in made.source
    assert "[b, which_to_end2] >> fan_end2" in made.source
    assert "[a, fan_end2] >> last" in made.source


def put_item(**fields: Any) -> dict[str, Any]:
    item = {"id": {"S.$": "$.check.id"}}
    return {"Type": "Task", "Resource": "arn:aws:states:::dynamodb:putItem", **fields} | {
        "Parameters": {"TableName": "t", "Item": item},
        "End": True,
    }


def test_a_function_waits_for_no_task_that_may_have_been_skipped() -> None:
    made = native(
        {
            "Start": {"Type": "Pass", "Result": {"id": "none"}, "ResultPath": "$.check", "Next": "Which"},
            "Which": {"Type": "Choice", "Choices": [IS_THERE], "Default": "Load"},
            "B": call("b", ResultPath="$.check", Next="Load"),
            "Load": call("load", ResultPath=None, Next="Tell"),
            "Tell": put_item(),
        }
    )
    assert "load >> tell()" in made.source
    assert 'ti.xcom_pull(task_ids="B")' in made.source


def test_a_function_waits_for_no_task_that_may_have_failed() -> None:
    made = native(
        {
            "Check": call("check", ResultPath="$.check", Next="Load", Catch=catch("Sorry", ResultPath="$.error")),
            "Sorry": {"Type": "Pass", "Result": {"id": "none"}, "ResultPath": "$.check", "Next": "Load"},
            "Load": call("load", ResultPath=None, Next="Tell"),
            "Tell": put_item(),
        }
    )
    assert "load >> tell()" in made.source


def test_a_function_takes_the_result_of_a_task_that_must_have_succeeded() -> None:
    made = native({"Check": call("check", ResultPath="$.check", Next="Tell"), "Tell": put_item()})
    assert "tell(check.output)" in made.source


def test_a_template_that_ends_like_the_name_of_a_file_is_an_argument_of_a_function() -> None:
    query = {"QueryString.$": "States.Format('EXECUTE {}.sql', $.kind)", "WorkGroup": "w"}
    task = {"Type": "Task", "Resource": "arn:aws:states:::athena:startQueryExecution.sync", "Parameters": query}
    made = native({"A": publish(Parameters=MESSAGE, ResultPath=None, Next="Q"), "Q": {**task, "End": True}})
    assert "AthenaOperator" not in made.source
    assert """QueryString=f"EXECUTE {params['kind']}.sql\"""" in made.source
