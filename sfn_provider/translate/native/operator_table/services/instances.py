"""Rows of EC2, Systems Manager and Managed Service for Apache Flink."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from sfn_provider.translate.native.operator_table.row import Argument, OperatorRow, Returned
from sfn_provider.translate.native.operator_table.services.rows import operator

_AT_ONCE: Final = {"wait_for_completion": False, "deferrable": False}

_TERMINATE: Final = OperatorRow(
    "aws-sdk:ec2:terminateInstances",
    operator("ec2.EC2TerminateInstanceOperator"),
    "TerminateInstances",
    arguments={"InstanceIds": Argument("instance_ids")},
    required=("InstanceIds",),
)

_REBOOT: Final = replace(
    _TERMINATE,
    resource="aws-sdk:ec2:rebootInstances",
    operator=operator("ec2.EC2RebootInstanceOperator"),
    operation="RebootInstances",
)

_SEND_COMMAND: Final = OperatorRow(
    "aws-sdk:ssm:sendCommand",
    operator("ssm.SsmRunCommandOperator"),
    "SendCommand",
    since=(9, 12),
    arguments={"DocumentName": Argument("document_name")},
    constants=_AT_ONCE,
    passthrough="run_command_kwargs",
    required=("DocumentName",),
    returns={"$.Command.CommandId": Returned()},
)

_CREATE_APPLICATION: Final = OperatorRow(
    "aws-sdk:kinesisanalyticsv2:createApplication",
    operator("kinesis_analytics.KinesisAnalyticsV2CreateApplicationOperator"),
    "CreateApplication",
    arguments={
        "ApplicationName": Argument("application_name"),
        "RuntimeEnvironment": Argument("runtime_environment"),
        "ServiceExecutionRole": Argument("service_execution_role"),
        "ApplicationDescription": Argument("application_description"),
    },
    passthrough="create_application_kwargs",
    # Its fields are spelled otherwise in a Task: JsonMappingParameters.
    unsupported=frozenset({"ApplicationConfiguration.SqlApplicationConfiguration"}),
    # Without a description the operator writes one.
    required=("ApplicationName", "RuntimeEnvironment", "ServiceExecutionRole", "ApplicationDescription"),
    returns={"$.ApplicationDetail.ApplicationARN": Returned(path=("ApplicationARN",))},
)

_START_APPLICATION: Final = OperatorRow(
    "aws-sdk:kinesisanalyticsv2:startApplication",
    operator("kinesis_analytics.KinesisAnalyticsV2StartApplicationOperator"),
    "StartApplication",
    arguments={"ApplicationName": Argument("application_name"), "RunConfiguration": Argument("run_configuration")},
    constants=_AT_ONCE,
    required=("ApplicationName",),
    added={"RunConfiguration": {}},
    reads=("DescribeApplication",),
)

_STOP_APPLICATION: Final = replace(
    _START_APPLICATION,
    resource="aws-sdk:kinesisanalyticsv2:stopApplication",
    operator=operator("kinesis_analytics.KinesisAnalyticsV2StopApplicationOperator"),
    operation="StopApplication",
    arguments={"ApplicationName": Argument("application_name"), "Force": Argument("force")},
    added={"Force": False},
)

ROWS: Final = (_TERMINATE, _REBOOT, _SEND_COMMAND, _CREATE_APPLICATION, _START_APPLICATION, _STOP_APPLICATION)
"""The rows of these services."""
