"""How the jobs of optimized integrations are followed to their end, as data.

Sources: the page of each service under https://docs.aws.amazon.com/step-functions/latest/dg/integrate-optimized.html;
recorded executions for Step Functions and ECS; the calls that stop a job are those which the IAM policies on these
pages allow.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from sfn_provider.asl.resources import Pattern
from sfn_provider.asl.scope import Json
from sfn_provider.integrations.integration import (
    BatchDescribe,
    CallTemplate,
    PollInterval,
    ResponsePart,
    SyncJob,
    get_path,
    unchanged_response,
)
from sfn_provider.integrations.optimized import transforms
from sfn_provider.integrations.value_shapes import Values

SyncJobs = dict[Pattern, SyncJob]

_REASON: Final = "The execution that waited for it was stopped"


def _statuses(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _build(description: Values) -> Json:
    return {"Build": get_path(description, "Builds.0")}


def _build_batch(description: Values) -> Json:
    return {"BuildBatch": get_path(description, "BuildBatches.0")}


_EXECUTION: Final = SyncJob(
    describe=CallTemplate("DescribeExecution", {"ExecutionArn": "$response.ExecutionArn"}),
    status="Status",
    succeeded=_statuses("SUCCEEDED"),
    failed=_statuses("FAILED TIMED_OUT ABORTED"),
    result=unchanged_response,
    stop=CallTemplate("StopExecution", {"ExecutionArn": "$response.ExecutionArn", "Cause": _REASON}),
    pace=PollInterval(2, 30),
    glance={"IncludedData": "METADATA_ONLY"},
)

EXECUTION: Final[SyncJobs] = {
    "sync": _EXECUTION,
    "sync:2": replace(_EXECUTION, result=transforms.execution_with_values),
}

GLUE_JOB_RUN: Final[SyncJobs] = {
    "sync": SyncJob(
        describe=CallTemplate("GetJobRun", {"JobName": "$parameters.JobName", "RunId": "$response.JobRunId"}),
        status="JobRun.JobRunState",
        succeeded=_statuses("SUCCEEDED"),
        failed=_statuses("FAILED STOPPED TIMEOUT ERROR EXPIRED"),
        result=ResponsePart("JobRun"),
        stop=CallTemplate("BatchStopJobRun", {"JobName": "$parameters.JobName", "JobRunIds": ["$response.JobRunId"]}),
        pace=PollInterval(5, 30),
        # There is no call for runs by their ids: this one gives the last runs of a job.
        batch=BatchDescribe("GetJobRuns", None, 50, "JobRuns", "JobRun", "RunId", "Id", {"MaxResults": 200}),
    )
}

ATHENA_QUERY: Final[SyncJobs] = {
    "sync": SyncJob(
        describe=CallTemplate("GetQueryExecution", {"QueryExecutionId": "$response.QueryExecutionId"}),
        status="QueryExecution.Status.State",
        succeeded=_statuses("SUCCEEDED"),
        failed=_statuses("FAILED CANCELLED"),
        result=unchanged_response,
        stop=CallTemplate("StopQueryExecution", {"QueryExecutionId": "$response.QueryExecutionId"}),
        pace=PollInterval(1, 10),
        batch=BatchDescribe(
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

BATCH_JOB: Final[SyncJobs] = {
    "sync": SyncJob(
        describe=CallTemplate("DescribeJobs", {"Jobs": ["$response.JobId"]}),
        status="Jobs.0.Status",
        succeeded=_statuses("SUCCEEDED"),
        failed=_statuses("FAILED"),
        result=ResponsePart("Jobs.0"),
        stop=CallTemplate("TerminateJob", {"JobId": "$response.JobId", "Reason": _REASON}),
        pace=PollInterval(3, 30),
        batch=BatchDescribe("DescribeJobs", "Jobs", 100, "Jobs", "Jobs.0", "Jobs.0", "JobId"),
    )
}

_TASK: Final = {"Cluster": "$response.Tasks.0.ClusterArn"}

ECS_TASK: Final[SyncJobs] = {
    "sync": SyncJob(
        describe=CallTemplate("DescribeTasks", {**_TASK, "Tasks": ["$response.Tasks.0.TaskArn"]}),
        status="Tasks.0.LastStatus",
        succeeded=_statuses("STOPPED"),
        failed=frozenset(),
        result=ResponsePart("Tasks.0"),
        stop=CallTemplate("StopTask", {**_TASK, "Task": "$response.Tasks.0.TaskArn", "Reason": _REASON}),
        pace=PollInterval(3, 30),
        accepted=transforms.run_task_accepted,
        judge=transforms.run_task_verdict,
        batch=BatchDescribe("DescribeTasks", "Tasks", 100, "Tasks", "Tasks.0", "Tasks.0", "TaskArn"),
    )
}

CODE_BUILD: Final[SyncJobs] = {
    "sync": SyncJob(
        describe=CallTemplate("BatchGetBuilds", {"Ids": ["$response.Build.Id"]}),
        status="Builds.0.BuildStatus",
        succeeded=_statuses("SUCCEEDED"),
        failed=_statuses("FAILED FAULT TIMED_OUT STOPPED"),
        result=_build,
        stop=CallTemplate("StopBuild", {"Id": "$response.Build.Id"}),
        pace=PollInterval(5, 30),
        batch=BatchDescribe("BatchGetBuilds", "Ids", 100, "Builds", "Builds.0", "Ids.0", "Id"),
    )
}

NEW_CLUSTER: Final[SyncJobs] = {
    "sync": SyncJob(
        describe=CallTemplate("DescribeCluster", {"ClusterId": "$response.ClusterId"}),
        status="Cluster.Status.State",
        succeeded=_statuses("WAITING"),
        failed=_statuses("TERMINATING TERMINATED TERMINATED_WITH_ERRORS"),
        result=unchanged_response,
        stop=None,  # documented: Step Functions terminates no cluster when the execution stops
        pace=PollInterval(20, 60),
        keep=True,  # documented: the result of createCluster.sync has ClusterId
    )
}

ENDING_CLUSTER: Final[SyncJobs] = {
    "sync": SyncJob(
        describe=CallTemplate("DescribeCluster", {"ClusterId": "$parameters.ClusterId"}),
        status="Cluster.Status.State",
        succeeded=_statuses("TERMINATED TERMINATED_WITH_ERRORS"),
        failed=frozenset(),
        result=unchanged_response,
        stop=None,
        pace=PollInterval(10, 60),
    )
}

CLUSTER_STEP: Final[SyncJobs] = {
    "sync": SyncJob(
        describe=CallTemplate("DescribeStep", {"ClusterId": "$parameters.ClusterId", "StepId": "$response.StepId"}),
        status="Step.Status.State",
        succeeded=_statuses("COMPLETED"),
        failed=_statuses("CANCELLED FAILED INTERRUPTED"),
        result=unchanged_response,
        stop=CallTemplate("CancelSteps", {"ClusterId": "$parameters.ClusterId", "StepIds": ["$response.StepId"]}),
        pace=PollInterval(10, 60),
        batch=BatchDescribe("ListSteps", "StepIds", 10, "Steps", "Step", "StepId", "Id"),
        keep=True,
    )
}


def _sync(describe: CallTemplate, status: str, succeeded: str, failed: str, **fields: Any) -> SyncJobs:
    """Give how a job is followed.

    Args:
        describe: the call that describes it.
        status: path to its status.
        succeeded: statuses of a job that is done, with spaces between them.
        failed: statuses of a job that has failed.
        fields: other fields of Sync; without ``result`` the description is the result.
    """
    given = {"result": unchanged_response, "stop": None} | fields
    return {"sync": SyncJob(describe, status, _statuses(succeeded), _statuses(failed), **given)}


def sagemaker_job(kind: str) -> SyncJobs:
    """Give how a job of SageMaker is followed.

    Args:
        kind: ``Training``, ``Processing``, ``Transform``, ``HyperParameterTuning`` or ``Labeling``.
    """
    name = {f"{kind}JobName": f"$parameters.{kind}JobName"}
    return _sync(
        CallTemplate(f"Describe{kind}Job", name),
        f"{kind}JobStatus",
        "Completed",
        "Failed Stopped",
        stop=CallTemplate(f"Stop{kind}Job", name),
        pace=PollInterval(15, 60),
    )


_BREW_RUN: Final = {"Name": "$parameters.Name", "RunId": "$response.RunId"}

DATABREW_JOB_RUN: Final = _sync(
    CallTemplate("DescribeJobRun", _BREW_RUN),
    "State",
    "SUCCEEDED",
    "FAILED TIMEOUT STOPPED",
    stop=CallTemplate("StopJobRun", _BREW_RUN),
    pace=PollInterval(5, 30),
    batch=BatchDescribe("ListJobRuns", None, 50, "JobRuns", "", "RunId", "RunId", {"MaxResults": 100}),
)


def build_batch(id: str) -> SyncJobs:
    """Give how a batch of builds is followed, of the place of its id in the submission."""
    return _sync(
        CallTemplate("BatchGetBuildBatches", {"Ids": [id]}),
        "BuildBatches.0.BuildBatchStatus",
        "SUCCEEDED",
        "FAILED FAULT TIMED_OUT STOPPED",
        result=_build_batch,
        stop=CallTemplate("StopBuildBatch", {"Id": id}),
        pace=PollInterval(5, 30),
        batch=BatchDescribe("BatchGetBuildBatches", "Ids", 100, "BuildBatches", "BuildBatches.0", "Ids.0", "Id"),
    )


_CONTAINERS_RUN: Final = {"Id": "$response.Id", "VirtualClusterId": "$parameters.VirtualClusterId"}

CONTAINERS_JOB_RUN: Final = _sync(
    CallTemplate("DescribeJobRun", _CONTAINERS_RUN),
    "JobRun.State",
    "COMPLETED",
    "FAILED CANCELLED",
    result=ResponsePart("JobRun"),
    stop=CallTemplate("CancelJobRun", _CONTAINERS_RUN),
    pace=PollInterval(5, 30),
)

ENDING_VIRTUAL_CLUSTER: Final = _sync(
    CallTemplate("DescribeVirtualCluster", {"Id": "$parameters.Id"}),
    "VirtualCluster.State",
    "TERMINATED",
    "ARRESTED",
    result=ResponsePart("VirtualCluster"),
    pace=PollInterval(5, 30),
    gone=True,
)


def serverless_application(state: str, failed: str, *, id: str = "$parameters.ApplicationId") -> SyncJobs:
    """Give how an application of EMR Serverless comes to a state.

    Args:
        state: the state that is waited for, and those that come after it. Source: connect-emr-serverless.html.
        failed: states in which it will not come to that one.
        id: the place of its id in the submission.
    """
    describe = CallTemplate("GetApplication", {"ApplicationId": id})
    # Published definitions read ApplicationId at the top of these results.
    return _sync(
        describe,
        "Application.State",
        state,
        failed,
        result=ResponsePart("Application"),
        pace=PollInterval(5, 30),
        gone=state == "TERMINATED",
    )


def serverless_job_run(id: str, succeeded: str, failed: str, *, stops: bool) -> SyncJobs:
    """Give how a job run of EMR Serverless is followed.

    Args:
        id: the place of its id in the submission.
        succeeded: the state that is waited for.
        failed: states of a job run that will not come to that one.
        stops: whether it is cancelled with the execution.
    """
    run = {"ApplicationId": "$parameters.ApplicationId", "JobRunId": id}
    return _sync(
        CallTemplate("GetJobRun", run),
        "JobRun.State",
        succeeded,
        failed,
        result=ResponsePart("JobRun"),
        stop=CallTemplate("CancelJobRun", run) if stops else None,
        pace=PollInterval(5, 30),
    )


def _names(*fields: str) -> Values:
    return {field: f"$parameters.{field}" for field in fields}


_EKS_NAMES: Final[dict[str, Values]] = {
    "Cluster": _names("Name"),
    "Nodegroup": _names("ClusterName", "NodegroupName"),
    "FargateProfile": _names("ClusterName", "FargateProfileName"),
}


def eks_change(kind: str, succeeded: str, failed: str) -> SyncJobs:
    """Give how something of EKS is created or deleted. Step Functions leaves it as it is when the execution stops.

    Args:
        kind: ``Cluster``, ``Nodegroup`` or ``FargateProfile``.
        succeeded: the status that is waited for; none where that it disappears is.
        failed: statuses from which it will not get there.
    """
    describe = CallTemplate(f"Describe{kind}", _EKS_NAMES[kind])
    return _sync(describe, f"{kind}.Status", succeeded, failed, pace=PollInterval(20, 60), gone=not succeeded)


MODEL_CUSTOMIZATION: Final = _sync(
    CallTemplate("GetModelCustomizationJob", {"JobIdentifier": "$parameters.JobName"}),
    "Status",
    "Completed",
    "Failed Stopped",
    stop=CallTemplate("StopModelCustomizationJob", {"JobIdentifier": "$parameters.JobName"}),
    pace=PollInterval(30, 120),
)

MEDIA_JOB: Final = _sync(
    CallTemplate("GetJob", {"Id": "$response.Job.Id"}),
    "Job.Status",
    "COMPLETE",
    "CANCELED ERROR",
    stop=CallTemplate("CancelJob", {"Id": "$response.Job.Id"}),
    pace=PollInterval(5, 30),
)

_JOB: Final[Values] = {
    **_names("ClusterName", "CertificateAuthority", "Endpoint"),
    "Namespace": "$response.ResponseBody.metadata.namespace",
    "Name": "$response.ResponseBody.metadata.name",
}

KUBERNETES_JOB: Final = _sync(
    CallTemplate("GetJob", _JOB | {"LogOptions": "$parameters.LogOptions"}),
    "Status",
    "Complete",
    "Failed",
    result=ResponsePart("Job"),
    stop=CallTemplate("DeleteJob", _JOB),
    glance={"LogOptions": None},
    pace=PollInterval(5, 60),
)
