"""The actions of the IAM policy are those that the code calls."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import sfn_provider
from sfn_provider.asl.resources import parse_resource
from sfn_provider.integrations.clients import Clients
from sfn_provider.integrations.optimized.table import OPTIMIZED_INTEGRATIONS
from sfn_provider.mwaa.iam.actions import CLASS_OPERATIONS, task_actions
from sfn_provider.operators import step_function as operators
from sfn_provider.sensors import step_function as sensors
from tests.fixtures.session.versions import from_boto3

ROOT = Path(sfn_provider.__file__).parent
DRIVES = ("executions", "hooks", "operators", "sensors", "triggers", "waiting")
# A method of a client for Step Functions, or its name as the pollers and the shared calls take it.
CALLED = re.compile(
    r"(?:conn|client)\.([a-z]+(?:_[a-z]+)+)\(|(?:AwsCall|_call|_call_aws|call|bucket_for)\(\s*\"([a-z]+(?:_[a-z]+)+)\""
)


def operations_in_code() -> set[str]:
    """The operations of Step Functions that the driving side calls, by the text of its modules."""
    import botocore.session

    model = botocore.session.get_session().get_service_model("stepfunctions")
    known = {_snake(name): name for name in model.operation_names}
    texts = [path.read_text() for folder in DRIVES for path in (ROOT / folder).rglob("*.py")]
    found = {name for text in texts for match in CALLED.findall(text) for name in match if name}
    return {known[name] for name in found if name in known}


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()


def test_every_class_that_drives_has_its_operations() -> None:
    public = {name for module in (operators, sensors) for name in module.__all__}
    driving = {name for name in public if name.endswith(("Operator", "Sensor"))}
    assert driving | {"StepFunctionExecutionEventTrigger"} == set(CLASS_OPERATIONS)


def test_the_operations_are_those_that_the_code_calls() -> None:
    assert {name for names in CLASS_OPERATIONS.values() for name in names} == operations_in_code()


RESOURCES = {
    "a job is looked at, also in batches, and stopped": (
        "glue:startJobRun.sync",
        "glue:BatchStopJobRun glue:GetJobRun glue:GetJobRuns glue:StartJobRun",
    ),
    "a message is sent": ("sns:publish", "sns:Publish"),
    "a job is looked for": (
        "batch:submitJob.sync",
        "batch:DescribeJobs batch:ListJobs batch:SubmitJob batch:TerminateJob",
    ),
    "a function": ("lambda:invoke", "lambda:InvokeFunction"),
    "a list of objects": ("aws-sdk:s3:listObjectsV2", "s3:ListBucket"),
    "a service signed by another name": ("aws-sdk:cloudwatch:putMetricData", "cloudwatch:PutMetricData"),
    "an execution": (
        "states:startExecution.sync:2",
        "states:DescribeExecution states:StartExecution states:StopExecution",
    ),
    "an API": ("apigateway:invoke", "execute-api:Invoke"),
}


@pytest.mark.parametrize("case", RESOURCES)
def test_a_task_needs_what_its_calls_do(case: str) -> None:
    resource, expected = RESOURCES[case]
    found = task_actions(parse_resource(f"arn:aws:states:::{resource}"), Clients(None))
    assert found == set(expected.split())


@from_boto3(1, 43, reason="does not know all services of the table")
def test_every_integration_has_actions() -> None:
    clients = Clients(None)
    for row in OPTIMIZED_INTEGRATIONS.values():
        for pattern in row.patterns:
            suffix = "" if pattern == "request_response" else f".{pattern}"
            found = task_actions(parse_resource(f"arn:aws:states:::{row.name}{suffix}"), clients)
            assert found, row.name
            assert all(re.fullmatch(r"[a-z0-9-]+:[A-Z][A-Za-z0-9]*\*?", action) for action in found), found
