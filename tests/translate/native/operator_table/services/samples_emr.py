"""Samples of EMR: clusters, EMR Serverless, EMR on EKS."""

from __future__ import annotations

from tests.translate.native.operator_table.services.sample import ACCOUNT, START, Sample


def _cluster(state: str) -> dict[str, object]:
    return {
        "Cluster": {"Id": "j-1", "Name": "nightly", "LogUri": "s3n://logs/", "Status": {"State": state}},
    }


_CREATED = {
    "RunJobFlow": {"JobFlowId": "j-1", "ClusterArn": f"arn:aws:elasticmapreduce:us-east-1:{ACCOUNT}:cluster/j-1"},
    "DescribeCluster": _cluster("WAITING"),
}
_CLUSTER = {
    "Name": "nightly",
    "ReleaseLabel": "emr-7.0.0",
    "Applications": [{"Name": "Spark"}],
    "Instances": {"InstanceCount": 3, "KeepJobFlowAliveWhenNoSteps": True},
    "ServiceRole": "EMR_DefaultRole",
    "JobFlowRole": "EMR_EC2_DefaultRole",
    "Tags": [{"Key": "team", "Value": "sales"}],
}
_STEP_STATE = {"Id": "s-1", "Status": {"State": "COMPLETED"}}
_STEPPED = {
    "AddJobFlowSteps": {"StepIds": ["s-1"]},
    "DescribeCluster": _cluster("RUNNING"),
    "DescribeStep": {"Step": _STEP_STATE},
    "ListSteps": {"Steps": [_STEP_STATE]},
}
_STEP = {
    "ClusterId": "j-1",
    "Step": {
        "Name": "load",
        "ActionOnFailure": "CONTINUE",
        "HadoopJarStep": {"Jar": "command-runner.jar", "Args": ["spark-submit", "s3://code/load.py"]},
    },
}
_TERMINATED = {"TerminateJobFlows": {}, "DescribeCluster": _cluster("TERMINATED")}

_ROLE = f"arn:aws:iam::{ACCOUNT}:role/jobs"
_SERVERLESS_RUN = {
    "applicationId": "00f1",
    "jobRunId": "00j1",
    "arn": f"arn:aws:emr-serverless:us-east-1:{ACCOUNT}:/applications/00f1/jobruns/00j1",
    "name": "load",
    "createdBy": _ROLE,
    "createdAt": START,
    "updatedAt": START,
    "executionRole": _ROLE,
    "state": "SUCCESS",
    "stateDetails": "",
    "releaseLabel": "emr-7.0.0",
    "jobDriver": {},
}
_SERVERLESS = {
    "GetApplication": {"application": {"applicationId": "00f1", "state": "STARTED"}},
    "StartJobRun": {"applicationId": "00f1", "jobRunId": "00j1", "arn": _SERVERLESS_RUN["arn"]},
    "GetJobRun": {"jobRun": _SERVERLESS_RUN},
}
_SERVERLESS_JOB = {
    "ApplicationId": "00f1",
    "ExecutionRoleArn": _ROLE,
    "Name": "load",
    "JobDriver": {"SparkSubmit": {"EntryPoint": "s3://code/load.py", "EntryPointArguments": ["a"]}},
    "ConfigurationOverrides": {
        "ApplicationConfiguration": [
            {"Classification": "spark-defaults", "Properties": {"Spark.executor.cores": "4", "spark.x": "y"}}
        ],
        "MonitoringConfiguration": {"S3MonitoringConfiguration": {"LogUri": "s3://logs/"}},
    },
    "ExecutionTimeoutMinutes": 60,
    "Tags": {"Team": "sales"},
    "RetryPolicy": {"MaxAttempts": 2},
}
_STOPPED = {
    "StopApplication": {},
    "GetApplication": {"application": {"applicationId": "00f1", "state": "STOPPED"}},
}

_CONTAINERS = {
    "StartJobRun": {"id": "r-1", "name": "load", "virtualClusterId": "v-1"},
    "DescribeJobRun": {"jobRun": {"id": "r-1", "name": "load", "virtualClusterId": "v-1", "state": "COMPLETED"}},
}
_CONTAINERS_JOB = {
    "Name": "load",
    "VirtualClusterId": "v-1",
    "ExecutionRoleArn": _ROLE,
    "ReleaseLabel": "emr-7.0.0-latest",
    "JobDriver": {"SparkSubmitJobDriver": {"EntryPoint": "s3://code/load.py"}},
    "ConfigurationOverrides": {
        "ApplicationConfiguration": [{"Classification": "spark-env", "Properties": {"JAVA_HOME": "/usr"}}],
    },
    "Tags": {"Team": "sales"},
    "RetryPolicyConfiguration": {"MaxAttempts": 2},
}
_LEAST_CONTAINERS = {
    name: _CONTAINERS_JOB[name]
    for name in ("Name", "VirtualClusterId", "ExecutionRoleArn", "ReleaseLabel", "JobDriver")
}

SAMPLES = (
    Sample("elasticmapreduce:createCluster", _CLUSTER, _CREATED),
    Sample("elasticmapreduce:createCluster.sync", _CLUSTER, _CREATED),
    Sample("elasticmapreduce:addStep", _STEP, _STEPPED),
    Sample("elasticmapreduce:addStep", _STEP | {"ExecutionRoleArn": _ROLE}, _STEPPED, name="role"),
    Sample("elasticmapreduce:addStep.sync", _STEP, _STEPPED),
    Sample("elasticmapreduce:terminateCluster", {"ClusterId": "j-1"}, _TERMINATED),
    Sample("elasticmapreduce:terminateCluster.sync", {"ClusterId": "j-1"}, _TERMINATED),
    Sample("emr-serverless:startJobRun", _SERVERLESS_JOB, _SERVERLESS),
    Sample("emr-serverless:startJobRun.sync", _SERVERLESS_JOB, _SERVERLESS),
    Sample("emr-serverless:stopApplication", {"ApplicationId": "00f1"}, _STOPPED),
    Sample("emr-serverless:stopApplication.sync", {"ApplicationId": "00f1"}, _STOPPED),
    Sample("emr-containers:startJobRun", _CONTAINERS_JOB, _CONTAINERS),
    Sample("emr-containers:startJobRun", _LEAST_CONTAINERS, _CONTAINERS, name="least"),
    Sample("emr-containers:startJobRun.sync", _CONTAINERS_JOB, _CONTAINERS),
    Sample(
        "emr-containers:createVirtualCluster",
        {
            "Name": "nightly",
            "ContainerProvider": {"Type": "EKS", "Id": "jobs", "Info": {"EksInfo": {"Namespace": "spark"}}},
        },
        {"CreateVirtualCluster": {"id": "v-1", "name": "nightly"}},
    ),
)
