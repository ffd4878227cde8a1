"""What `test_state` answers: status, output, next state, and every intermediate value."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from sfn_provider.engine import simulate, test_state
from tests.fixtures.engine import FUNCTION, one

Json = Any
NUMBERS = ("maxConcurrency", "toleratedFailureCount", "toleratedFailurePercentage", "errorDetails")
INVOKE = "arn:aws:states:::lambda:invoke"
RETRY = [{"ErrorEquals": ["Busy"], "IntervalSeconds": 2, "MaxAttempts": 3, "BackoffRate": 3, "JitterStrategy": "FULL"}]
CATCH = [
    {"ErrorEquals": ["Other"], "Next": "Never"},
    {"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "StateName"},
]
BUSY = {"errorOutput": {"error": "Busy", "cause": "later"}}
FAILED = {"error": "Busy", "cause": "later", "status": "FAILED"}


def task(**fields: Json) -> dict[str, Json]:
    return {"Type": "Task", "Resource": INVOKE, "End": True, **fields}


def map_state(mode: str = "INLINE", **fields: Json) -> dict[str, Json]:
    config = {"Mode": mode} | ({"ExecutionType": "STANDARD"} if mode == "DISTRIBUTED" else {})
    states = {"Inner": {"Type": "Pass", "End": True}}
    return {
        "Type": "Map",
        "ItemProcessor": {"ProcessorConfig": config, "StartAt": "Inner", "States": states},
        "End": True,
        **fields,
    }


def reader(**config: Json) -> dict[str, Json]:
    return {
        "Resource": "arn:aws:states:::s3:getObject",
        "ReaderConfig": config,
        "Parameters": {"Bucket": "b", "Key": "k"},
    }


@dataclass(frozen=True)
class Case:
    state: dict[str, Json]
    expected: dict[str, Json]
    inspected: dict[str, Json]
    input: Json = field(default_factory=lambda: {"a": 1})
    arguments: dict[str, Json] = field(default_factory=dict)


def opened(texts: dict[str, Json]) -> dict[str, Json]:
    """Read the JSON texts of a response's members."""
    return {name: value if name in NUMBERS else json.loads(value) for name, value in texts.items()}


PASS = {
    "Type": "Pass",
    "InputPath": "$.payload",
    "Parameters": {"data": 1},
    "ResultPath": "$.result",
    "OutputPath": "$.result.data",
    "Next": "Another",
}
ALL_FIELDS = task(
    InputPath="$.a",
    Parameters={"FunctionName": "f", "Payload.$": "$.b"},
    ResultSelector={"code.$": "$.StatusCode"},
    ResultPath="$.r",
    OutputPath="$.r.code",
)
CASES = {
    "pass": Case(
        PASS,
        {"status": "SUCCEEDED", "output": 1, "nextState": "Another"},
        {
            "afterInputPath": {"foo": "bar"},
            "afterParameters": {"data": 1},
            "afterResultSelector": {"data": 1},
            "afterResultPath": {"payload": {"foo": "bar"}, "result": {"data": 1}},
        },
        {"payload": {"foo": "bar"}},
    ),
    "pass with a result": Case(
        {"Type": "Pass", "Result": 5, "ResultPath": None, "End": True},
        {"status": "SUCCEEDED", "output": {"a": 1}},
        {
            "afterInputPath": {"a": 1},
            "afterParameters": {"a": 1},
            "result": 5,
            "afterResultSelector": 5,
            "afterResultPath": {"a": 1},
        },
    ),
    "pass in JSONata": Case(
        {"Type": "Pass", "QueryLanguage": "JSONata", "Output": "{% $states.input.a + $n %}", "End": True},
        {"status": "SUCCEEDED", "output": 3},
        {"variables": {"n": 2}},
        arguments={"variables": {"n": 2}},
    ),
    "assigned variables": Case(
        {"Type": "Pass", "Assign": {"n.$": "$.a", "m": 0}, "End": True},
        {"status": "SUCCEEDED", "output": {"a": 1}},
        {
            "afterInputPath": {"a": 1},
            "afterParameters": {"a": 1},
            "afterResultSelector": {"a": 1},
            "afterResultPath": {"a": 1},
            "variables": {"n": 1, "m": 0},
        },
        arguments={"variables": '{"n": 2}'},
    ),
    "choice": Case(
        {
            "Type": "Choice",
            "InputPath": "$.in",
            "Choices": [{"Variable": "$.n", "NumericGreaterThan": 1, "Next": "StateName"}],
            "Default": "Small",
        },
        {"status": "SUCCEEDED", "output": {"n": 2}, "nextState": "StateName"},
        {"afterInputPath": {"n": 2}},
        {"in": {"n": 2}},
    ),
    "wait": Case(
        {"Type": "Wait", "Seconds": 299, "Next": "B"},
        {"status": "SUCCEEDED", "output": {"a": 1}, "nextState": "B"},
        {"afterInputPath": {"a": 1}},
    ),
    "wait longer than a test may take": Case(
        {"Type": "Wait", "Seconds": 301, "Next": "B"},
        {"status": "FAILED", "error": "States.Timeout"},
        {"afterInputPath": {"a": 1}},
    ),
    "succeed": Case(
        {"Type": "Succeed", "OutputPath": "$.a"},
        {"status": "SUCCEEDED", "output": 1},
        {"afterInputPath": {"a": 1}},
    ),
    "fail without anything": Case({"Type": "Fail"}, {"status": "FAILED"}, {}),
    "task": Case(
        ALL_FIELDS,
        {"status": "SUCCEEDED", "output": 200},
        {
            "afterInputPath": {"b": 2},
            "afterParameters": {"FunctionName": "f", "Payload": 2},
            "result": {"StatusCode": 200},
            "afterResultSelector": {"code": 200},
            "afterResultPath": {"a": {"b": 2}, "r": {"code": 200}},
        },
        {"a": {"b": 2}},
        {"mock": {"result": {"StatusCode": 200}}},
    ),
    "task whose result cannot be selected": Case(
        ALL_FIELDS,
        {
            "status": "FAILED",
            "error": "States.Runtime",
            "cause": "An error occurred while executing the state 'StateName' (entered at the event id #2). The "
            "JSONPath '$.StatusCode' specified for the field 'code.$' could not be found in the input '{}'",
        },
        {"afterInputPath": {"b": 2}, "afterParameters": {"FunctionName": "f", "Payload": 2}, "result": {}},
        {"a": {"b": 2}},
        {"mock": {"result": {}}},
    ),
    "task in JSONata": Case(
        task(QueryLanguage="JSONata", Resource=FUNCTION, Arguments={"n": "{% $states.input.a %}"}),
        {"status": "SUCCEEDED", "output": "done"},
        {"afterArguments": {"n": 1}, "result": "done"},
        arguments={"mock": {"result": '"done"'}},
    ),
    "task without Arguments": Case(
        task(QueryLanguage="JSONata", Resource=FUNCTION),
        FAILED,
        {"afterArguments": {"a": 1}},
        arguments={"mock": BUSY},
    ),
    "first retry": Case(
        task(QueryLanguage="JSONata", Resource=FUNCTION, Retry=RETRY, Catch=[{"ErrorEquals": ["Busy"], "Next": "X"}]),
        {**FAILED, "status": "RETRIABLE"},
        {"afterArguments": {"a": 1}, "errorDetails": {"retryIndex": 0, "retryBackoffIntervalSeconds": 2}},
        arguments={"mock": BUSY},
    ),
    "third retry": Case(
        task(QueryLanguage="JSONata", Resource=FUNCTION, Retry=RETRY),
        {**FAILED, "status": "RETRIABLE"},
        {"afterArguments": {"a": 1}, "errorDetails": {"retryIndex": 0, "retryBackoffIntervalSeconds": 18}},
        arguments={"mock": BUSY, "state_configuration": {"retrierRetryCount": 2}},
    ),
    "no retry left, caught": Case(
        task(Resource=FUNCTION, Retry=RETRY, Catch=CATCH),
        {
            "status": "CAUGHT_ERROR",
            "error": "Busy",
            "cause": "later",
            "output": {"a": 1, "error": {"Error": "Busy", "Cause": "later"}},
            "nextState": "StateName",
        },
        {
            "afterInputPath": {"a": 1},
            "afterParameters": {"a": 1},
            "errorDetails": {"retryIndex": 0, "catchIndex": 1},
        },
        arguments={"mock": BUSY, "state_configuration": {"retrierRetryCount": 3}},
    ),
    "an error that nothing takes": Case(
        task(Resource=FUNCTION, Retry=RETRY, Catch=CATCH),
        {"status": "FAILED", "error": "States.Runtime"},
        {"afterInputPath": {"a": 1}, "afterParameters": {"a": 1}},
        arguments={"mock": {"errorOutput": {"error": "States.Runtime"}}},
    ),
    "a timeout that is longer than a test": Case(
        task(Resource=FUNCTION, TimeoutSeconds=3600, Catch=CATCH),
        {
            "status": "CAUGHT_ERROR",
            "error": "States.Timeout",
            "output": {"a": 1, "error": {"Error": "States.Timeout", "Cause": ""}},
            "nextState": "StateName",
        },
        {"afterInputPath": {"a": 1}, "afterParameters": {"a": 1}, "errorDetails": {"catchIndex": 1}},
        arguments={"mock": {"errorOutput": {"error": "States.Timeout"}}},
    ),
    "inline map": Case(
        map_state(ItemsPath="$.items", ItemSelector={"v.$": "$$.Map.Item.Value"}, MaxConcurrency=3, ResultPath="$.r"),
        {"status": "SUCCEEDED", "output": {"items": [1, 2], "r": [10, 20]}},
        {
            "maxConcurrency": 3,
            "afterItemsPath": [1, 2],
            "afterItemSelector": [{"v": 1}, {"v": 2}],
            "afterResultSelector": [10, 20],
            "afterResultPath": {"items": [1, 2], "r": [10, 20]},
        },
        {"items": [1, 2]},
        {"mock": {"result": [10, 20]}},
    ),
    "map over what holds no items": Case(
        map_state(ItemsPath="$.a"),
        {
            "status": "FAILED",
            "error": "States.Runtime",
            "cause": "An error occurred while executing the state 'StateName' (entered at the event id #2). Reference "
            'path "$.a" must point to array.',
        },
        {"maxConcurrency": 0},
        arguments={"mock": {"result": []}},
    ),
    "batches within the tolerated failures": Case(
        map_state("DISTRIBUTED", ItemsPath="$.i", ItemBatcher={"MaxItemsPerBatch": 2}, ToleratedFailureCount=2),
        {"status": "SUCCEEDED", "output": ["r"]},
        {
            "maxConcurrency": 0,
            "toleratedFailureCount": 2,
            "afterItemsPath": [1, 2, 3],
            "afterItemBatcher": [{"Items": [1, 2]}, {"Items": [3]}],
            "afterResultSelector": ["r"],
            "afterResultPath": ["r"],
        },
        {"i": [1, 2, 3]},
        {"mock": {"result": ["r"]}, "state_configuration": {"mapIterationFailureCount": 1}},
    ),
    "batches beyond the tolerated failures": Case(
        map_state("DISTRIBUTED", ItemsPath="$.i", ItemBatcher={"MaxItemsPerBatch": 2}, ToleratedFailurePercentage=50),
        {
            "status": "FAILED",
            "error": "States.ExceedToleratedFailureThreshold",
            "cause": "The specified tolerated failure threshold was exceeded",
        },
        {
            "maxConcurrency": 0,
            "toleratedFailurePercentage": 50.0,
            "afterItemsPath": [1, 2, 3],
            "afterItemBatcher": [{"Items": [1, 2]}, {"Items": [3]}],
        },
        {"i": [1, 2, 3]},
        {"mock": {"result": ["r"]}, "state_configuration": {"mapIterationFailureCount": 1}},
    ),
    "an error from inside a map, caught": Case(
        map_state(ItemsPath="$.a", Catch=CATCH),
        {
            "status": "CAUGHT_ERROR",
            "error": "Busy",
            "cause": "later",
            "output": {"a": [1], "error": {"Error": "Busy", "Cause": "later"}},
            "nextState": "StateName",
        },
        {"maxConcurrency": 0, "afterItemsPath": [1], "errorDetails": {"catchIndex": 1}},
        {"a": [1]},
        {"mock": BUSY, "state_configuration": {"errorCausedByState": "Inner", "mapIterationFailureCount": 1}},
    ),
    "what an ItemReader reads": Case(
        map_state(
            "DISTRIBUTED",
            ItemReader=reader(InputType="JSON", ItemsPointer="/in", MaxItems=2),
            ItemSelector={"n.$": "$$.Map.Item.Value"},
        ),
        {"status": "SUCCEEDED", "output": []},
        {
            "maxConcurrency": 0,
            "afterItemsPointer": [7, 8, 9],
            "afterItemSelector": [{"n": 7}, {"n": 8}],
            "afterResultSelector": [],
            "afterResultPath": [],
        },
        arguments={"mock": {"result": []}, "state_configuration": {"mapItemReaderData": '{"in": [7, 8, 9]}'}},
    ),
    "what an ItemReader cannot read": Case(
        map_state("DISTRIBUTED", ItemReader=reader(InputType="JSON")),
        {
            "status": "FAILED",
            "error": "States.ItemReaderFailed",
            "cause": "Attempting to map over non-iterable node.",
        },
        {"maxConcurrency": 0},
        arguments={"mock": {"result": []}, "state_configuration": {"mapItemReaderData": "7"}},
    ),
    "an ItemReader without data": Case(
        map_state("DISTRIBUTED", ItemReader=reader(InputType="CSV", CSVHeaderLocation="FIRST_ROW")),
        {"status": "SUCCEEDED", "output": [1]},
        {"maxConcurrency": 0, "afterResultSelector": [1], "afterResultPath": [1]},
        arguments={"mock": {"result": [1]}},
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_response_has_the_outcome_and_every_intermediate_value(case: Case) -> None:
    response = test_state(case.state, case.input, inspection_level="TRACE", **case.arguments)
    inspected = response.pop("inspectionData")
    assert opened(inspected) == {"input": case.input, **case.inspected}
    if "output" in response:
        response["output"] = json.loads(response["output"])
    assert response == case.expected


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_observing_changes_nothing(case: Case) -> None:
    debug = test_state(case.state, case.input, inspection_level="DEBUG", **case.arguments)
    del debug["inspectionData"]
    assert test_state(case.state, case.input, **case.arguments) == debug


SIMULATED = ("pass", "pass with a result", "succeed", "task", "task in JSONata")


@pytest.mark.parametrize("name", SIMULATED)
def test_the_output_is_that_of_an_execution(name: str) -> None:
    case = CASES[name]
    state = {**case.state, "End": True} if case.state["Type"] != "Succeed" else case.state
    mock = case.arguments.get("mock", {}).get("result")
    mocks = {"State": [{"Return": json.loads(mock) if isinstance(mock, str) else mock}]}
    execution = simulate(one({name: value for name, value in state.items() if name != "Next"}), case.input, mocks=mocks)
    assert execution.output == case.expected["output"]


def test_values_of_the_request_keep_their_text() -> None:
    response = test_state({"Type": "Pass", "End": True}, '{ "a":[1,  2] }', inspection_level="DEBUG")
    assert response["output"] == '{ "a":[1,  2] }' == response["inspectionData"]["afterParameters"]
    computed = test_state({"Type": "Pass", "Parameters": {"b.$": "$.a"}, "End": True}, '{ "a":[1,  2] }')
    assert computed["output"] == '{"b":[1,2]}'


def test_input_is_an_empty_object_by_default_and_null_is_a_text() -> None:
    state = {"Type": "Succeed"}
    assert test_state(state)["output"] == "{}"
    assert test_state(state, "null")["output"] == "null"


DOUBLE = {"Type": "Pass", "QueryLanguage": "JSONata", "Output": "{% $states.input * 2 %}", "Next": "Done"}
MACHINE = {
    "StartAt": "Each",
    "States": {
        "Each": {
            "Type": "Map",
            "ItemProcessor": {"StartAt": "Work", "States": {"Work": DOUBLE, "Done": {"Type": "Succeed"}}},
            "Next": "Old",
        },
        "Old": {"Type": "Pass", "OutputPath": "$.a", "End": True},
    },
}


@pytest.mark.parametrize(
    ("name", "input", "expected"),
    [("Work", 21, ("42", "Done")), ("Old", {"a": 1}, ("1", None)), ("Each", [1], ('["r"]', "Old"))],
)
def test_a_state_of_a_machine(name: str, input: Json, expected: tuple[str, str | None]) -> None:
    mock = {"result": ["r"]} if name == "Each" else None
    for definition in (MACHINE, json.dumps(MACHINE)):
        response = test_state(definition, input, state_name=name, mock=mock)
        assert (response["output"], response.get("nextState")) == expected


def test_the_context_object() -> None:
    state = task(QueryLanguage="JSONata", Resource=FUNCTION, Output="{% $states.context %}")
    mock = {"result": 1}
    context = json.loads(test_state(state, {"a": 1}, mock=mock)["output"])
    assert context["Execution"]["Input"] == {"a": 1}
    assert ":express:" in context["Execution"]["Id"] and "RedriveCount" not in context["Execution"]
    assert context["State"] == {"Name": "StateName", "EnteredTime": "2025-01-01T00:00:00.000Z", "RetryCount": 0}
    mine = {"Execution": {"Name": "e"}, "State": {"RetryCount": 7}}
    changed = json.loads(test_state(state, {"a": 1}, mock=mock, context=json.dumps(mine))["output"])
    context["Execution"]["Name"], context["State"]["RetryCount"] = "e", 7
    assert changed == context


def test_a_task_token_of_the_context_object() -> None:
    state = task(
        Resource=INVOKE + ".waitForTaskToken",
        Parameters={"FunctionName": "f", "Payload": {"token.$": "$$.Task.Token"}},
    )
    response = test_state(state, mock={"result": 1}, context={"Task": {"Token": "t"}}, inspection_level="DEBUG")
    parameters = json.loads(response["inspectionData"]["afterParameters"])
    assert parameters["Payload"] == {"token": "t"}


def test_it_is_no_test_for_pytest_where_a_test_module_imports_it() -> None:
    assert test_state.__test__ is False  # type: ignore[attr-defined]
