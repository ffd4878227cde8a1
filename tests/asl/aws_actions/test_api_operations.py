from __future__ import annotations

import pytest

from sfn_provider.asl.aws_actions.api_operations import closest_action, closest_service, find_operation
from sfn_provider.asl.resources import parse_resource
from sfn_provider.botocore_models.models import BotocoreModels
from sfn_provider.exceptions import StatesError


@pytest.fixture(scope="module")
def models() -> BotocoreModels:
    return BotocoreModels()


@pytest.mark.parametrize(
    ("written", "meant"),
    [("stepfunctions", "sfn"), ("logs", "cloudwatchlogs"), ("dynamo", "dynamodb"), ("zzzzzz", None)],
)
def test_a_service_somebody_may_have_meant(models: BotocoreModels, written: str, meant: str | None) -> None:
    assert closest_service(written, models.services()) == meant


@pytest.mark.parametrize(
    ("action", "closest"),
    [
        ("describeDBInstances", "describeDBInstances"),
        ("describeDbInstances", "describeDBInstances"),
        ("DescribeDBInstances", "describeDBInstances"),
        ("startDbInstanc", "startDBInstance"),
        ("qqqqqq", None),
    ],
)
def test_an_action_somebody_may_have_meant(models: BotocoreModels, action: str, closest: str | None) -> None:
    assert closest_action(models.model("rds"), action) == closest


@pytest.mark.parametrize(
    ("resource", "operation"),
    [
        ("arn:aws:states:::aws-sdk:rds:describeDBInstances", ("rds", "DescribeDBInstances")),
        ("arn:aws:states:::elasticmapreduce:addStep.sync", ("emr", "AddJobFlowSteps")),
        ("arn:aws:lambda:us-east-1:123456789012:function:work", ("lambda", "Invoke")),
        ("arn:aws:states:::http:invoke", ("events", "")),
    ],
)
def test_the_operation_of_a_resource(models: BotocoreModels, resource: str, operation: tuple[str, str]) -> None:
    found = find_operation(parse_resource(resource), models)
    assert (found.client, found.operation) == operation


def test_a_pattern_that_an_operation_cannot_be_called_with(models: BotocoreModels) -> None:
    with pytest.raises(StatesError) as caught:
        find_operation(parse_resource("arn:aws:states:::sqs:sendMessage.sync"), models)
    assert str(caught.value.cause).endswith("with the pattern sync, only with: request_response, waitForTaskToken.")
