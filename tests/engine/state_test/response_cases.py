"""States, and what `test_state` answers for each."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from tests.engine.state_test.states import BUSY, CATCH, FAILED, NUMBERS, RETRY, Json, map_state, reader, task
from tests.fixtures.machines.engine import FUNCTION


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
