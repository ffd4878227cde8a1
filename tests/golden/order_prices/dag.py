"""Prices the orders of a day, and tells the shop

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
from sfn_provider.operators.state_machine import (
    ChoiceStateOperator,
    FailStateOperator,
    PassStateOperator,
    TaskStateOperator,
    WaitStateOperator,
)

with DAG(
    dag_id="order_prices",
    description="Prices the orders of a day, and tells the shop",
    doc_md=__doc__,
    schedule=None,
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
    tags=["step-functions"],
):
    list_ = TaskStateOperator(
        task_id="List",
        resource="arn:aws:lambda:us-east-1:123456789012:function:list",
        next="Each order",
    )

    with TaskGroup(group_id="Each_order", tooltip="Each order") as each_order:
        each_order_start = MapStartOperator(
            task_id="start",
            state_name="Each order",
            items_path="$.orders",
            item_selector={
                "order.$": "$$.Map.Item.Value",
                "n.$": "$$.Map.Item.Index",
                "run.$": "$$.Execution.Input.run",
            },
        )

        with MapTaskGroup(
            group_id="item",
            max_concurrency=3,
            items=each_order_start,
        ) as each_order_item:
            price = TaskStateOperator(
                task_id="Price",
                comment="What it costs today",
                resource="arn:aws:states:::lambda:invoke",
                parameters={"FunctionName": "price", "Payload": {"id.$": "$.order.id"}},
                result_path="$.price",
                result_selector={"euros.$": "$.Payload.euros"},
                retry=[
                    {
                        "ErrorEquals": ["States.ALL"],
                        "IntervalSeconds": 2,
                        "MaxAttempts": 2,
                        "BackoffRate": 2,
                    },
                ],
                catch=[
                    {
                        "ErrorEquals": ["States.ALL"],
                        "Next": "Unknown price",
                        "ResultPath": "$.error",
                    },
                ],
                next="Dear?",
            )

            dear = ChoiceStateOperator(
                task_id="Dear",
                task_display_name="Dear?",
                state_name="Dear?",
                choices=[
                    {
                        "Variable": "$.price.euros",
                        "NumericGreaterThan": 100,
                        "Next": "Approve",
                    },
                    {
                        "Variable": "$.order.kind",
                        "StringEquals": "gift",
                        "Next": "Refuse",
                    },
                ],
                default="Store",
            )

            approve = TaskStateOperator(
                task_id="Approve",
                resource="arn:aws:lambda:us-east-1:123456789012:function:approve",
                parameters={"id.$": "$.order.id", "euros.$": "$.price.euros"},
                result_path="$.approval",
                next="Pause",
            )

            pause = WaitStateOperator(
                task_id="Pause",
                seconds=5,
                next="Store",
            )

            refuse = FailStateOperator(
                task_id="Refuse",
                error="Gift",
                cause="gifts are free",
            )

            unknown_price = PassStateOperator(
                task_id="Unknown_price",
                task_display_name="Unknown price",
                state_name="Unknown price",
                result_path="$.price",
                result={"euros": 0},
                next="Store",
            )

            store = TaskStateOperator(
                task_id="Store",
                comment="The table has the last price of each order",
                resource="arn:aws:states:::dynamodb:putItem",
                parameters={
                    "TableName": "orders",
                    "Item": {
                        "id": {"S.$": "$.order.id"},
                        "euros": {"N.$": "States.Format('{}',$.price.euros)"},
                        "run": {"S.$": "$.run"},
                    },
                },
                result_path=None,
                output_path="$.price",
                end=True,
            )

            price >> [dear, unknown_price]
            dear >> [approve, refuse, store]
            approve >> pause
            pause >> store
            unknown_price >> store

        each_order_join = MapJoinOperator(
            task_id="join",
            state_name="Each order",
            result_path="$.prices",
            next="Tell",
        )

        each_order_item >> each_order_join

    tell = TaskStateOperator(
        task_id="Tell",
        resource="arn:aws:states:::sns:publish",
        parameters={
            "TopicArn": "arn:aws:sns:us-east-1:123456789012:news",
            "Message.$": "States.JsonToString($.prices)",
        },
        end=True,
    )

    list_ >> each_order
    each_order >> tell
