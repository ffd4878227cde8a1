"""The sales pipeline in a real Airflow: Glue, Athena, SNS and SQS of moto, and functions that are really called."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.aws.lambda_functions import FunctionError, LambdaFunctions
from tests.fixtures.real_airflow import RealAirflow
from tests.fixtures.real_airflow_dags import put_in

DAGS = Path(__file__).parents[2] / "dags"
INPUT = json.loads((DAGS / "sales_pipeline.input.json").read_text())
SCORES = {"good": 0.97, "poor": 0.5}


@pytest.fixture
def alerts(aws: str) -> Any:
    """What the pipeline works with, and the queue that its topic leads to."""
    made = {
        name: boto3.client(name, endpoint_url=aws, region_name="us-east-1") for name in ("glue", "athena", "sns", "sqs")
    }
    # The three runs are under way at once; a job may run once at a time unless it says otherwise.
    limit = {"MaxConcurrentRuns": 3}
    made["glue"].create_job(
        Name="sales-bronze-to-silver", Role="role", Command={"Name": "glueetl"}, ExecutionProperty=limit
    )
    made["athena"].create_work_group(Name="pipeline-workgroup")
    queue = made["sqs"].create_queue(QueueName="alerts")["QueueUrl"]
    topic = made["sns"].create_topic(Name="pipeline-alerts")["TopicArn"]
    made["sns"].subscribe(TopicArn=topic, Protocol="sqs", Endpoint="arn:aws:sqs:us-east-1:123456789012:alerts")
    return lambda: [
        json.loads(message["Body"])["Message"]
        for message in made["sqs"].receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
    ]


def test_the_sales_pipeline_takes_its_three_ways(
    real_airflow: RealAirflow, lambda_functions: LambdaFunctions, alerts: Any
) -> None:
    def validate(payload: Any) -> Any:
        if payload["key"] == "missing":
            raise FunctionError("FileNotFoundError", "no such file")
        return payload | {"run_date": payload["key"], "input_path": "s3://b"}

    lambda_functions.add("ValidateS3File", validate)
    lambda_functions.add("CheckDataQuality", lambda run: {"quality_score": SCORES[run["Arguments"]["--run_date"]]})
    definition = (DAGS / "sales_pipeline.asl.json").read_text().replace(":123456:", ":123456789012:")
    put_in(real_airflow, definition, "sales")
    runs = {key: real_airflow.trigger("sales", INPUT | {"key": key}) for key in ("good", "poor", "missing")}
    ends = {key: run.wait(240) for key, run in runs.items()}
    # The definition reads $.error where the Catch puts $.Error: in Step LambdaFunctions, too, this execution fails.
    assert ends == {"good": "success", "poor": "success", "missing": "failed"}, runs["good"].story()
    assert sorted(alerts()) == ["Daily sales pipeline completed successfully", "Quality check failed. Score: 0.5"]
    assert runs["good"].xcom("RunGoldAggregation")["QueryExecution"]["Status"]["State"] == "SUCCEEDED"
    assert runs["poor"].states()["RunGoldAggregation"] == "skipped"
    assert runs["missing"].states()["NotifyFailure"] == "failed"
    assert runs["missing"].xcom("NotifyFailure", "error")["Error"] == "States.Runtime"
