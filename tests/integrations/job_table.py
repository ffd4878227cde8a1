"""Jobs of every kind, as the scripted services have them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sfn_provider.integrations import Submitted
from tests.fixtures.scripted_aws import ScriptedAws
from tests.integrations.conftest import EXECUTION_ARN, MACHINE_ARN, Answer

CHILD = MACHINE_ARN.replace("Orders", "Child")
RUN = EXECUTION_ARN.replace("Orders:first", "Child:run")
TASK = {"taskArn": "arn:task", "clusterArn": "arn:cluster", "taskDefinitionArn": "arn:td"}


def container(name: str, exit_code: int | None) -> dict[str, Any]:
    return {"name": name} | ({} if exit_code is None else {"exitCode": exit_code})


@dataclass(frozen=True)
class Job:
    """A kind of job.

    Args:
        id: the resource.
        arguments: of the task.
        start: the action that starts it, and its answer.
        describe: the action that describes it, with its parameters.
        running: a description of the job as it goes on.
        done: a description of the job when it is done.
        result: the task's result.
        failed: a description of the job when it has failed; empty where it cannot fail.
        stop: the action that stops it, with its parameters; None where nothing does.
        failure: the failed job as the cause shows it, without empty lists.
    """

    id: str
    arguments: dict[str, Any]
    start: tuple[str, dict[str, Any]]
    describe: tuple[str, dict[str, Any]]
    running: dict[str, Any]
    done: dict[str, Any]
    result: dict[str, Any]
    failed: dict[str, Any]
    stop: tuple[str, dict[str, Any]] | None = None
    failure: dict[str, Any] = field(default_factory=dict)


JOBS = (
    Job(
        "states:startExecution.sync",
        {"StateMachineArn": CHILD, "Input": {"a": 1}},
        ("StartExecution", {"executionArn": RUN, "startDate": 1.5}),
        ("DescribeExecution", {"executionArn": RUN}),
        {"status": "RUNNING"},
        {"status": "SUCCEEDED", "input": '{"a":1}', "output": "[2]", "stopDate": 2.25},
        {"Status": "SUCCEEDED", "Input": '{"a":1}', "Output": "[2]", "StopDate": 2250},
        {"status": "FAILED", "error": "E"},
        ("StopExecution", {"executionArn": RUN, "cause": "The execution that waited for it was stopped"}),
        {"Status": "FAILED", "Error": "E"},
    ),
    Job(
        "states:startExecution.sync:2",
        {"StateMachineArn": CHILD},
        ("StartExecution", {"executionArn": RUN, "startDate": 1.5}),
        ("DescribeExecution", {"executionArn": RUN}),
        {"status": "RUNNING"},
        {"status": "SUCCEEDED", "input": '{"a":1}', "output": "[2]"},
        {"Status": "SUCCEEDED", "Input": {"a": 1}, "Output": [2]},
        {"status": "ABORTED", "input": "{}"},
        ("StopExecution", {"executionArn": RUN, "cause": "The execution that waited for it was stopped"}),
        {"Status": "ABORTED", "Input": {}},
    ),
    Job(
        "glue:startJobRun.sync",
        {"JobName": "load", "Arguments": {"--day": "1"}},
        ("StartJobRun", {"JobRunId": "jr_1"}),
        ("GetJobRun", {"JobName": "load", "RunId": "jr_1"}),
        {"JobRun": {"JobRunState": "WAITING"}},
        {"JobRun": {"Id": "jr_1", "JobRunState": "SUCCEEDED", "StartedOn": 10}},
        {"Id": "jr_1", "JobRunState": "SUCCEEDED", "StartedOn": 10_000},
        {"JobRun": {"JobRunState": "TIMEOUT"}},
        ("BatchStopJobRun", {"JobName": "load", "JobRunIds": ["jr_1"]}),
        {"JobRunState": "TIMEOUT"},
    ),
    Job(
        "athena:startQueryExecution.sync",
        {"QueryString": "SELECT 1"},
        ("StartQueryExecution", {"QueryExecutionId": "q"}),
        ("GetQueryExecution", {"QueryExecutionId": "q"}),
        {"QueryExecution": {"Status": {"State": "QUEUED"}}},
        {"QueryExecution": {"Query": "SELECT 1", "Status": {"State": "SUCCEEDED"}}},
        {"QueryExecution": {"Query": "SELECT 1", "Status": {"State": "SUCCEEDED"}}},
        {"QueryExecution": {"Status": {"State": "CANCELLED"}}},
        ("StopQueryExecution", {"QueryExecutionId": "q"}),
        {"QueryExecution": {"Status": {"State": "CANCELLED"}}},
    ),
    Job(
        "ecs:runTask.sync",
        {"TaskDefinition": "td"},
        ("RunTask", {"tasks": [TASK], "failures": []}),
        ("DescribeTasks", {"cluster": "arn:cluster", "tasks": ["arn:task"]}),
        {"tasks": [{"lastStatus": "RUNNING"}]},
        {"tasks": [{"lastStatus": "STOPPED", "containers": [container("a", 0)], "stoppedAt": 3}]},
        {"LastStatus": "STOPPED", "StoppedAt": 3000, "Containers": [{"Name": "a", "ExitCode": 0}]},
        {"tasks": [{"lastStatus": "STOPPED", "stopCode": "TaskFailedToStart", "containers": [container("a", None)]}]},
        (
            "StopTask",
            {"cluster": "arn:cluster", "task": "arn:task", "reason": "The execution that waited for it was stopped"},
        ),
    ),
    Job(
        "codebuild:startBuild.sync",
        {"ProjectName": "p"},
        ("StartBuild", {"build": {"id": "b"}}),
        ("BatchGetBuilds", {"ids": ["b"]}),
        {"builds": [{"buildStatus": "IN_PROGRESS"}]},
        {"builds": [{"id": "b", "buildStatus": "SUCCEEDED"}]},
        {"Build": {"Id": "b", "BuildStatus": "SUCCEEDED"}},
        {"builds": [{"buildStatus": "FAULT"}]},
        ("StopBuild", {"id": "b"}),
        {"Build": {"BuildStatus": "FAULT"}},
    ),
    Job(
        "sagemaker:createTrainingJob.sync",
        {
            "TrainingJobName": "t",
            "AlgorithmSpecification": {"TrainingInputMode": "File"},
            "RoleArn": "arn:role",
            "OutputDataConfig": {"S3OutputPath": "s3://b/o"},
            "ResourceConfig": {"VolumeSizeInGB": 1},
            "StoppingCondition": {},
        },
        ("CreateTrainingJob", {"TrainingJobArn": "arn:job"}),
        ("DescribeTrainingJob", {"TrainingJobName": "t"}),
        {"TrainingJobStatus": "InProgress"},
        {"TrainingJobStatus": "Completed", "ModelArtifacts": {"S3ModelArtifacts": "s3://b/m"}},
        {"TrainingJobStatus": "Completed", "ModelArtifacts": {"S3ModelArtifacts": "s3://b/m"}},
        {"TrainingJobStatus": "Stopped"},
        ("StopTrainingJob", {"TrainingJobName": "t"}),
        {"TrainingJobStatus": "Stopped"},
    ),
    Job(
        "sagemaker:createLabelingJob.sync",
        {
            "LabelingJobName": "l",
            "LabelAttributeName": "colour",
            "InputConfig": {"DataSource": {}},
            "OutputConfig": {"S3OutputPath": "s3://b/o"},
            "RoleArn": "arn:role",
            "HumanTaskConfig": {"WorkteamArn": "arn:team"},
        },
        ("CreateLabelingJob", {"LabelingJobArn": "arn:job"}),
        ("DescribeLabelingJob", {"LabelingJobName": "l"}),
        {"LabelingJobStatus": "Initializing"},
        {"LabelingJobStatus": "Completed", "LabelCounters": {"TotalLabeled": 5}},
        {"LabelingJobStatus": "Completed", "LabelCounters": {"TotalLabeled": 5}},
        {"LabelingJobStatus": "Failed"},
        ("StopLabelingJob", {"LabelingJobName": "l"}),
        {"LabelingJobStatus": "Failed"},
    ),
    Job(
        "codebuild:startBuildBatch.sync",
        {"ProjectName": "p"},
        ("StartBuildBatch", {"buildBatch": {"id": "bb"}}),
        ("BatchGetBuildBatches", {"ids": ["bb"]}),
        {"buildBatches": [{"id": "bb", "buildBatchStatus": "IN_PROGRESS"}]},
        {"buildBatches": [{"id": "bb", "buildBatchStatus": "SUCCEEDED"}]},
        {"BuildBatch": {"Id": "bb", "BuildBatchStatus": "SUCCEEDED"}},
        {"buildBatches": [{"id": "bb", "buildBatchStatus": "TIMED_OUT"}]},
        ("StopBuildBatch", {"id": "bb"}),
        {"BuildBatch": {"Id": "bb", "BuildBatchStatus": "TIMED_OUT"}},
    ),
    Job(
        "codebuild:retryBuildBatch.sync",
        {"Id": "old"},
        ("RetryBuildBatch", {"buildBatch": {"id": "bb"}}),
        ("BatchGetBuildBatches", {"ids": ["bb"]}),
        {"buildBatches": [{"id": "bb", "buildBatchStatus": "IN_PROGRESS"}]},
        {"buildBatches": [{"id": "bb", "buildBatchStatus": "SUCCEEDED"}]},
        {"BuildBatch": {"Id": "bb", "BuildBatchStatus": "SUCCEEDED"}},
        {"buildBatches": [{"id": "bb", "buildBatchStatus": "STOPPED"}]},
        ("StopBuildBatch", {"id": "bb"}),
        {"BuildBatch": {"Id": "bb", "BuildBatchStatus": "STOPPED"}},
    ),
    Job(
        "elasticmapreduce:createCluster.sync",
        {"Name": "c", "Instances": {"KeepJobFlowAliveWhenNoSteps": True}},
        ("RunJobFlow", {"JobFlowId": "j-1"}),
        ("DescribeCluster", {"ClusterId": "j-1"}),
        {"Cluster": {"Status": {"State": "RUNNING"}}},
        {"Cluster": {"Id": "j-1", "Status": {"State": "WAITING"}}},
        {"ClusterId": "j-1", "Cluster": {"Id": "j-1", "Status": {"State": "WAITING"}}},
        {"Cluster": {"Status": {"State": "TERMINATED_WITH_ERRORS"}}},
        None,
    ),
    Job(
        "elasticmapreduce:addStep.sync",
        {"ClusterId": "j-1", "Step": {"Name": "s", "HadoopJarStep": {"Jar": "j"}}},
        ("AddJobFlowSteps", {"StepIds": ["s-1"]}),
        ("DescribeStep", {"ClusterId": "j-1", "StepId": "s-1"}),
        {"Step": {"Status": {"State": "PENDING"}}},
        {"Step": {"Id": "s-1", "Status": {"State": "COMPLETED"}}},
        {"StepId": "s-1", "Step": {"Id": "s-1", "Status": {"State": "COMPLETED"}}},
        {"Step": {"Status": {"State": "CANCELLED"}}},
        ("CancelSteps", {"ClusterId": "j-1", "StepIds": ["s-1"]}),
        {"Step": {"Status": {"State": "CANCELLED"}}},
    ),
    Job(
        "elasticmapreduce:terminateCluster.sync",
        {"ClusterId": "j-1"},
        ("TerminateJobFlows", {}),
        ("DescribeCluster", {"ClusterId": "j-1"}),
        {"Cluster": {"Status": {"State": "TERMINATING"}}},
        {"Cluster": {"Id": "j-1", "Status": {"State": "TERMINATED_WITH_ERRORS"}}},
        {"Cluster": {"Id": "j-1", "Status": {"State": "TERMINATED_WITH_ERRORS"}}},
        {},
        None,
    ),
)


def start(submit: Callable[..., Answer], scripted_aws: ScriptedAws, job: Job, **fields: Any) -> Submitted:
    scripted_aws.script(*job.start)
    answer = submit(job.id, job.arguments, **fields)
    assert isinstance(answer, Submitted)
    return answer


def without_empty_lists(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_empty_lists(entry) for key, entry in value.items() if entry != []}
    return [without_empty_lists(entry) for entry in value] if isinstance(value, list) else value
