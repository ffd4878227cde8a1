"""The real Airflow of the tests: what the other tests here stand upon."""

from __future__ import annotations

import pytest

from tests.fixtures.real_airflow import RealAirflow

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


def test_a_run_is_triggered_with_a_conf_and_survives_the_loss_of_the_triggerer(real_airflow: RealAirflow) -> None:
    real_airflow.add_dag("steps", STEPS)
    run = real_airflow.trigger("steps", {"number": 3})
    run.wait_for_task("wait", "deferred")
    real_airflow.kill("triggerer")
    real_airflow.start("triggerer")
    assert run.wait() == "success", run.story()
    assert (run.xcom("one"), run.xcom("wait")) == (4, "waited")
    assert run.states() == {"one": "success", "wait": "success"}
    assert "XComs {'return_value': 4}" in run.story()


@pytest.mark.parametrize("supervisor", [False, True], ids=["process-of-the-task", "whole-worker"])
def test_the_worker_of_a_task_can_be_killed(real_airflow: RealAirflow, supervisor: bool) -> None:
    dag_id = f"sleeper_{supervisor}"
    real_airflow.add_dag(dag_id, SLEEPER.replace("DAG_ID", dag_id))
    run = real_airflow.trigger(dag_id)
    run.wait_for_task("work", "running")
    run.kill_worker("work", supervisor=supervisor)
    assert run.wait() == "success", run.story()
    assert run.xcom("work") == 2


def test_a_file_that_cannot_be_imported_is_told(real_airflow: RealAirflow) -> None:
    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        real_airflow.add_dag("broken", "from airflow import DAG  # dag\n1 / 0\n")
    real_airflow.add_dag("broken", "from airflow import DAG\nwith DAG('broken', schedule=None): pass\n")
