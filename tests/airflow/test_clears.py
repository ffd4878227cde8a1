"""Clears, signals and timeouts in a real Airflow: only what is chosen now runs, what has ended is not repeated."""

from __future__ import annotations

import threading
from typing import Any

import psutil
import pytest

from tests.aws.lambda_functions import LambdaFunctions
from tests.aws.local_step_functions import PENDING, SharedStepFunctions
from tests.fixtures.definitions import END, call, choose, machine
from tests.fixtures.real_airflow import RealAirflow, Run
from tests.fixtures.real_airflow_dags import source_of

PATIENCE = 60.0

ANSWERS = ["both", "other"]
"""Of the state Ask: which way is chosen before and after the clear."""


def reroute(function: str) -> dict[str, Any]:
    """A function chooses whether a Parallel is entered."""
    return machine(
        {
            "Ask": call("Which", Resource=function),
            "Which": choose("$", {"both": "Both"}, "Other"),
            "Both": {
                "Type": "Parallel",
                "Branches": [machine({"Left": END}), machine({"Right": END})],
                "Next": "After",
            },
            "After": END,
            "Other": END,
        }
    )


def loop(function: str) -> dict[str, Any]:
    """Three turns of a second."""
    return machine(
        {
            "Rest": {"Type": "Wait", "Seconds": 1, "Next": "Count"},
            "Count": call("Enough?", Resource=function),
            "Enough?": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.turn", "NumericGreaterThanEquals": 3, "Next": "Done"}],
                "Default": "Rest",
            },
            "Done": END,
        }
    )


def timed_out(machine_arn: str) -> str:
    """A DAG whose one task waits for an execution, longer than it may."""
    resource = "arn:aws:states:::states:startExecution.sync"
    nested = {"Type": "Task", "Resource": resource, "Parameters": {"StateMachineArn": machine_arn}, "End": True}
    source, task_id = source_of(machine({"Nested": nested}), "timed_out"), 'task_id="Nested",'
    assert task_id in source
    return source.replace(task_id, f"{task_id} execution_timeout=timedelta(seconds=20), retries=0,")


@pytest.fixture(scope="module")
def pause(real_time_step_functions: SharedStepFunctions) -> str:
    """The ARN of a state machine whose executions outlast the test."""
    return real_time_step_functions.create_state_machine(PENDING, name="Pause")


@pytest.fixture(scope="module")
def runs(real_airflow_process: RealAirflow, lambda_functions: LambdaFunctions, pause: str) -> dict[str, Run]:
    """The runs, after the worker of the loop has got a signal."""
    here, go_on = threading.Event(), threading.Event()

    def count(payload: Any) -> Any:
        if payload["turn"] == 1 and not here.is_set():
            here.set()
            assert go_on.wait(PATIENCE)
        return {"turn": payload["turn"] + 1}

    real_airflow_process.ensure()
    answers = iter(ANSWERS)
    sources = {
        "rerouted": source_of(reroute(lambda_functions.add("reroute", lambda _: next(answers))), "rerouted"),
        "signalled": source_of(loop(lambda_functions.add("signalled", count)), "signalled"),
        "timed_out": timed_out(pause),
    }
    real_airflow_process.add_dags(sources)
    started = {name: real_airflow_process.trigger(name, {"turn": 0}) for name in sources}
    signalled = started["signalled"]
    assert here.wait(PATIENCE), signalled.story()
    psutil.Process(signalled.task("Rest_loop")["pid"]).terminate()
    real_airflow_process.processes.wait_until("a kill", lambda: "The task is killed" in signalled.log("Rest_loop"))
    go_on.set()
    return started


def test_a_group_that_is_not_chosen_after_a_clear_does_not_run(runs: dict[str, Run]) -> None:
    run = runs["rerouted"]
    assert (run.wait(), run.xcom("After")) == ("success", ["both", "both"]), run.story()
    run.clear("Ask")
    assert run.wait() == "success", run.story()
    ran = {task for task, state in run.states().items() if state == "success"}
    assert ran == {"Ask", "Which", "Other"}, run.story()
    assert set(run.states().values()) == {"success", "skipped"}


def test_a_loop_that_is_ended_by_a_signal_repeats_no_finished_call(
    runs: dict[str, Run], lambda_functions: LambdaFunctions
) -> None:
    run = runs["signalled"]
    assert run.wait() == "success", run.story()
    assert [payload["turn"] for payload in lambda_functions.calls_of("signalled")] == [0, 1, 2]
    assert run.xcom("Done") == {"turn": 3}
    assert run.task("Rest_loop")["try_number"] == 2


def test_a_deferral_that_lasts_longer_than_execution_timeout_stops_its_job(
    runs: dict[str, Run], real_time_step_functions: SharedStepFunctions, pause: str
) -> None:
    run = runs["timed_out"]
    assert run.wait() == "failed", run.story()
    assert "Trigger timeout" in run.log("Nested"), run.story()
    real_time_step_functions.assert_execution(pause, status="ABORTED")
