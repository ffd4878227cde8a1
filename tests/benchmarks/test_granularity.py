"""How long a Map of 100 items runs by what one task runs, against a hand-written ``expand``, in one real Airflow.

Each item calls two Lambda functions, which answer in 50 ms. Also a pipeline like the sales pipeline as state, segment
and machine. ``GRANULARITY_ITEMS``, ``GRANULARITY_ROUNDS`` and ``GRANULARITY_DAGS`` change the size.
"""

from __future__ import annotations

import os
import statistics
import time
from typing import Any

import pytest

from sfn_provider.translate import translate
from tests.aws.lambda_functions import LambdaFunctions
from tests.fixtures.machines.definitions import choose, machine
from tests.fixtures.whole_airflow.real_airflow import RealAirflow

Json = Any

ITEMS = int(os.environ.get("GRANULARITY_ITEMS", "100"))
DAGS = os.environ.get("GRANULARITY_DAGS", "by_hand segment batches state").split()
ROUNDS = int(os.environ.get("GRANULARITY_ROUNDS", "1"))
SECONDS = 3600.0
"""Upper limit of one run."""

PEER = """
import json

from airflow import DAG
from airflow.providers.amazon.aws.hooks.lambda_function import LambdaHook
from airflow.sdk import get_current_context, task

with DAG("by_hand", schedule=None):

    @task
    def list_items():
        return get_current_context()["dag_run"].conf["items"]

    @task
    def process(item):
        client = LambdaHook(aws_conn_id="aws_default").conn
        for name in ("first", "second"):
            item = json.load(client.invoke(FunctionName=name, Payload=json.dumps(item))["Payload"])
        return item

    @task
    def collect(results):
        return list(results)

    collect(process.expand(item=list_items()))
"""


def _answer(payload: Json) -> Json:
    time.sleep(0.05)
    return payload


def _calls(first: str, second: str) -> dict[str, Any]:
    body = machine(
        {
            "First": {"Type": "Task", "Resource": first, "Next": "Second"},
            "Second": {"Type": "Task", "Resource": second, "End": True},
        }
    )
    return machine({"Each": {"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": body, "End": True}})


@pytest.fixture(scope="session")
def real_airflow_environment(real_airflow_environment: dict[str, str]) -> dict[str, str]:
    """Tasks keep no history, as in an Airflow that compares nothing."""
    return {**real_airflow_environment, "AIRFLOW__SFN_PROVIDER__HISTORY": "False"}


def _measure(airflow: RealAirflow, dag_ids: list[str], conf: Json) -> dict[str, tuple[float, int]]:
    """Return the median seconds of a run of each DAG, and its task instances; the rounds are interleaved."""
    seconds: dict[str, list[float]] = {dag_id: [] for dag_id in dag_ids}
    tasks: dict[str, int] = {}
    for _ in range(ROUNDS):
        for dag_id in dag_ids:
            run = airflow.run(dag_id, conf, SECONDS)
            assert run.state == "success", run.story()
            seconds[dag_id].append(run.seconds)
            tasks[dag_id] = sum(instance["state"] == "success" for instance in run.tasks())
    return {dag_id: (statistics.median(taken), tasks[dag_id]) for dag_id, taken in seconds.items()}


def test_a_map_of_calls(
    real_airflow: RealAirflow, lambda_functions: LambdaFunctions, capsys: pytest.CaptureFixture[str]
) -> None:
    definition = _calls(*(lambda_functions.add(name, _answer) for name in ("first", "second")))
    sources = {"by_hand": PEER, "segment": translate(definition, dag_id="segment", tasks="segment").source}
    sources["batches"] = translate(definition, dag_id="batches", map_batch=20).source
    sources["state"] = translate(definition, dag_id="state").source
    real_airflow.add_dags(sources)
    found = _measure(real_airflow, DAGS, {"items": list(range(ITEMS))})
    peer, _ = found["by_hand"]
    bars = {"segment": " (bar 1.1)", "batches": " (bar 0.3)"}
    with capsys.disabled():
        print(f"\nA Map of {ITEMS} items with two calls of 50 ms, median of {ROUNDS}:")
        for dag_id, (taken, tasks) in found.items():
            print(f"  {dag_id:8} {taken:7.1f} s, {tasks:3} tasks: {taken / peer:.2f}{bars.get(dag_id, '')}")


def _pipeline(arns: list[str]) -> dict[str, Any]:
    """A pipeline as the sales pipeline is: checks, a choice, work, a choice, and a message at its end."""
    names = ["Validate", "Transform", "Check", "Aggregate", "Notify"]
    states: dict[str, Any] = {
        name: {"Type": "Task", "Resource": arn, "ResultPath": f"$.{name.lower()}", "Next": following}
        for name, arn, following in zip(names, arns, ["Valid?", "Check", "Good?", "Notify", "Done"], strict=True)
    }
    states["Valid?"] = choose("$.day", {"monday": "Pause"}, "Notify")
    states["Good?"] = choose("$.day", {"monday": "Aggregate"}, "Notify")
    states["Pause"] = {"Type": "Wait", "Seconds": 1, "Next": "Transform"}
    states["Done"] = {"Type": "Succeed"}
    return machine(states)


def test_a_pipeline(
    real_airflow: RealAirflow, lambda_functions: LambdaFunctions, capsys: pytest.CaptureFixture[str]
) -> None:
    definition = _pipeline([lambda_functions.add(f"step_{number}", _answer) for number in range(5)])
    kinds = ("state", "segment", "machine")
    sources = {
        f"pipeline_{tasks}": translate(definition, dag_id=f"pipeline_{tasks}", tasks=tasks).source for tasks in kinds
    }
    real_airflow.add_dags(sources)
    found = _measure(real_airflow, list(sources), {"day": "monday"})
    state, _ = found["pipeline_state"]
    with capsys.disabled():
        print(f"\nA pipeline of five calls, two choices and a wait, median of {ROUNDS}:")
        for dag_id, (taken, tasks) in found.items():
            print(f"  {dag_id:16} {taken:6.1f} s, {tasks:2} tasks: {taken / state:.2f}")
