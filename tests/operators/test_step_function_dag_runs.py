"""The operators in DAG runs of a real Airflow, against machines that really run."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from airflow import DAG

from sfn_provider._compat import AirflowTaskTimeout
from sfn_provider.operators.step_function import (
    StepFunctionGetExecutionOutputOperator,
    StepFunctionStartExecutionOperator,
)
from sfn_provider.sensors.step_function import StepFunctionExecutionSensor
from tests.aws.local_step_functions import PASS_THROUGH, SharedStepFunctions
from tests.fixtures.airflow.airflow_home import run_dag, task_states, xcom
from tests.fixtures.session.versions import AIRFLOW

pytestmark = [pytest.mark.usefixtures("airflow_db"), pytest.mark.stepfunctions(time="real")]

SLOW = {
    "StartAt": "Pause",
    "States": {"Pause": {"Type": "Wait", "Seconds": 1, "Next": "Done"}, "Done": {"Type": "Pass", "End": True}},
}
FAILING = {
    "StartAt": "Look",
    "States": {
        "Look": {"Type": "Pass", "Next": "Refuse"},
        "Refuse": {"Type": "Fail", "Error": "Orders.Bad", "Cause": "no stock"},
    },
}


def new_dag(dag_id: str) -> DAG:
    """Make a DAG that runs by hand only."""
    return DAG(dag_id, start_date=datetime(2025, 3, 1, tzinfo=UTC), schedule=None)


@pytest.mark.parametrize("deferrable", [False, True], ids=["worker", "deferred"])
def test_an_execution_that_succeeds(stepfunctions: SharedStepFunctions, deferrable: bool) -> None:
    machine = stepfunctions.create_state_machine(SLOW)
    with new_dag(f"succeeds_{deferrable}") as dag:
        start = StepFunctionStartExecutionOperator(
            task_id="start",
            state_machine_arn=machine,
            state_machine_input={"day": "{{ dag_run.conf.day }}"},
            waiter_delay=0.1,
            deferrable=deferrable,
        )
        StepFunctionGetExecutionOutputOperator(task_id="read", execution_arn=start.output)
    run = run_dag(dag, run_conf={"day": "Saturday"})
    assert task_states(run) == {"start": "success", "read": "success"}
    assert xcom(run, "start", "output") == xcom(run, "read") == {"day": "Saturday"}
    execution = stepfunctions.assert_execution(machine)
    assert xcom(run, "start") == xcom(run, "start", "execution_arn") == execution.arn
    assert xcom(run, "start", "execution_name") == execution.description["name"]
    assert xcom(run, "start", "execution_start_date") < xcom(run, "start", "execution_stop_date")


@pytest.mark.parametrize("deferrable", [False, True], ids=["worker", "deferred"])
def test_an_execution_that_fails(
    stepfunctions: SharedStepFunctions, deferrable: bool, task_log: Callable[[], str]
) -> None:
    machine = stepfunctions.create_state_machine(FAILING)
    with new_dag(f"fails_{deferrable}") as dag:
        StepFunctionStartExecutionOperator(
            task_id="start", state_machine_arn=machine, waiter_delay=0.1, deferrable=deferrable
        )
    assert task_states(run_dag(dag)) == {"start": "failed"}
    printed = task_log()
    assert "Orders.Bad: no stock" in printed
    assert "in state 'Refuse'" in printed


def test_mapped_tasks_have_an_execution_each(stepfunctions: SharedStepFunctions) -> None:
    machine = stepfunctions.create_state_machine(PASS_THROUGH)
    with new_dag("mapped") as dag:
        StepFunctionStartExecutionOperator.partial(
            task_id="start", state_machine_arn=machine, waiter_delay=0, region_name="us-east-1", return_output=True
        ).expand(state_machine_input=[{"n": 1}, [2], "3"])
    run = run_dag(dag)
    outputs = {
        ti.map_index: ti.xcom_pull(task_ids="start", map_indexes=ti.map_index) for ti in run.get_task_instances()
    }
    assert outputs == {0: {"n": 1}, 1: [2], 2: 3}
    assert len(stepfunctions.client.list_executions(stateMachineArn=machine)["executions"]) == 3


@pytest.mark.parametrize("mode", [{"mode": "poke"}, {"mode": "reschedule"}, {"deferrable": True}], ids=str)
def test_a_dag_of_the_amazon_provider_runs(stepfunctions: SharedStepFunctions, mode: dict[str, Any]) -> None:
    machine = stepfunctions.create_state_machine(SLOW)
    with new_dag(f"amazon_{next(iter(mode.values()))}") as dag:
        start = StepFunctionStartExecutionOperator.partial(
            task_id="start", state_machine_arn=machine, waiter_delay=1
        ).expand(state_machine_input=[{"n": 1}, {"n": 2}])
        wait = StepFunctionExecutionSensor.partial(task_id="wait", poke_interval=1, **mode).expand(
            execution_arn=start.output
        )
        output = StepFunctionGetExecutionOutputOperator.partial(task_id="output").expand(execution_arn=start.output)
        wait >> output
    run = run_dag(dag)
    assert set(task_states(run).values()) == {"success"}
    outputs = [ti for ti in run.get_task_instances() if ti.task_id == "output"]
    pulled = [list(ti.xcom_pull(task_ids=["output"], map_indexes=ti.map_index)) for ti in outputs]
    assert sorted(pulled, key=str) == [[{"n": 1}], [{"n": 2}]]


def test_an_execution_timeout_stops_the_execution(stepfunctions: SharedStepFunctions, pending_machine: str) -> None:
    with new_dag("times_out") as dag:
        StepFunctionStartExecutionOperator(
            task_id="start", state_machine_arn=pending_machine, waiter_delay=0.1, execution_timeout=timedelta(seconds=1)
        )
    if AIRFLOW >= (3,):
        assert task_states(run_dag(dag)) == {"start": "failed"}
    else:  # whose dag.test() lets a timeout through
        with pytest.raises(AirflowTaskTimeout):
            run_dag(dag)
    stepfunctions.assert_execution(pending_machine, status="ABORTED")
