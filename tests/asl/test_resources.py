from __future__ import annotations

from dataclasses import dataclass

import pytest

from sfn_provider.asl.resources import Resource, parse_resource

FUNCTION = "arn:aws:lambda:eu-west-1:210987654321:function:resize"


@dataclass(frozen=True)
class Case:
    text: str
    expected: Resource
    resource: str
    resource_type: str | None


CASES = [
    Case(
        FUNCTION,
        Resource(FUNCTION, "lambda", "lambda", None, "request_response", "aws", "eu-west-1", "210987654321"),
        FUNCTION,
        "lambda",
    ),
    Case(
        FUNCTION + ":live",
        Resource(FUNCTION + ":live", "lambda", "lambda", None, "request_response", "aws", "eu-west-1", "210987654321"),
        FUNCTION + ":live",
        "lambda",
    ),
    Case(
        "arn:aws-cn:lambda:cn-north-1:1:function:f:$LATEST",
        Resource(
            "arn:aws-cn:lambda:cn-north-1:1:function:f:$LATEST",
            "lambda",
            "lambda",
            None,
            "request_response",
            "aws-cn",
            "cn-north-1",
            "1",
        ),
        "arn:aws-cn:lambda:cn-north-1:1:function:f:$LATEST",
        "lambda",
    ),
    Case(
        "arn:aws-us-gov:states:us-gov-west-1:1:activity:approve",
        Resource(
            "arn:aws-us-gov:states:us-gov-west-1:1:activity:approve",
            "activity",
            "activity",
            None,
            "request_response",
            "aws-us-gov",
            "us-gov-west-1",
            "1",
        ),
        "arn:aws-us-gov:states:us-gov-west-1:1:activity:approve",
        "activity",
    ),
    Case(
        "arn:aws:states:::sqs:sendMessage",
        Resource("arn:aws:states:::sqs:sendMessage", "optimized", "sqs", "sendMessage", partition="aws"),
        "sendMessage",
        "sqs",
    ),
    Case(
        "arn:aws:states:::batch:submitJob.sync",
        Resource("arn:aws:states:::batch:submitJob.sync", "optimized", "batch", "submitJob", "sync", "aws"),
        "submitJob.sync",
        "batch",
    ),
    Case(
        "arn:aws:states:::states:startExecution.sync:2",
        Resource(
            "arn:aws:states:::states:startExecution.sync:2", "optimized", "states", "startExecution", "sync:2", "aws"
        ),
        "startExecution.sync:2",
        "states",
    ),
    Case(
        "arn:aws:states:::lambda:invoke.waitForTaskToken",
        Resource(
            "arn:aws:states:::lambda:invoke.waitForTaskToken",
            "optimized",
            "lambda",
            "invoke",
            "waitForTaskToken",
            "aws",
        ),
        "invoke.waitForTaskToken",
        "lambda",
    ),
    Case(
        "arn:aws:states:::aws-sdk:dynamodb:query",
        Resource("arn:aws:states:::aws-sdk:dynamodb:query", "aws-sdk", "dynamodb", "query", partition="aws"),
        "query",
        "aws-sdk:dynamodb",
    ),
    Case(
        "arn:aws:states:::http:invoke",
        Resource("arn:aws:states:::http:invoke", "http:invoke", "http", "invoke", partition="aws"),
        "invoke",
        "http",
    ),
    Case(
        "arn:${AWS::Partition}:states:::sns:publish",
        Resource(
            "arn:${AWS::Partition}:states:::sns:publish", "optimized", "sns", "publish", partition="${AWS::Partition}"
        ),
        "publish",
        "sns",
    ),
    Case(
        "arn:aws:lambda:${AWS::Region}:${AWS::AccountId}:function:f",
        Resource(
            "arn:aws:lambda:${AWS::Region}:${AWS::AccountId}:function:f",
            "lambda",
            "lambda",
            None,
            "request_response",
            "aws",
            "${AWS::Region}",
            "${AWS::AccountId}",
        ),
        "arn:aws:lambda:${AWS::Region}:${AWS::AccountId}:function:f",
        "lambda",
    ),
    Case("${Resize.Arn}", Resource("${Resize.Arn}", "unknown"), "${Resize.Arn}", None),
    Case("foo:bar", Resource("foo:bar", "unknown"), "foo:bar", None),
    Case("", Resource("", "unknown"), "", None),
    Case(
        "arn:aws:states:::sqs",
        Resource("arn:aws:states:::sqs", "unknown", partition="aws"),
        "arn:aws:states:::sqs",
        None,
    ),
    Case(
        "arn:aws:states:::sqs:sendMessage.later",
        Resource("arn:aws:states:::sqs:sendMessage.later", "unknown", partition="aws"),
        "arn:aws:states:::sqs:sendMessage.later",
        None,
    ),
    Case(
        "arn:aws:sqs:eu-west-1:1:queue",
        Resource("arn:aws:sqs:eu-west-1:1:queue", "unknown", None, None, "request_response", "aws", "eu-west-1", "1"),
        "arn:aws:sqs:eu-west-1:1:queue",
        None,
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.text)
def test_parse_resource(case: Case) -> None:
    parsed = parse_resource(case.text)
    assert parsed == case.expected
    assert (parsed.resource, parsed.resource_type) == (case.resource, case.resource_type)
