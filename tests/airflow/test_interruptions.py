"""Tasks in a real Airflow that lost workers, signals, timeouts or clears interrupt: what is done is not repeated.

The runs of all tests are under way at once: most of their time they wait.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import psutil
import pytest

from tests.aws.lambda_functions import LambdaFunctions
from tests.aws.local_step_functions import PENDING, SharedStepFunctions
from tests.fixtures.machines.definitions import END, call, choose, machine
from tests.fixtures.whole_airflow.real_airflow import RealAirflow, Run
from tests.fixtures.whole_airflow.real_airflow_dags import source_of

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


def loop(function: str, turns: int, seconds: int) -> dict[str, Any]:
    """Count turns of so many seconds."""
    return machine(
        {
            "Rest": {"Type": "Wait", "Seconds": seconds, "Next": "Count"},
            "Count": call("Enough?", Resource=function),
            "Enough?": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.turn", "NumericGreaterThanEquals": turns, "Next": "Done"}],
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


@dataclass
class Loop:
    """A run of a loop that stops in a call of its function, until something has happened to it.

    Args:
        name: of the function, and of the DAG.
        stop_at: the turn whose first call stops.
        turns: how many turns the loop takes.
        seconds: how long a turn takes.
        interrupt: happens to the run in that call.
    """

    name: str
    stop_at: int
    turns: int
    seconds: int
    interrupt: Callable[[Run], None]
    here: threading.Event = field(default_factory=threading.Event)
    go: threading.Event = field(default_factory=threading.Event)

    def count(self, payload: Any) -> Any:
        """Count a turn."""
        if payload["turn"] == self.stop_at and not self.here.is_set():
            self.here.set()
            assert self.go.wait(PATIENCE)
        return {"turn": payload["turn"] + 1}

    def interrupt_call(self, run: Run) -> None:
        """Wait for the call that stops, and let happen to the run what interrupts it."""
        assert self.here.wait(PATIENCE), run.story()
        self.interrupt(run)
        self.go.set()


@pytest.fixture(scope="module")
def pause(real_time_step_functions: SharedStepFunctions) -> str:
    """The ARN of a state machine whose executions outlast the test."""
    return real_time_step_functions.create_state_machine(PENDING, name="Pause")


def send_signal(run: Run) -> None:
    """End the process of the loop's task by SIGTERM."""
    psutil.Process(run.task("Rest_loop")["pid"]).terminate()
    run.airflow.processes.wait_until("a kill", lambda: "The task is killed" in run.log("Rest_loop"))


LOOPS = (
    Loop("signalled", 1, 3, 1, send_signal),
    Loop("worker", 2, 5, 3, lambda run: run.kill_worker("Rest_loop", supervisor=True)),
    Loop("process", 2, 5, 3, lambda run: run.kill_worker("Rest_loop", supervisor=False)),
    Loop("cleared", 1, 2, 3, lambda run: run.clear("Rest_loop")),
)
"""As many as Airflow runs tasks at once."""


@pytest.fixture(scope="module")
def runs(real_airflow_process: RealAirflow, lambda_functions: LambdaFunctions, pause: str) -> dict[str, Run]:
    """The runs, after the loops were interrupted."""
    real_airflow_process.ensure()
    answers = iter(ANSWERS)
    machines = {
        each.name: loop(lambda_functions.add(each.name, each.count), each.turns, each.seconds) for each in LOOPS
    }
    machines["rerouted"] = reroute(lambda_functions.add("reroute", lambda _: next(answers)))
    sources = {name: source_of(definition, name) for name, definition in machines.items()}
    real_airflow_process.add_dags(sources | {"timed_out": timed_out(pause)})
    names = ("timed_out", *(each.name for each in LOOPS))  # the first one hardly needs a worker
    started = {name: real_airflow_process.trigger(name, {"turn": 0}) for name in names}
    with ThreadPoolExecutor(len(LOOPS)) as pool:  # none waits for another: its call would time out
        list(pool.map(lambda each: each.interrupt_call(started[each.name]), LOOPS))
    return started | {"rerouted": real_airflow_process.trigger("rerouted", {"turn": 0})}


def test_a_loop_that_is_ended_by_a_signal_repeats_no_finished_call(
    runs: dict[str, Run], lambda_functions: LambdaFunctions
) -> None:
    run = runs["signalled"]
    assert run.wait() == "success", run.story()
    assert [payload["turn"] for payload in lambda_functions.calls_of("signalled")] == [0, 1, 2]
    assert run.xcom("Done") == {"turn": 3}
    assert run.task("Rest_loop")["try_number"] == 2


def test_a_loop_that_is_cleared_while_it_waits_or_runs_starts_anew(
    runs: dict[str, Run], lambda_functions: LambdaFunctions
) -> None:
    run = runs["cleared"]
    assert run.wait() == "success", run.story()
    assert [payload["turn"] for payload in lambda_functions.calls_of("cleared")][2:] == [0, 1]
    run.clear("Rest_loop")
    assert run.wait() == "success", run.story()
    assert [payload["turn"] for payload in lambda_functions.calls_of("cleared")][4:] == [0, 1]


def test_a_group_that_is_not_chosen_after_a_clear_does_not_run(runs: dict[str, Run]) -> None:
    run = runs["rerouted"]
    assert (run.wait(), run.xcom("After")) == ("success", ["both", "both"]), run.story()
    run.clear("Ask")
    assert run.wait() == "success", run.story()
    ran = {task for task, state in run.states().items() if state == "success"}
    assert ran == {"Ask", "Which", "Other"}, run.story()
    assert set(run.states().values()) == {"success", "skipped"}


@pytest.mark.parametrize("name", ["process", "worker"], ids=["process-of-the-task", "whole-worker"])
def test_a_loop_repeats_no_turn_when_its_worker_is_lost(
    runs: dict[str, Run], lambda_functions: LambdaFunctions, name: str
) -> None:
    run = runs[name]
    assert run.wait() == "success", run.story()
    # The call that the worker died of is made again; nothing before it is.
    assert [payload["turn"] for payload in lambda_functions.calls_of(name)] == [0, 1, 2, 2, 3, 4]
    assert run.xcom("Done") == {"turn": 5}
    assert run.task("Rest_loop")["try_number"] == 2


def test_a_deferral_that_lasts_longer_than_execution_timeout_stops_its_job(
    runs: dict[str, Run], real_time_step_functions: SharedStepFunctions, pause: str
) -> None:
    run = runs["timed_out"]
    assert run.wait() == "failed", run.story()
    assert "Trigger timeout" in run.log("Nested"), run.story()
    real_time_step_functions.assert_execution(pause, status="ABORTED")
