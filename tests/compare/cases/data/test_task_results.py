"""Results of services in made cases: the shape of the service's model, and what later states read."""

from __future__ import annotations

import pytest

from sfn_provider.asl.resources import parse_resource
from sfn_provider.compare import make_cases
from sfn_provider.compare.cases.data.task_results import sample_result
from sfn_provider.engine.state_test.result_checks import check_result
from sfn_provider.engine.state_test.result_shapes import find_result_shape
from tests.compare.cases.machines import DONE, choice, ends, machine, task
from tests.compare.cases.reached_cases import without_end

SNS = {"TopicArn": "arn:aws:sns:us-east-1:123456789012:T", "Message": "m"}
RESOURCES = [
    "arn:aws:states:::glue:startJobRun.sync",
    "arn:aws:states:::athena:startQueryExecution.sync",
    "arn:aws:states:::batch:submitJob.sync",
    "arn:aws:states:::ecs:runTask.sync",
    "arn:aws:states:::dynamodb:getItem",
    "arn:aws:states:::lambda:invoke",
    "arn:aws:states:::sns:publish",
    "arn:aws:states:::sqs:sendMessage",
    "arn:aws:states:::events:putEvents",
    "arn:aws:states:::states:startExecution.sync:2",
    "arn:aws:states:::sagemaker:createTrainingJob.sync",
    "arn:aws:states:::emr-serverless:startJobRun.sync",
    "arn:aws:states:::aws-sdk:s3:getObject",
    "arn:aws:states:::aws-sdk:ec2:describeInstances",
    "arn:aws:states:::aws-sdk:dynamodb:query",
    "arn:aws:states:::aws-sdk:rekognition:detectLabels",
]


@pytest.mark.parametrize("resource", RESOURCES)
def test_results_have_the_shape_of_the_service_s_model(resource: str) -> None:
    shape = find_result_shape(parse_resource(resource))
    result = sample_result(resource)
    assert isinstance(result, dict)
    if shape is not None:
        check_result(result, shape, strict=True)


def test_what_a_later_state_reads_of_a_result_has_the_type_in_the_model() -> None:
    definition = machine(
        "Run",
        {
            "Run": without_end(
                task(Resource="arn:aws:states:::ecs:runTask.sync", Parameters={"TaskDefinition": "t"}), "Code"
            ),
            "Code": choice({"Variable": "$.Containers[0].ExitCode", "NumericEquals": 0, "Next": "Yes"}),
            **ends("Yes", "No"),
        },
    )
    made = make_cases(definition)
    codes = [entry["0"]["Return"]["Containers"][0]["ExitCode"] for entry in made["MockedResponses"].values()]
    assert sorted(codes) == [0, 1]
    assert "NotReached" not in made


def test_a_member_that_the_service_never_returns_is_not_made_up() -> None:
    definition = machine(
        "Send",
        {
            "Send": without_end(task(Resource="arn:aws:states:::sns:publish", Parameters=SNS), "Use"),
            "Use": {"Type": "Pass", "Parameters": {"x.$": "$.Receipt"}, "Next": "After"},
            "After": DONE,
        },
    )
    made = make_cases(definition)
    assert "could not be found" in made["NotReached"]["state 'After'"]


@pytest.mark.parametrize("resource", ["apigateway:invoke", "http:invoke"])
def test_the_answer_of_an_endpoint_has_what_step_functions_always_gives(resource: str) -> None:
    result = sample_result(f"arn:aws:states:::{resource}")
    assert isinstance(result, dict)
    assert set(result) == {"ResponseBody", "Headers", "StatusCode", "StatusText"}
