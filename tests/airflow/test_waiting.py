"""Waiting in a real triggerer, which is killed meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.aws.local_step_functions import PENDING, SharedStepFunctions
from tests.fixtures.whole_airflow.real_airflow import RealAirflow, Run

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


class Watch:
    """The DAG that watches a state machine.

    Args:
        airflow: runs it.
        stepfunctions: runs the executions.
        machine: the state machine's ARN.
    """

    def __init__(self, airflow: RealAirflow, stepfunctions: SharedStepFunctions, machine: str) -> None:
        self.airflow, self.stepfunctions, self.machine = airflow, stepfunctions, machine
        self.ended: list[str] = []
        self._last = 0.0

    def end_one(self, name: str) -> str:
        """Start an execution, and let it end."""
        self.stepfunctions.end_execution(self.stepfunctions.start_execution(self.machine, name=name), "SUCCEEDED")
        return name

    def names(self) -> set[str]:
        """The executions that the DAG has run for."""
        runs = self.airflow.call("GET", "dags/watch_ends/dagRuns?limit=100", missing={"dag_runs": []})["dag_runs"]
        found = [Run(self.airflow, "watch_ends", run["dag_run_id"]).xcom("names") or [] for run in runs]
        return {name for names in found for name in names}

    def names_after_more(self) -> set[str]:
        """The same, after one more execution every five seconds.

        The watch does not say when it begins, and an event that comes while Airflow makes a run for the one before has
        no run of its own; it goes to the run for the event after it.
        """
        if time.monotonic() - self._last > 5:
            self.ended.append(self.end_one(f"run-{len(self.ended)}"))
            self._last = time.monotonic()
        return self.names()


@dataclass
class Waiting:
    """What waits: a run of four tasks, and a DAG that watches a state machine; the triggerer was killed meanwhile.

    Args:
        run: the run of the four tasks.
        arns: their executions, of which two ended without a triggerer, the second one by a failure.
        started: all executions that the tasks have started.
        watch: the other DAG.
        unseen: what ended without a triggerer, or after the last one that it has run for.
    """

    run: Run
    arns: list[str]
    started: Callable[[], list[str]]
    watch: Watch
    unseen: set[str]


LOGGED = "'Work' entered"
"""What the log says of an execution's history."""


@pytest.fixture(scope="module")
def waiting(real_airflow_process: RealAirflow, real_time_step_functions: SharedStepFunctions) -> Waiting:
    """Both DAGs, at work, after the loss of the triggerer."""
    airflow, stepfunctions = real_airflow_process, real_time_step_functions
    machine, watched = (stepfunctions.create_state_machine(PENDING, name=name) for name in ("FourStarts", "Watched"))
    airflow.ensure()
    airflow.add_dags({"four_starts": FOUR_STARTS, "watch_ends": WATCH.replace("MACHINE", watched)})
    run, watch = airflow.trigger("four_starts", {"machine": machine}), Watch(airflow, stepfunctions, watched)
    airflow.processes.wait_until("an event", watch.names_after_more)
    arns = []
    for number in range(4):
        run.wait_for_task(f"start_{number}", "deferred")
        arns.append(run.xcom(f"start_{number}", "execution_arn"))
    for number in (2, 3):
        airflow.processes.wait_until("the history", lambda number=number: LOGGED in run.log(f"start_{number}"))
    airflow.kill("triggerer")
    seen = watch.ended.index(min(watch.names(), key=watch.ended.index))
    stepfunctions.end_execution(arns[0], "SUCCEEDED", output='{"number": 0}')
    stepfunctions.end_execution(arns[1], "FAILED", error="Late", cause="while nobody looked")
    unseen = {*watch.ended[seen:], *(watch.end_one(f"unseen-{number}") for number in range(3))}
    airflow.start("triggerer")

    def started() -> list[str]:
        executions = stepfunctions.client.list_executions(stateMachineArn=machine)["executions"]
        return [row["executionArn"] for row in executions]

    return Waiting(run, arns, started, watch, unseen)


def test_a_triggerer_that_is_killed_loses_no_execution_and_starts_none_twice(waiting: Waiting) -> None:
    run = waiting.run
    run.wait_for_task("start_0", "success")
    run.wait_for_task("start_1", "failed")
    assert {run.task(f"start_{number}")["state"] for number in (2, 3)} == {"deferred"}, run.story()
    for number in (2, 3):
        waiting.watch.stepfunctions.end_execution(waiting.arns[number], "SUCCEEDED", output=f'{{"number": {number}}}')
    assert run.wait() == "failed", run.story()
    assert run.states() == {"start_0": "success", "start_1": "failed", "start_2": "success", "start_3": "success"}
    assert [run.xcom(f"start_{number}", "output") for number in (0, 2, 3)] == [
        {"number": number} for number in (0, 2, 3)
    ]
    assert "while nobody looked" in run.log("start_1")
    assert [run.log(f"start_{number}").count(LOGGED) for number in (2, 3)] == [1, 1]
    assert sorted(waiting.started()) == sorted(waiting.arns)


def test_a_watch_runs_a_dag_for_each_execution_also_for_those_that_ended_without_a_triggerer(waiting: Waiting) -> None:
    watch = waiting.watch
    watch.airflow.processes.wait_until("what ended meanwhile", lambda: waiting.unseen <= watch.names_after_more())
