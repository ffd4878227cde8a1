"""Samples of EC2, Systems Manager and Managed Service for Apache Flink."""

from __future__ import annotations

from tests.translate.native.operator_table.services.sample import ACCOUNT, Sample

_APPLICATION = {
    "ApplicationDetail": {
        "ApplicationARN": f"arn:aws:kinesisanalytics:us-east-1:{ACCOUNT}:application/clicks",
        "ApplicationName": "clicks",
        "RuntimeEnvironment": "FLINK-1_19",
        "ApplicationStatus": "READY",
        "ApplicationVersionId": 1,
    }
}

SAMPLES = (
    Sample("aws-sdk:ec2:terminateInstances", {"InstanceIds": ["i-1", "i-2"]}, {"TerminateInstances": {}}),
    Sample("aws-sdk:ec2:rebootInstances", {"InstanceIds": ["i-1"]}, {"RebootInstances": {}}),
    Sample(
        "aws-sdk:ssm:sendCommand",
        {
            "DocumentName": "AWS-RunShellScript",
            "InstanceIds": ["i-1"],
            "Parameters": {"commands": ["uptime"]},
            "TimeoutSeconds": 600,
        },
        {"SendCommand": {"Command": {"CommandId": "c-1", "InstanceIds": ["i-1"]}}},
    ),
    Sample(
        "aws-sdk:kinesisanalyticsv2:createApplication",
        {
            "ApplicationName": "clicks",
            "RuntimeEnvironment": "FLINK-1_19",
            "ServiceExecutionRole": f"arn:aws:iam::{ACCOUNT}:role/flink",
            "ApplicationDescription": "Counts clicks",
            "ApplicationMode": "STREAMING",
        },
        {"CreateApplication": _APPLICATION},
    ),
    Sample(
        "aws-sdk:kinesisanalyticsv2:startApplication",
        {"ApplicationName": "clicks"},
        {"StartApplication": {}, "DescribeApplication": _APPLICATION},
    ),
    Sample(
        "aws-sdk:kinesisanalyticsv2:startApplication",
        {"ApplicationName": "clicks", "RunConfiguration": {"FlinkRunConfiguration": {"AllowNonRestoredState": True}}},
        {"StartApplication": {}, "DescribeApplication": _APPLICATION},
        name="configured",
    ),
    Sample(
        "aws-sdk:kinesisanalyticsv2:stopApplication",
        {"ApplicationName": "clicks"},
        {"StopApplication": {}, "DescribeApplication": _APPLICATION},
    ),
)
