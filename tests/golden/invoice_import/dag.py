"""Takes the day's invoices from the shared drive into the ledger

An Airflow DAG that does what the AWS Step Functions state machine of machine.asl.json
does. Each task is one state. A task chooses the one that comes next by its name; the
others are skipped. Where the names and the edges disagree, Airflow refuses the file and
shows why. Trigger it with the execution's input as the run's configuration.
"""

from datetime import UTC, datetime

from airflow import DAG

# isort: split
from sfn_provider.operators.state_machine import ChoiceStateOperator, TaskStateOperator

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
    tags=["step-functions"],
):
    look_for_invoices = TaskStateOperator(
        task_id="LookForInvoices",
        resource="arn:aws:states:::lambda:invoke",
        parameters={
            "FunctionName": "look-for-invoices",
            "Payload": {
                "folder.$": "$.folder",
                "suffixes": [".pdf", ".xml"],
                "required": True,
            },
        },
        result_path="$.found",
        result_selector={"files.$": "$.Payload.files", "total.$": "$.Payload.total"},
        timeout_seconds=120,
        catch=[
            {
                "ErrorEquals": ["FolderIsEmpty"],
                "Next": "TellAccounting",
                "ResultPath": "$.problem",
            },
            {
                "ErrorEquals": ["States.Timeout", "States.TaskFailed"],
                "Next": "TellAccounting",
                "ResultPath": "$.problem",
            },
        ],
        next="ReadInvoices",
    )

    read_invoices = TaskStateOperator(
        task_id="ReadInvoices",
        resource="arn:aws:states:::glue:startJobRun.sync",
        parameters={
            "JobName": "read-invoices",
            "Arguments": {
                "--folder.$": "$.folder",
                "--day.$": "States.Format('{}-{}', $.month, $.day)",
            },
        },
        result_path=None,
        retry=[
            {
                "ErrorEquals": ["Glue.ConcurrentRunsExceededException"],
                "IntervalSeconds": 30,
                "MaxAttempts": 5,
                "BackoffRate": 1.5,
                "MaxDelaySeconds": 300,
                "JitterStrategy": "FULL",
            },
            {"ErrorEquals": ["States.ALL"], "MaxAttempts": 1},
        ],
        next="Balanced?",
    )

    balanced = ChoiceStateOperator(
        task_id="Balanced",
        task_display_name="Balanced?",
        state_name="Balanced?",
        choices=[
            {
                "And": [
                    {"Variable": "$.found.total", "NumericGreaterThan": 0},
                    {
                        "Not": {
                            "Variable": "$.found.total",
                            "NumericGreaterThanPath": "$.limit",
                        },
                    },
                ],
                "Next": "PostToLedger",
            },
        ],
        default="TellAccounting",
    )

    post_to_ledger = TaskStateOperator(
        task_id="PostToLedger",
        resource="arn:aws:states:::athena:startQueryExecution.sync",
        parameters={
            "QueryString": "INSERT INTO ledger SELECT number, due, amount FROM invoices_of_the_day WHERE amount > 0",
            "WorkGroup": "accounting",
        },
        next="TellAccounting",
    )

    tell_accounting = TaskStateOperator(
        task_id="TellAccounting",
        resource="arn:aws:states:::sns:publish",
        parameters={
            "TopicArn": "arn:aws:sns:eu-central-1:123456789012:accounting",
            "Message.$": "States.JsonToString($)",
        },
        end=True,
    )

    look_for_invoices >> [read_invoices, tell_accounting]
    read_invoices >> balanced
    balanced >> [post_to_ledger, tell_accounting]
    post_to_ledger >> tell_accounting
