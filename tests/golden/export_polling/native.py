"""Exports a table and waits until that is done

Made from the Step Functions definition machine.asl.json.
"""

import json
from datetime import UTC, datetime

from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook
from airflow.sdk import DAG, task
from airflow.sdk.exceptions import AirflowFailException
from sfn_provider.operators.states import StatesOperator

with DAG(
    dag_id="export_polling",
    description="Exports a table and waits until that is done",
    doc_md=__doc__,
    schedule=None,
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
):

    @task(task_id="Start_export")
    def start_export(params):
        dynamodb = AwsBaseHook(client_type="dynamodb").conn
        response = dynamodb.export_table_to_point_in_time(TableArn=params["table"], S3Bucket="exports")
        response.pop("ResponseMetadata")
        return json.loads(json.dumps(response, default=str))

    wait_a_minute = StatesOperator(
        task_id="Wait_a_minute",
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
                    {"ErrorEquals": ["DynamoDb.DynamoDbException"], "IntervalSeconds": 5, "MaxAttempts": 2},
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
        input="{{ dict(params, **{'export': ti.xcom_pull(task_ids='Start_export')}) | tojson }}",
        next_tasks={"Exported": None, "Export failed": "Export_failed"},
    )

    @task(task_id="Export_failed")
    def export_failed(result):
        raise AirflowFailException(f"ExportFailed: {result['export']['ExportDescription']['FailureMessage']}")

    start_export() >> wait_a_minute >> export_failed(wait_a_minute.output)
