"""Workers outside answer tasks of a real Airflow: by its API server, and by a queue."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from tests.aws.moto import ACCOUNT, REGION
from tests.fixtures.real_airflow import RealAirflow, Run

pytestmark = pytest.mark.usefixtures("aws")

ACTIVITY = f"arn:aws:states:{REGION}:{ACCOUNT}:activity:pack"

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
    return client(f"{real_airflow.server}/step-functions/v1")


def client(endpoint_url: str) -> Any:
    return boto3.client("stepfunctions", endpoint_url=endpoint_url, region_name=REGION)


@pytest.fixture(autouse=True)
def answers(aws: str) -> Any:
    """The queue that Airflow reads answers from."""
    return boto3.resource("sqs", endpoint_url=aws, region_name=REGION).create_queue(QueueName="answers")


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
    return [
        variable["key"]
        for variable in found
        if variable["key"].startswith(("sfn_provider_callback_", "sfn_provider_activity_"))
    ]


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


def test_a_worker_answers_by_the_queue(real_airflow: RealAirflow, queue: Any, answers: Any) -> None:
    run = ask(real_airflow, "token_queue", queue)
    token = receive(queue)["Token"]
    run.wait_for_task("ask", "deferred")
    message = {"action": "SendTaskSuccess", "taskToken": token, "output": json.dumps({"by": "queue"})}
    answers.send_message(MessageBody=json.dumps(message))
    assert run.wait() == "success", run.story()
    assert run.xcom("ask") == {"by": "queue"}


ACTIVITY_DAG = f"""
from airflow import DAG
from sfn_provider.operators.state_machine import TaskStateOperator

with DAG("activity", schedule=None):
    TaskStateOperator(task_id="pack", resource="{ACTIVITY}", timeout_seconds=600, heartbeat_seconds=300, end=True)
"""


def test_a_worker_of_an_activity_asks_for_work_and_answers(real_airflow: RealAirflow, worker: Any) -> None:
    real_airflow.add_dag("activity", ACTIVITY_DAG)
    runs = [real_airflow.trigger("activity", {"order": number}) for number in (1, 2)]
    for _ in runs:
        work = worker.get_activity_task(activityArn=ACTIVITY, workerName="packer")
        worker.send_task_heartbeat(taskToken=work["taskToken"])
        worker.send_task_success(taskToken=work["taskToken"], output=json.dumps({"packed": json.loads(work["input"])}))
    for number, run in enumerate(runs, 1):
        assert run.wait() == "success", run.story()
        assert run.xcom("pack") == {"packed": {"order": number}}


def test_a_task_whose_worker_is_lost_takes_the_answer_that_came_meanwhile(
    real_airflow: RealAirflow, queue: Any, worker: Any
) -> None:
    more = "retries=1, retry_delay=timedelta(0), heartbeat_seconds=600,"
    source = DAG.replace("DAG_ID", "token_killed").replace("MORE", more)
    source = source.replace("from airflow import DAG", "from datetime import timedelta\nfrom airflow import DAG")
    source += BLOCKING
    real_airflow.add_dag("token_killed", source)
    run = real_airflow.trigger("token_killed", {"queue": queue.url, "order": 7})
    token = receive(queue)["Token"]
    run.wait_for_task("ask", "running")
    run.kill_worker("ask", supervisor=False)
    worker.send_task_success(taskToken=token, output='"once"')
    assert run.wait() == "success", run.story()
    assert run.xcom("ask") == "once"
    assert run.task("ask")["try_number"] == 2


BLOCKING = """
import os
os.environ["AIRFLOW__SFN_PROVIDER__WAITING"] = "block"
"""
