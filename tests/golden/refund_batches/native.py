"""Checks the refunds of a day and pays them, twenty at a time

Made from the Step Functions definition machine.asl.json.
"""

import json
from datetime import UTC, datetime

from airflow.providers.amazon.aws.hooks.lambda_function import LambdaHook
from airflow.providers.amazon.aws.operators.lambda_function import LambdaInvokeFunctionOperator
from airflow.providers.amazon.aws.operators.s3 import S3CreateObjectOperator
from airflow.providers.amazon.aws.operators.sns import SnsPublishOperator
from airflow.providers.standard.sensors.date_time import DateTimeSensorAsync
from airflow.sdk import DAG, task
from airflow.sdk.exceptions import AirflowFailException
from tenacity import Retrying, stop_after_attempt, wait_exponential

FIND_REFUNDS = "arn:aws:lambda:us-east-1:123456789012:function:find-refunds"
CHECK_REFUND = "arn:aws:lambda:us-east-1:123456789012:function:check-refund"
PAY_REFUND = "arn:aws:lambda:us-east-1:123456789012:function:pay-refund"
READ_STATEMENT = "arn:aws:lambda:us-east-1:123456789012:function:read-statement"
ACCOUNTING = "arn:aws:sns:us-east-1:123456789012:accounting"


def error_name(error):
    match error.args:
        case [{"errorType": name}]:  # of a Lambda function
            return name
    return type(error).__name__


def push_error(context):
    error = context["exception"]
    context["ti"].xcom_push(key="error", value={"Error": error_name(error), "Cause": str(error)})


def invoke_function(name, payload):
    response = LambdaHook().invoke_lambda(function_name=name, payload=json.dumps(payload))
    answer = json.loads(response["Payload"].read())
    if "FunctionError" in response:
        raise RuntimeError(answer)
    return answer


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
        return "Pay_refunds_items" if len(json.loads(result)) > 0 else None

    @task(task_id="Pay_refunds_items")
    def pay_refunds_items(result):
        return json.loads(result)

    pay_refunds_items_task = pay_refunds_items(find_refunds.output)

    @task(task_id="Pay_refunds", max_active_tis_per_dagrun=10, on_failure_callback=push_error)
    def pay_refunds(item):
        for attempt in Retrying(
            stop=stop_after_attempt(3), wait=wait_exponential(multiplier=1), reraise=True
        ):
            with attempt:
                check = invoke_function(CHECK_REFUND, item)
        pay = invoke_function(PAY_REFUND, check)
        return pay

    pay_refunds_task = pay_refunds.expand(item=pay_refunds_items_task)

    @task(task_id="Pay_refunds_results", trigger_rule="none_failed_min_one_success")
    def pay_refunds_results(results):
        return list(results or [])

    pay_refunds_results_task = pay_refunds_results(pay_refunds_task)

    let_the_bank_settle = DateTimeSensorAsync(
        task_id="Let_the_bank_settle",
        target_time="{{ ti.start_date + macros.timedelta(seconds=3600) }}",
    )
    read_the_statement = LambdaInvokeFunctionOperator(
        task_id="Read_the_statement",
        function_name=READ_STATEMENT,
        payload=(
            "{{ dict(params, refunds=macros.json.loads(ti.xcom_pull(task_ids='Find_refunds')), "
            "payments=ti.xcom_pull(task_ids='Pay_refunds_results')) | tojson }}"
        ),
    )
    write_the_report = S3CreateObjectOperator(
        task_id="Write_the_report",
        s3_bucket="refunds",
        s3_key="{{ params.day }}",
        data="{{ ti.xcom_pull(task_ids='Read_the_statement') }}",
        replace=True,
    )

    # The failure of an earlier task is not for this handler.
    @task(task_id="Tell_accounting_is_due", trigger_rule="one_failed")
    def tell_accounting_is_due(ti):
        states = ti.get_task_states(
            dag_id=ti.dag_id, task_ids=["Pay_refunds_items", "Pay_refunds"], run_ids=[ti.run_id]
        )
        if "failed" not in states[ti.run_id].values():
            raise AirflowFailException("An earlier task has failed")

    tell_accounting_is_due_task = tell_accounting_is_due()

    tell_accounting = SnsPublishOperator(
        task_id="Tell_accounting",
        target_arn=ACCOUNTING,
        message="{{ (ti.xcom_pull(task_ids=['Pay_refunds'], key='error') | select | first).Cause }}",
    )

    @task(task_id="Not_paid")
    def not_paid():
        raise AirflowFailException("NotPaid: A refund could not be paid")

    find_refunds >> any_refunds(find_refunds.output) >> pay_refunds_items_task
    pay_refunds_items_task >> [pay_refunds_task, pay_refunds_results_task]
    pay_refunds_task >> pay_refunds_results_task
    pay_refunds_results_task >> [let_the_bank_settle, tell_accounting_is_due_task]
    let_the_bank_settle >> read_the_statement >> write_the_report
    tell_accounting_is_due_task >> tell_accounting >> not_paid()
