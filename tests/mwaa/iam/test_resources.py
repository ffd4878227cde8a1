"""The resources of actions are those that a Task's parameters name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pytest

from sfn_provider.mwaa.iam.arns import CONVERTERS
from sfn_provider.mwaa.iam.resources import RESOURCES, UnknownResource, action_resources
from sfn_provider.mwaa.literal_values import PLACEHOLDER, UNKNOWN

QUEUE = "https://sqs.eu-west-1.amazonaws.com/123456789012/orders"
MACHINE = "arn:aws:states:eu-west-1:123456789012:stateMachine:Orders"
CONNECTION = "arn:aws:events:eu-west-1:123456789012:connection/Stripe/1a2b"


@dataclass(frozen=True)
class Case:
    """An action with parameters, and its resources, which ``arn:aws:`` comes before."""

    action: str
    parameters: Any
    expected: str
    task: tuple[str | None, str | None] = (None, None)


CASES = {
    "a name": Case("glue:StartJobRun", {"JobName": "nightly"}, "glue:*:*:job/nightly"),
    "the name of a function": Case(
        "lambda:InvokeFunction", {"FunctionName": "f"}, "lambda:*:*:function:f lambda:*:*:function:f:*"
    ),
    "an alias of a function": Case("lambda:InvokeFunction", {"FunctionName": "f:PROD"}, "lambda:*:*:function:f:PROD"),
    "a function of an account": Case(
        "lambda:InvokeFunction", {"FunctionName": "12:function:f:1"}, "lambda:*:12:function:f:1"
    ),
    "the ARN of a function": Case(
        "lambda:InvokeFunction",
        {"FunctionName": "arn:aws:lambda:eu-west-1:1:function:f"},
        "lambda:eu-west-1:1:function:f lambda:eu-west-1:1:function:f:*",
    ),
    "a table": Case("dynamodb:GetItem", {"TableName": "orders"}, "dynamodb:*:*:table/orders"),
    "the ARN of a table and its indexes": Case(
        "dynamodb:Query",
        {"TableName": "arn:aws:dynamodb:eu-west-1:1:table/orders"},
        "dynamodb:eu-west-1:1:table/orders dynamodb:eu-west-1:1:table/orders/index/*",
    ),
    "the tables of a batch": Case(
        "dynamodb:BatchGetItem", {"RequestItems": {"a": {}, "b": {}}}, "dynamodb:*:*:table/a dynamodb:*:*:table/b"
    ),
    "the tables of a transaction": Case(
        "dynamodb:PutItem",
        {"TransactItems": [{"Put": {"TableName": "a"}}, {"Update": {"TableName": "b"}}]},
        "dynamodb:*:*:table/a dynamodb:*:*:table/b",
    ),
    "a topic": Case("sns:Publish", {"TopicArn": "arn:aws:sns:eu-west-1:1:t"}, "sns:eu-west-1:1:t"),
    "a queue": Case("sqs:SendMessage", {"QueueUrl": QUEUE}, "sqs:eu-west-1:123456789012:orders"),
    "the objects of a bucket": Case("s3:GetObject", {"Bucket": "b", "Key.$": "$.k"}, "s3:::b/*"),
    "a bucket": Case("s3:ListBucket", {"Bucket": "b"}, "s3:::b"),
    "what is copied": Case("s3:GetObject", {"Bucket": "b", "CopySource": "/a/k"}, "s3:::a/*"),
    "another action of S3": Case("s3:GetBucketTagging", {"Bucket": "b"}, "s3:::b s3:::b/*"),
    "a workgroup": Case("athena:GetQueryExecution", {"WorkGroup": "w"}, "athena:*:*:workgroup/w"),
    "the workgroup of none": Case(
        "athena:StartQueryExecution", {}, "athena:*:*:workgroup/primary", ("athena", "startQueryExecution")
    ),
    "a task definition": Case(
        "ecs:RunTask", {"TaskDefinition": "t"}, "ecs:*:*:task-definition/t ecs:*:*:task-definition/t:*"
    ),
    "a revision": Case("ecs:RunTask", {"TaskDefinition": "t:7"}, "ecs:*:*:task-definition/t:7"),
    "tasks of the default cluster": Case("ecs:StopTask", {}, "ecs:*:*:task/default/*"),
    "tasks of a cluster's ARN": Case("ecs:StopTask", {"Cluster": "arn:aws:ecs:x:1:cluster/c"}, "ecs:*:*:task/c/*"),
    "a job of Batch": Case(
        "batch:SubmitJob",
        {"JobDefinition": "arn:aws:batch:x:1:job-definition/d:2", "JobQueue": "q"},
        "batch:x:1:job-definition/d:2 batch:*:*:job-queue/q batch:*:*:job/*",
    ),
    "no resources": Case("batch:DescribeJobs", {}, ""),
    "a state machine": Case(
        "states:StartExecution",
        {"StateMachineArn": MACHINE},
        "states:eu-west-1:123456789012:stateMachine:Orders states:eu-west-1:123456789012:stateMachine:Orders:*",
    ),
    "the executions of an alias": Case(
        "states:StopExecution",
        {"StateMachineArn": f"{MACHINE}:PROD"},
        "states:eu-west-1:123456789012:execution:Orders:* states:eu-west-1:123456789012:execution:Orders/* "
        "states:eu-west-1:123456789012:express:Orders/*",
    ),
    "buses": Case(
        "events:PutEvents",
        {"Entries": [{"EventBusName": "arn:aws:events:x:1:event-bus/b"}, {"Source": "s"}]},
        "events:x:1:event-bus/b events:*:*:event-bus/default",
    ),
    "a key": Case("kms:Decrypt", {"KeyId": "1-2"}, "kms:*:*:key/1-2"),
    "a secret": Case("secretsmanager:GetSecretValue", {"SecretId": "db"}, "secretsmanager:*:*:secret:db-??????"),
    "a parameter": Case("ssm:GetParameter", {"Name": "/a/b"}, "ssm:*:*:parameter/a/b ssm:*:*:parameter/a/b/*"),
    "a model": Case("bedrock:InvokeModel", {"ModelId": "anthropic.m"}, "bedrock:*::foundation-model/anthropic.m"),
    "a model in regions": Case(
        "bedrock:InvokeModel",
        {"ModelId": "eu.anthropic.m"},
        "bedrock:*:*:inference-profile/eu.anthropic.m bedrock:*::foundation-model/anthropic.m",
    ),
    "a job of SageMaker": Case(
        "sagemaker:StopTrainingJob", {"TrainingJobName": "Fit"}, "sagemaker:*:*:training-job/fit"
    ),
    "a cluster": Case("elasticmapreduce:AddJobFlowSteps", {"ClusterId": "j-1"}, "elasticmapreduce:*:*:cluster/j-1"),
    "a cluster that the Task makes": Case(
        "elasticmapreduce:DescribeCluster", {"Name": "c"}, "elasticmapreduce:*:*:cluster/*"
    ),
    "runs of an application": Case(
        "emr-serverless:GetJobRun", {"ApplicationId": "00f"}, "emr-serverless:*:*:/applications/00f/jobruns/*"
    ),
    "runs of a virtual cluster": Case(
        "emr-containers:DescribeJobRun", {"VirtualClusterId": "v"}, "emr-containers:*:*:/virtualclusters/v/jobruns/*"
    ),
    "a build by its id": Case("codebuild:StopBuild", {"Id": "site:1a2b"}, "codebuild:*:*:project/site"),
    "a nodegroup": Case("eks:DescribeNodegroup", {"ClusterName": "c", "NodegroupName": "n"}, "eks:*:*:nodegroup/c/n/*"),
    "an API": Case(
        "execute-api:Invoke",
        {"ApiEndpoint": "a1.execute-api.eu-west-1.amazonaws.com", "Method": "GET", "Stage": "prod"},
        "execute-api:eu-west-1:*:a1/prod/GET/*",
    ),
    "a connection": Case(
        "events:DescribeConnection",
        {"Authentication": {"ConnectionArn": CONNECTION}},
        "events:eu-west-1:123456789012:connection/Stripe events:eu-west-1:123456789012:connection/Stripe/*",
        ("http", "invoke"),
    ),
    "the secret of a connection": Case(
        "secretsmanager:GetSecretValue",
        {"InvocationConfig": {"ConnectionArn": CONNECTION}},
        "secretsmanager:eu-west-1:123456789012:secret:events!connection/Stripe/*",
        ("http", "invoke"),
    ),
    "a placeholder": Case("glue:StartJobRun", {"JobName": "${Stage}-nightly"}, "glue:*:*:job/*-nightly"),
    "a template": Case("glue:StartJobRun", {"JobName": "{{ var.value.x }}-nightly"}, "glue:*:*:job/*-nightly"),
    "a placeholder for the partition": Case(
        "sns:Publish", {"TopicArn": "arn:${AWS::Partition}:sns:${AWS::Region}:1:t"}, "sns:*:1:t"
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_resources_are_those_that_the_parameters_name(case: Case) -> None:
    found = action_resources(case.action, case.parameters, task=case.task)
    assert found == (tuple(f"arn:aws:{text}" for text in case.expected.split()) or ("*",))


def test_a_telephone_has_no_resource() -> None:
    assert action_resources("sns:Publish", {"PhoneNumber.$": "$.number"}) == ("*",)


def test_the_partition_is_the_tasks() -> None:
    found = action_resources("glue:StartJobRun", {"JobName": "j"}, partition="aws-cn")
    assert found == ("arn:aws-cn:glue:*:*:job/j",)


UNKNOWNS: dict[str, tuple[str, Any, str]] = {
    "a path": ("glue:StartJobRun", {"JobName.$": "$.job"}, "its JobName is known only in a run"),
    "an expression": ("glue:StartJobRun", {"JobName": "{% $states.input.job %}"}, "its JobName is known only in a run"),
    "a placeholder alone": ("glue:StartJobRun", {"JobName": "${Job}"}, "its JobName is known only in a run"),
    "part of a text that nobody knows": ("glue:StartJobRun", {"JobName": PLACEHOLDER}, "JobName is known only"),
    "arguments as one expression": (
        "glue:StartJobRun",
        "{% $states.input %}",
        "its parameters are known only in a run",
    ),
    "no parameters that are known": ("glue:StartJobRun", UNKNOWN, "its parameters are known only in a run"),
    "an unknown value": ("glue:StartJobRun", {"JobName": UNKNOWN}, "its JobName is known only in a run"),
    "an unknown one among known ones": (
        "events:PutEvents",
        {"Entries": [{"EventBusName": "a"}, {"EventBusName.$": "$.bus"}]},
        "its Entries.EventBusName is known only in a run",
    ),
    "entries as a path": ("events:PutEvents", {"Entries.$": "$.e"}, "its Entries.EventBusName is known only in a run"),
    "a name that is missing": ("glue:StartJobRun", {}, "it has no JobName that is known before a run"),
    "a query by its id": ("athena:GetQueryResults", {"QueryExecutionId": "q"}, "it has no WorkGroup"),
    "an alias of a key": ("kms:Decrypt", {"KeyId": "alias/a"}, "its KeyId 'alias/a' is nothing that a policy can name"),
    "no URL": ("sqs:SendMessage", {"QueueUrl": "orders"}, "'orders' is nothing that a policy can name"),
    "no ARN": ("sns:Publish", {"TopicArn": "orders"}, "'orders' is nothing that a policy can name"),
    "an ARN of any service": (
        "sns:Publish",
        {"TopicArn": "arn:aws:${Service}:x:1:t"},
        "TopicArn is known only in a run",
    ),
    "an ARN of everything": (
        "sns:Publish",
        {"TopicArn": "arn:aws:sns:x:1:${Topic}"},
        "TopicArn is known only in a run",
    ),
    "what a policy would read otherwise": ("glue:StartJobRun", {"JobName": "a$b"}, "JobName is known only in a run"),
    "a service without a row": (
        "braket:GetJob",
        {"JobArn": "a"},
        "the resource of braket:GetJob is not known here",
    ),
}


@pytest.mark.parametrize("case", UNKNOWNS)
def test_what_is_not_known_is_said(case: str) -> None:
    action, parameters, reason = UNKNOWNS[case]
    with pytest.raises(UnknownResource, match=reason.replace("(", r"\(")):
        action_resources(action, parameters)


@pytest.mark.parametrize("action", RESOURCES)
def test_every_row_makes_arns_of_names(action: str) -> None:
    for field in re.findall(r"\{([^}]*)\}", " ".join(RESOURCES[action])):
        names, _, converter = field.partition("!")
        assert not converter or converter in CONVERTERS
        assert all(re.fullmatch(r"[A-Z]\w*(\.(\w+|\*))*(=(\*|\w+))?", name) for name in names.split("|")), field
    for template in RESOURCES[action]:
        assert re.match(r"\{\w[^}]*!\w+\}|[a-z0-9-]+:\*:(\*|):", template), template
