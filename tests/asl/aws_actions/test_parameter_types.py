"""Values of wrong types in the parameters of calls: what lint and the engine say of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from sfn_provider.asl import lint
from sfn_provider.asl.aws_actions.parameter_types import type_at
from sfn_provider.asl.resources import parse_resource
from sfn_provider.engine import simulate


@dataclass(frozen=True)
class Case:
    """Parameters of a call.

    Args:
        id: name of the test.
        resource: what is called, without ``arn:aws:states:::``.
        parameters: those that the test is about.
        wrong: the JSON pointers of values with a wrong type, each with what AWS says that it must be.
    """

    id: str
    resource: str
    parameters: dict[str, Any]
    wrong: dict[str, str]

    @property
    def all_parameters(self) -> dict[str, Any]:
        """These and others that the call needs."""
        return {**OTHERS[self.resource.removesuffix(".sync")], **self.parameters}


JOB = {"JobName": "j"}
OTHERS: dict[str, dict[str, Any]] = {
    "glue:startJobRun": JOB,
    "ecs:runTask": {"TaskDefinition": "t"},
    "dynamodb:putItem": {"TableName": "t"},
    "aws-sdk:sqs:sendMessage": {"QueueUrl": "q", "MessageBody": "m"},
    "aws-sdk:s3:putObject": {"Bucket": "b", "Key": "k"},
    "sqs:sendMessage": {"QueueUrl": "q"},
    "sns:publish": {"TopicArn": "t"},
    "lambda:invoke": {"FunctionName": "f"},
}
"""What a call needs beside the parameters that a test is about."""

TEXT, NUMBER, WHOLE, FLAG, LIST, OBJECT = (
    *("a STRING", "a NUMBER", "an INTEGER"),
    *("a BOOLEAN", "an ARRAY", "an OBJECT"),
)

CASES = [
    Case("a number for a text", "glue:startJobRun", {"JobName": 5}, {"/JobName": TEXT}),
    Case("a flag for a text", "glue:startJobRun.sync", {"JobName": True}, {"/JobName": TEXT}),
    Case("a number in a map of texts", "glue:startJobRun", {"Arguments": {"--n": 5}}, {"/Arguments/--n": TEXT}),
    Case("a list for a map", "glue:startJobRun", {"Arguments": ["--n"]}, {"/Arguments": OBJECT}),
    Case("a text for an object", "glue:startJobRun", {"NotificationProperty": "5"}, {"/NotificationProperty": OBJECT}),
    Case("a text for an integer", "glue:startJobRun", {"Timeout": "5"}, {"/Timeout": WHOLE}),
    Case("a fraction for an integer", "glue:startJobRun", {"Timeout": 1.5}, {"/Timeout": WHOLE}),
    Case("a text for a number", "glue:startJobRun", {"MaxCapacity": "1"}, {"/MaxCapacity": NUMBER}),
    Case("a text for a list", "ecs:runTask", {"Tags": "t"}, {"/Tags": LIST}),
    Case("within a list", "ecs:runTask", {"Tags": [{"Key": "k"}, {"Key": 1}]}, {"/Tags/1/Key": TEXT}),
    Case("a number for a flag", "ecs:runTask", {"EnableExecuteCommand": 1}, {"/EnableExecuteCommand": FLAG}),
    Case("a number for an attribute", "dynamodb:putItem", {"Item": {"id": 5}}, {"/Item/id": OBJECT}),
    Case("a text for an attribute", "dynamodb:putItem", {"Item": {"id": "a"}}, {}),
    Case("of the AWS SDK", "aws-sdk:sqs:sendMessage", {"DelaySeconds": "5"}, {"/DelaySeconds": WHOLE}),
    Case("an object of the AWS SDK", "aws-sdk:s3:putObject", {"Tagging": 5}, {"/Tagging": TEXT}),
    Case("two", "glue:startJobRun", {"JobName": 5, "Timeout": "5"}, {"/JobName": TEXT, "/Timeout": WHOLE}),
    Case("an object for a text", "sqs:sendMessage", {"MessageBody": {"a": 1}}, {}),
    Case("a list for a text", "sns:publish", {"Message": [1]}, {}),
    Case("an integral number for an integer", "glue:startJobRun", {"Timeout": 5.0}, {}),
    Case("a text for a flag", "ecs:runTask", {"EnableExecuteCommand": "true"}, {}),
    Case("null", "glue:startJobRun", {"Timeout": None, "Arguments": None}, {}),
    Case("any payload", "lambda:invoke", {"Payload": 5}, {}),
]


def machine(resource: str, **task: Any) -> dict[str, Any]:
    state = {"Type": "Task", "Resource": f"arn:aws:states:::{resource}", "End": True, **task}
    return {"StartAt": "A", "States": {"A": state}}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_literal_parameters(case: Case) -> None:
    found = lint(machine(case.resource, Parameters=case.all_parameters))
    names = {at: at.rpartition("/")[2] for at in case.wrong}
    assert [(entry.level, entry.code, entry.location, entry.message) for entry in found] == [
        (
            *("warning", "PARAMETER_TYPE", f"/States/A/Parameters{at}"),
            f"{names[at]} must be {expected}. The state fails whenever it runs",
        )
        for at, expected in case.wrong.items()
    ]


@pytest.mark.parametrize("language", ["JSONPath", "JSONata"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_parameters_that_are_computed(case: Case, language: str) -> None:
    """With a mock, a call that AWS would not make is not made either; no Catch takes it."""
    if language == "JSONata":
        arguments = {name: f"{{% $states.input.{name} %}}" for name in case.all_parameters}
        task: dict[str, Any] = {"QueryLanguage": "JSONata", "Arguments": arguments}
    else:
        task = {"Parameters": {f"{name}.$": f"$.{name}" for name in case.all_parameters}}
    definition = machine(case.resource, **task, Catch=[{"ErrorEquals": ["States.ALL"], "Next": "B"}])
    definition["States"]["B"] = {"Type": "Succeed"}
    assert lint(definition) == []
    found = simulate(definition, case.all_parameters, mocks={"A": [{"Return": 1}]})
    if not case.wrong:
        assert (found.status, found.output) == ("SUCCEEDED", 1), found.cause
        return
    problems = ", ".join(
        f"The value for the field '{at.rpartition('/')[2]}' must be {expected}" for at, expected in case.wrong.items()
    )
    assert (found.error, [event["type"] for event in found.events][2:]) == ("States.Runtime", ["ExecutionFailed"])
    assert (found.cause or "").endswith(f" could not be used to start the Task: [{problems}]")


@pytest.mark.parametrize("value", ["{% $states.input.n %}", "${Name}"])
def test_values_that_are_not_known_yet(value: str) -> None:
    found = lint(machine("glue:startJobRun", QueryLanguage="JSONata", Arguments={**JOB, "Timeout": value}))
    assert [entry.code for entry in found if entry.code == "PARAMETER_TYPE"] == []


@pytest.mark.parametrize(
    ("resource", "steps", "expected"),
    [
        ("glue:startJobRun", ["Timeout.$"], "i"),
        ("glue:startJobRun", ["Arguments", "--n.$"], "t"),
        ("glue:startJobRun", ["NotificationProperty", "NotifyDelayAfter"], "i"),
        ("ecs:runTask", ["Tags", "0", "Key"], "t"),
        ("ecs:runTask", ["Tagss", "0", "Key"], ""),
        ("glue:startJobRun", ["Timeout", "Days"], ""),
        ("aws-sdk:s3:putObject", ["Metadata", "m"], "t"),
        ("aws-sdk:s3:putObject", ["Metadata"], "mt"),
        ("dynamodb:putItem", ["Item", "id.$"], "t"),
        ("aws-sdk:nosuch:putObject", ["Metadata"], ""),
    ],
)
def test_the_type_of_a_place(resource: str, steps: list[str], expected: str) -> None:
    assert type_at(parse_resource(f"arn:aws:states:::{resource}"), steps) == expected
