"""How the jobs of optimized integrations are followed to their end, as data.

Sources: the page of each service under https://docs.aws.amazon.com/step-functions/latest/dg/integrate-optimized.html;
recorded executions for Step Functions and ECS; the calls that stop a job are those which the IAM policies on these
pages allow.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from sfn_provider.asl.resources import Pattern
from sfn_provider.asl.scope import Json
from sfn_provider.integrations import transforms
from sfn_provider.integrations.integration import Batch, Call, Pace, Sync, dig, unchanged
from sfn_provider.integrations.shapes import Values

Syncs = dict[Pattern, Sync]

_REASON: Final = "The execution that waited for it was stopped"


def _statuses(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _at(path: str) -> Callable[[Values], Json]:
    return lambda description: dig(description, path)


def _build(description: Values) -> Json:
    return {"Build": dig(description, "Builds.0")}


_EXECUTION: Final = Sync(
    describe=Call("DescribeExecution", {"ExecutionArn": "$response.ExecutionArn"}),
    status="Status",
    succeeded=_statuses("SUCCEEDED"),
    failed=_statuses("FAILED TIMED_OUT ABORTED"),
    result=unchanged,
    stop=Call("StopExecution", {"ExecutionArn": "$response.ExecutionArn", "Cause": _REASON}),
    pace=Pace(2, 30),
    glance={"IncludedData": "METADATA_ONLY"},
)

EXECUTION: Final[Syncs] = {
    "sync": _EXECUTION,
    "sync:2": replace(_EXECUTION, result=transforms.execution_with_values),
}

GLUE_JOB_RUN: Final[Syncs] = {
    "sync": Sync(
        describe=Call("GetJobRun", {"JobName": "$parameters.JobName", "RunId": "$response.JobRunId"}),
        status="JobRun.JobRunState",
        succeeded=_statuses("SUCCEEDED"),
        failed=_statuses("FAILED STOPPED TIMEOUT ERROR EXPIRED"),
        result=_at("JobRun"),
        stop=Call("BatchStopJobRun", {"JobName": "$parameters.JobName", "JobRunIds": ["$response.JobRunId"]}),
        pace=Pace(5, 30),
        # There is no call for runs by their ids: this one gives the last runs of a job.
        batch=Batch("GetJobRuns", None, 50, "JobRuns", "JobRun", "RunId", "Id", {"MaxResults": 200}),
    )
}

ATHENA_QUERY: Final[Syncs] = {
    "sync": Sync(
        describe=Call("GetQueryExecution", {"QueryExecutionId": "$response.QueryExecutionId"}),
        status="QueryExecution.Status.State",
        succeeded=_statuses("SUCCEEDED"),
        failed=_statuses("FAILED CANCELLED"),
        result=unchanged,
        stop=Call("StopQueryExecution", {"QueryExecutionId": "$response.QueryExecutionId"}),
        pace=Pace(1, 10),
        batch=Batch(
            "BatchGetQueryExecution",
            "QueryExecutionIds",
            50,
            "QueryExecutions",
            "QueryExecution",
            "QueryExecutionId",
            "QueryExecutionId",
        ),
    )
}

BATCH_JOB: Final[Syncs] = {
    "sync": Sync(
        describe=Call("DescribeJobs", {"Jobs": ["$response.JobId"]}),
        status="Jobs.0.Status",
        succeeded=_statuses("SUCCEEDED"),
        failed=_statuses("FAILED"),
        result=_at("Jobs.0"),
        stop=Call("TerminateJob", {"JobId": "$response.JobId", "Reason": _REASON}),
        pace=Pace(3, 30),
        batch=Batch("DescribeJobs", "Jobs", 100, "Jobs", "Jobs.0", "Jobs.0", "JobId"),
    )
}

_TASK: Final = {"Cluster": "$response.Tasks.0.ClusterArn"}

ECS_TASK: Final[Syncs] = {
    "sync": Sync(
        describe=Call("DescribeTasks", {**_TASK, "Tasks": ["$response.Tasks.0.TaskArn"]}),
        status="Tasks.0.LastStatus",
        succeeded=_statuses("STOPPED"),
        failed=frozenset(),
        result=_at("Tasks.0"),
        stop=Call("StopTask", {**_TASK, "Task": "$response.Tasks.0.TaskArn", "Reason": _REASON}),
        pace=Pace(3, 30),
        accepted=transforms.run_task_accepted,
        judge=transforms.run_task_verdict,
        batch=Batch("DescribeTasks", "Tasks", 100, "Tasks", "Tasks.0", "Tasks.0", "TaskArn"),
    )
}

CODE_BUILD: Final[Syncs] = {
    "sync": Sync(
        describe=Call("BatchGetBuilds", {"Ids": ["$response.Build.Id"]}),
        status="Builds.0.BuildStatus",
        succeeded=_statuses("SUCCEEDED"),
        failed=_statuses("FAILED FAULT TIMED_OUT STOPPED"),
        result=_build,
        stop=Call("StopBuild", {"Id": "$response.Build.Id"}),
        pace=Pace(5, 30),
        batch=Batch("BatchGetBuilds", "Ids", 100, "Builds", "Builds.0", "Ids.0", "Id"),
    )
}

NEW_CLUSTER: Final[Syncs] = {
    "sync": Sync(
        describe=Call("DescribeCluster", {"ClusterId": "$response.ClusterId"}),
        status="Cluster.Status.State",
        succeeded=_statuses("WAITING"),
        failed=_statuses("TERMINATING TERMINATED TERMINATED_WITH_ERRORS"),
        result=unchanged,
        stop=None,  # documented: Step Functions terminates no cluster when the execution stops
        pace=Pace(20, 60),
        keep=True,  # documented: the result of createCluster.sync has ClusterId
    )
}

ENDING_CLUSTER: Final[Syncs] = {
    "sync": Sync(
        describe=Call("DescribeCluster", {"ClusterId": "$parameters.ClusterId"}),
        status="Cluster.Status.State",
        succeeded=_statuses("TERMINATED TERMINATED_WITH_ERRORS"),
        failed=frozenset(),
        result=unchanged,
        stop=None,
        pace=Pace(10, 60),
    )
}

CLUSTER_STEP: Final[Syncs] = {
    "sync": Sync(
        describe=Call("DescribeStep", {"ClusterId": "$parameters.ClusterId", "StepId": "$response.StepId"}),
        status="Step.Status.State",
        succeeded=_statuses("COMPLETED"),
        failed=_statuses("CANCELLED FAILED INTERRUPTED"),
        result=unchanged,
        stop=Call("CancelSteps", {"ClusterId": "$parameters.ClusterId", "StepIds": ["$response.StepId"]}),
        pace=Pace(10, 60),
        batch=Batch("ListSteps", "StepIds", 10, "Steps", "Step", "StepId", "Id"),
        keep=True,
    )
}


def sagemaker_job(kind: str) -> Syncs:
    """Give how a job of SageMaker is followed.

    Args:
        kind: ``Training``, ``Processing`` or ``Transform``.
    """
    name = {f"{kind}JobName": f"$parameters.{kind}JobName"}
    sync = Sync(
        describe=Call(f"Describe{kind}Job", name),
        status=f"{kind}JobStatus",
        succeeded=_statuses("Completed"),
        failed=_statuses("Failed Stopped"),
        result=unchanged,
        stop=Call(f"Stop{kind}Job", name),
        pace=Pace(15, 60),
    )
    return {"sync": sync}
