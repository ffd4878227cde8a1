"""Exports a table and waits until that is done

Made from the Step Functions definition machine.asl.json.
"""

import json
import time
from datetime import UTC, datetime

from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook
from airflow.sdk import DAG, task
from airflow.sdk.exceptions import AirflowFailException
from tenacity import Retrying, stop_after_attempt, wait_exponential

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

    start_export_task = start_export()

    @task(task_id="Wait_a_minute")
    def wait_a_minute(result, params):
        dynamodb = AwsBaseHook(client_type="dynamodb").conn
        export = result
        while True:
            # Exports take five minutes at least
            time.sleep(60)
            for attempt in Retrying(
                stop=stop_after_attempt(3), wait=wait_exponential(multiplier=5), reraise=True
            ):
                with attempt:
                    look = dynamodb.describe_export(ExportArn=export["ExportDescription"]["ExportArn"])
                    look.pop("ResponseMetadata")
                    look = json.loads(json.dumps(look, default=str))
            if look["ExportDescription"]["ExportStatus"] == "COMPLETED":
                return {"next": "Exported", "output": {**params, "export": look}}
            if look["ExportDescription"]["ExportStatus"] == "FAILED":
                return {"next": "Export failed", "output": {**params, "export": look}}
            export = look

    wait_a_minute_task = wait_a_minute(start_export_task)

    @task.branch(task_id="Wait_a_minute_exits")
    def wait_a_minute_exits(result):
        return "Export_failed" if result["next"] == "Export failed" else None

    @task(task_id="Export_failed")
    def export_failed(result):
        raise AirflowFailException(
            f"ExportFailed: {result['output']['export']['ExportDescription']['FailureMessage']}"
        )

    (
        start_export_task
        >> wait_a_minute_task
        >> wait_a_minute_exits(wait_a_minute_task)
        >> export_failed(wait_a_minute_task)
    )
