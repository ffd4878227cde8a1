"""Rows of ECS and Batch."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from sfn_provider.translate.native.operator_table.row import Argument, OlderProvider, OperatorRow, Returned
from sfn_provider.translate.native.operator_table.services.rows import attempts, constant, operator, untemplated

_STARTED_BY: Final = "Tasks are started by the owner of the Airflow task, not by 'AWS Step Functions'."

_NO_MARK: Final = "The container has no variable MANAGED_BY_AWS, by which Step Functions marks it."

_RUN_TASK: Final = OperatorRow(
    "ecs:runTask",
    operator("ecs.EcsRunTaskOperator"),
    "RunTask",
    arguments={
        "TaskDefinition": Argument("task_definition"),
        "Cluster": Argument("cluster"),
        "Overrides": Argument("overrides", "api_names"),
        "LaunchType": Argument("launch_type"),
        "CapacityProviderStrategy": Argument("capacity_provider_strategy", "api_names"),
        "VolumeConfigurations": Argument("volume_configurations", "api_names"),
        "Group": Argument("group"),
        "PlacementConstraints": Argument("placement_constraints", "api_names"),
        "PlacementStrategy": Argument("placement_strategy", "api_names"),
        "PlatformVersion": Argument("platform_version"),
        "NetworkConfiguration": Argument("network_configuration", "api_names"),
        "Tags": Argument("tags", "tag_map"),
        "PropagateTags": Argument("propagate_tags"),
    },
    # Its own default is EC2, which overrides the strategy of the cluster.
    constants={
        "cluster": "default",
        "overrides": {},
        "launch_type": "",
        "wait_for_completion": False,
        "deferrable": False,
    },
    required=("TaskDefinition",),
    returns={"$.Tasks[0].TaskArn": Returned(xcom="ecs_task_arn")},
    added={"cluster": "default", "overrides": {}},
    changed={"StartedBy": _STARTED_BY},
    lost=(_STARTED_BY,),
)

_RUN_TASK_SYNC: Final = replace(
    _RUN_TASK,
    resource="ecs:runTask.sync",
    constants={"cluster": "default", "overrides": {}, "launch_type": "", "waiter_max_attempts": attempts(6)},
    deferrable="deferrable",
    returns={"$.TaskArn": Returned(xcom="ecs_task_arn"), "$.LastStatus": constant("STOPPED")},
    reads=("DescribeTasks",),
    lost=(_STARTED_BY, "It fails by the exit code of each container, also of those that are not essential."),
)

_SUBMIT_JOB: Final = OperatorRow(
    "batch:submitJob",
    operator("batch.BatchOperator"),
    "SubmitJob",
    arguments={
        "JobName": Argument("job_name"),
        "JobDefinition": Argument("job_definition"),
        "JobQueue": Argument("job_queue"),
        "ContainerOverrides": Argument("container_overrides", "api_names"),
        "ArrayProperties": Argument("array_properties", "api_names"),
        "EcsPropertiesOverride": Argument("ecs_properties_override", "api_names"),
        "EksPropertiesOverride": Argument("eks_properties_override", "api_names"),
        "NodeOverrides": Argument("node_overrides", "api_names"),
        "ShareIdentifier": untemplated("share_identifier"),
        "SchedulingPriorityOverride": untemplated("scheduling_priority_override"),
        "Parameters": Argument("parameters"),
        "RetryStrategy": Argument("retry_strategy", "api_names"),
        "Tags": Argument("tags"),
        "Timeout.AttemptDurationSeconds": untemplated("submit_job_timeout"),
    },
    constants={"wait_for_completion": False, "deferrable": False},
    required=("JobName", "JobDefinition", "JobQueue"),
    returns={"$.JobId": Returned(), "$.JobName": Returned("argument", argument="job_name")},
    added={"parameters": {}, "tags": {}},
    older=(OlderProvider((9, 8), without=frozenset({"submit_job_timeout"})),),
)

_SUBMIT_JOB_SYNC: Final = replace(
    _SUBMIT_JOB,
    resource="batch:submitJob.sync",
    constants={"max_retries": attempts(30)},
    deferrable="deferrable",
    returns=dict(_SUBMIT_JOB.returns) | {"$.Status": constant("SUCCEEDED")},
    reads=("DescribeJobs",),
    changed={"ContainerOverrides": _NO_MARK},
    lost=(_NO_MARK,),
)

ROWS: Final = (_RUN_TASK, _RUN_TASK_SYNC, _SUBMIT_JOB, _SUBMIT_JOB_SYNC)
"""The rows of these services."""
