"""Exports a table and waits until that is done

An Airflow DAG that does what the AWS Step Functions state machine of machine.asl.json
does. Each task is one state. A task chooses the one that comes next by its name; the
others are skipped. Where the names and the edges disagree, Airflow refuses the file and
shows why. Trigger it with the execution's input as the run's configuration.
"""

from datetime import UTC, datetime

from airflow import DAG

# isort: split
from sfn_provider.operators.state_machine import (
    FailStateOperator,
    LoopOperator,
    SucceedStateOperator,
    TaskStateOperator,
)

with DAG(
    dag_id="export_polling",
    description="Exports a table and waits until that is done",
    doc_md=__doc__,
    schedule=None,
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
    tags=["step-functions"],
):
    start_export = TaskStateOperator(
        task_id="Start_export",
        task_display_name="Start export",
        state_name="Start export",
        resource="arn:aws:states:::aws-sdk:dynamodb:exportTableToPointInTime",
        parameters={"TableArn.$": "$.table", "S3Bucket": "exports"},
        result_path="$.export",
        next="Wait a minute",
    )

    # Loop of Wait a minute, Look, Done?
    wait_a_minute_loop = LoopOperator(
        task_id="Wait_a_minute_loop",
        task_display_name="Wait a minute loop",
        states={
            "Wait a minute": {
                "Type": "Wait",
                "Comment": "Exports take five minutes at least",
                "Seconds": 60,
                "Next": "Look",
            },
            "Look": {
                "Type": "Task",
                "Resource": "arn:aws:states:::aws-sdk:dynamodb:describeExport",
                "Parameters": {"ExportArn.$": "$.export.ExportDescription.ExportArn"},
                "ResultPath": "$.export",
                "Retry": [
                    {
                        "ErrorEquals": ["DynamoDb.DynamoDbException"],
                        "IntervalSeconds": 5,
                        "MaxAttempts": 2,
                    },
                ],
                "Next": "Done?",
            },
            "Done?": {
                "Type": "Choice",
                "Choices": [
                    {
                        "Variable": "$.export.ExportDescription.ExportStatus",
                        "StringEquals": "COMPLETED",
                        "Next": "Exported",
                    },
                    {
                        "Variable": "$.export.ExportDescription.ExportStatus",
                        "StringEquals": "FAILED",
                        "Next": "Export failed",
                    },
                ],
                "Default": "Wait a minute",
            },
        },
    )

    exported = SucceedStateOperator(
        task_id="Exported",
        output_path="$.export.ExportDescription",
    )

    export_failed = FailStateOperator(
        task_id="Export_failed",
        task_display_name="Export failed",
        state_name="Export failed",
        error="ExportFailed",
        cause_path="$.export.ExportDescription.FailureMessage",
    )

    start_export >> wait_a_minute_loop
    wait_a_minute_loop >> [exported, export_failed]
