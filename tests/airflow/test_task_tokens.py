"""Workers outside answer tasks of a real Airflow: by its API server, and by a queue."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest

from tests.aws.moto import ACCOUNT, REGION
from tests.fixtures.whole_airflow.real_airflow import RealAirflow, Run

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


BLOCKING = """
import os
os.environ["AIRFLOW__SFN_PROVIDER__WAITING"] = "block"
"""

RETRIED = "retries=1, retry_delay=timedelta(0), heartbeat_seconds=600,"

DAGS = {
    **{dag_id: DAG.replace("MORE", "") for dag_id in ("token_success", "token_early", "token_failure", "token_queue")},
    "token_heartbeat": DAG.replace("MORE", "heartbeat_seconds=6,"),
    "token_killed": f"from datetime import timedelta\n{DAG.replace('MORE', RETRIED)}{BLOCKING}",
}

ACTIVITY_DAG = f"""
from airflow import DAG
from sfn_provider.operators.state_machine import TaskStateOperator

with DAG("activity", schedule=None):
    TaskStateOperator(task_id="pack", resource="{ACTIVITY}", timeout_seconds=600, heartbeat_seconds=300, end=True)
"""


@dataclass
class Asked:
    """The runs of the DAGs, with the queue that each run's state sends its task token to."""

    airflow: RealAirflow
    sqs: Any
    runs: dict[str, list[Run]] = field(default_factory=dict)

    def start(self, dag_id: str) -> Run:
        """Start a run of a DAG."""
        queue = self.sqs.create_queue(QueueName=dag_id)
        run = self.airflow.trigger(dag_id, {"queue": queue.url, "order": 7})
        self.runs.setdefault(dag_id, []).append(run)
        return run

    def receive(self, dag_id: str) -> dict[str, Any]:
        """The message of the state, once it is there."""
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            for message in self.sqs.create_queue(QueueName=dag_id).receive_messages(WaitTimeSeconds=1):
                message.delete()
                return json.loads(message.body)
        raise AssertionError("the state has sent no message")


@pytest.fixture(scope="module")
def asked(real_airflow_process: RealAirflow, empty_moto_server: str) -> Asked:
    """The DAGs, of which those runs are under way that may wait for their test."""
    made = Asked(real_airflow_process, boto3.resource("sqs", endpoint_url=empty_moto_server, region_name=REGION))
    made.sqs.create_queue(QueueName="answers")
    made.airflow.ensure()
    sources = {dag_id: source.replace("DAG_ID", dag_id) for dag_id, source in DAGS.items()}
    made.airflow.add_dags(sources | {"activity": ACTIVITY_DAG})
    for dag_id in ("token_success", "token_failure", "token_queue"):
        made.start(dag_id)
    made.runs["activity"] = [made.airflow.trigger("activity", {"order": number}) for number in (1, 2)]
    made.start("token_killed")
    made.start("token_early")  # the last: its test is the first
    return made


@pytest.fixture
def worker(real_airflow: RealAirflow) -> Any:
    """A worker's client of Step Functions: only its endpoint differs."""
    return boto3.client("stepfunctions", endpoint_url=f"{real_airflow.server}/step-functions/v1", region_name=REGION)


def variables(run: Run) -> list[str]:
    """The variables that a run has for its waits."""
    found = run.airflow.call("GET", "variables?limit=100")["variables"]
    prefixes = ("sfn_provider_callback_", "sfn_provider_activity_")
    return [each["key"] for each in found if each["key"].startswith(prefixes) and run.run_id in each["value"]]


def test_an_answer_that_comes_before_the_task_defers_is_not_lost(asked: Asked, worker: Any) -> None:
    [run] = asked.runs["token_early"]
    worker.send_task_success(taskToken=asked.receive("token_early")["Token"], output='"early"')
    assert run.wait() == "success", run.story()
    assert run.xcom("ask") == "early"


def test_a_worker_answers_a_deferred_task_once(asked: Asked, worker: Any) -> None:
    [run] = asked.runs["token_success"]
    message = asked.receive("token_success")
    run.wait_for_task("ask", "deferred")
    assert len(variables(run)) == 1
    answer = {"taskToken": message["Token"], "output": json.dumps({"order": message["Order"], "done": True})}
    worker.send_task_heartbeat(taskToken=message["Token"])
    worker.send_task_success(**answer)
    with pytest.raises(worker.exceptions.TaskTimedOut):
        worker.send_task_success(**answer)
    assert run.wait() == "success", run.story()
    assert run.xcom("ask") == {"order": 7, "done": True}
    assert variables(run) == []
    with pytest.raises(worker.exceptions.TaskTimedOut):
        worker.send_task_heartbeat(taskToken=message["Token"])


def test_a_workers_failure_is_the_states(asked: Asked, worker: Any) -> None:
    [run] = asked.runs["token_failure"]
    token = asked.receive("token_failure")["Token"]
    run.wait_for_task("ask", "deferred")
    worker.send_task_failure(taskToken=token, error="OutOfStock", cause="none left")
    assert run.wait() == "failed", run.story()
    error = run.xcom("ask", "error")
    assert (error["Error"], error["Cause"]) == ("OutOfStock", "none left")


def test_a_task_outlives_its_heartbeats_and_not_their_end(asked: Asked, worker: Any) -> None:
    run = asked.start("token_heartbeat")
    token = asked.receive("token_heartbeat")["Token"]
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


def test_a_worker_answers_by_the_queue(asked: Asked) -> None:
    [run] = asked.runs["token_queue"]
    token = asked.receive("token_queue")["Token"]
    run.wait_for_task("ask", "deferred")
    message = {"action": "SendTaskSuccess", "taskToken": token, "output": json.dumps({"by": "queue"})}
    asked.sqs.create_queue(QueueName="answers").send_message(MessageBody=json.dumps(message))
    assert run.wait() == "success", run.story()
    assert run.xcom("ask") == {"by": "queue"}


def test_a_worker_of_an_activity_asks_for_work_and_answers(asked: Asked, worker: Any) -> None:
    runs = asked.runs["activity"]
    for _ in runs:
        work = worker.get_activity_task(activityArn=ACTIVITY, workerName="packer")
        worker.send_task_heartbeat(taskToken=work["taskToken"])
        worker.send_task_success(taskToken=work["taskToken"], output=json.dumps({"packed": json.loads(work["input"])}))
    for number, run in enumerate(runs, 1):
        assert run.wait() == "success", run.story()
        assert run.xcom("pack") == {"packed": {"order": number}}


def test_a_task_whose_worker_is_lost_takes_the_answer_that_came_meanwhile(asked: Asked, worker: Any) -> None:
    [run] = asked.runs["token_killed"]
    token = asked.receive("token_killed")["Token"]
    run.wait_for_task("ask", "running")
    run.kill_worker("ask", supervisor=False)
    worker.send_task_success(taskToken=token, output='"once"')
    assert run.wait() == "success", run.story()
    assert run.xcom("ask") == "once"
    assert run.task("ask")["try_number"] == 2
