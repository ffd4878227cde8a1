"""Clears and kills in a real Airflow: states run where they are chosen now, and nothing that ended is repeated."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import psutil

from sfn_provider.translate import translate
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


def test_a_deferral_that_lasts_longer_than_execution_timeout_stops_its_job(
    real_airflow: RealAirflow, make_machine: Callable[..., str], sfn: Any
) -> None:
    waiting = make_machine(machine({"Pause": {"Type": "Wait", "Seconds": 600, "End": True}}))
    resource = "arn:aws:states:::states:startExecution.sync"
    nested = {"Type": "Task", "Resource": resource, "Parameters": {"StateMachineArn": waiting}, "End": True}
    source = translate(machine({"Nested": nested}), dag_id="timed_out_job").source
    task_id = 'task_id="Nested",'
    assert task_id in source
    timeout = f"{task_id} execution_timeout=timedelta(seconds=8), retries=0,"
    source = source.replace(task_id, timeout).replace("import UTC, datetime", "import UTC, datetime, timedelta")
    real_airflow.add_dag("timed_out_job", source)
    run = real_airflow.trigger("timed_out_job")
    run.wait_for_task("Nested", "deferred")
    assert run.wait() == "failed", run.story()
    [execution] = sfn.list_executions(stateMachineArn=waiting)["executions"]
    assert execution["status"] == "ABORTED", run.story()
