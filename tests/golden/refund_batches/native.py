"""Checks the refunds of a day and pays them, twenty at a time

Made from the Step Functions definition machine.asl.json.
"""

import json
from datetime import UTC, datetime

from airflow.providers.amazon.aws.operators.lambda_function import LambdaInvokeFunctionOperator
from airflow.providers.amazon.aws.operators.s3 import S3CreateObjectOperator
from airflow.providers.amazon.aws.operators.sns import SnsPublishOperator
from airflow.providers.standard.sensors.date_time import DateTimeSensorAsync
from airflow.sdk import DAG, task
from airflow.sdk.exceptions import AirflowFailException
from sfn_provider.operators.states import StatesOperator

FIND_REFUNDS = "arn:aws:lambda:us-east-1:123456789012:function:find-refunds"
CHECK_REFUND = "arn:aws:lambda:us-east-1:123456789012:function:check-refund"
PAY_REFUND = "arn:aws:lambda:us-east-1:123456789012:function:pay-refund"
READ_STATEMENT = "arn:aws:lambda:us-east-1:123456789012:function:read-statement"
ACCOUNTING = "arn:aws:sns:us-east-1:123456789012:accounting"

with DAG(
    dag_id="refund_batches",
    description="Checks the refunds of a day and pays them, twenty at a time",
    doc_md=__doc__,
    schedule=None,
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
):
    find_refunds = LambdaInvokeFunctionOperator(
        task_id="Find_refunds",
        function_name=FIND_REFUNDS,
        payload="{{ params | tojson }}",
    )

    @task.branch(task_id="Any_refunds")
    def any_refunds(result):
        return "Pay_refunds" if len(json.loads(result)) > 0 else None

    pay_refunds = StatesOperator(
        task_id="Pay_refunds",
        states={
            "Pay refunds": {
                "Type": "Map",
                "ItemsPath": "$.refunds",
                "ItemProcessor": {
                    "StartAt": "Check",
                    "States": {
                        "Check": {
                            "Type": "Task",
                            "Resource": CHECK_REFUND,
                            "Retry": [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 2}],
                            "Next": "Pay",
                        },
                        "Pay": {"Type": "Task", "Resource": PAY_REFUND, "End": True},
                    },
                },
                "ResultPath": "$.payments",
                "MaxConcurrency": 10,
                "Catch": [
                    {"ErrorEquals": ["States.ALL"], "Next": "Tell accounting", "ResultPath": "$.error"},
                ],
                "Next": "Let the bank settle",
            },
        },
        input="{{ dict(params, refunds=macros.json.loads(ti.xcom_pull(task_ids='Find_refunds'))) | tojson }}",
        next_tasks={"Let the bank settle": "Let_the_bank_settle", "Tell accounting": "Tell_accounting"},
    )
    let_the_bank_settle = DateTimeSensorAsync(
        task_id="Let_the_bank_settle",
        target_time="{{ ti.start_date + macros.timedelta(seconds=3600) }}",
    )
    read_the_statement = LambdaInvokeFunctionOperator(
        task_id="Read_the_statement",
        function_name=READ_STATEMENT,
        payload="{{ ti.xcom_pull(task_ids='Pay_refunds') | tojson }}",
    )
    write_the_report = S3CreateObjectOperator(
        task_id="Write_the_report",
        s3_bucket="refunds",
        s3_key="{{ ti.xcom_pull(task_ids='Pay_refunds').day }}",
        data="{{ ti.xcom_pull(task_ids='Read_the_statement') }}",
        replace=True,
    )
    tell_accounting = SnsPublishOperator(
        task_id="Tell_accounting",
        target_arn=ACCOUNTING,
        message="{{ ti.xcom_pull(task_ids='Pay_refunds').error.Cause }}",
    )

    @task(task_id="Not_paid")
    def not_paid():
        raise AirflowFailException("NotPaid: A refund could not be paid")

    find_refunds >> any_refunds(find_refunds.output) >> pay_refunds >> [let_the_bank_settle, tell_accounting]
    let_the_bank_settle >> read_the_statement >> write_the_report
    tell_accounting >> not_paid()
