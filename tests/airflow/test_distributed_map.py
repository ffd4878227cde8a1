"""A distributed Map that reads from S3, waits in its child executions, and writes to S3, in a real Airflow."""

from __future__ import annotations

import json
from typing import Any

import boto3

from tests.fixtures.real_airflow import RealAirflow
from tests.fixtures.real_airflow_dags import put_in

COUNT = 45  # more than one task runs
BODY = {
    "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
    "StartAt": "Rest",
    "States": {
        "Rest": {"Type": "Wait", "Seconds": 4, "Next": "Look"},
        "Look": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.n", "NumericEquals": 44, "Next": "Bad"}],
            "Default": "Good",
        },
        "Bad": {"Type": "Fail", "Error": "Spoilt"},
        "Good": {"Type": "Pass", "OutputPath": "$.n", "End": True},
    },
}
MACHINE: dict[str, Any] = {
    "StartAt": "Each",
    "States": {
        "Each": {
            "Type": "Map",
            "ItemReader": {
                "Resource": "arn:aws:states:::s3:getObject",
                "ReaderConfig": {"InputType": "JSON"},
                "Parameters": {"Bucket": "parts", "Key": "items.json"},
            },
            "ItemProcessor": BODY,
            "ToleratedFailureCount": 1,
            "ResultWriter": {
                "Resource": "arn:aws:states:::s3:putObject",
                "Parameters": {"Bucket": "parts", "Prefix": "done"},
            },
            "End": True,
        }
    },
}


def test_items_are_read_and_results_written(real_airflow: RealAirflow, aws: str) -> None:
    s3 = boto3.client("s3", endpoint_url=aws, region_name="us-east-1")
    s3.create_bucket(Bucket="parts")
    s3.put_object(Bucket="parts", Key="items.json", Body=json.dumps([{"n": n} for n in range(COUNT)]))
    put_in(real_airflow, MACHINE, "parts")
    run = real_airflow.trigger("parts", {})
    assert run.wait(240) == "success", run.story()
    assert run.states()["Each.part.children[1]"] == "success"
    folder = run.xcom("Each.join")["ResultWriterDetails"]["Key"].rpartition("/")[0]

    def records(name: str) -> Any:
        return json.loads(s3.get_object(Bucket="parts", Key=f"{folder}/{name}_0.json")["Body"].read())

    assert [json.loads(record["Output"]) for record in records("SUCCEEDED")] == list(range(COUNT - 1))
    assert [record["Error"] for record in records("FAILED")] == ["Spoilt"]
