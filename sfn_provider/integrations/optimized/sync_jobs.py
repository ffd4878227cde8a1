"""The jobs of optimized integrations (``.sync``), as data.

Sources: the page of each service under https://docs.aws.amazon.com/step-functions/latest/dg/integrate-optimized.html;
recorded executions for Step Functions and ECS; the calls that stop a job are those which the IAM policies on these
pages allow.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from sfn_provider.asl.resources import Pattern
from sfn_provider.integrations.json_templates import CallTemplate, NamedPart, ResponsePart
from sfn_provider.integrations.optimized import transforms
from sfn_provider.integrations.sync_job import BatchDescribe, PollInterval, SyncJob
from sfn_provider.integrations.value_shapes import Values

SyncJobs = dict[Pattern, SyncJob]

_REASON: Final = "The execution that waited for it was stopped"


def _sync(
    describe: tuple[str, Values],
    status: tuple[str, str, str],
    interval: tuple[float, float],
    stop: tuple[str, Values] | None = None,
    **fields: Any,
) -> SyncJobs:
    """Return how a job is followed.

    Args:
        describe: the operation that describes it, and the template of its parameters.
        status: the path to its status; statuses of a job that has succeeded, and of one that has failed, each
            separated by spaces.
        interval: seconds between polls, at first and at most.
        stop: the operation that stops it, and the template of its parameters.
        fields: other fields of SyncJob; without ``result`` the description is the result.
    """
    path, succeeded, failed = status
    statuses = frozenset(succeeded.split()), frozenset(failed.split())
    stop_call = CallTemplate(*stop) if stop is not None else None
    return {
        "sync": SyncJob(CallTemplate(*describe), path, *statuses, PollInterval(*interval), stop=stop_call, **fields)
    }


def _same_names(*fields: str) -> Values:
    return {field: f"$parameters.{field}" for field in fields}


# Step Functions, Batch, ECS, EKS --------------------------------------------------------------------------------------

_EXECUTION: Final = {"ExecutionArn": "$response.ExecutionArn"}
_EXECUTION_SYNC: Final = _sync(
    ("DescribeExecution", _EXECUTION),
    status=("Status", "SUCCEEDED", "FAILED TIMED_OUT ABORTED"),
    interval=(2, 30),
    stop=("StopExecution", {**_EXECUTION, "Cause": _REASON}),
    status_only={"IncludedData": "METADATA_ONLY"},
)

EXECUTION: Final[SyncJobs] = {
    **_EXECUTION_SYNC,
    "sync:2": replace(_EXECUTION_SYNC["sync"], result=transforms.execution_with_values),
}

BATCH_JOB: Final = _sync(
    ("DescribeJobs", {"Jobs": ["$response.JobId"]}),
    status=("Jobs.0.Status", "SUCCEEDED", "FAILED"),
    interval=(3, 30),
    result=ResponsePart("Jobs.0"),
    stop=("TerminateJob", {"JobId": "$response.JobId", "Reason": _REASON}),
    batch=BatchDescribe("DescribeJobs", "Jobs", 100, "Jobs", "Jobs.0", "Jobs.0", "JobId"),
)

_ECS_CLUSTER: Final = {"Cluster": "$response.Tasks.0.ClusterArn"}

ECS_TASK: Final = _sync(
    ("DescribeTasks", {**_ECS_CLUSTER, "Tasks": ["$response.Tasks.0.TaskArn"]}),
    status=("Tasks.0.LastStatus", "STOPPED", ""),
    interval=(3, 30),
    result=ResponsePart("Tasks.0"),
    stop=("StopTask", {**_ECS_CLUSTER, "Task": "$response.Tasks.0.TaskArn", "Reason": _REASON}),
    check_submission=transforms.run_task_accepted,
    check_success=transforms.run_task_state,
    batch=BatchDescribe("DescribeTasks", "Tasks", 100, "Tasks", "Tasks.0", "Tasks.0", "TaskArn"),
)

_KUBERNETES_JOB: Final[Values] = {
    **_same_names("ClusterName", "CertificateAuthority", "Endpoint"),
    "Namespace": "$response.ResponseBody.metadata.namespace",
    "Name": "$response.ResponseBody.metadata.name",
}

KUBERNETES_JOB: Final = _sync(
    ("GetJob", _KUBERNETES_JOB | {"LogOptions": "$parameters.LogOptions"}),
    status=("Status", "Complete", "Failed"),
    interval=(5, 60),
    result=ResponsePart("Job"),
    stop=("DeleteJob", _KUBERNETES_JOB),
    status_only={"LogOptions": None},
)

_EKS_NAMES: Final[dict[str, tuple[str, ...]]] = {
    "Cluster": ("Name",),
    "Nodegroup": ("ClusterName", "NodegroupName"),
    "FargateProfile": ("ClusterName", "FargateProfileName"),
}


def eks_change(kind: str, succeeded: str, failed: str) -> SyncJobs:
    """Return how a resource of EKS is created or deleted. Step Functions does not undo it when the execution stops.

    Args:
        kind: ``Cluster``, ``Nodegroup`` or ``FargateProfile``.
        succeeded: the status that is waited for; none where its deletion is.
        failed: statuses from which it will not get there.
    """
    describe, names = f"Describe{kind}", _same_names(*_EKS_NAMES[kind])
    return _sync(
        (describe, names),
        status=(f"{kind}.Status", succeeded, failed),
        interval=(20, 60),
        succeeds_when_gone=not succeeded,
    )


# Glue, Athena, SageMaker, Bedrock, MediaConvert -----------------------------------------------------------------------

GLUE_JOB_RUN: Final = _sync(
    ("GetJobRun", {"JobName": "$parameters.JobName", "RunId": "$response.JobRunId"}),
    status=("JobRun.JobRunState", "SUCCEEDED", "FAILED STOPPED TIMEOUT ERROR EXPIRED"),
    interval=(5, 30),
    result=ResponsePart("JobRun"),
    stop=("BatchStopJobRun", {"JobName": "$parameters.JobName", "JobRunIds": ["$response.JobRunId"]}),
    # There is no call for runs by their ids: this one gives the last runs of a job.
    batch=BatchDescribe("GetJobRuns", None, 50, "JobRuns", "JobRun", "RunId", "Id", {"MaxResults": 200}),
)

_DATABREW_RUN: Final = {"Name": "$parameters.Name", "RunId": "$response.RunId"}

DATABREW_JOB_RUN: Final = _sync(
    ("DescribeJobRun", _DATABREW_RUN),
    status=("State", "SUCCEEDED", "FAILED TIMEOUT STOPPED"),
    interval=(5, 30),
    stop=("StopJobRun", _DATABREW_RUN),
    batch=BatchDescribe("ListJobRuns", None, 50, "JobRuns", "", "RunId", "RunId", {"MaxResults": 100}),
)

_QUERY: Final = {"QueryExecutionId": "$response.QueryExecutionId"}

ATHENA_QUERY: Final = _sync(
    ("GetQueryExecution", _QUERY),
    status=("QueryExecution.Status.State", "SUCCEEDED", "FAILED CANCELLED"),
    interval=(1, 10),
    stop=("StopQueryExecution", _QUERY),
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


def sagemaker_job(kind: str) -> SyncJobs:
    """Return how a job of SageMaker is followed.

    Args:
        kind: ``Training``, ``Processing``, ``Transform``, ``HyperParameterTuning`` or ``Labeling``.
    """
    name = _same_names(f"{kind}JobName")
    return _sync(
        (f"Describe{kind}Job", name),
        status=(f"{kind}JobStatus", "Completed", "Failed Stopped"),
        interval=(15, 60),
        stop=(f"Stop{kind}Job", name),
    )


MODEL_CUSTOMIZATION: Final = _sync(
    ("GetModelCustomizationJob", {"JobIdentifier": "$parameters.JobName"}),
    status=("Status", "Completed", "Failed Stopped"),
    interval=(30, 120),
    stop=("StopModelCustomizationJob", {"JobIdentifier": "$parameters.JobName"}),
)

MEDIA_JOB: Final = _sync(
    ("GetJob", {"Id": "$response.Job.Id"}),
    status=("Job.Status", "COMPLETE", "CANCELED ERROR"),
    interval=(5, 30),
    stop=("CancelJob", {"Id": "$response.Job.Id"}),
)


# CodeBuild ------------------------------------------------------------------------------------------------------------


def _code_build(kind: str, plural: str) -> SyncJobs:
    """Return how a build, or a batch of builds, is followed."""
    id = f"$response.{kind}.Id"
    return _sync(
        (f"BatchGet{plural}", {"Ids": [id]}),
        status=(f"{plural}.0.{kind}Status", "SUCCEEDED", "FAILED FAULT TIMED_OUT STOPPED"),
        interval=(5, 30),
        result=NamedPart(kind, f"{plural}.0"),
        stop=(f"Stop{kind}", {"Id": id}),
        batch=BatchDescribe(f"BatchGet{plural}", "Ids", 100, plural, f"{plural}.0", "Ids.0", "Id"),
    )


CODE_BUILD: Final = _code_build("Build", "Builds")
CODE_BUILD_BATCH: Final = _code_build("BuildBatch", "BuildBatches")


# EMR, on EC2, on EKS and serverless -----------------------------------------------------------------------------------

CLUSTER_CREATION: Final = _sync(
    ("DescribeCluster", {"ClusterId": "$response.ClusterId"}),
    status=("Cluster.Status.State", "WAITING", "TERMINATING TERMINATED TERMINATED_WITH_ERRORS"),
    interval=(20, 60),
    stop=None,  # documented: Step Functions terminates no cluster when the execution stops
    include_submission=True,  # documented: the result of createCluster.sync has ClusterId
)

CLUSTER_TERMINATION: Final = _sync(
    ("DescribeCluster", {"ClusterId": "$parameters.ClusterId"}),
    status=("Cluster.Status.State", "TERMINATED TERMINATED_WITH_ERRORS", ""),
    interval=(10, 60),
)

CLUSTER_STEP: Final = _sync(
    ("DescribeStep", {"ClusterId": "$parameters.ClusterId", "StepId": "$response.StepId"}),
    status=("Step.Status.State", "COMPLETED", "CANCELLED FAILED INTERRUPTED"),
    interval=(10, 60),
    stop=("CancelSteps", {"ClusterId": "$parameters.ClusterId", "StepIds": ["$response.StepId"]}),
    batch=BatchDescribe("ListSteps", "StepIds", 10, "Steps", "Step", "StepId", "Id"),
    include_submission=True,
)

_CONTAINERS_RUN: Final = {"Id": "$response.Id", "VirtualClusterId": "$parameters.VirtualClusterId"}

CONTAINERS_JOB_RUN: Final = _sync(
    ("DescribeJobRun", _CONTAINERS_RUN),
    status=("JobRun.State", "COMPLETED", "FAILED CANCELLED"),
    interval=(5, 30),
    result=ResponsePart("JobRun"),
    stop=("CancelJobRun", _CONTAINERS_RUN),
)

VIRTUAL_CLUSTER_TERMINATION: Final = _sync(
    ("DescribeVirtualCluster", {"Id": "$parameters.Id"}),
    status=("VirtualCluster.State", "TERMINATED", "ARRESTED"),
    interval=(5, 30),
    result=ResponsePart("VirtualCluster"),
    succeeds_when_gone=True,
)


def serverless_application(state: str, failed: str, *, id: str = "$parameters.ApplicationId") -> SyncJobs:
    """Return how an application of EMR Serverless reaches a state.

    Args:
        state: the state that is waited for, and those that come after it. Source: connect-emr-serverless.html.
        failed: states from which it will not get there.
        id: the place of its id in the submission.
    """
    # Published definitions read ApplicationId at the top of these results.
    return _sync(
        ("GetApplication", {"ApplicationId": id}),
        status=("Application.State", state, failed),
        interval=(5, 30),
        result=ResponsePart("Application"),
        succeeds_when_gone=state == "TERMINATED",
    )


def serverless_job_run(id: str, succeeded: str, failed: str, *, stops: bool) -> SyncJobs:
    """Return how a job run of EMR Serverless is followed.

    Args:
        id: the place of its id in the submission.
        succeeded: the state that is waited for.
        failed: states from which it will not get there.
        stops: whether it is cancelled with the execution.
    """
    run = {"ApplicationId": "$parameters.ApplicationId", "JobRunId": id}
    return _sync(
        ("GetJobRun", run),
        status=("JobRun.State", succeeded, failed),
        interval=(5, 30),
        result=ResponsePart("JobRun"),
        stop=("CancelJobRun", run) if stops else None,
    )
