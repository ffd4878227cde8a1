"""A DAG whose tasks wait without a triggerer, in a real Airflow."""

from __future__ import annotations

import pytest

from tests.fixtures.whole_airflow.real_airflow import RealAirflow

SOURCE = """
import os
os.environ["AIRFLOW__SFN_PROVIDER__WAITING"] = "reschedule"  # for this file's tasks alone
from airflow import DAG
from sfn_provider.operators.groups import MapJoinOperator, MapStartOperator, MapTaskGroup
from sfn_provider.operators.state_machine import LoopOperator, PassStateOperator, WaitStateOperator

with DAG("rescheduled", schedule=None):
    loop = LoopOperator(task_id="loop", states={
        "Rest": {"Type": "Wait", "Seconds": 6, "Next": "Count"},
        "Count": {"Type": "Pass", "Parameters": {"n.$": "States.MathAdd($.n, 1)"}, "Next": "Enough"},
        "Enough": {"Type": "Choice", "Choices": [{"Variable": "$.n", "NumericLessThan": 2, "Next": "Rest"}],
                   "Default": "List"},
    })
    listed = PassStateOperator(task_id="List", result=[6, 7], next="Each")
    start = MapStartOperator(task_id="start", state_name="Each")
    with MapTaskGroup(group_id="item", items=start) as item:
        WaitStateOperator(task_id="Slow", seconds_path="$", end=True)
    join = MapJoinOperator(task_id="join", state_name="Each", end=True)
    loop >> listed >> start
    item >> join
"""


@pytest.fixture(autouse=True)
def no_triggerer(real_airflow: RealAirflow) -> None:
    """Stops the triggerer; the next test that takes the Airflow starts it again."""
    real_airflow.kill("triggerer")


def test_tasks_wait_without_a_triggerer(real_airflow: RealAirflow) -> None:
    real_airflow.add_dag("rescheduled", SOURCE)
    run = real_airflow.trigger("rescheduled", {"n": 0})
    waiting = run.wait_for_task("loop", "up_for_reschedule")
    assert waiting["state"] == "up_for_reschedule"
    assert run.wait() == "success", run.story()
    assert (run.xcom("loop"), run.xcom("join")) == ({"n": 2}, [6, 7])
    assert run.task("loop")["try_number"] == 1
