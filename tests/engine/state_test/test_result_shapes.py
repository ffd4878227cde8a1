"""Shapes of results from AWS's models, by resource."""

from __future__ import annotations

from typing import Any

import pytest

from sfn_provider.asl.resources import parse_resource
from sfn_provider.engine.state_test.result_checks import check_result
from sfn_provider.engine.state_test.result_shapes import find_result_shape
from sfn_provider.exceptions import RequestRefused, UsageError

OPTIMIZED = "arn:aws:states:::"

FREE = {
    "a function": "arn:aws:lambda:us-east-1:123456789012:function:work",
    "an activity": "arn:aws:states:us-east-1:123456789012:activity:work",
    "a task token": OPTIMIZED + "sqs:sendMessage.waitForTaskToken",
    "a REST API": OPTIMIZED + "apigateway:invoke",
    "an HTTP endpoint": OPTIMIZED + "http:invoke",
    "a cluster": OPTIMIZED + "eks:call",
    "a placeholder": "${Function.Arn}",
}


@pytest.mark.parametrize("resource", FREE.values(), ids=FREE)
def test_results_of_any_shape(resource: str) -> None:
    assert find_result_shape(parse_resource(resource)) is None


def problem(resource: str, result: Any, *, strict: bool = False) -> str | None:
    shape = find_result_shape(parse_resource(OPTIMIZED + resource))
    assert shape is not None
    try:
        check_result(result, shape, strict=strict)
    except RequestRefused as refusal:
        return refusal.message.removeprefix("Mock result schema validation error: ")
    return None


STARTED = {"ExecutionArn": "arn", "StartDate": "2025-01-01T00:00:00Z"}
RIGHT: dict[str, tuple[str, Any]] = {
    "a payload of any shape": ("lambda:invoke", {"Payload": {"a": [1]}, "StatusCode": 200, "SdkHttpMetadata": {}}),
    "fields by their names in Java": (
        "aws-sdk:rds:describeDBInstances",
        {"DbInstances": [{"DbInstanceIdentifier": "a"}]},
    ),
    "the most of a limit": ("aws-sdk:lambda:getFunction", {"Configuration": {"MemorySize": 10_240}}),
    "a started execution": ("states:startExecution", STARTED),
    "a document of its own kind": ("dynamodb:getItem", {"Item": {"id": {"M": {"x": {"L": [{"S": "a"}]}}}}}),
    "the part of a job's description": (
        "ecs:runTask.sync",
        {"TaskArn": "arn", "Containers": [{"ExitCode": 0}]},
    ),
    "an output that is parsed": (
        "states:startExecution.sync:2",
        {**STARTED, "StateMachineArn": "arn", "Status": "SUCCEEDED", "Output": {"a": 1}},
    ),
}


@pytest.mark.parametrize("name", RIGHT)
def test_a_result_of_the_shape(name: str) -> None:
    assert problem(*RIGHT[name], strict=True) is None


WRONG: dict[str, tuple[str, Any, str]] = {
    "a payload in the SDK's form": ("aws-sdk:lambda:invoke", {"Payload": {}}, "Field 'Payload' must be a string"),
    "binary data": (
        "aws-sdk:kms:encrypt",
        {"CiphertextBlob": ""},
        "Field 'CiphertextBlob' is smaller than the minimum length",
    ),
    "a time": ("states:startExecution", {"StartDate": True}, "Field 'StartDate' must be a string"),
    "deep inside": (
        "dynamodb:getItem",
        {"Item": {"id": {"M": {"x": {"L": [{"S": 1}]}}}}},
        "Field 'S' must be a string",
    ),
    "a limit": (
        "aws-sdk:lambda:getFunction",
        {"Configuration": {"MemorySize": 127}},
        "Field 'MemorySize' is less than the minimum value",
    ),
    "a limit that newer models raise": (
        "aws-sdk:lambda:getFunction",
        {"Configuration": {"MemorySize": 10_241}},
        "Field 'MemorySize' exceeds the maximum value",
    ),
    "a job's status": ("states:startExecution.sync", {"Status": "DONE"}, "Field 'Status' must be one of the values ["),
    "an output as text": ("states:startExecution.sync", {"Output": {}}, "Field 'Output' must be a string"),
    "an exit code": ("ecs:runTask.sync", {"Containers": [{"ExitCode": "0"}]}, "Field 'ExitCode' must be a number"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_result_of_another_shape(name: str) -> None:
    resource, result, message = WRONG[name]
    assert (problem(resource, result) or "").startswith(message)


def test_required_fields_of_the_model() -> None:
    assert problem("states:startExecution", {}, strict=True) == "Field 'ExecutionArn' is required but was missing"


def test_what_botocore_does_not_know_is_refused_by_name() -> None:
    with pytest.raises(UsageError, match=r"aws-sdk:nosuch:get is not recognized.*fieldValidationMode NONE"):
        find_result_shape(parse_resource(OPTIMIZED + "aws-sdk:nosuch:get"))


def test_a_placeholder_for_the_partition_changes_nothing() -> None:
    shape = find_result_shape(parse_resource("arn:${AWS::Partition}:states:::sns:publish"))
    assert shape is not None and shape.field("MessageId") is not None
    with pytest.raises(UsageError, match="a name in it has no value"):
        find_result_shape(parse_resource("arn:aws:states:::aws-sdk:${Service}:publish"))
