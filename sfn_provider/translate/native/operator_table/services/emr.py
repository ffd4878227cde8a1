"""Rows of EMR: clusters, EMR Serverless, EMR on EKS."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from sfn_provider.translate.native.operator_table.row import Argument, OlderProvider, OperatorRow, Returned
from sfn_provider.translate.native.operator_table.services.rows import attempts, constant, operator, untemplated

_UNBOUNDED: Final = {"waiter_delay": 60, "waiter_max_attempts": attempts(60)}

_CREATE: Final = OperatorRow(
    "elasticmapreduce:createCluster",
    operator("emr.EmrCreateJobFlowOperator"),
    "RunJobFlow",
    # The connection emr_default would give parameters of its own.
    constants={"emr_conn_id": None, "wait_for_completion": False, "deferrable": False},
    passthrough="job_flow_overrides",
    required=("Name",),
    unsupported=frozenset({"Steps"}),
    returns={"$.ClusterId": Returned()},
    reads=("DescribeCluster",),
)

_CREATE_SYNC: Final = replace(
    _CREATE,
    resource="elasticmapreduce:createCluster.sync",
    constants=_UNBOUNDED | {"emr_conn_id": None, "wait_for_completion": True, "terminate_job_flow_on_failure": False},
    deferrable="deferrable",
    returns={"$.ClusterId": Returned(), "$.Cluster.Id": Returned()},
    outcomes={"TERMINATED": "succeeds", "TERMINATING": "waits"},
    older=(OlderProvider((9, 22), without=frozenset({"terminate_job_flow_on_failure"})),),
)

_ADD_STEP: Final = OperatorRow(
    "elasticmapreduce:addStep",
    operator("emr.EmrAddStepsOperator"),
    "AddJobFlowSteps",
    arguments={
        "ClusterId": Argument("job_flow_id"),
        "Step": Argument("steps", "list_of_one"),
        "ExecutionRoleArn": Argument("execution_role_arn"),
    },
    constants={"deferrable": False},
    required=("ClusterId", "Step"),
    returns={"$.StepId": Returned(path=(0,))},
    reads=("DescribeCluster",),
)

_ADD_STEP_SYNC: Final = replace(
    _ADD_STEP,
    resource="elasticmapreduce:addStep.sync",
    constants={"waiter_delay": 30, "waiter_max_attempts": attempts(30)},
    deferrable="deferrable",
    returns={"$.StepId": Returned(path=(0,)), "$.Step.Status.State": constant("COMPLETED")},
    reads=("DescribeCluster", "DescribeStep", "ListSteps"),
    waits_only_deferred=True,
    lost=("The step goes on where the task is stopped.",),
)

_TERMINATE: Final = OperatorRow(
    "elasticmapreduce:terminateCluster",
    operator("emr.EmrTerminateJobFlowOperator"),
    "TerminateJobFlows",
    arguments={"ClusterId": Argument("job_flow_id")},
    constants={"deferrable": False},
    required=("ClusterId",),
    reads=("DescribeCluster",),
)

_TERMINATE_SYNC: Final = replace(
    _TERMINATE,
    resource="elasticmapreduce:terminateCluster.sync",
    constants=_UNBOUNDED,
    deferrable="deferrable",
    waits_only_deferred=True,
    returns={
        "$.Cluster.Status.State": constant("TERMINATED"),
        "$.Cluster.Id": Returned("argument", argument="job_flow_id"),
    },
    lost=("It fails where the cluster is terminated with errors; the state succeeds.",),
)

_SERVERLESS: Final = OperatorRow(
    "emr-serverless:startJobRun",
    operator("emr.EmrServerlessStartJobOperator"),
    "StartJobRun",
    arguments={
        "ApplicationId": Argument("application_id"),
        "ExecutionRoleArn": Argument("execution_role_arn"),
        "JobDriver": Argument("job_driver", "api_names"),
        "ConfigurationOverrides": Argument("configuration_overrides", "api_names"),
        "Name": Argument("name"),
        "ClientToken": untemplated("client_request_token"),
    },
    constants={"wait_for_completion": False, "deferrable": False},
    passthrough="config",
    passthrough_kind="api_names",
    # Without a name the operator makes one.
    required=("ApplicationId", "ExecutionRoleArn", "JobDriver", "Name"),
    returns={"$.JobRunId": Returned(), "$.ApplicationId": Returned("argument", argument="application_id")},
    reads=("GetApplication",),
    lost=("It starts an application that is stopped, also one that does not start by itself.",),
)

_SERVERLESS_SYNC: Final = replace(
    _SERVERLESS,
    resource="emr-serverless:startJobRun.sync",
    constants=_UNBOUNDED,
    deferrable="deferrable",
    returns=dict(_SERVERLESS.returns)
    | {"$.State": constant("SUCCESS"), "$.Name": Returned("argument", argument="name")},
    reads=("GetApplication", "GetJobRun"),
)

_STOP_APPLICATION: Final = OperatorRow(
    "emr-serverless:stopApplication",
    operator("emr.EmrServerlessStopApplicationOperator"),
    "StopApplication",
    arguments={"ApplicationId": Argument("application_id")},
    constants={"wait_for_completion": False, "deferrable": False},
    required=("ApplicationId",),
)

_STOP_APPLICATION_SYNC: Final = replace(
    _STOP_APPLICATION,
    resource="emr-serverless:stopApplication.sync",
    constants=_UNBOUNDED,
    deferrable="deferrable",
    returns={"$.ApplicationId": Returned("argument", argument="application_id"), "$.State": constant("STOPPED")},
    reads=("GetApplication",),
)

_CONTAINERS: Final = OperatorRow(
    "emr-containers:startJobRun",
    operator("emr.EmrContainerOperator"),
    "StartJobRun",
    arguments={
        "Name": Argument("name"),
        "VirtualClusterId": Argument("virtual_cluster_id"),
        "ExecutionRoleArn": Argument("execution_role_arn"),
        "ReleaseLabel": Argument("release_label"),
        "JobDriver": Argument("job_driver", "api_names"),
        "ConfigurationOverrides": Argument("configuration_overrides", "api_names"),
        "ClientToken": untemplated("client_request_token"),
        "Tags": untemplated("tags"),
        "RetryPolicyConfiguration.MaxAttempts": untemplated("job_retry_max_attempts"),
    },
    constants={"wait_for_completion": False, "deferrable": False},
    required=("Name", "VirtualClusterId", "ExecutionRoleArn", "ReleaseLabel", "JobDriver"),
    returns={
        "$.Id": Returned(),
        "$.Name": Returned("argument", argument="name"),
        "$.VirtualClusterId": Returned("argument", argument="virtual_cluster_id"),
    },
    added={"configurationOverrides": {}, "tags": {}},
)

_CONTAINERS_SYNC: Final = replace(
    _CONTAINERS,
    resource="emr-containers:startJobRun.sync",
    constants={"poll_interval": 30, "max_polling_attempts": attempts(30)},
    deferrable="deferrable",
    returns=dict(_CONTAINERS.returns) | {"$.State": constant("COMPLETED")},
    reads=("DescribeJobRun",),
)

_VIRTUAL_CLUSTER: Final = OperatorRow(
    "emr-containers:createVirtualCluster",
    operator("emr.EmrEksCreateClusterOperator"),
    "CreateVirtualCluster",
    arguments={
        "Name": Argument("virtual_cluster_name"),
        "ContainerProvider.Id": Argument("eks_cluster_name"),
        "ContainerProvider.Info.EksInfo.Namespace": Argument("eks_namespace"),
        "Tags": untemplated("tags"),
    },
    required=("Name", "ContainerProvider.Id", "ContainerProvider.Info.EksInfo.Namespace"),
    fixed={"ContainerProvider.Type": "EKS"},
    returns={"$.Id": Returned()},
    added={"tags": {}},
)

ROWS: Final = (
    _CREATE,
    _CREATE_SYNC,
    _ADD_STEP,
    _ADD_STEP_SYNC,
    _TERMINATE,
    _TERMINATE_SYNC,
    _SERVERLESS,
    _SERVERLESS_SYNC,
    _STOP_APPLICATION,
    _STOP_APPLICATION_SYNC,
    _CONTAINERS,
    _CONTAINERS_SYNC,
    _VIRTUAL_CLUSTER,
)
"""The rows of these services."""
