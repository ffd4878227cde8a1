from __future__ import annotations

from typing import Any

import pytest

from sfn_provider.asl.aws_actions import installed_actions
from sfn_provider.asl.document import Document
from sfn_provider.translate.known_failures import find_known_failures

SCHEMA = "SCHEMA_VALIDATION_FAILED"


def open_task(resource: str, **fields: Any) -> Document:
    state = {"Type": "Task", "Resource": resource, "End": True, **fields}
    return Document.open({"StartAt": "A", "States": {"A": state}})


def find(resource: str, *, is_template: bool = False, **fields: Any) -> list[tuple[str, str, str, str]]:
    found = find_known_failures(open_task(resource, **fields), is_template=is_template)
    return [(item.level, item.code, item.location.removeprefix("/States/A"), item.message) for item in found]


NETWORK = {"AwsvpcConfiguration": {"Subnet": ["s"]}}


@pytest.mark.parametrize(
    ("call", "parameters", "expected"),
    [
        ("glue:startJobRun", {"JobName": "j"}, []),
        ("ecs:runTask", {"TaskDefinition": "t", "NetworkConfiguration": NETWORK}, [
            ("/NetworkConfiguration/AwsvpcConfiguration", "the field 'Subnets' is required but missing"),
            ("/NetworkConfiguration/AwsvpcConfiguration/Subnet", "did you mean 'Subnets'?"),
        ]),
        ("ecs:runTask", {"TaskDefinition": "t", "NetworkConfiguration.$": "$.network"}, []),
        ("dynamodb:putItem", {"TableName": "t", "Item": {"any": {"S": "name"}}}, []),
        ("sfn:startExecution", {"StateMachineArn": "m", "Input": {"any": 1}}, []),
        ("textract:startDocumentTextDetection",
         {"DocumentLocation": {}, "NotificationChannel": {"RoleArn": "r", "SNSTopicArn": "t"}}, [
            ("/NotificationChannel", "the field 'SnsTopicArn' is required but missing"),
            ("/NotificationChannel/SNSTopicArn", "did you mean 'SnsTopicArn'?"),
        ]),
        ("batch:submitJob", {"JobName": "j", "JobQueue": "q", "JobDefinition": "d", "ContainerOverrides":
                             {"Environment": [{"Name": "a", "Value": "b"}, {"Nme": "c"}]}},
         [("/ContainerOverrides/Environment/1/Nme", "did you mean 'Name'?")]),
    ],
)  # fmt: skip
def test_fields_of_the_objects_inside(call: str, parameters: Any, expected: list[tuple[str, str]]) -> None:
    found = find(f"arn:aws:states:::aws-sdk:{call}", Parameters=parameters)
    assert [location for _, _, location, _ in found] == [f"/Parameters{location}" for location, _ in expected]
    for (level, code, _, message), (_, text) in zip(found, expected, strict=True):
        assert (level, code) == ("error", SCHEMA)
        assert text in message


@pytest.mark.parametrize(
    ("call", "fields"),
    [
        ("glue:startJobRun", {"Parameters": {"JobNam": "j"}}),
        ("glue:startJobRun", {}),
        ("glue:startJobRunn", {"Parameters": {"JobName": "m"}}),
        ("glue:startJobRunn.sync", {"Parameters": {"JobName": "m"}}),
        ("gluee:startJobRun", {"Parameters": {}}),
        ("qldb:listLedgers", {"Parameters": {}}),
        ("glue:startJobRun", {"QueryLanguage": "JSONata", "Arguments": {"JobName": "{% 1 %}", "Jb": 1}}),
    ],
)
def test_what_a_rule_of_the_language_reports_is_not_reported_again(call: str, fields: dict[str, Any]) -> None:
    resource = f"arn:aws:states:::aws-sdk:{call}"
    assert open_task(resource, **fields).diagnostics
    assert find(resource, **fields) == []


def test_an_action_that_the_installed_botocore_does_not_have_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installed_actions, "_read", lambda family, service: None)
    [(level, code, location, message)] = find("arn:aws:states:::aws-sdk:glue:startJobRun", Parameters={"JobName": "j"})
    assert (level, code, location) == ("warning", "UNSUPPORTED_INTEGRATION", "/Resource")
    assert "has no glue:startJobRun: install a newer one" in message


def test_the_partition_need_not_be_known() -> None:
    resource = "arn:${AWS::Partition}:states:::aws-sdk:ecs:runTask"
    assert find(resource, Parameters={"TaskDefinition": "t"}) == []
    found = find(resource, Parameters={"TaskDefinition": "t", "NetworkConfiguration": NETWORK})
    assert [code for _, code, _, _ in found] == [SCHEMA, SCHEMA]


def test_arguments_of_jsonata() -> None:
    resource = "arn:aws:states:::aws-sdk:ecs:runTask"
    arguments = {"TaskDefinition": "{% $states.input.t %}", "NetworkConfiguration": NETWORK}
    found = find(resource, QueryLanguage="JSONata", Arguments=arguments)
    assert {location for _, _, location, _ in found} == {
        "/Arguments/NetworkConfiguration/AwsvpcConfiguration",
        "/Arguments/NetworkConfiguration/AwsvpcConfiguration/Subnet",
    }
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


def test_calls_of_more_services_than_can_be_read_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    tasks = {
        name: {"Type": "Task", "Resource": f"arn:aws:states:::aws-sdk:{name}:none", "Next": "sqs"}
        for name in ("sqs", "ec2")
    }
    document = Document.open({"StartAt": "sqs", "States": tasks})
    monkeypatch.setattr(installed_actions, "MAX_COST", 20_000)
    found = [entry for entry in find_known_failures(document) if entry.code == "CALLS_NOT_COMPARED"]
    assert len(found) == 1 and "the calls of 'ec2' are not compared" in found[0].message
