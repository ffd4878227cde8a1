"""Parameters as arguments of operators, and paths into results."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from sfn_provider.translate.native.operator_table import (
    JsonText,
    NotExpressible,
    OperatorRow,
    Returned,
    TextOf,
    assign_arguments,
    find_operator,
    read_result,
)

AIRFLOW, NEWEST = (3, 3), (9, 39)


class Unknown:
    """What stands for a value that is known only when the DAG runs."""


UNKNOWN = Unknown()


def row_of(resource: str, amazon: tuple[int, ...] = NEWEST) -> OperatorRow:
    row = find_operator(resource, AIRFLOW, amazon)
    assert row is not None
    return row


@dataclass(frozen=True)
class Case:
    """A Task and its operator's arguments, beside the constants."""

    name: str
    resource: str
    parameters: dict[str, Any]
    arguments: dict[str, Any]


TOPIC = {"TopicArn": "arn", "Message": "m"}
QUERY = {"QueryString": "SELECT 1"}
CASES = [
    Case("null", "lambda:invoke", {"FunctionName": "f", "Payload": None}, {"function_name": "f"}),
    Case(
        "json",
        "lambda:invoke",
        {"FunctionName": UNKNOWN, "Payload": UNKNOWN},
        {
            "function_name": UNKNOWN,
            "payload": JsonText(UNKNOWN),
        },
    ),
    Case("text", "sns:publish", TOPIC | {"Message": UNKNOWN}, {"target_arn": "arn", "message": TextOf(UNKNOWN)}),
    Case(
        "object as text",
        "sns:publish",
        TOPIC | {"Message": {"a": UNKNOWN}},
        {
            "target_arn": "arn",
            "message": JsonText({"a": UNKNOWN}),
        },
    ),
    Case(
        "texts of a map",
        "glue:startJobRun",
        {"JobName": "j", "Arguments": {"--a": UNKNOWN, "--b": [1]}},
        {
            "job_name": "j",
            "script_args": {"--a": TextOf(UNKNOWN), "--b": JsonText([1])},
        },
    ),
    Case(
        "passed through",
        "glue:startJobRun",
        {"JobName": "j", "Timeout": 5, "SecurityConfiguration": UNKNOWN},
        {
            "job_name": "j",
            "run_job_kwargs": {"Timeout": 5, "SecurityConfiguration": UNKNOWN},
        },
    ),
    Case(
        "part of an object",
        "athena:startQueryExecution.sync",
        QUERY | {"QueryExecutionContext": {"Catalog": "c"}},
        {
            "query": "SELECT 1",
            "catalog": "c",
        },
    ),
    Case(
        "rest of an object",
        "athena:startQueryExecution.sync",
        QUERY | {"ResultConfiguration": {"OutputLocation": UNKNOWN, "ExpectedBucketOwner": "1"}},
        {"query": "SELECT 1", "output_location": UNKNOWN, "result_configuration": {"ExpectedBucketOwner": "1"}},
    ),
    Case(
        "constant that a parameter sets",
        "ecs:runTask",
        {"TaskDefinition": "t", "LaunchType": UNKNOWN},
        {
            "task_definition": "t",
            "launch_type": UNKNOWN,
        },
    ),
    Case(
        "names of the API",
        "ecs:runTask",
        {
            "TaskDefinition": "t",
            "Overrides": {"ContainerOverrides": [{"Name": "n", "Environment": [{"Name": "A", "Value": UNKNOWN}]}]},
        },
        {
            "task_definition": "t",
            "overrides": {"containerOverrides": [{"name": "n", "environment": [{"name": "A", "value": UNKNOWN}]}]},
        },
    ),
    Case(
        "a user's names",
        "emr-serverless:startJobRun",
        {
            "ApplicationId": "a",
            "ExecutionRoleArn": "r",
            "Name": "n",
            "JobDriver": {},
            "Tags": {"Team": "t"},
        },
        {
            "application_id": "a",
            "execution_role_arn": "r",
            "name": "n",
            "job_driver": {},
            "config": {"tags": {"Team": "t"}},
        },
    ),
    Case(
        "tags",
        "ecs:runTask",
        {"TaskDefinition": "t", "Tags": [{"Key": "k", "Value": UNKNOWN}]},
        {
            "task_definition": "t",
            "tags": {"k": UNKNOWN},
        },
    ),
    Case(
        "a detail",
        "events:putEvents",
        {"Entries": [{"Detail": {"a": 1}, "Source": UNKNOWN}]},
        {
            "entries": [{"Detail": JsonText({"a": 1}), "Source": UNKNOWN}],
        },
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_parameters_become_arguments(case: Case) -> None:
    row = row_of(case.resource)
    assert assign_arguments(row, case.parameters) == dict(row.constants) | case.arguments


EVENT = {"TaskDefinition": "t"}
REFUSED = [
    ("lambda:invoke", {"Payload": {}}, "LambdaInvokeFunctionOperator needs FunctionName"),
    (
        "lambda:invoke",
        {"FunctionName": "f", "TenantId": "t"},
        "Operator has no argument for TenantId",
    ),
    (
        "athena:startQueryExecution.sync",
        QUERY | {"QueryExecutionContext": UNKNOWN},
        "no argument for QueryEx",
    ),
    (
        "elasticmapreduce:createCluster",
        {"Name": "n", "Steps": []},
        "Operator cannot be used with Steps",
    ),
    ("sns:publish", TOPIC | {"MessageStructure": "json"}, "no argument for MessageStructure"),
    ("sns:publish", TOPIC | {"MessageAttributes": {"a": {"DataType": "Number", "StringValue": "1"}}}, "'a' is not"),
    ("sns:publish", TOPIC | {"MessageAttributes": UNKNOWN}, "message attributes are only known when the DAG runs"),
    ("ecs:runTask", EVENT | {"Overrides": UNKNOWN}, "an object is only known when the DAG runs"),
    ("ecs:runTask", EVENT | {"Overrides": {"ContainerOverrides": UNKNOWN}}, "containerOverrides is only known when"),
    ("ecs:runTask", EVENT | {"Overrides": {"ContainerOverrides": [UNKNOWN]}}, "containerOverrides is only known when"),
    ("ecs:runTask", EVENT | {"Tags": UNKNOWN}, "the tags are not a literal list"),
    ("ecs:runTask", EVENT | {"Tags": [{"Key": UNKNOWN, "Value": "v"}]}, "the keys of the tags are only known"),
    ("events:putEvents", {"Entries": UNKNOWN}, "the entries are only known when the DAG runs"),
    ("aws-sdk:s3:copyObject", {"Bucket": "b", "Key": "k", "CopySource": "b/a%20c"}, "CopySource is no literal"),
    ("aws-sdk:s3:copyObject", {"Bucket": "b", "Key": "k", "CopySource": UNKNOWN}, "CopySource is no literal"),
    ("aws-sdk:s3:deleteObjects", {"Bucket": "b", "Delete": {"Objects": UNKNOWN}}, "the objects are only known"),
    (
        "aws-sdk:s3:deleteObjects",
        {"Bucket": "b", "Delete": {"Objects": [{"Key": "k", "VersionId": "1"}]}},
        "an object that is deleted has VersionId",
    ),
    ("aws-sdk:s3:deleteObjects", {"Bucket": "b", "Delete": {"Objects": [{"Key": "k"}], "Quiet": True}}, "for Delete"),
    (
        "aws-sdk:kinesisanalyticsv2:createApplication",
        {
            **dict.fromkeys(("ApplicationName", "RuntimeEnvironment", "ServiceExecutionRole"), "x"),
            "ApplicationDescription": "x",
            "ApplicationConfiguration": {"SqlApplicationConfiguration": {}},
        },
        "cannot be used with ApplicationConfiguration.SqlApplicationConfiguration",
    ),
    (
        "emr-containers:createVirtualCluster",
        {"Name": "n", "ContainerProvider": {"Type": "ECS", "Id": "i", "Info": {"EksInfo": {"Namespace": "x"}}}},
        "EmrEksCreateClusterOperator sends ContainerProvider.Type as 'EKS'",
    ),
]


@pytest.mark.parametrize(
    ("resource", "parameters", "why"), REFUSED, ids=[f"{row[0]} {row[2][-24:]}" for row in REFUSED]
)
def test_an_operator_that_does_less_is_refused(resource: str, parameters: dict[str, Any], why: str) -> None:
    with pytest.raises(NotExpressible) as refusal:
        assign_arguments(row_of(resource), parameters)
    assert why in str(refusal.value)


@pytest.mark.parametrize(
    ("resource", "path", "found"),
    [
        ("lambda:invoke", ("Payload", "score", 0), (Returned("json"), ("score", 0))),
        ("lambda:invoke", ("StatusCode",), None),
        ("lambda:invoke", (), None),
        ("arn:aws:lambda:us-east-1:123456789012:function:f", ("score",), (Returned("json"), ("score",))),
        ("ecs:runTask", ("Tasks", 0, "TaskArn"), (Returned(xcom="ecs_task_arn"), ())),
        ("ecs:runTask", ("Tasks", 1, "TaskArn"), None),
        ("glue:startJobRun.sync", ("JobRunState",), (Returned("constant", constant="SUCCEEDED"), ())),
    ],
    ids=str,
)
def test_paths_of_results(resource: str, path: tuple[str | int, ...], found: Any) -> None:
    assert read_result(row_of(resource), path) == found


def test_parameters_are_not_changed() -> None:
    parameters = QUERY | {"QueryExecutionContext": {"Database": "d"}}
    assign_arguments(row_of("athena:startQueryExecution.sync"), parameters)
    assert parameters == QUERY | {"QueryExecutionContext": {"Database": "d"}}
