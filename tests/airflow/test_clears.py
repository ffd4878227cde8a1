"""Clears and kills in a real Airflow: states run where they are chosen now, and nothing that ended is repeated."""

from __future__ import annotations

import threading
from typing import Any

import psutil

from tests.aws.lambda_functions import LambdaFunctions
from tests.fixtures.definitions import END, call, choose, machine
from tests.fixtures.real_airflow import RealAirflow
from tests.fixtures.real_airflow_dags import start


def test_a_group_that_is_not_chosen_after_a_clear_does_not_run(
    real_airflow: RealAirflow, lambda_functions: LambdaFunctions
) -> None:
    answers = ["both", "other"]
    definition = machine(
        {
            "Ask": call("Which", Resource=lambda_functions.add("reroute", lambda _: answers.pop(0))),
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
    run = start(real_airflow, definition, "rerouted", {})
    assert (run.wait(), run.xcom("After")) == ("success", ["both", "both"]), run.story()
    run.clear("Ask")
    assert run.wait() == "success", run.story()
    ran = {task for task, state in run.states().items() if state == "success"}
    assert ran == {"Ask", "Which", "Other"}, run.story()
    assert set(run.states().values()) == {"success", "skipped"}


def test_a_loop_that_is_ended_by_a_signal_repeats_no_finished_call(
    real_airflow: RealAirflow, lambda_functions: LambdaFunctions
) -> None:
    here, go_on = threading.Event(), threading.Event()

    def count(payload: Any) -> Any:
        if payload["turn"] == 1 and not here.is_set():
            here.set()
            go_on.wait(60)
        return {"turn": payload["turn"] + 1}

    definition = machine(
        {
            "Rest": {"Type": "Wait", "Seconds": 1, "Next": "Count"},
            "Count": call("Enough?", Resource=lambda_functions.add("count_killed", count)),
            "Enough?": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.turn", "NumericGreaterThanEquals": 3, "Next": "Done"}],
                "Default": "Rest",
            },
            "Done": END,
        }
    )
    run = start(real_airflow, definition, "killed_loop", {"turn": 0})
    assert here.wait(60), run.story()
    psutil.Process(run.task("Rest_loop")["pid"]).terminate()
    real_airflow.processes.wait_until("the kill", lambda: "The task is killed" in run.log("Rest_loop"))
    go_on.set()
    assert run.wait() == "success", run.story()
    assert [payload["turn"] for payload in lambda_functions.calls_of("count_killed")] == [0, 1, 2]
    assert run.xcom("Done") == {"turn": 3}
    assert run.task("Rest_loop")["try_number"] == 2
