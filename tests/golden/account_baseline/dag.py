"""Gives a new account its baseline: a password policy, and encrypted volumes in each
region. Somebody watches by WebSocket.

An Airflow DAG that does what the AWS Step Functions state machine of machine.asl.json
does. Each task is one state. A task chooses the one that comes next by its name; the
others are skipped. Where the names and the edges disagree, Airflow refuses the file and
shows why. Trigger it with the execution's input as the run's configuration.
"""

from datetime import UTC, datetime

from airflow import DAG

# isort: split
from sfn_provider.operators.groups import (
    MapJoinOperator,
    MapStartOperator,
    MapTaskGroup,
    TaskGroup,
)
from sfn_provider.operators.state_machine import TaskStateOperator

with DAG(
    dag_id="account_baseline",
    description=(
        "Gives a new account its baseline: a password policy, and encrypted volumes in "
        "each region. Somebody watches by WebSocket."
    ),
    doc_md=__doc__,
    schedule=None,
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
    tags=["step-functions"],
):
    password_policy = TaskStateOperator(
        task_id="Password_policy",
        task_display_name="Password policy",
        state_name="Password policy",
        resource="arn:aws:states:::aws-sdk:iam:updateAccountPasswordPolicy",
        credentials={
            "RoleArn.$": "States.Format('arn:aws:iam::{}:role/baseline', $.account)",
        },
        parameters={"MinimumPasswordLength": 14, "RequireSymbols": "true"},
        result_path=None,
        next="Regions",
    )

    regions = TaskStateOperator(
        task_id="Regions",
        resource="arn:aws:states:::aws-sdk:ec2:describeRegions",
        parameters={
            "Filters": [{"Name": "opt-in-status", "Values": ["opt-in-not-required"]}],
        },
        result_path="$.regions",
        result_selector={"names.$": "$.Regions[*].RegionName"},
        next="Each region",
    )

    with TaskGroup(group_id="Each_region", tooltip="Each region") as each_region:
        each_region_start = MapStartOperator(
            task_id="start",
            state_name="Each region",
            items_path="$.regions.names",
            item_selector={"account.$": "$.account", "region.$": "$$.Map.Item.Value"},
        )

        with MapTaskGroup(group_id="item", items=each_region_start) as each_region_item:
            encrypt_volumes = TaskStateOperator(
                task_id="Encrypt_volumes",
                task_display_name="Encrypt volumes",
                state_name="Encrypt volumes",
                resource="arn:aws:states:::aws-sdk:ec2:enableEbsEncryptionByDefault",
                credentials={
                    "RoleArn.$": "States.Format('arn:aws:iam::{}:role/baseline', $.account)",
                },
                parameters={},
                result_path=None,
                next="Set up region",
            )

            set_up_region = TaskStateOperator(
                task_id="Set_up_region",
                task_display_name="Set up region",
                state_name="Set up region",
                resource="arn:aws:lambda:eu-central-1:123456789012:function:set-up-region",
                end=True,
            )

            encrypt_volumes >> set_up_region

        each_region_join = MapJoinOperator(
            task_id="join",
            state_name="Each region",
            result_path=None,
            next="Report",
        )

        each_region_item >> each_region_join

    report = TaskStateOperator(
        task_id="Report",
        resource="arn:aws:states:::apigateway:invoke",
        parameters={
            "ApiEndpoint": "a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com",
            "Method": "POST",
            "Stage": "prod",
            "Path.$": "States.Format('/@connections/{}', $.connection)",
            "RequestBody": {
                "account.$": "$.account",
                "regions.$": "States.ArrayLength($.regions.names)",
            },
            "AuthType": "IAM_ROLE",
        },
        end=True,
    )

    password_policy >> regions
    regions >> each_region
    each_region >> report
