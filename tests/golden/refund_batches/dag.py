"""Checks the refunds of a day and pays them, twenty at a time

An Airflow DAG that does what the AWS Step Functions state machine of machine.asl.json
does. Each task is one state, or several that follow one another. A task chooses the one
that comes next by its name; the others are skipped. Where the names and the edges
disagree, Airflow refuses the file and shows why. Trigger it with the execution's input
as the run's configuration.
"""

from datetime import UTC, datetime

from airflow import DAG

# isort: split
from sfn_provider.operators.groups import (
    MapBatchStartOperator,
    MapItemsOperator,
    MapJoinOperator,
    MapTaskGroup,
    TaskGroup,
)
from sfn_provider.operators.state_machine import SegmentOperator

with DAG(
    dag_id="refund_batches",
    description="Checks the refunds of a day and pays them, twenty at a time",
    doc_md=__doc__,
    schedule=None,
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
    tags=["step-functions"],
):
    find_refunds = SegmentOperator(
        task_id="Find_refunds",
        task_display_name="Find refunds, Any refunds?, Nothing to pay",
        states={
            "Find refunds": {
                "Type": "Task",
                "Resource": "arn:aws:lambda:us-east-1:123456789012:function:find-refunds",
                "ResultPath": "$.refunds",
                "Next": "Any refunds?",
            },
            "Any refunds?": {
                "Type": "Choice",
                "Choices": [
                    {
                        "Variable": "$.refunds[0]",
                        "IsPresent": True,
                        "Next": "Pay refunds",
                    },
                ],
                "Default": "Nothing to pay",
            },
            "Nothing to pay": {"Type": "Pass", "Result": {"paid": 0}, "End": True},
        },
    )

    with TaskGroup(group_id="Pay_refunds", tooltip="Pay refunds") as pay_refunds:
        pay_refunds_start = MapBatchStartOperator(
            task_id="start",
            state_name="Pay refunds",
            items_path="$.refunds",
            max_concurrency=10,
            batch_size=20,
        )

        with MapTaskGroup(
            group_id="batch",
            max_concurrency=1,
            items=pay_refunds_start,
        ) as pay_refunds_batch:
            pay_refunds_items = MapItemsOperator(
                task_id="items",
                state_name="Pay refunds",
                item_processor={
                    "StartAt": "Check",
                    "States": {
                        "Check": {
                            "Type": "Task",
                            "Resource": "arn:aws:lambda:us-east-1:123456789012:function:check-refund",
                            "Retry": [
                                {"ErrorEquals": ["States.ALL"], "MaxAttempts": 2},
                            ],
                            "Next": "Pay",
                        },
                        "Pay": {
                            "Type": "Task",
                            "Resource": "arn:aws:lambda:us-east-1:123456789012:function:pay-refund",
                            "End": True,
                        },
                    },
                },
            )

        pay_refunds_join = MapJoinOperator(
            task_id="join",
            state_name="Pay refunds",
            result_path="$.payments",
            catch=[
                {
                    "ErrorEquals": ["States.ALL"],
                    "Next": "Tell accounting",
                    "ResultPath": "$.error",
                },
            ],
            next="Let the bank settle",
        )

        pay_refunds_batch >> pay_refunds_join

    let_the_bank_settle = SegmentOperator(
        task_id="Let_the_bank_settle",
        task_display_name="Let the bank settle, Read the statement, Write the report",
        states={
            "Let the bank settle": {
                "Type": "Wait",
                "Seconds": 3600,
                "Next": "Read the statement",
            },
            "Read the statement": {
                "Type": "Task",
                "Resource": "arn:aws:lambda:us-east-1:123456789012:function:read-statement",
                "ResultPath": "$.statement",
                "Next": "Write the report",
            },
            "Write the report": {
                "Type": "Task",
                "Resource": "arn:aws:states:::aws-sdk:s3:putObject",
                "Parameters": {
                    "Bucket": "refunds",
                    "Key.$": "$.day",
                    "Body.$": "$.statement",
                },
                "End": True,
            },
        },
    )

    tell_accounting = SegmentOperator(
        task_id="Tell_accounting",
        task_display_name="Tell accounting, Not paid",
        states={
            "Tell accounting": {
                "Type": "Task",
                "Resource": "arn:aws:states:::sns:publish",
                "Parameters": {
                    "TopicArn": "arn:aws:sns:us-east-1:123456789012:accounting",
                    "Message.$": "$.error.Cause",
                },
                "Next": "Not paid",
            },
            "Not paid": {
                "Type": "Fail",
                "Error": "NotPaid",
                "Cause": "A refund could not be paid",
            },
        },
    )

    find_refunds >> pay_refunds
    pay_refunds >> [let_the_bank_settle, tell_accounting]
