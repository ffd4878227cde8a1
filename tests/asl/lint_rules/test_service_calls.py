from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from sfn_provider.asl import lint
from sfn_provider.asl.aws_actions import installed_actions
from sfn_provider.asl.aws_actions.service_actions import parse_actions

SCHEMA = "SCHEMA_VALIDATION_FAILED"
Found = list[tuple[str, str, str]]


def check(resource: str, **fields: Any) -> list[Any]:
    state = {"Type": "Task", "Resource": f"arn:aws:states:::{resource}", "End": True, **fields}
    return lint({"StartAt": "A", "States": {"A": state}})


def places(found: list[Any]) -> Found:
    return [(entry.level, entry.code, entry.location.removeprefix("/States/A")) for entry in found]


@pytest.mark.parametrize(
    ("call", "hint"),
    [
        ("glue:startJobRun", None),
        ("sfn:startExecution", None),
        ("cloudwatchlogs:putLogEvents", None),
        ("emrserverless:startJobRun", None),
        ("rds:describeDBInstances", None),
        ("s3:getObject.waitForTaskToken", None),
        ("${Service}:get", None),
        ("s3:${Action}", None),
        ("glue:startJobRunn", "did you mean 'startJobRun'?"),
        ("s3:GetObject", "did you mean 'getObject'?"),
        ("S3:getObject", "did you mean 's3'?"),
        ("gluee:startJobRun", "did you mean 'glue'?"),
        ("nosuch:get", "no service 'nosuch'"),
        ("stepfunctions:listActivities", "no service 'stepfunctions'"),
        ("acm-pca:listTags", "did you mean 'acmpca'?"),
        ("logs:putLogEvents", "no service 'logs'"),
        ("kinesis:subscribeToShard", "no action kinesis:subscribeToShard"),
        ("lambda:invokeWithResponseStream", "no action"),
        ("x\nlist:getObject", "no service"),
    ],
)
def test_services_and_actions_of_the_aws_sdk(call: str, hint: str | None) -> None:
    found = [entry for entry in check(f"aws-sdk:{call}", Parameters={}) if entry.location.endswith("/Resource")]
    if hint is None:
        assert found == []
    else:
        assert places(found) == [("error", SCHEMA, "/Resource")]
        assert hint in found[0].message
        assert "as botocore " in found[0].message


def test_a_service_with_an_endpoint_of_ones_own() -> None:
    [found] = check("aws-sdk:apigatewaymanagementapi:postToConnection", Parameters={"ConnectionId": "c", "Data": "d"})
    assert places([found]) == [("error", SCHEMA, "/Resource")]


def test_a_service_that_is_retired() -> None:
    assert places(check("aws-sdk:iotanalytics:listChannels", Parameters={})) == [
        ("warning", "RETIRED_SERVICE", "/Resource")
    ]


def test_what_a_newer_botocore_has_is_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    newer = parse_actions("getObject *Bucket *Key Newer\nnewAction", "botocore 9.9.9")
    monkeypatch.setattr(installed_actions, "_read", lambda family, service: newer if service == "s3" else None)
    assert check("aws-sdk:s3:newAction", Parameters={}) == []
    assert check("aws-sdk:s3:getObject", Parameters={"Bucket": "b", "Key": "k", "Newer": 1}) == []
    [found] = check("aws-sdk:s3:olderAction", Parameters={})
    assert "as botocore 9.9.9 knows it" in found.message
    [found] = check("aws-sdk:s3:getObject", Parameters={"Bucket": "b", "Key": "k", "Newest": 1})
    assert "; did you mean 'Newer'?" in found.message


def test_without_botocore_the_shipped_table_alone_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installed_actions, "is_installed", lambda: False)
    assert places(check("aws-sdk:s3:newAction", Parameters={})) == [("error", SCHEMA, "/Resource")]
    assert check("aws-sdk:s3:listBuckets", Parameters={}) == []


@dataclass(frozen=True)
class Case:
    name: str
    resource: str
    parameters: Any
    expected: Found = field(default_factory=list)


def error(at: str = "") -> tuple[str, str, str]:
    return ("error", SCHEMA, f"/Parameters{at}")


def warning(at: str) -> tuple[str, str, str]:
    return ("warning", "UNSUPPORTED_FIELD", f"/Parameters{at}")


HTTP = {"ApiEndpoint": "https://example.com", "Method": "GET"}
CONNECTION = {"ConnectionArn": "arn:aws:events:eu-west-1:1:connection/c/1"}
PLACE = {"Bucket": "b", "Key": "k"}
CASES = [
    Case("of the aws sdk", "aws-sdk:s3:getObject", {"Bucket": "b", "Key.$": "$.key"}),
    Case("in lower case", "aws-sdk:s3:getObject", {"bucket": "b", "Key": "k"}, [error(), error("/bucket")]),
    Case("unknown", "aws-sdk:s3:getObject", {**PLACE, "Colour": 1}, [error("/Colour")]),
    Case("unknown with a path", "aws-sdk:s3:getObject", {**PLACE, "Colour.$": "$"}, [warning("/Colour.$")]),
    Case("missing", "aws-sdk:s3:getObject", {"Bucket": "b"}, [error()]),
    Case("a placeholder", "aws-sdk:s3:getObject", {"${Bucket}": "b", **PLACE}),
    Case("no object", "aws-sdk:s3:getObject", "${Parameters}"),
    Case("initials", "aws-sdk:rds:deleteDBInstance", {"DbInstanceIdentifier": "d"}),
    Case("initials as the service has them", "aws-sdk:rds:deleteDBInstance", {"DBInstanceIdentifier": "d"}, [
        error(), error("/DBInstanceIdentifier")]),
    Case("optimized", "sqs:sendMessage", {"QueueUrl": "q", "MessageBody.$": "$"}),
    Case("unknown, optimized", "sqs:sendMessage", {"QueueUrl": "q", "MessageBody": "b", "X": 1}, [error("/X")]),
    Case("a token beside the payload", "lambda:invoke.waitForTaskToken",
         {"FunctionName": "f", "TaskToken.$": "$$.Task.Token"}, [warning("/TaskToken.$")]),
    Case("not of the integration", "ecs:runTask.sync", {"TaskDefinition": "t", "Count": 2}, [error("/Count")]),
    Case("inside", "ecs:runTask", {"TaskDefinition": "t", "NetworkConfiguration": {"awsVpcConfiguration": {}}}, [
        error("/NetworkConfiguration/awsVpcConfiguration")]),
    Case("inside a list", "batch:submitJob",
         {"JobName": "j", "JobQueue": "q", "JobDefinition": "d",
          "ContainerOverrides": {"Environment": [{"Name": "a", "Value": "b"}, {"Nme": "c"}]}},
         [error("/ContainerOverrides/Environment/1/Nme")]),
    Case("inside a map", "dynamodb:putItem", {"TableName": "t", "Item": {"id": {"S": "1"}, "any": {"Text": "2"}}}, [
        error("/Item/any/Text")]),
    Case("a map of paths", "dynamodb:putItem", {"TableName": "t", "Item": {"id.$": "$.id", "n": {"N.$": "$.n"}}}),
    Case("required inside", "codebuild:startBuild", {
        "ProjectName": "p", "EnvironmentVariablesOverride": [{"Name": "a"}]},
        [error("/EnvironmentVariablesOverride/0")]),
    Case("renamed by the integration", "elasticmapreduce:addStep", {"ClusterId": "c", "Step": {"any": 1}}),
    Case("of an adapter", "eks:runJob", {"ClusterName": "c", "CertificateAuthority": "a", "Endpoint": "e", "Job": {}}),
    Case("unknown of an adapter", "http:invoke", {**HTTP, "Authentication": CONNECTION, "Url": 1}, [error("/Url")]),
    Case("a connection", "http:invoke", {**HTTP, "Authentication": CONNECTION}),
    Case("a private connection", "http:invoke", {**HTTP, "InvocationConfig": CONNECTION}),
    Case("a connection by a path", "http:invoke", {**HTTP, "Authentication": {"ConnectionArn.$": "$.arn"}}),
    Case("a connection from the input", "http:invoke", {**HTTP, "Authentication.$": "$.connection"}),
    Case("a connection that is filled in", "http:invoke", {**HTTP, "Authentication": {"ConnectionArn": "${Arn}"}}),
    Case("no connection", "http:invoke", HTTP, [error()]),
    Case("an empty connection", "http:invoke", {**HTTP, "Authentication": {}}, [error()]),
    Case("a connection's name", "http:invoke", {**HTTP, "Authentication": {"ConnectionArn": "shop"}}, [
        error("/Authentication/ConnectionArn")]),
    Case("added by the integration", "bedrock:invokeModel", {"ModelId": "m", "Input": {"S3Uri": "s3://a/b"}}),
    Case("of a pattern that there is not", "sqs:sendMessage.sync", {"X": 1}, [("error", SCHEMA, "/Resource")]),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_fields_of_parameters(case: Case) -> None:
    assert places(check(case.resource, Parameters=case.parameters)) == case.expected


def test_arguments_of_jsonata() -> None:
    def arguments(**fields: Any) -> Found:
        value = {"Bucket": "b", "Key": "{% $states.input.key %}", **fields}
        return places(check("aws-sdk:s3:getObject", QueryLanguage="JSONata", Arguments=value))

    assert arguments() == []
    assert arguments(Colour=1) == [("error", SCHEMA, "/Arguments/Colour")]
    assert arguments(Colour="{% 1 %}") == [("warning", "UNSUPPORTED_FIELD", "/Arguments/Colour")]
    assert check("aws-sdk:s3:getObject", QueryLanguage="JSONata", Arguments="{% $states.input %}") == []


@pytest.mark.parametrize(
    ("resource", "parameters", "expected"),
    [
        ("getObject", {**PLACE, "ExpectedBucketOwner": "1"}, []),
        ("getObject", {"Bucket.$": "$.bucket", "Key.$": "$.key"}, []),
        ("getObject", {"Bucket": "b"}, [""]),
        ("getObject", {**PLACE, "Prefix": "p"}, ["/Prefix"]),
        ("listObjectsV2", {"Bucket": "b", "Prefix": "p"}, []),
        ("listObjectsV2", {"Bucket": "b", "Prfix": "p"}, ["/Prfix"]),
    ],
)
def test_parameters_of_an_item_reader(resource: str, parameters: dict[str, Any], expected: list[str]) -> None:
    body = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "I"}
    reader = {"Resource": f"arn:aws:states:::s3:{resource}", "Parameters": parameters}
    state = {"Type": "Map", "ItemReader": reader, "ItemProcessor": {**body, "States": {"I": {"Type": "Succeed"}}}}
    found = lint({"StartAt": "A", "States": {"A": {**state, "End": True}}})
    assert places(found) == [("error", SCHEMA, f"/ItemReader/Parameters{at}") for at in expected]
