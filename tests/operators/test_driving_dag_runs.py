"""The operators around executions in DAG runs of a real Airflow, against machines that really run."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from airflow import DAG

from sfn_provider.operators.step_function import (
    StepFunctionCreateOrUpdateStateMachineOperator,
    StepFunctionDescribeExecutionOperator,
    StepFunctionSendTaskFailureOperator,
    StepFunctionSendTaskHeartbeatOperator,
    StepFunctionSendTaskSuccessOperator,
    StepFunctionStartExecutionOperator,
    StepFunctionStopExecutionOperator,
)
from tests.aws.local_step_functions import SharedStepFunctions
from tests.aws.moto import ACCOUNT, REGION, ROLE_ARN
from tests.fixtures.airflow.airflow_home import run_dag, task_states, xcom

pytestmark = [
    pytest.mark.usefixtures("airflow_db", "stepfunctions"),
    pytest.mark.stepfunctions(time="real"),
]

WAITING = "StartAt: Night\nStates:\n  Night:\n    Type: Wait\n    Seconds: ${Seconds}\n    End: true\n"


def new_dag(dag_id: str) -> DAG:
    """Make a DAG that runs by hand only."""
    return DAG(dag_id, start_date=datetime(2025, 3, 1, tzinfo=UTC), schedule=None)


def test_a_machine_is_deployed_started_described_and_stopped(tmp_path: Path) -> None:
    (tmp_path / "night.asl.yaml").write_text(WAITING)
    with new_dag("deployed") as dag:
        deploy = StepFunctionCreateOrUpdateStateMachineOperator(
            task_id="deploy",
            name="Night",
            definition=str(tmp_path / "night.asl.yaml"),
            substitutions={"Seconds": "{{ dag_run.conf.seconds }}"},
            role_arn=ROLE_ARN,
            tags={"run": "{{ run_id }}"},
        )
        start = StepFunctionStartExecutionOperator(
            task_id="start",
            state_machine_arn=deploy.output,
            state_machine_input={"day": 1},
            region_name=REGION,
            wait_for_completion=False,
        )
        describe = StepFunctionDescribeExecutionOperator(
            task_id="describe", execution_arn=start.output, include_history=True
        )
        stop = StepFunctionStopExecutionOperator(task_id="stop", execution_arn=start.output, cause="{{ run_id }}")
        describe >> stop
    run = run_dag(dag, run_conf={"seconds": 3600})
    assert set(task_states(run).values()) == {"success"}
    assert xcom(run, "deploy") == f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:Night"
    assert xcom(run, "deploy", "change") == "created"
    assert (xcom(run, "describe")["input"], xcom(run, "describe")["status"]) == ({"day": 1}, "RUNNING")
    assert xcom(run, "describe", "events")[0]["type"] == "ExecutionStarted"
    assert xcom(run, "stop") == "ABORTED"


@pytest.fixture
def working(stepfunctions: SharedStepFunctions, pending_machine: str) -> str:
    """An execution whose one state waits for a task token."""
    return stepfunctions.start_execution(pending_machine)


def test_a_dag_does_a_states_work(stepfunctions: SharedStepFunctions, working: str) -> None:
    with new_dag("works") as dag:
        StepFunctionSendTaskHeartbeatOperator(
            task_id="alive", task_token="{{ dag_run.conf.token }}"
        ) >> StepFunctionSendTaskSuccessOperator(
            task_id="done", task_token="{{ dag_run.conf.token }}", task_output={"rows": "{{ 1 + 2 }}"}
        )
    token = stepfunctions.task_token(working)
    assert set(task_states(run_dag(dag, run_conf={"token": token})).values()) == {"success"}
    stepfunctions.assert_execution(working, output={"rows": "3"})


def test_a_dag_says_that_a_states_work_has_failed(stepfunctions: SharedStepFunctions, working: str) -> None:
    with new_dag("fails_to_work") as dag:
        StepFunctionSendTaskFailureOperator(
            task_id="failed", task_token="{{ dag_run.conf.token }}", error="Load.Failed", cause="See {{ task.task_id }}"
        )
    token = stepfunctions.task_token(working)
    assert set(task_states(run_dag(dag, run_conf={"token": token})).values()) == {"success"}
    stepfunctions.assert_execution(working, status="FAILED", error="Load.Failed", cause="See failed")
