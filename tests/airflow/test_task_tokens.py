"""Workers outside answer tasks of a real Airflow: by its API server, and by a queue."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from tests.fixtures.moto import REGION
from tests.fixtures.real_airflow import RealAirflow, Run

pytestmark = pytest.mark.usefixtures("aws")

DAG = """
from airflow import DAG
from sfn_provider.operators.state_machine import TaskStateOperator

with DAG("DAG_ID", schedule=None):
    TaskStateOperator(
        task_id="ask",
        resource="arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        parameters={"QueueUrl.$": "$.queue", "MessageBody": {"Token.$": "$$.Task.Token", "Order.$": "$.order"}},
        end=True,
        MORE
    )
"""


@pytest.fixture
def queue(moto_server: str) -> Iterator[Any]:
    """A queue that the state sends its task token to."""
    sqs = boto3.resource("sqs", endpoint_url=moto_server, region_name=REGION)
    yield sqs.create_queue(QueueName="work")


@pytest.fixture
def worker(real_airflow: RealAirflow) -> Any:
    """A worker's client of Step Functions: only its endpoint differs."""
    return client(f"http://127.0.0.1:{real_airflow.processes.port}/step-functions/v1")


def client(endpoint_url: str) -> Any:
    return boto3.client("stepfunctions", endpoint_url=endpoint_url, region_name=REGION)


def ask(airflow: RealAirflow, dag_id: str, queue: Any, more: str = "") -> Run:
    airflow.add_dag(dag_id, DAG.replace("DAG_ID", dag_id).replace("MORE", more))
    return airflow.trigger(dag_id, {"queue": queue.url, "order": 7})


def receive(queue: Any) -> dict[str, Any]:
    """The message of the state, once it is there."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        for message in queue.receive_messages(WaitTimeSeconds=1):
            message.delete()
            return json.loads(message.body)
    raise AssertionError("the state has sent no message")


def variables(airflow: RealAirflow) -> list[str]:
    found = airflow.call("GET", "variables")["variables"]
    return [variable["key"] for variable in found if variable["key"].startswith("sfn_provider_")]


def test_a_worker_answers_a_deferred_task_once(real_airflow: RealAirflow, queue: Any, worker: Any) -> None:
    run = ask(real_airflow, "token_success", queue)
    message = receive(queue)
    run.wait_for_task("ask", "deferred")
    assert len(variables(real_airflow)) == 1
    answer = {"taskToken": message["Token"], "output": json.dumps({"order": message["Order"], "done": True})}
    worker.send_task_heartbeat(taskToken=message["Token"])
    worker.send_task_success(**answer)
    with pytest.raises(worker.exceptions.TaskTimedOut):
        worker.send_task_success(**answer)
    assert run.wait() == "success", run.story()
    assert run.xcom("ask") == {"order": 7, "done": True}
    assert variables(real_airflow) == []
    with pytest.raises(worker.exceptions.TaskTimedOut):
        worker.send_task_heartbeat(taskToken=message["Token"])


def test_an_answer_that_comes_before_the_task_defers_is_not_lost(
    real_airflow: RealAirflow, queue: Any, worker: Any
) -> None:
    run = ask(real_airflow, "token_early", queue)
    worker.send_task_success(taskToken=receive(queue)["Token"], output='"early"')
    assert run.wait() == "success", run.story()
    assert run.xcom("ask") == "early"


def test_a_workers_failure_is_the_states(real_airflow: RealAirflow, queue: Any, worker: Any) -> None:
    run = ask(real_airflow, "token_failure", queue)
    token = receive(queue)["Token"]
    run.wait_for_task("ask", "deferred")
    worker.send_task_failure(taskToken=token, error="OutOfStock", cause="none left")
    assert run.wait() == "failed", run.story()
    error = run.xcom("ask", "error")
    assert (error["Error"], error["Cause"]) == ("OutOfStock", "none left")


def test_a_task_outlives_its_heartbeats_and_not_their_end(real_airflow: RealAirflow, queue: Any, worker: Any) -> None:
    run = ask(real_airflow, "token_heartbeat", queue, "heartbeat_seconds=6,")
    token = receive(queue)["Token"]
    run.wait_for_task("ask", "deferred")
    started = time.time()
    while time.time() < started + 9:
        worker.send_task_heartbeat(taskToken=token)
        time.sleep(1)
    assert run.task("ask")["state"] == "deferred", run.story()
    assert run.wait() == "failed", run.story()
    assert run.xcom("ask", "error")["Error"] == "States.Timeout"
    with pytest.raises(worker.exceptions.TaskTimedOut):
        worker.send_task_success(taskToken=token, output="1")
