"""Checks an order from three sides at once and packs its parcels

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
    ParallelJoinOperator,
    ParallelStartOperator,
    TaskGroup,
)
from sfn_provider.operators.state_machine import (
    ChoiceStateOperator,
    FailStateOperator,
    PassStateOperator,
    SucceedStateOperator,
    TaskStateOperator,
    WaitStateOperator,
)

with DAG(
    dag_id="order_checks",
    description="Checks an order from three sides at once and packs its parcels",
    doc_md=__doc__,
    schedule=None,
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
    tags=["step-functions"],
):
    with TaskGroup(
        group_id="Check_the_order",
        tooltip="Check the order",
    ) as check_the_order:
        check_the_order_start = ParallelStartOperator(
            task_id="start",
            state_name="Check the order",
            comment="None of the checks waits for another one",
            parameters={"order.$": "$.order", "customer.$": "$.customer"},
            branches=["Check payment", "Look into stock", "Check the address"],
        )

        check_payment = TaskStateOperator(
            task_id="Check_payment",
            task_display_name="Check payment",
            state_name="Check payment",
            resource="arn:aws:states:::lambda:invoke",
            parameters={"FunctionName": "check-payment", "Payload.$": "$.customer"},
            output_path="$.Payload",
            retry=[
                {"ErrorEquals": ["Lambda.TooManyRequestsException"], "MaxAttempts": 5},
            ],
            end=True,
        )

        with TaskGroup(group_id="branch_2") as check_the_order_branch_2:
            look_into_stock = TaskStateOperator(
                task_id="Look_into_stock",
                task_display_name="Look into stock",
                state_name="Look into stock",
                resource="arn:aws:states:::dynamodb:getItem",
                parameters={
                    "TableName": "stock",
                    "Key": {"article": {"S.$": "$.order.article"}},
                },
                catch=[{"ErrorEquals": ["States.ALL"], "Next": "Ask the warehouse"}],
                next="Enough in stock?",
            )

            enough_in_stock = ChoiceStateOperator(
                task_id="Enough_in_stock",
                task_display_name="Enough in stock?",
                state_name="Enough in stock?",
                choices=[{"Variable": "$.Item", "IsPresent": True, "Next": "In stock"}],
                default="Ask the warehouse",
            )

            in_stock = SucceedStateOperator(
                task_id="In_stock",
                task_display_name="In stock",
                state_name="In stock",
            )

            ask_the_warehouse = TaskStateOperator(
                task_id="Ask_the_warehouse",
                task_display_name="Ask the warehouse",
                state_name="Ask the warehouse",
                comment="Ends the branch, or leads on to the wait for an answer",
                resource="arn:aws:states:::sns:publish",
                parameters={
                    "TopicArn": "arn:aws:sns:eu-west-1:123456789012:warehouse",
                    "Message.$": "$",
                },
                catch=[
                    {
                        "ErrorEquals": ["SNS.EndpointDisabledException"],
                        "Next": "Wait for the warehouse",
                    },
                ],
                end=True,
            )

            wait_for_the_warehouse = WaitStateOperator(
                task_id="Wait_for_the_warehouse",
                task_display_name="Wait for the warehouse",
                state_name="Wait for the warehouse",
                seconds=3600,
                end=True,
            )

            look_into_stock >> [enough_in_stock, ask_the_warehouse]
            enough_in_stock >> [in_stock, ask_the_warehouse]
            ask_the_warehouse >> wait_for_the_warehouse

        with TaskGroup(
            group_id="Check_the_address",
            tooltip="Check the address",
        ) as check_the_address:
            check_the_address_start = ParallelStartOperator(
                task_id="start",
                state_name="Check the address",
                branches=["Check the street", "Check the town"],
            )

            check_the_street = PassStateOperator(
                task_id="Check_the_street",
                task_display_name="Check the street",
                state_name="Check the street",
                end=True,
            )

            check_the_town = PassStateOperator(
                task_id="Check_the_town",
                task_display_name="Check the town",
                state_name="Check the town",
                end=True,
            )

            check_the_address_join = ParallelJoinOperator(
                task_id="join",
                state_name="Check the address",
                end=True,
            )

            check_the_address_start >> [check_the_street, check_the_town]
            check_the_street >> check_the_address_join
            check_the_town >> check_the_address_join

        check_the_order_join = ParallelJoinOperator(
            task_id="join",
            state_name="Check the order",
            result_path="$.checks",
            catch=[
                {
                    "ErrorEquals": ["States.ALL"],
                    "Next": "Put aside",
                    "ResultPath": "$.problem",
                },
            ],
            next="Pack parcels",
        )

        check_the_order_start >> [
            check_payment,
            check_the_order_branch_2,
            check_the_address,
        ]
        check_payment >> check_the_order_join
        check_the_order_branch_2 >> check_the_order_join
        check_the_address >> check_the_order_join
        ask_the_warehouse >> check_the_order_join

    with TaskGroup(group_id="Pack_parcels", tooltip="Pack parcels") as pack_parcels:
        pack_parcels_start = MapStartOperator(
            task_id="start",
            state_name="Pack parcels",
            items_path="$.order.parcels",
            item_selector={
                "parcel.$": "$$.Map.Item.Value",
                "number.$": "$$.Map.Item.Index",
            },
        )

        with MapTaskGroup(
            group_id="item",
            max_concurrency=3,
            items=pack_parcels_start,
        ) as pack_parcels_item:
            weigh = ChoiceStateOperator(
                task_id="Weigh",
                choices=[
                    {
                        "Variable": "$.parcel.weight",
                        "NumericGreaterThan": 20,
                        "Next": "Split",
                    },
                ],
                default="Label",
            )

            split = PassStateOperator(
                task_id="Split",
                result_path="$.parts",
                result=2,
                next="Label",
            )

            label = PassStateOperator(
                task_id="Label",
                end=True,
            )

            weigh >> [split, label]
            split >> label

        pack_parcels_join = MapJoinOperator(
            task_id="join",
            state_name="Pack parcels",
            result_path=None,
            end=True,
        )

        pack_parcels_item >> pack_parcels_join

    put_aside = FailStateOperator(
        task_id="Put_aside",
        task_display_name="Put aside",
        state_name="Put aside",
        error="OrderRefused",
        cause_path="$.problem.Cause",
    )

    check_the_order >> [pack_parcels, put_aside]
