from __future__ import annotations

from typing import Any

import pytest

from sfn_provider.asl import lint
from sfn_provider.asl.aws_actions.optimized_actions import OPTIMIZED_ACTIONS
from sfn_provider.asl.aws_actions.service_actions import service_actions

SCHEMA = "SCHEMA_VALIDATION_FAILED"


def check(resource: str, execution_type: Any = "STANDARD", **fields: Any) -> list[tuple[str, str, str]]:
    state = {"Type": "Task", "Resource": resource, "End": True, **fields}
    found = lint({"StartAt": "A", "States": {"A": state}}, execution_type=execution_type)
    return [(item.level, item.code, item.location.removeprefix("/States/A")) for item in found]


@pytest.mark.parametrize(
    "resource, expected",
    [
        ("arn:aws:lambda:eu-west-1:123456789012:function:resize:3", []),
        ("arn:aws:states:eu-west-1:1:activity:approve", []),
        ("${Resize.Arn}", []),
        ("arn:aws:states:::${Service}:invoke", []),
        ("<RESOURCE>", [("error", SCHEMA, "/Resource")]),
        ("resize", [("error", SCHEMA, "/Resource")]),
        ("", [("error", SCHEMA, "/Resource")]),
        ("...", [("error", SCHEMA, "/Resource")]),
        ("urn:something", [("warning", "INVALID_RESOURCE", "/Resource")]),
        ("arn:aws:sqs:eu-west-1:1:queue", [("error", SCHEMA, "/Resource")]),
        ("arn:aws:states:eu-west-1:1:stateMachine:m", [("error", SCHEMA, "/Resource")]),
        ("arn:aws:lambda:eu-west-1:1:function:", [("error", SCHEMA, "/Resource")]),
        ("arn:aws:states:eu-west-1:1:activity:", [("error", SCHEMA, "/Resource")]),
        ("arn:aws:lambda:eu-west-1:1:function:resize.waitForTaskToken", [("error", SCHEMA, "/Resource")]),
        ("arn:aws:lambda:eu-west-1:1:function:resize.sync", [("error", SCHEMA, "/Resource")]),
        ("arn:aws:lambda:eu-west-1:1:resize", [("error", SCHEMA, "/Resource")]),
        ("arn:aws:states:::sqs", [("error", SCHEMA, "/Resource")]),
        ("arn:aws:states:::sqs:sendMessage.async", [("error", SCHEMA, "/Resource")]),
        ("arn:aws:states:::ecs:runTask.sync.waitForTaskToken", [("error", SCHEMA, "/Resource")]),
        ("arn:aws:states:::Lambda:invoke", [("error", SCHEMA, "/Resource")]),
        ("arn:aws:states:::lambda:Invoke", [("error", SCHEMA, "/Resource")]),
        ("arn:aws:states:::s3:getObject", [("error", SCHEMA, "/Resource")]),
        ("arn:aws:states:::newservice:getTables", [("error", SCHEMA, "/Resource")]),
        ("arn:aws:states:::aws-sdk:s3:getObject.sync", [("error", SCHEMA, "/Resource")]),
        ("arn:aws:states:::http:invoke.sync", [("error", SCHEMA, "/Resource")]),
    ],
)
def test_resources(resource: str, expected: list[tuple[str, str, str]]) -> None:
    assert check(resource) == expected


ACTIONS = [
    (f"{service}:{action}", patterns)
    for service, actions in OPTIMIZED_ACTIONS.items()
    for action, patterns in actions.items()
    if service != "http"
]


@pytest.mark.parametrize(("action", "patterns"), ACTIONS, ids=[name for name, _ in ACTIONS])
def test_patterns(action: str, patterns: frozenset[str]) -> None:
    service, _, name = action.partition(":")
    fields = service_actions("optimized", service).structure(name)
    parameters = dict.fromkeys([next(iter(fields.values)), *fields.required], "${x}")  # a token may be in them

    def errors(pattern: str) -> list[tuple[str, str, str]]:
        return check(f"arn:aws:states:::{action}{pattern}", Parameters=parameters)

    refused = [("error", SCHEMA, "/Resource")]
    assert errors("") == []
    for pattern in ("sync", "sync:2", "waitForTaskToken"):
        assert errors(f".{pattern}") == ([] if pattern in patterns else refused)


def test_misspelt_service() -> None:
    definition = {
        "StartAt": "A",
        "States": {"A": {"Type": "Task", "Resource": "arn:aws:states:::lamda:invoke", "Parameters": {}, "End": True}},
    }
    (found,) = lint(definition)
    assert (found.level, found.code, found.message) == (
        "error",
        SCHEMA,
        "there is no optimized integration 'lamda'; did you mean 'lambda'?",
    )


@pytest.mark.parametrize(
    "resource, parameters, expected",
    [
        ("lambda:invoke", None, [("warning", "MISSING_PARAMETERS", "")]),
        ("lambda:invoke", {"FunctionName": "f"}, []),
        ("lambda:invoke", {"FunctionName.$": "$.f"}, []),
        ("lambda:invoke", {"functionName": "f"}, [
            ("error", SCHEMA, "/Parameters"), ("error", SCHEMA, "/Parameters/functionName")]),
        ("sqs:sendMessage", None, [("error", SCHEMA, "")]),
        ("aws-sdk:s3:listBuckets", None, [("error", SCHEMA, "")]),
        ("http:invoke", None, [("error", SCHEMA, "")]),
        ("sqs:sendMessage", [], [("error", SCHEMA, "/Parameters")]),
        ("sqs:sendMessage", "text", [("error", SCHEMA, "/Parameters")]),
        ("aws-sdk:s3:listBuckets", 5, [("error", SCHEMA, "/Parameters")]),
        ("sqs:sendMessage", "${Parameters}", []),
        ("lambda:invoke.waitForTaskToken", {"Payload.$": "$$.Task.Token"}, [("error", SCHEMA, "/Parameters")]),
        ("sqs:sendMessage", {"QueueUrl": "q"}, [("error", SCHEMA, "/Parameters")]),
        ("glue:startJobRun.sync", {"JobName": "j"}, []),
        ("athena:getQueryResults", {}, [("error", SCHEMA, "/Parameters")]),
        ("batch:submitJob", {"JobName": "j"}, [("error", SCHEMA, "/Parameters")] * 2),
        ("apigateway:invoke", {"ApiEndpoint": "a"}, [("error", SCHEMA, "/Parameters")]),
        ("eks:call", {"ClusterName": "c", "Endpoint": "e", "CertificateAuthority": "a", "Method": "GET"}, [
            ("error", SCHEMA, "/Parameters")]),
        ("elasticmapreduce:addStep", {"ClusterId": "c"}, [("error", SCHEMA, "/Parameters")]),
    ],
)  # fmt: skip
def test_required_parameters(resource: str, parameters: Any, expected: list[tuple[str, str, str]]) -> None:
    fields = {} if parameters is None else {"Parameters": parameters}
    assert check("arn:aws:states:::" + resource, **fields) == expected


def test_required_arguments() -> None:
    resource = "arn:aws:states:::sns:publish"
    assert check(resource, QueryLanguage="JSONata", Arguments={"TopicArn": "t"}) == [("error", SCHEMA, "/Arguments")]
    assert check(resource, QueryLanguage="JSONata", Arguments="{% $states.input %}") == []


@pytest.mark.parametrize(
    "credentials, expected",
    [
        ({"RoleArn": "arn:aws:iam::1:role/r"}, []),
        ({"RoleArn.$": "$.role"}, []),
        ({"roleArn": "x"}, [("error", SCHEMA, "/Credentials")]),
        ({}, [("error", SCHEMA, "/Credentials")]),
        ({"RoleArn": 5}, [("error", SCHEMA, "/Credentials/RoleArn")]),
        ({"RoleArn": "r", "Region": "x"}, [("error", SCHEMA, "/Credentials/Region")]),
        ("arn:aws:iam::1:role/r", [("error", SCHEMA, "/Credentials")]),
        (None, [("error", SCHEMA, "/Credentials")]),
    ],
)
def test_credentials(credentials: Any, expected: list[tuple[str, str, str]]) -> None:
    assert check("arn:aws:lambda:eu-west-1:1:function:f", Credentials=credentials) == expected


def test_credentials_of_a_resource_that_is_not_of_aws() -> None:
    """Another linter's own case."""
    assert [code for _, code, _ in check("foo:bar", Credentials={"roleArn": "x"})] == [
        "INVALID_RESOURCE",
        "MISSING_ROLE",
    ]


def test_activities_take_no_credentials() -> None:
    resource = "arn:aws:states:eu-west-1:1:activity:approve"
    assert check(resource, Credentials={"RoleArn": "r"}) == [("error", SCHEMA, "/Credentials")]


PARAMETERS = {
    "batch": {"JobName": "j", "JobQueue": "q", "JobDefinition": "d"},
    "states": {"StateMachineArn": "s"},
    "lambda": {"FunctionName": "f", "Payload.$": "$$"},
}


@pytest.mark.parametrize(
    "resource, errors",
    [
        ("arn:aws:states:::batch:submitJob", 0),
        ("arn:aws:states:::batch:submitJob.sync", 1),
        ("arn:aws:states:::states:startExecution.sync:2", 1),
        ("arn:aws:states:::lambda:invoke.waitForTaskToken", 1),
        ("arn:aws:states:eu-west-1:1:activity:approve", 1),
        ("arn:aws:lambda:eu-west-1:1:function:f", 0),
    ],
)
def test_express(resource: str, errors: int) -> None:
    fields = {"Parameters": PARAMETERS[resource.split(":")[5]]} if ":::" in resource else {}
    assert check(resource, **fields) == []
    assert check(resource, "EXPRESS", **fields) == [("error", SCHEMA, "/Resource")] * errors
    child = {"Type": "Task", "Resource": resource, "End": True, **fields}
    for execution_type, expected in (("STANDARD", 0), ("EXPRESS", errors)):
        assert len(lint(distributed(execution_type, child))) == expected
    inline = {"StartAt": "P", "States": {"P": {"Type": "Parallel", "Branches": [branch(child)], "End": True}}}
    assert len(lint(inline)) == 0
    assert len(lint(inline, execution_type="EXPRESS")) == errors


def branch(state: dict[str, Any]) -> dict[str, Any]:
    return {"StartAt": "I", "States": {"I": state}}


def distributed(execution_type: str, state: dict[str, Any]) -> dict[str, Any]:
    config = {"Mode": "DISTRIBUTED", "ExecutionType": execution_type}
    body = {"ProcessorConfig": config, **branch(state)}
    return {"StartAt": "A", "States": {"A": {"Type": "Map", "ItemProcessor": body, "End": True}}}


def test_a_distributed_map_in_an_express_child_execution() -> None:
    inner = distributed("STANDARD", {"Type": "Succeed"})["States"]["A"]
    inner["ItemProcessor"] = {**inner["ItemProcessor"], "StartAt": "J", "States": {"J": {"Type": "Succeed"}}}
    assert lint(distributed("STANDARD", inner)) == []
    (found,) = lint(distributed("EXPRESS", inner))
    assert found.location == "/States/A/ItemProcessor/States/I/ItemProcessor/ProcessorConfig/Mode"
    assert "EXPRESS child execution" in found.message


def test_express_has_no_distributed_map() -> None:
    definition = distributed("EXPRESS", {"Type": "Succeed"})
    assert lint(definition) == []
    (found,) = lint(definition, execution_type="EXPRESS")
    assert (found.level, found.location) == ("error", "/States/A/ItemProcessor/ProcessorConfig/Mode")


SEND = "arn:aws:states:::sqs:sendMessage.waitForTaskToken"
MESSAGE = {"QueueUrl": "q"}


@pytest.mark.parametrize(
    ("parameters", "is_passed"),
    [
        ({"MessageBody": "x"}, False),
        ({"MessageBody.$": "$.body"}, False),
        ({"MessageBody.$": "$$.Execution.Id"}, False),
        ({"MessageBody": {"a": [{"t.$": "$$.Task.Token"}]}}, True),
        ({"MessageBody.$": "States.Format('{}', $$.Task.Token)"}, True),
        ({"MessageBody.$": "$$.Task"}, True),
        ({"MessageBody.$": "$$['Task']['Token']"}, True),
        ({"MessageBody.$": "$$"}, True),
        ({"MessageBody": "${Body}"}, True),
    ],
)
def test_a_task_token_is_passed_to_somebody(parameters: dict[str, Any], is_passed: bool) -> None:
    found = [entry for entry in check(SEND, Parameters={**MESSAGE, **parameters}) if entry[1] == "TOKEN_NOT_PASSED"]
    assert found == ([] if is_passed else [("warning", "TOKEN_NOT_PASSED", "/Parameters")])


@pytest.mark.parametrize(
    ("body", "is_passed"),
    [
        ("x", False),
        ("{% $states.input.body %}", False),
        ("{% $states.context.Task.Token %}", True),
        ("{% $states.context %}", True),
        ("{% $states %}", True),
    ],
)
def test_a_task_token_is_passed_by_jsonata(body: str, is_passed: bool) -> None:
    found = check(SEND, QueryLanguage="JSONata", Arguments={**MESSAGE, "MessageBody": body})
    assert found == ([] if is_passed else [("warning", "TOKEN_NOT_PASSED", "/Arguments")])


def test_a_task_token_of_a_call_of_the_aws_sdk() -> None:
    resource = "arn:aws:states:::aws-sdk:sqs:sendMessage.waitForTaskToken"
    parameters = {**MESSAGE, "MessageBody": "x"}
    assert [code for _, code, _ in check(resource, Parameters=parameters)] == ["TOKEN_NOT_PASSED"]


def test_a_task_that_does_not_wait_for_its_token_need_not_pass_it() -> None:
    assert check(SEND.removesuffix(".waitForTaskToken"), Parameters={**MESSAGE, "MessageBody": "x"}) == []
