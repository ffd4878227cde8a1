from __future__ import annotations

from typing import Any

import pytest

from sfn_provider.asl.document import Document
from sfn_provider.translate.known_failures import find_known_failures

UNSUPPORTED, SCHEMA = "UNSUPPORTED_INTEGRATION", "SCHEMA_VALIDATION_FAILED"


def find(resource: str, *, is_template: bool = False, **fields: Any) -> list[tuple[str, str, str, str]]:
    state = {"Type": "Task", "Resource": resource, "End": True, **fields}
    document = Document.open({"StartAt": "A", "States": {"A": state}})
    found = find_known_failures(document, is_template=is_template)
    return [(item.level, item.code, item.location.removeprefix("/States/A"), item.message) for item in found]


@pytest.mark.parametrize(
    ("call", "parameters", "expected"),
    [
        ("glue:startJobRun", {"JobName": "j"}, []),
        ("glue:startJobRun", {"JobName.$": "$.j"}, []),
        ("glue:startJobRun", {"jobName": "j"}, []),
        ("glue:startJobRunn", {}, [("/Resource", "Did you mean the action 'startJobRun'?")]),
        ("gluee:startJobRun", {}, [("/Resource", "Did you mean the service 'glue'?")]),
        ("glue:startJobRun", {"JobNam": "j"}, [
            ("/Parameters", "StartJobRun: the field 'JobName' is required but missing"),
            ("/Parameters/JobNam", "StartJobRun: there is no field 'JobNam'; did you mean 'JobName'?"),
        ]),
        ("glue:startJobRun", None, [("/Parameters", "the field 'JobName' is required but missing")]),
        ("ecs:runTask", {"TaskDefinition": "t", "NetworkConfiguration": {"AwsvpcConfiguration": {"Subnet": ["s"]}}}, [
            ("/Parameters/NetworkConfiguration/AwsvpcConfiguration", "the field 'Subnets' is required but missing"),
            ("/Parameters/NetworkConfiguration/AwsvpcConfiguration/Subnet", "there is no field 'Subnet'"),
        ]),
        ("ecs:runTask", {"TaskDefinition": "t", "NetworkConfiguration.$": "$.network"}, []),
        ("dynamodb:putItem", {"TableName": "t", "Item": {"any": {"S": "name"}}}, []),
        ("s3:listBuckets", {}, []),
        ("sts:getCallerIdentity", {"Name": "x"}, [("/Parameters/Name", "there is no field 'Name'")]),
        ("sfn:startExecution", {"StateMachineArn": "m", "Input": {"any": 1}}, []),
        ("batch:submitJob", {"JobName": "j", "JobQueue": "q", "JobDefinition": "d", "ContainerOverrides":
                             {"Environment": [{"Name": "a", "Value": "b"}, {"Nme": "c"}]}},
         [("/Parameters/ContainerOverrides/Environment/1/Nme", "there is no field 'Nme'; did you mean 'Name'?")]),
    ],
)  # fmt: skip
def test_calls_of_the_aws_sdk(call: str, parameters: Any, expected: list[tuple[str, str]]) -> None:
    found = find(f"arn:aws:states:::aws-sdk:{call}", **({} if parameters is None else {"Parameters": parameters}))
    assert [location for _, _, location, _ in found] == [location for location, _ in expected]
    for (level, code, location, message), (_, text) in zip(found, expected, strict=True):
        assert (level, code) == ("error", UNSUPPORTED if location == "/Resource" else SCHEMA)
        assert text in message


def test_what_a_rule_of_the_language_reports_is_not_reported_again() -> None:
    assert find("arn:aws:states:::aws-sdk:glue:startJobRunn.sync", Parameters={"JobName": "m"}) == []


def test_the_partition_need_not_be_known() -> None:
    resource = "arn:${AWS::Partition}:states:::aws-sdk:glue:startJobRun"
    assert find(resource, Parameters={"JobName": "j"}) == []
    assert [code for _, code, _, _ in find(resource, Parameters={"JobName": "j", "Jb": 1})] == [SCHEMA]


def test_arguments_of_jsonata() -> None:
    resource = "arn:aws:states:::aws-sdk:glue:startJobRun"
    [(_, _, location, _)] = find(resource, QueryLanguage="JSONata", Arguments={"JobName": "{% 1 %}", "Jb": 1})
    assert location == "/Arguments/Jb"
    assert find(resource, QueryLanguage="JSONata", Arguments="{% $states.input %}") == []


@pytest.mark.parametrize(
    ("resource", "is_template", "codes"),
    [
        ("${Notify}", False, ["RESOURCE_WITHOUT_VALUE"]),
        ("arn:aws:lambda:${Region}:1:function:f", False, ["RESOURCE_WITHOUT_VALUE"]),
        ("arn:aws:states:::${Service}:invoke", False, ["RESOURCE_WITHOUT_VALUE"]),
        ("arn:${AWS::Partition}:states:::lambda:invoke", False, []),
        ("${Notify}", True, []),
    ],
)
def test_resources_without_a_value(resource: str, is_template: bool, codes: list[str]) -> None:
    found = find(resource, is_template=is_template, Parameters={"FunctionName": "f", "other": 1})
    assert [(level, code) for level, code, _, _ in found] == [("warning", code) for code in codes]


def test_a_definition_that_cannot_be_read_has_none() -> None:
    assert find_known_failures(Document.open("[1]")) == []
    assert find_known_failures(Document.open({"StartAt": 1, "States": {"A": [], "B": {"Type": "Task"}}})) == []
