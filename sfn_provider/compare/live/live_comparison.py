"""Starts a real execution and a real DAG run, waits for both, and compares them."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from sfn_provider.asl.model import StateMachine
from sfn_provider.compare.airflow.dag_execution import AirflowRun, read_airflow_run
from sfn_provider.compare.comparison import Comparison
from sfn_provider.compare.live.airflow_api import AirflowApi
from sfn_provider.compare.replay.aws_executions import fetch_execution, start_and_wait
from sfn_provider.compare.replay.recording import Recording
from sfn_provider.compare.replay.replayer import comparable_execution, compare_with_recording
from sfn_provider.compare.replay.tolerated_differences import ToleratedDifferences
from sfn_provider.exceptions import UsageError
from sfn_provider.xcom_json import encode_dag_run_conf

Json = Any


def compare_live(
    machine: StateMachine,
    input: Json,
    *,
    state_machine_arn: str,
    airflow: AirflowApi,
    dag_id: str,
    wait_seconds: float = 3600.0,
    sleep: Callable[[float], None] = time.sleep,
) -> Comparison:
    """Run a state machine on Step Functions and its DAG on an Airflow, both for real, and compare.

    Both call the services: every task's work is done twice. The services' answers may differ; the engine checks how a
    side proceeds from its answers, and only what neither answers nor clock explain is a difference.

    Args:
        machine: the definition.
        input: the execution's input, any JSON value.
        state_machine_arn: the standard state machine to start.
        airflow: the Airflow.
        dag_id: its DAG.
        wait_seconds: how long to wait for each of the two.
        sleep: waits some seconds.

    Raises:
        UsageError: where one of the two cannot be started or read, takes longer, or the DAG keeps no history.
        AirflowRunFailed: where a task failed for another reason than its state's error.
    """
    run_id = airflow.trigger(dag_id, encode_dag_run_conf(input))
    execution_arn = start_and_wait(state_machine_arn, input, wait_seconds, sleep)
    airflow.wait(dag_id, run_id, wait_seconds, sleep)
    recording = fetch_execution(execution_arn).recording()
    result = airflow.result(dag_id, run_id)
    if not any(task.get("history") for task in result.tasks):
        raise UsageError(
            f"run {run_id} of {dag_id} kept no history, so its states cannot be compared: "
            "set [sfn_provider] history = True in that Airflow"
        )
    return compare_recorded(machine, recording, read_airflow_run(result), dag_id)


def compare_recorded(machine: StateMachine, recording: Recording, airflow: AirflowRun, dag_id: str) -> Comparison:
    """Compare an execution that AWS ran with a DAG run, each with its own answers of the services.

    Args:
        machine: the definition that both ran.
        recording: the execution.
        airflow: the DAG's run, with its history.
        dag_id: the DAG.
    """
    dag_recording = Recording.from_dag_run(airflow.execution, dag_id)
    tolerated = ToleratedDifferences.of_live_runs(machine, recording, dag_recording, comparable_execution(airflow))
    return compare_with_recording(machine, recording, airflow, tolerated, ("recorded", "measured"))
