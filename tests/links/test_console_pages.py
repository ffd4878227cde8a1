"""The console pages of what Task states call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from sfn_provider.asl.resources import parse_resource
from sfn_provider.integrations import supported_resources
from sfn_provider.integrations.clients import Clients
from sfn_provider.integrations.resolver import find_integration
from sfn_provider.links.console_pages import (
    PAGES,
    ConsolePage,
    call_name,
    called_resources,
    console_page,
    find_template,
    job_label,
)
from sfn_provider.links.console_urls import CONSOLE_DOMAINS

FUNCTION = "arn:aws-cn:lambda:cn-north-1:123456789012:function:check"
ARN = "arn:aws:states:eu-west-1:123456789012:execution:Orders:one"
TASK = "arn:aws:ecs:eu-west-1:123456789012:task/main/0123"
EMR = "emr/home?region=eu-west-1#/clusterDetails/j-1"


@dataclass(frozen=True)
class Case:
    """A call, and the page that it leads to, without the console's host."""

    resource: str
    parameters: Any
    result: Any
    kind: str
    id: str
    path: str


CASES = [
    Case("glue:startJobRun.sync", {"JobName": "a b"}, {"JobRunId": "jr_1"}, "Glue job run", "jr_1 of a b",
         "gluestudio/home?region=eu-west-1#/job/a%20b/run/jr_1"),
    Case("aws-sdk:glue:startJobRun", {"JobName": "load"}, {"JobRunId": "jr_1"}, "Glue job run", "jr_1 of load",
         "gluestudio/home?region=eu-west-1#/job/load/run/jr_1"),
    Case("lambda:invoke", {"FunctionName": "check"}, None, "Lambda function", "check",
         "lambda/home?region=eu-west-1#/functions/check"),
    Case("lambda:invoke.waitForTaskToken", {"FunctionName": "check:live"}, None, "Lambda function", "check",
         "lambda/home?region=eu-west-1#/functions/check"),
    Case("lambda:invoke", {"FunctionName": "123456789012:function:check:7"}, None, "Lambda function", "check",
         "lambda/home?region=eu-west-1#/functions/check"),
    Case("athena:startQueryExecution.sync", {}, {"QueryExecutionId": "q-1"}, "Athena query", "q-1",
         "athena/home?region=eu-west-1#/query-editor/history/q-1"),
    Case("batch:submitJob.sync", {}, {"JobId": "1-2"}, "Batch job", "1-2",
         "batch/home?region=eu-west-1#jobs/detail/1-2"),
    Case("ecs:runTask.sync", {"Cluster": "x"}, {"Tasks": [{"TaskArn": TASK}]}, "ECS task", "0123 in cluster main",
         "ecs/v2/clusters/main/tasks/0123/configuration?region=eu-west-1"),
    Case("elasticmapreduce:addStep.sync", {"ClusterId": "j-1"}, {"StepId": "s-1"}, "EMR cluster", "j-1, step s-1", EMR),
    Case("elasticmapreduce:createCluster.sync", {}, {"ClusterId": "j-1"}, "EMR cluster", "j-1", EMR),
    Case("elasticmapreduce:terminateCluster.sync", {"ClusterId": "j-1"}, {}, "EMR cluster", "j-1", EMR),
    Case("aws-sdk:emr:addJobFlowSteps", {"JobFlowId": "j-1"}, {"StepIds": ["s-1"]}, "EMR cluster", "j-1, step s-1",
         EMR),
    Case("aws-sdk:emr:runJobFlow", {}, {"JobFlowId": "j-1"}, "EMR cluster", "j-1", EMR),
    Case("emr-serverless:startJobRun.sync", {"ApplicationId": "a1"}, {"JobRunId": "r1"}, "EMR Serverless job run",
         "r1 of application a1", "emr/home?region=eu-west-1#/serverless-applications/a1/job-runs/r1"),
    Case("aws-sdk:emrserverless:startJobRun", {"ApplicationId": "a1"}, {"JobRunId": "r1"}, "EMR Serverless job run",
         "r1 of application a1", "emr/home?region=eu-west-1#/serverless-applications/a1/job-runs/r1"),
    Case("sagemaker:createTrainingJob.sync", {"TrainingJobName": "t"}, {}, "SageMaker job", "t",
         "sagemaker/home?region=eu-west-1#/jobs/t"),
    Case("sagemaker:createProcessingJob.sync", {"ProcessingJobName": "t"}, {}, "SageMaker job", "t",
         "sagemaker/home?region=eu-west-1#/processing-jobs/t"),
    Case("sagemaker:createTransformJob.sync", {"TransformJobName": "t"}, {}, "SageMaker job", "t",
         "sagemaker/home?region=eu-west-1#/transform-jobs/t"),
    Case("sagemaker:createHyperParameterTuningJob.sync", {"HyperParameterTuningJobName": "t"}, {}, "SageMaker job", "t",
         "sagemaker/home?region=eu-west-1#/hyper-tuning-jobs/t"),
    Case("sagemaker:createLabelingJob.sync", {"LabelingJobName": "t"}, {}, "SageMaker job", "t",
         "sagemaker/groundtruth?region=eu-west-1#/labeling-jobs/details/t"),
    Case("states:startExecution.sync:2", {}, {"ExecutionArn": ARN}, "Step Functions execution", ARN,
         f"states/home?region=eu-west-1#/v2/executions/details/{ARN.replace(':', '%3A')}"),
    Case("aws-sdk:sfn:startExecution", {}, {"ExecutionArn": ARN}, "Step Functions execution", ARN,
         f"states/home?region=eu-west-1#/v2/executions/details/{ARN.replace(':', '%3A')}"),
]  # fmt: skip


def region() -> tuple[str, str]:
    return "aws", "eu-west-1"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.resource)
def test_a_call_has_the_page_of_what_it_starts(case: Case) -> None:
    found = console_page(f"arn:aws:states:::{case.resource}", case.parameters, case.result, region)
    assert found == ConsolePage(case.kind, case.id, f"https://console.aws.amazon.com/{case.path}")


def test_every_kind_of_page_is_a_case_and_exists_as_an_integration() -> None:
    names = {
        call_name(f"arn:aws:states:::{case.resource}").removeprefix("aws-sdk:").partition(".")[0] for case in CASES
    }
    assert names == PAGES.keys()
    optimized = {call_name(each.resource) for each in supported_resources()}
    for name in PAGES.keys() - optimized:
        resource = parse_resource(f"arn:aws:states:::aws-sdk:{name}")
        assert find_integration(resource, Clients(None)).operation, name


def test_a_functions_arn_says_where_it_is() -> None:
    page = console_page(FUNCTION, {"FunctionName": "a payload's own field"}, None, lambda: None)
    assert page == ConsolePage(
        "Lambda function", "check", "https://console.amazonaws.cn/lambda/home?region=cn-north-1#/functions/check"
    )


@pytest.mark.parametrize("partition", CONSOLE_DOMAINS)
def test_every_partition_has_its_console(partition: str) -> None:
    page = console_page("arn:aws:states:::batch:submitJob", {}, {"JobId": "1"}, lambda: (partition, "here"))
    assert page is not None
    assert page.url == f"https://console.{CONSOLE_DOMAINS[partition]}/batch/home?region=here#jobs/detail/1"


@pytest.mark.parametrize(
    ("resource", "parameters", "result"),
    [
        ("arn:aws:states:::glue:startJobRun.sync", {"JobName": "load"}, None),
        ("arn:aws:states:::glue:startJobRun.sync", "no object", {"JobRunId": "jr_1"}),
        ("arn:aws:states:::ecs:runTask.sync", {}, {"Tasks": []}),
        ("arn:aws:states:::ecs:runTask.sync", {}, {"Tasks": [{"TaskArn": "arn:aws:ecs:eu-west-1:1:task/0123"}]}),
        ("arn:aws:states:::sns:publish", {}, {"MessageId": "1"}),
        ("${Function.Arn}", {}, {}),
        ("arn:aws:states:eu-west-1:123456789012:activity:ask", {}, {}),
    ],
    ids=str,
)
def test_there_is_no_page_without_its_ids(resource: str, parameters: Any, result: Any) -> None:
    assert console_page(resource, parameters, result, region) is None


@pytest.mark.parametrize("found", [None, ("aws-moon", "sea-1")], ids=["no region", "partition unknown"])
def test_a_page_without_an_address_still_has_its_id(found: tuple[str, str] | None) -> None:
    page = console_page("arn:aws:states:::batch:submitJob", {}, {"JobId": "1"}, lambda: found)
    assert page == ConsolePage("Batch job", "1", "")


@pytest.mark.parametrize(
    ("resource", "name"),
    [
        ("arn:aws:states:::glue:startJobRun.sync", "glue:startJobRun.sync"),
        ("arn:aws-us-gov:states:::states:startExecution.sync:2", "states:startExecution.sync:2"),
        ("arn:aws:states:::aws-sdk:s3:listBuckets", "aws-sdk:s3:listBuckets"),
        ("arn:${AWS::Partition}:states:::sqs:sendMessage", "sqs:sendMessage"),
        (FUNCTION, "lambda:invoke"),
        ("arn:aws:states:eu-west-1:123456789012:activity:ask", "activity"),
        ("${Function.Arn}", "Task"),
    ],
)
def test_a_resource_has_a_short_name(resource: str, name: str) -> None:
    assert call_name(resource) == name


def test_the_states_inside_of_others_call_too() -> None:
    inner = {"States": {"Call": {"Type": "Task", "Resource": "arn:aws:states:::batch:submitJob.sync"}}}
    states: dict[str, Any] = {
        "Sides": {"Type": "Parallel", "Branches": [inner, {"States": {}}]},
        "Each": {"Type": "Map", "ItemProcessor": inner},
        "Old": {"Type": "Map", "Iterator": inner},
        "Here": {"Type": "Task", "Resource": FUNCTION},
        "Rest": {"Type": "Wait", "Seconds": 1},
    }
    found = list(called_resources(states))
    assert found == ["arn:aws:states:::batch:submitJob.sync"] * 3 + [FUNCTION]
    kinds = [template.kind for template in map(find_template, found) if template is not None]
    assert kinds == ["Batch job"] * 3 + ["Lambda function"]


def test_a_job_goes_by_its_page_or_its_call() -> None:
    job = {"resource": "arn:aws:states:::glue:startJobRun.sync"}
    assert job_label(job) == "glue:startJobRun.sync"
    assert job_label(job | {"page": ["Glue job run", "jr_1\nof load", ""]}) == r"Glue job run jr_1\nof load"
