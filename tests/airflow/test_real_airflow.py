"""The real Airflow of the tests: what the other tests here stand upon."""

from __future__ import annotations

import pytest

from tests.fixtures.whole_airflow.real_airflow import RealAirflow, Run

STEPS = """
from datetime import timedelta
from airflow import DAG
from airflow.providers.standard.operators.python import PythonOperator
from airflow.providers.standard.triggers.temporal import TimeDeltaTrigger
from airflow.sdk import BaseOperator

class Wait(BaseOperator):
    def execute(self, context):
        self.defer(trigger=TimeDeltaTrigger(timedelta(seconds=3)), method_name="go_on")

    def go_on(self, context, event):
        return "waited"

def one(dag_run):
    return dag_run.conf["number"] + 1

with DAG("steps", schedule=None):
    PythonOperator(task_id="one", python_callable=one) >> Wait(task_id="wait")
"""

SLEEPER = """
import time
from datetime import timedelta
from airflow import DAG
from airflow.providers.standard.operators.python import PythonOperator

def work(ti):
    if ti.try_number == 1:
        time.sleep(300)
    return ti.try_number

with DAG("DAG_ID", schedule=None):
    PythonOperator(task_id="work", python_callable=work, retries=1, retry_delay=timedelta(seconds=0))
"""


SLEEPERS = {supervisor: f"sleeper_{supervisor}" for supervisor in (False, True)}


@pytest.fixture(scope="module")
def runs(real_airflow_process: RealAirflow) -> dict[str, Run]:
    """A run of each DAG; of those that sleep, the task's worker is killed: its process, or also the one over it."""
    real_airflow_process.ensure()
    real_airflow_process.add_dags(
        {"steps": STEPS} | {dag_id: SLEEPER.replace("DAG_ID", dag_id) for dag_id in SLEEPERS.values()}
    )
    runs = {dag_id: real_airflow_process.trigger(dag_id) for dag_id in SLEEPERS.values()}
    for supervisor, dag_id in SLEEPERS.items():
        runs[dag_id].wait_for_task("work", "running")
        runs[dag_id].kill_worker("work", supervisor=supervisor)
    return runs | {"steps": real_airflow_process.trigger("steps", {"number": 3})}


def test_a_run_is_triggered_with_a_conf_and_survives_the_loss_of_the_triggerer(
    real_airflow: RealAirflow, runs: dict[str, Run]
) -> None:
    run = runs["steps"]
    run.wait_for_task("wait", "deferred")
    real_airflow.kill("triggerer")
    real_airflow.start("triggerer")
    assert run.wait() == "success", run.story()
    assert (run.xcom("one"), run.xcom("wait")) == (4, "waited")
    assert run.states() == {"one": "success", "wait": "success"}
    assert "XComs {'return_value': 4}" in run.story()


@pytest.mark.parametrize("supervisor", [False, True], ids=["process-of-the-task", "whole-worker"])
def test_the_worker_of_a_task_can_be_killed(runs: dict[str, Run], supervisor: bool) -> None:
    run = runs[SLEEPERS[supervisor]]
    assert run.wait() == "success", run.story()
    assert run.xcom("work") == 2


def test_a_file_that_cannot_be_imported_is_told(real_airflow: RealAirflow) -> None:
    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        real_airflow.add_dag("broken", "from airflow import DAG  # dag\n1 / 0\n")
    real_airflow.add_dag("broken", "from airflow import DAG\nwith DAG('broken', schedule=None): pass\n")
