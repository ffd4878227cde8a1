"""What the package does in an environment of Amazon MWAA: `make test-mwaa` runs it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest

from tests.aws.lambda_functions import LambdaFunctions
from tests.aws.step_functions import SimulatedStepFunctions
from tests.fixtures.chromium import Chromium
from tests.fixtures.whole_airflow.real_airflow import Run
from tests.fixtures.whole_airflow.real_airflow_dags import put_in as put_machine_in
from tests.mwaa_environment.dag_files import put_in
from tests.mwaa_environment.environment import START, MwaaEnvironment
from tests.mwaa_environment.pictures import keep, open_graph, open_task

REGION = "us-east-1"
ACCOUNT = {":123456:": ":123456789012:"}
INPUT = {"bucket": "shop", "key": "sales.csv"}
TOKEN_MACHINE = {
    "StartAt": "Ask",
    "States": {
        "Ask": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
            "Parameters": {"FunctionName": "Approve", "Payload": {"token.$": "$$.Task.Token"}},
            "End": True,
        }
    },
}


def now() -> str:
    return datetime.now(UTC).isoformat()


@pytest.fixture
def services(aws: str) -> Any:
    """What the sales pipeline works with; gives the queue that its topic leads to."""
    made = {name: boto3.client(name, endpoint_url=aws, region_name=REGION) for name in ("glue", "athena", "sns", "sqs")}
    made["glue"].create_job(Name="sales-bronze-to-silver", Role="role", Command={"Name": "glueetl"})
    made["athena"].create_work_group(Name="pipeline-workgroup")
    queue = made["sqs"].create_queue(QueueName="alerts")["QueueUrl"]
    topic = made["sns"].create_topic(Name="pipeline-alerts")["TopicArn"]
    made["sns"].subscribe(TopicArn=topic, Protocol="sqs", Endpoint="arn:aws:sqs:us-east-1:123456789012:alerts")
    return lambda: made["sqs"].receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])


def test_the_provider_and_its_plugin_are_there_once(mwaa: MwaaEnvironment) -> None:
    listed = mwaa.airflow("providers", "list", "--output", "plain")
    assert len([line for line in listed.splitlines() if line.startswith("airflow-provider-sfn ")]) == 1
    told = mwaa.airflow("plugins", "--output", "json")
    plugins = json.loads(told[told.index("[{") :])
    assert [plugin["name"] for plugin in plugins] == ["sfn_provider"]
    assert "PLUGINS_FOLDER" not in str(plugins[0]["source"])


def test_the_sales_pipeline_runs_through(
    mwaa: MwaaEnvironment, lambda_functions: LambdaFunctions, services: Any, chromium: Chromium
) -> None:
    lambda_functions.add(
        "ValidateS3File", lambda payload: payload | {"run_date": "2025-03-15", "input_path": "s3://shop"}
    )
    lambda_functions.add("CheckDataQuality", lambda run: {"quality_score": 0.97})
    put_in(mwaa, "sales_pipeline", ACCOUNT)
    run = mwaa.trigger("sales_pipeline", INPUT, now())
    assert run.wait(START) == "success", run.story()
    assert run.xcom("RunGoldAggregation")["QueryExecution"]["Status"]["State"] == "SUCCEEDED"
    assert (run.states()["NotifySuccess"], run.states()["NotifyQualityFailure"]) == ("success", "skipped")
    [message] = services()
    assert json.loads(message["Body"])["Message"] == "Daily sales pipeline completed successfully"
    open_graph(chromium, mwaa, run)
    keep(chromium, mwaa, "sales_pipeline")


def links(mwaa: MwaaEnvironment, run: Run, task_id: str) -> dict[str, Any]:
    """The links that Airflow gives for a task instance."""
    given = mwaa.call("GET", f"dags/{run.dag_id}/dagRuns/{run.run_id}/taskInstances/{task_id}/links")
    return dict(given.get("extra_links", given))


def test_an_execution_is_started_and_waited_for(
    mwaa: MwaaEnvironment, step_functions: SimulatedStepFunctions, chromium: Chromium
) -> None:
    machine = f"arn:aws:states:{REGION}:123456789012:stateMachine:SalesPipeline"
    step_functions.hold()
    put_in(mwaa, "start_sales_pipeline", {})
    run = mwaa.trigger("start_sales_pipeline", None, now())
    run.wait_for_task("wait_for_execution", "deferred")
    open_graph(chromium, mwaa, run)
    keep(chromium, mwaa, "start_sales_pipeline")
    step_functions.release(1)
    assert run.wait(START) == "success", run.story()
    [execution] = step_functions.executions_of(machine)
    arn = execution["executionArn"]
    assert run.xcom("start_execution") == arn
    assert run.xcom("wait_for_execution", "output") == {"did": execution["name"]}
    shown = links(mwaa, run, "start_execution")
    assert [arn.replace(":", "%3A") in str(shown.get("State Machine Executions Details"))] == [True], shown
    open_task(chromium, mwaa, run, "start_execution", "State Machine Executions Details")
    keep(chromium, mwaa, "links")


def test_a_worker_outside_answers_by_the_web_server(
    mwaa: MwaaEnvironment, lambda_functions: LambdaFunctions, aws: str
) -> None:
    tokens: list[str] = []
    lambda_functions.add("Approve", lambda payload: tokens.append(payload["token"]))
    put_machine_in(mwaa, TOKEN_MACHINE, "ask")
    run = mwaa.trigger("ask", None, now())
    run.wait_for_task("Ask", "deferred")
    keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
    endpoint = f"{mwaa.server}/step-functions/v1"
    worker = boto3.client("stepfunctions", endpoint_url=endpoint, region_name=REGION, **keys)
    with pytest.raises(worker.exceptions.InvalidToken):
        worker.send_task_success(taskToken="nonsense", output="{}")
    worker.send_task_success(taskToken=tokens[0], output='{"approved": true}')
    assert run.wait(START) == "success", run.story()
    assert run.xcom("Ask") == {"approved": True}
