"""Translated DAGs in a real Airflow: the sales pipeline, Map and Parallel, whose runs are under way at once."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.aws.lambda_functions import FunctionError, LambdaFunctions
from tests.aws.moto import REGION
from tests.fixtures.whole_airflow.real_airflow import RealAirflow, Run
from tests.fixtures.whole_airflow.real_airflow_dags import source_of

DAGS = Path(__file__).parents[2] / "dags"
INPUT = json.loads((DAGS / "sales_pipeline.input.json").read_text())
SCORES = {"good": 0.97, "poor": 0.5}
"""What the data quality of the sales pipeline is, by the key of its input."""

CHILDREN = 45
"""So many that more than one task runs them."""

RESTING = {
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
PARTS: dict[str, Any] = {
    "StartAt": "Each",
    "States": {
        "Each": {
            "Type": "Map",
            "ItemReader": {
                "Resource": "arn:aws:states:::s3:getObject",
                "ReaderConfig": {"InputType": "JSON"},
                "Parameters": {"Bucket": "parts", "Key": "items.json"},
            },
            "ItemProcessor": RESTING,
            "ToleratedFailureCount": 1,
            "ResultWriter": {
                "Resource": "arn:aws:states:::s3:putObject",
                "Parameters": {"Bucket": "parts", "Prefix": "done"},
            },
            "End": True,
        }
    },
}
"""A distributed Map that reads from S3, waits in its child executions, and writes to S3."""


def broken(payload: Any) -> Any:
    """Fail for the seventh order; double the others."""
    if payload["order"] == 7:
        raise FunctionError("OutOfStock", "order 7")
    return payload["order"] * 2


def map_of(function: str) -> dict[str, Any]:
    """A distributed Map that tolerates as many failures as its input says."""
    body = {"StartAt": "Ship", "States": {"Ship": {"Type": "Task", "Resource": function, "End": True}}}
    return {
        "StartAt": "Orders",
        "States": {
            "Orders": {
                "Type": "Map",
                "ItemsPath": "$.orders",
                "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, **body},
                "ToleratedFailureCountPath": "$.tolerated",
                "Next": "Done",
            },
            "Done": {"Type": "Succeed"},
        },
    }


def branches(bill: str, pick: str) -> dict[str, Any]:
    """Two branches that call a function each, and a Catch."""
    both = [
        {"StartAt": name, "States": {name: {"Type": "Task", "Resource": function, "End": True}}}
        for name, function in (("Bill", bill), ("Pick", pick))
    ]
    catch = [{"ErrorEquals": ["OutOfStock"], "ResultPath": "$.failure", "Next": "Apologise"}]
    return {
        "StartAt": "Both",
        "States": {
            "Both": {"Type": "Parallel", "Branches": both, "Catch": catch, "Next": "Thank"},
            "Thank": {"Type": "Pass", "End": True},
            "Apologise": {"Type": "Pass", "End": True},
        },
    }


@pytest.fixture(scope="module")
def s3(empty_moto_server: str) -> Any:
    """A client of S3, with the items of `PARTS` in it."""
    client = boto3.client("s3", endpoint_url=empty_moto_server, region_name=REGION)
    client.create_bucket(Bucket="parts")
    client.put_object(Bucket="parts", Key="items.json", Body=json.dumps([{"n": n} for n in range(CHILDREN)]))
    return client


@pytest.fixture(scope="module")
def alerts(empty_moto_server: str) -> Callable[[], list[str]]:
    """What the sales pipeline works with; gives what has come to the queue that its topic leads to."""
    made = {
        name: boto3.client(name, endpoint_url=empty_moto_server, region_name=REGION)
        for name in ("glue", "athena", "sns", "sqs")
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


def sales_pipeline(lambda_functions: LambdaFunctions) -> str:
    """Make the functions of the sales pipeline. Gives its definition."""

    def validate(payload: Any) -> Any:
        if payload["key"] == "missing":
            raise FunctionError("FileNotFoundError", "no such file")
        return payload | {"run_date": payload["key"], "input_path": "s3://b"}

    lambda_functions.add("ValidateS3File", validate)
    lambda_functions.add("CheckDataQuality", lambda run: {"quality_score": SCORES[run["Arguments"]["--run_date"]]})
    return (DAGS / "sales_pipeline.asl.json").read_text().replace(":123456:", ":123456789012:")


@pytest.fixture(scope="module")
def runs(real_airflow_process: RealAirflow, lambda_functions: LambdaFunctions, s3: Any, alerts: Any) -> dict[str, Run]:
    """The runs that the tests are about."""
    airflow = real_airflow_process
    airflow.ensure()
    ship, pick = (lambda_functions.add(name, broken) for name in ("ship", "Pick"))
    bill = lambda_functions.add("Bill", lambda payload: "billed")
    machines: dict[str, Any] = {"parts": PARTS, "orders": map_of(ship), "branches": branches(bill, pick)}
    machines["sales"] = sales_pipeline(lambda_functions)
    airflow.add_dags({dag_id: source_of(definition, dag_id) for dag_id, definition in machines.items()})
    orders = [{"order": number} for number in range(50)]
    sales = {key: airflow.trigger("sales", INPUT | {"key": key}) for key in ("good", "poor", "missing")}
    return sales | {
        "parts": airflow.trigger("parts", {}),
        "tolerant": airflow.trigger("orders", {"orders": orders, "tolerated": 1}),
        "strict": airflow.trigger("orders", {"orders": orders, "tolerated": 0}),
        "caught": airflow.trigger("branches", {"order": 7}),
        "fine": airflow.trigger("branches", {"order": 1}),
    }


def test_a_map_of_fifty_tolerates_a_failing_item_or_does_not(runs: dict[str, Run]) -> None:
    tolerant, strict = runs["tolerant"], runs["strict"]
    assert tolerant.wait(240) == "success", tolerant.story()
    done = tolerant.xcom("Done")
    failed = done.pop(7)
    assert (failed["Status"], failed["Error"]) == ("FAILED", "OutOfStock")
    assert done == [number * 2 for number in range(50) if number != 7]
    assert strict.wait(240) == "failed", strict.story()
    assert strict.states()["Done"] in ("skipped", "upstream_failed", None)
    assert "States.ExceedToleratedFailureThreshold" in strict.story()


def test_the_error_of_a_branch_is_caught(runs: dict[str, Run]) -> None:
    run = runs["caught"]
    assert run.wait() == "success", run.story()
    states = run.states()
    assert (states["Thank"], states["Apologise"]) == ("skipped", "success")
    assert run.xcom("Apologise")["failure"]["Error"] == "OutOfStock"
    fine = runs["fine"]
    fine.wait()
    assert fine.xcom("Thank") == ["billed", 2], fine.story()


def test_items_are_read_and_results_written(runs: dict[str, Run], s3: Any) -> None:
    run = runs["parts"]
    assert run.wait(240) == "success", run.story()
    assert run.states()["Each.part.children[1]"] == "success"
    folder = run.xcom("Each.join")["ResultWriterDetails"]["Key"].rpartition("/")[0]

    def records(name: str) -> Any:
        return json.loads(s3.get_object(Bucket="parts", Key=f"{folder}/{name}_0.json")["Body"].read())

    assert [json.loads(record["Output"]) for record in records("SUCCEEDED")] == list(range(CHILDREN - 1))
    assert [record["Error"] for record in records("FAILED")] == ["Spoilt"]


def test_the_sales_pipeline_takes_its_three_ways(runs: dict[str, Run], alerts: Callable[[], list[str]]) -> None:
    ends = {key: runs[key].wait(240) for key in ("good", "poor", "missing")}
    # The definition reads $.error where the Catch puts $.Error: in Step LambdaFunctions, too, this execution fails.
    assert ends == {"good": "success", "poor": "success", "missing": "failed"}, runs["good"].story()
    assert sorted(alerts()) == ["Daily sales pipeline completed successfully", "Quality check failed. Score: 0.5"]
    assert runs["good"].xcom("RunGoldAggregation")["QueryExecution"]["Status"]["State"] == "SUCCEEDED"
    assert runs["poor"].states()["RunGoldAggregation"] == "skipped"
    assert runs["missing"].states()["NotifyFailure"] == "failed"
    assert runs["missing"].xcom("NotifyFailure", "error")["Error"] == "States.Runtime"
