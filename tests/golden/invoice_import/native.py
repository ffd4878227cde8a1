"""Takes the day's invoices from the shared drive into the ledger

Made from the Step Functions definition machine.asl.json.
"""

import json
from datetime import UTC, datetime, timedelta

from airflow.providers.amazon.aws.operators.athena import AthenaOperator
from airflow.providers.amazon.aws.operators.glue import GlueJobOperator
from airflow.providers.amazon.aws.operators.lambda_function import LambdaInvokeFunctionOperator
from airflow.providers.amazon.aws.operators.sns import SnsPublishOperator
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, task

ACCOUNTING = "arn:aws:sns:eu-central-1:123456789012:accounting"


def error_name(error):
    match error.args:
        case [_, {"Payload": payload}]:  # of LambdaInvokeFunctionOperator
            return json.loads(payload).get("errorType", "Lambda.Unknown")
    return type(error).__name__


def push_error(context):
    error = context["exception"]
    context["ti"].xcom_push(key="error", value={"Error": error_name(error), "Cause": str(error)})


with DAG(
    dag_id="invoice_import",
    description="Takes the day's invoices from the shared drive into the ledger",
    doc_md=__doc__,
    schedule="30 5 * * 1-5",
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
    params={
        "folder": "s3://invoices/today/",
        "month": "2025-03",
        "day": "15",
        "limit": 100000,
    },
):
    look_for_invoices = LambdaInvokeFunctionOperator(
        task_id="LookForInvoices",
        function_name="look-for-invoices",
        payload='{"folder": {{ params.folder | tojson }}, "suffixes": [".pdf", ".xml"], "required": true}',
        execution_timeout=timedelta(minutes=2),
        on_failure_callback=push_error,
    )
    read_invoices = GlueJobOperator(
        task_id="ReadInvoices",
        job_name="read-invoices",
        script_args={"--folder": "{{ params.folder }}", "--day": "{{ params.month }}-{{ params.day }}"},
        waiter_max_attempts=525600,
        deferrable=True,
        retries=1,
        retry_delay=timedelta(seconds=1),
    )

    @task.branch(task_id="Balanced")
    def balanced(result, params):
        look_for_invoices = json.loads(result)
        if look_for_invoices["total"] > 0 and look_for_invoices["total"] <= params["limit"]:
            return "PostToLedger"
        return "Balanced_to_TellAccounting"

    post_to_ledger = AthenaOperator(
        task_id="PostToLedger",
        query="INSERT INTO ledger SELECT number, due, amount FROM invoices_of_the_day WHERE amount > 0",
        workgroup="accounting",
        deferrable=True,
    )
    balanced_to_tell_accounting = EmptyOperator(task_id="Balanced_to_TellAccounting")
    tell_accounting_failed = EmptyOperator(
        task_id="TellAccounting_failed",
        trigger_rule="one_failed",
    )

    @task(task_id="TellAccounting_message", trigger_rule="one_success")
    def tell_accounting_message(ti, params):
        post_to_ledger = ti.xcom_pull(task_ids="PostToLedger")
        look_for_invoices_error = ti.xcom_pull(task_ids="LookForInvoices", key="error")
        look_for_invoices = ti.xcom_pull(task_ids="LookForInvoices")
        if post_to_ledger is not None:
            return {
                "QueryExecution": {
                    "QueryExecutionId": post_to_ledger,
                    "Query": "INSERT INTO ledger SELECT number, due, amount FROM invoices_of_the_day WHERE amount > 0",
                    "Status": {"State": "SUCCEEDED"},
                },
            }
        if look_for_invoices_error is not None:
            return {**params, "problem": look_for_invoices_error}
        answer = json.loads(look_for_invoices)
        return {**params, "found": {"files": answer["files"], "total": answer["total"]}}

    tell_accounting = SnsPublishOperator(
        task_id="TellAccounting",
        target_arn=ACCOUNTING,
        message=(
            "{{ macros.json.dumps(ti.xcom_pull(task_ids='TellAccounting_message'), separators=(',', ':'), "
            "ensure_ascii=false) }}"
        ),
    )

    look_for_invoices >> [read_invoices, tell_accounting_failed]
    read_invoices >> balanced(look_for_invoices.output) >> [post_to_ledger, balanced_to_tell_accounting]
    (
        [post_to_ledger, balanced_to_tell_accounting, tell_accounting_failed]
        >> tell_accounting_message()
        >> tell_accounting
    )
