"""Waiting in a real triggerer, which is killed meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.aws.local_step_functions import PENDING, SharedStepFunctions
from tests.fixtures.real_airflow import RealAirflow, Run

FOUR_STARTS = """
from airflow import DAG
from sfn_provider.operators.step_function import StepFunctionStartExecutionOperator

with DAG("four_starts", schedule=None):
    for number in range(4):
        StepFunctionStartExecutionOperator(
            task_id=f"start_{number}",
            state_machine_arn="{{ dag_run.conf['machine'] }}",
            state_machine_input={"number": number},
            waiter_delay=2,
            deferrable=True,
            log_history=True,
        )
"""

WATCH = """
from airflow.sdk import DAG, Asset, AssetWatcher, task
from sfn_provider.triggers.execution_events import StepFunctionExecutionEventTrigger

trigger = StepFunctionExecutionEventTrigger(state_machine_arn="MACHINE", statuses=["SUCCEEDED"], poll_interval=1)
ended = Asset("machine_ended", watchers=[AssetWatcher(name="machine", trigger=trigger)])

@task
def names(triggering_asset_events=None):
    return [event.extra["payload"]["name"] for events in triggering_asset_events.values() for event in events]

with DAG("watch_ends", schedule=[ended], catchup=False):
    names()
"""


@dataclass
class Waiting:
    """What waits: a run of four tasks, and a DAG that watches a state machine.

    Args:
        stepfunctions: the server.
        machine: the machine that the four tasks start.
        watched: the machine that is watched.
        run: the run of the four tasks.
    """

    stepfunctions: SharedStepFunctions
    machine: str
    watched: str
    run: Run

    def end_one(self, name: str) -> str:
        """Start an execution of the machine that is watched, and let it end."""
        self.stepfunctions.end_execution(self.stepfunctions.start_execution(self.watched, name=name), "SUCCEEDED")
        return name


@pytest.fixture(scope="module")
def waiting(real_airflow_process: RealAirflow, real_time_step_functions: SharedStepFunctions) -> Waiting:
    """Both DAGs, at work."""
    create = real_time_step_functions.create_state_machine
    machine, watched = (create(PENDING, name=name) for name in ("FourStarts", "Watched"))
    real_airflow_process.ensure()
    real_airflow_process.add_dags({"four_starts": FOUR_STARTS, "watch_ends": WATCH.replace("MACHINE", watched)})
    return Waiting(
        real_time_step_functions, machine, watched, real_airflow_process.trigger("four_starts", {"machine": machine})
    )


def test_a_triggerer_that_is_killed_loses_no_execution_and_starts_none_twice(
    real_airflow: RealAirflow, waiting: Waiting
) -> None:
    run, end_execution = waiting.run, waiting.stepfunctions.end_execution
    arns = []
    for number in range(4):
        run.wait_for_task(f"start_{number}", "deferred")
        arns.append(run.xcom(f"start_{number}", "execution_arn"))
    logged = "'Work' entered"
    for number in (2, 3):
        real_airflow.processes.wait_until("the history", lambda number=number: logged in run.log(f"start_{number}"))
    real_airflow.kill("triggerer")
    end_execution(arns[0], "SUCCEEDED", output='{"number": 0}')  # while nobody looks
    end_execution(arns[1], "FAILED", error="Late", cause="while nobody looked")
    real_airflow.start("triggerer")
    run.wait_for_task("start_0", "success")
    run.wait_for_task("start_1", "failed")
    assert {run.task(f"start_{number}")["state"] for number in (2, 3)} == {"deferred"}, run.story()
    for number in (2, 3):
        end_execution(arns[number], "SUCCEEDED", output=f'{{"number": {number}}}')
    assert run.wait() == "failed", run.story()
    assert run.states() == {"start_0": "success", "start_1": "failed", "start_2": "success", "start_3": "success"}
    assert [run.xcom(f"start_{number}", "output") for number in (0, 2, 3)] == [
        {"number": number} for number in (0, 2, 3)
    ]
    assert "while nobody looked" in run.log("start_1")
    assert [run.log(f"start_{number}").count(logged) for number in (2, 3)] == [1, 1]
    started = waiting.stepfunctions.client.list_executions(stateMachineArn=waiting.machine)["executions"]
    assert sorted(row["executionArn"] for row in started) == sorted(arns)


def names_given(real_airflow: RealAirflow) -> set[str]:
    """The executions that the watching DAG has run for."""
    runs = real_airflow.call("GET", "dags/watch_ends/dagRuns?limit=100", missing={"dag_runs": []})["dag_runs"]
    given = [Run(real_airflow, "watch_ends", run["dag_run_id"]).xcom("names") or [] for run in runs]
    return {name for names in given for name in names}


def test_a_watch_runs_a_dag_for_each_execution_also_for_those_that_ended_without_a_triggerer(
    real_airflow: RealAirflow, waiting: Waiting
) -> None:
    ended: list[str] = []
    last = 0.0

    def given_after_more(wanted: Callable[[set[str]], bool]) -> bool:
        # More and more executions end: the watch does not say when it begins, and an event that comes while Airflow
        # makes a run for the one before has no run of its own; it goes to the run for the event after it.
        nonlocal last
        if time.monotonic() - last > 5:
            ended.append(waiting.end_one(f"run-{len(ended)}"))
            last = time.monotonic()
        return wanted(names_given(real_airflow))

    until = real_airflow.processes.wait_until
    until("an event", lambda: given_after_more(bool))
    real_airflow.kill("triggerer")
    seen = ended.index(min(names_given(real_airflow), key=ended.index))
    unseen = {*ended[seen:], *(waiting.end_one(f"unseen-{number}") for number in range(3))}
    real_airflow.start("triggerer")
    until("what ended meanwhile", lambda: given_after_more(lambda given: unseen <= given))
