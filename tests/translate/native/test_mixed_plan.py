"""States that stay exact in a native DAG, and what is said of each."""

from __future__ import annotations

from typing import Any

import pytest

from tests.translate.native.native_states import TOPIC, call, native, publish


@pytest.mark.parametrize(
    ("states", "state", "why"),
    [
        (
            {
                "A": {
                    "Type": "Task",
                    "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
                    "Parameters": {"FunctionName": "f", "Payload": {"t.$": "$$.Task.Token"}},
                }
            },
            "A",
            "task token",
        ),
        ({"A": {"Type": "Task", "Resource": "arn:aws:states:us-east-1:123456789012:activity:a"}}, "A", "workers"),
        ({"A": call("a", Credentials={"RoleArn": "arn:aws:iam::1:role/r"})}, "A", "Credentials"),
        ({"A": call("a", Parameters={"x.$": "$.y[?(@.z == 1)]"})}, "A", "filter"),
        ({"A": call("a", TimeoutSecondsPath="$.t")}, "A", "time limit"),
        ({"A": call("a", Parameters={"x.$": "$$.Execution.Input[0].x"})}, "A", "input is no object"),
    ],
    ids=["task token", "activity", "credentials", "filter", "time limit", "input that is an array"],
)
def test_a_state_that_cannot_be_said_stays_exact_and_says_why(states: dict[str, Any], state: str, why: str) -> None:
    parameters = (
        {"Parameters": {"FunctionName": "f", "Payload": {"t.$": "$$.Task.Token"}}} if why == "task token" else {}
    )
    states = {"First": call("f", Next=state), state: {**states[state], **parameters, "End": True}}
    made = native(states)
    assert made.style == "native"
    assert "from sfn_provider.operators.states import StatesOperator" in made.source
    entries = {entry.state: entry for entry in made.tasks}
    assert entries[state].how == "exact" and why in entries[state].why
    assert entries["First"].how == "operator"
    assert [found.state for found in made.findings if found.code == "STAYS_EXACT"] == [state]


@pytest.mark.parametrize(
    "state",
    [
        {"Type": "Map", "ItemProcessor": {"StartAt": "Item", "States": {"Item": call("item", End=True)}}, "End": True},
        call("f", Parameters={"x.$": "States.StringToJson($)"}, End=True),
        call("f", Parameters={"x.$": "States.ArrayGetItem($, 0)"}, End=True),
    ],
    ids=["items of a Map", "a text", "an array"],
)
def test_a_state_whose_input_is_no_object_stays_exact_at_the_start(state: dict[str, Any]) -> None:
    why = "the execution's input is no object, and a run's configuration is one."
    made = native({"A": publish(Parameters={"TopicArn": TOPIC, "Message": "m"}, ResultPath=None, Next="B"), "B": state})
    assert {found.state: found.why for found in made.findings if found.code == "STAYS_EXACT"} == {"B": why}


def test_an_attribute_of_dynamodb_that_is_a_text_is_one_in_the_form_of_the_api() -> None:
    item = {"id": "a", "day.$": "States.Format('day {}', $.day)", "n": {"N.$": "$.n"}}
    resource = "arn:aws:states:::dynamodb:putItem"
    put = {"Type": "Task", "Resource": resource, "Parameters": {"TableName": "t", "Item": item}, "End": True}
    source = " ".join(native({"Put": put}).source.split())
    assert """{"id": {"S": "a"}, "day": {"S": f"day {params['day']}"}, "n": {"N": params["n"]}}""" in source


@pytest.mark.parametrize("condition", ["$states.input.ready", "$states.input.ready and $states.input.n > 1"])
def test_a_condition_that_may_be_no_boolean_stays_exact(condition: str) -> None:
    states = {
        "A": call("a", Next="C"),
        "C": {"Type": "Choice", "Choices": [{"Condition": f"{{% {condition} %}}", "Next": "B"}], "Default": "D"},
        "B": call("b", End=True),
        "D": {"Type": "Succeed"},
    }
    made = native(states, QueryLanguage="JSONata")
    assert next(entry.how for entry in made.tasks if entry.state == "C") == "exact"


@pytest.mark.parametrize(
    ("fields", "how"),
    [({}, "operator"), ({"Retry": [{"ErrorEquals": ["States.ALL"]}]}, "exact"), ({"TimeoutSeconds": 60}, "operator")],
    ids=["nobody handles it", "it is tried again", "a time limit ends it"],
)
def test_an_execution_that_times_out_is_not_waited_for_where_its_end_is_handled(
    fields: dict[str, Any], how: str
) -> None:
    start = {
        "Type": "Task",
        "Resource": "arn:aws:states:::states:startExecution.sync",
        "Parameters": {"StateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:child"},
    }
    catch = {"Catch": [{"ErrorEquals": ["States.ALL"], "Next": "B"}]} if "TimeoutSeconds" in fields else {}
    made = native({"A": {**start, **fields, **catch, "Next": "B"}, "B": call("b", End=True)})
    assert next(entry.how for entry in made.tasks if entry.state == "A") == how


@pytest.mark.parametrize(
    ("path", "how"), [("Contents.Key", "exact"), ("Contents", "taskflow"), ("Owner.ID", "taskflow")]
)
def test_a_call_stays_exact_where_a_path_of_jsonata_leads_through_an_array_of_its_response(path: str, how: str) -> None:
    action = "listObjectsV2" if path.startswith("Contents") else "getBucketAcl"
    listed: dict[str, Any] = {
        "Type": "Task",
        "Resource": f"arn:aws:states:::aws-sdk:s3:{action}",
        "Arguments": {"Bucket": "b"},
        "Next": "B",
    }
    listed["Output"] = {"read": f"{{% $states.result.{path} %}}"}
    last = call("b", Arguments={"read": "{% $states.input.read %}"}, End=True)
    made = native({"A": listed, "B": last}, QueryLanguage="JSONata")
    assert next(entry.how for entry in made.tasks if entry.state == "A") == how


def test_a_comparison_of_jsonata_with_a_boolean_is_none_with_a_number() -> None:
    question = {
        "Type": "Choice",
        "Choices": [{"Condition": "{% $states.input.approved = true %}", "Next": "B"}],
        "Default": "D",
    }
    made = native({"C": question, "B": call("b", End=True), "D": {"Type": "Succeed"}}, QueryLanguage="JSONata")
    assert 'params["approved"] is True' in made.source
