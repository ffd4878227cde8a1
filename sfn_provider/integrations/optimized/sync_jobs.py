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
from sfn_provider.integrations.integration import Batch, Call, Pace, Part, Sync, dig, unchanged
from sfn_provider.integrations.optimized import transforms
from sfn_provider.integrations.value_shapes import Values

Syncs = dict[Pattern, Sync]

_REASON: Final = "The execution that waited for it was stopped"


def _statuses(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _build(description: Values) -> Json:
    return {"Build": dig(description, "Builds.0")}


def _build_batch(description: Values) -> Json:
    return {"BuildBatch": dig(description, "BuildBatches.0")}


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
        result=Part("JobRun"),
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
        result=Part("Jobs.0"),
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
        result=Part("Tasks.0"),
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


def _sync(describe: Call, status: str, succeeded: str, failed: str, **fields: Any) -> Syncs:
    """Give how a job is followed.

    Args:
        describe: the call that describes it.
        status: path to its status.
        succeeded: statuses of a job that is done, with spaces between them.
        failed: statuses of a job that has failed.
        fields: other fields of Sync; without ``result`` the description is the result.
    """
    given = {"result": unchanged, "stop": None} | fields
    return {"sync": Sync(describe, status, _statuses(succeeded), _statuses(failed), **given)}


def sagemaker_job(kind: str) -> Syncs:
    """Give how a job of SageMaker is followed.

    Args:
        kind: ``Training``, ``Processing``, ``Transform``, ``HyperParameterTuning`` or ``Labeling``.
    """
    name = {f"{kind}JobName": f"$parameters.{kind}JobName"}
    return _sync(
        Call(f"Describe{kind}Job", name),
        f"{kind}JobStatus",
        "Completed",
        "Failed Stopped",
        stop=Call(f"Stop{kind}Job", name),
        pace=Pace(15, 60),
    )


_BREW_RUN: Final = {"Name": "$parameters.Name", "RunId": "$response.RunId"}

DATABREW_JOB_RUN: Final = _sync(
    Call("DescribeJobRun", _BREW_RUN),
    "State",
    "SUCCEEDED",
    "FAILED TIMEOUT STOPPED",
    stop=Call("StopJobRun", _BREW_RUN),
    pace=Pace(5, 30),
    batch=Batch("ListJobRuns", None, 50, "JobRuns", "", "RunId", "RunId", {"MaxResults": 100}),
)


def build_batch(id: str) -> Syncs:
    """Give how a batch of builds is followed, of the place of its id in the submission."""
    return _sync(
        Call("BatchGetBuildBatches", {"Ids": [id]}),
        "BuildBatches.0.BuildBatchStatus",
        "SUCCEEDED",
        "FAILED FAULT TIMED_OUT STOPPED",
        result=_build_batch,
        stop=Call("StopBuildBatch", {"Id": id}),
        pace=Pace(5, 30),
        batch=Batch("BatchGetBuildBatches", "Ids", 100, "BuildBatches", "BuildBatches.0", "Ids.0", "Id"),
    )


_CONTAINERS_RUN: Final = {"Id": "$response.Id", "VirtualClusterId": "$parameters.VirtualClusterId"}

CONTAINERS_JOB_RUN: Final = _sync(
    Call("DescribeJobRun", _CONTAINERS_RUN),
    "JobRun.State",
    "COMPLETED",
    "FAILED CANCELLED",
    result=Part("JobRun"),
    stop=Call("CancelJobRun", _CONTAINERS_RUN),
    pace=Pace(5, 30),
)

ENDING_VIRTUAL_CLUSTER: Final = _sync(
    Call("DescribeVirtualCluster", {"Id": "$parameters.Id"}),
    "VirtualCluster.State",
    "TERMINATED",
    "ARRESTED",
    result=Part("VirtualCluster"),
    pace=Pace(5, 30),
    gone=True,
)


def serverless_application(state: str, failed: str, *, id: str = "$parameters.ApplicationId") -> Syncs:
    """Give how an application of EMR Serverless comes to a state.

    Args:
        state: the state that is waited for, and those that come after it. Source: connect-emr-serverless.html.
        failed: states in which it will not come to that one.
        id: the place of its id in the submission.
    """
    describe = Call("GetApplication", {"ApplicationId": id})
    # Published definitions read ApplicationId at the top of these results.
    return _sync(
        describe,
        "Application.State",
        state,
        failed,
        result=Part("Application"),
        pace=Pace(5, 30),
        gone=state == "TERMINATED",
    )


def serverless_job_run(id: str, succeeded: str, failed: str, *, stops: bool) -> Syncs:
    """Give how a job run of EMR Serverless is followed.

    Args:
        id: the place of its id in the submission.
        succeeded: the state that is waited for.
        failed: states of a job run that will not come to that one.
        stops: whether it is cancelled with the execution.
    """
    run = {"ApplicationId": "$parameters.ApplicationId", "JobRunId": id}
    return _sync(
        Call("GetJobRun", run),
        "JobRun.State",
        succeeded,
        failed,
        result=Part("JobRun"),
        stop=Call("CancelJobRun", run) if stops else None,
        pace=Pace(5, 30),
    )


def _names(*fields: str) -> Values:
    return {field: f"$parameters.{field}" for field in fields}


_EKS_NAMES: Final[dict[str, Values]] = {
    "Cluster": _names("Name"),
    "Nodegroup": _names("ClusterName", "NodegroupName"),
    "FargateProfile": _names("ClusterName", "FargateProfileName"),
}


def eks_change(kind: str, succeeded: str, failed: str) -> Syncs:
    """Give how something of EKS is created or deleted. Step Functions leaves it as it is when the execution stops.

    Args:
        kind: ``Cluster``, ``Nodegroup`` or ``FargateProfile``.
        succeeded: the status that is waited for; none where that it disappears is.
        failed: statuses from which it will not get there.
    """
    describe = Call(f"Describe{kind}", _EKS_NAMES[kind])
    return _sync(describe, f"{kind}.Status", succeeded, failed, pace=Pace(20, 60), gone=not succeeded)


MODEL_CUSTOMIZATION: Final = _sync(
    Call("GetModelCustomizationJob", {"JobIdentifier": "$parameters.JobName"}),
    "Status",
    "Completed",
    "Failed Stopped",
    stop=Call("StopModelCustomizationJob", {"JobIdentifier": "$parameters.JobName"}),
    pace=Pace(30, 120),
)

MEDIA_JOB: Final = _sync(
    Call("GetJob", {"Id": "$response.Job.Id"}),
    "Job.Status",
    "COMPLETE",
    "CANCELED ERROR",
    stop=Call("CancelJob", {"Id": "$response.Job.Id"}),
    pace=Pace(5, 30),
)

_JOB: Final[Values] = {
    **_names("ClusterName", "CertificateAuthority", "Endpoint"),
    "Namespace": "$response.ResponseBody.metadata.namespace",
    "Name": "$response.ResponseBody.metadata.name",
}

KUBERNETES_JOB: Final = _sync(
    Call("GetJob", _JOB | {"LogOptions": "$parameters.LogOptions"}),
    "Status",
    "Complete",
    "Failed",
    result=Part("Job"),
    stop=Call("DeleteJob", _JOB),
    glance={"LogOptions": None},
    pace=Pace(5, 60),
)
