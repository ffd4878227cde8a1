"""Samples of ECS and Batch."""

from __future__ import annotations

from tests.translate.native.operator_table.services.sample import ACCOUNT, Sample

_TASK_ARN = f"arn:aws:ecs:us-east-1:{ACCOUNT}:task/jobs/1"
_TASK = {
    "taskArn": _TASK_ARN,
    "clusterArn": f"arn:aws:ecs:us-east-1:{ACCOUNT}:cluster/jobs",
    "lastStatus": "STOPPED",
    "containers": [{"name": "app", "lastStatus": "STOPPED", "exitCode": 0}],
}
_RUN = {"RunTask": {"tasks": [_TASK], "failures": []}, "DescribeTasks": {"tasks": [_TASK], "failures": []}}
_STARTED_BY = {"startedBy": "airflow"}
_RUN_TASK = {
    "Cluster": "jobs",
    "TaskDefinition": "load:3",
    "LaunchType": "FARGATE",
    "PlatformVersion": "LATEST",
    "Group": "nightly",
    "PropagateTags": "TASK_DEFINITION",
    "Tags": [{"Key": "team", "Value": "sales"}],
    "PlacementConstraints": [{"Type": "distinctInstance"}],
    "PlacementStrategy": [{"Type": "spread", "Field": "host"}],
    "NetworkConfiguration": {"AwsvpcConfiguration": {"Subnets": ["subnet-1"], "AssignPublicIp": "DISABLED"}},
    "Overrides": {
        "ContainerOverrides": [{"Name": "app", "Command": ["load"], "Environment": [{"Name": "DAY", "Value": "1"}]}]
    },
}

_JOB = {"jobId": "j-1", "jobName": "load"}
_SUBMITTED = {
    "SubmitJob": _JOB,
    "DescribeJobs": {
        "jobs": [
            _JOB
            | {
                "status": "SUCCEEDED",
                "jobQueue": f"arn:aws:batch:us-east-1:{ACCOUNT}:job-queue/nightly",
                "jobDefinition": f"arn:aws:batch:us-east-1:{ACCOUNT}:job-definition/load:3",
                "startedAt": 1_773_540_000_000,
                "container": {},
            }
        ]
    },
}
_LEAST_JOB = {"JobName": "load", "JobDefinition": "load:3", "JobQueue": "nightly"}
_SUBMIT_JOB = {
    **_LEAST_JOB,
    "ContainerOverrides": {"Command": ["load"], "ResourceRequirements": [{"Type": "VCPU", "Value": "2"}]},
    "ArrayProperties": {"Size": 3},
    "RetryStrategy": {"Attempts": 2, "EvaluateOnExit": [{"OnExitCode": "1", "Action": "RETRY"}]},
    "Parameters": {"Day": "2026-03-15"},
    "Tags": {"Team": "sales"},
    "ShareIdentifier": "sales",
    "SchedulingPriorityOverride": 7,
}

SAMPLES = (
    Sample("ecs:runTask", _RUN_TASK, _RUN, _STARTED_BY),
    Sample("ecs:runTask", {"TaskDefinition": "load:3"}, _RUN, _STARTED_BY, name="least"),
    Sample("ecs:runTask.sync", _RUN_TASK, _RUN, _STARTED_BY),
    Sample("batch:submitJob", _SUBMIT_JOB, _SUBMITTED),
    Sample("batch:submitJob", _LEAST_JOB, _SUBMITTED, name="least"),
    Sample(
        "batch:submitJob",
        _LEAST_JOB | {"Timeout": {"AttemptDurationSeconds": 600}},
        _SUBMITTED,
        name="timeout",
        since=(9, 8),
    ),
    Sample(
        "batch:submitJob.sync",
        _SUBMIT_JOB,
        _SUBMITTED,
        {"containerOverrides": {"command": ["load"], "resourceRequirements": [{"type": "VCPU", "value": "2"}]}},
    ),
    Sample("batch:submitJob.sync", _LEAST_JOB, _SUBMITTED, name="least"),
)
