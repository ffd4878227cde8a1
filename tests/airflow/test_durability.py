"""Workers that are lost, in a real Airflow: tasks go on from where they stood."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from tests.aws.lambda_functions import LambdaFunctions
from tests.fixtures.real_airflow import RealAirflow
from tests.fixtures.real_airflow_dags import start

PATIENCE = 60.0


def loop(function: str, turns: int = 5) -> dict[str, Any]:
    """Count, a turn every few seconds."""
    return {
        "StartAt": "Rest",
        "States": {
            "Rest": {"Type": "Wait", "Seconds": 3, "Next": "Count"},
            "Count": {"Type": "Task", "Resource": function, "Next": "Enough?"},
            "Enough?": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.turn", "NumericGreaterThanEquals": turns, "Next": "Done"}],
                "Default": "Rest",
            },
            "Done": {"Type": "Succeed"},
        },
    }


@pytest.mark.parametrize("supervisor", [False, True], ids=["process-of-the-task", "whole-worker"])
def test_a_loop_repeats_no_turn_when_its_worker_is_lost(
    real_airflow: RealAirflow, lambda_functions: LambdaFunctions, supervisor: bool
) -> None:
    name, here, go = f"count_{supervisor}", threading.Event(), threading.Event()

    def count(payload: Any) -> Any:
        if payload["turn"] == 2 and not here.is_set():
            here.set()
            assert go.wait(PATIENCE)
        return {"turn": payload["turn"] + 1}

    run = start(real_airflow, loop(lambda_functions.add(name, count)), f"loop_{supervisor}", {"turn": 0})
    assert here.wait(PATIENCE), run.story()
    run.kill_worker("Rest_loop", supervisor=supervisor)
    go.set()
    assert run.wait() == "success", run.story()
    # The call that the worker died of is made again; nothing before it is.
    assert [payload["turn"] for payload in lambda_functions.calls_of(name)] == [0, 1, 2, 2, 3, 4]
    assert run.xcom("Done") == {"turn": 5}
    assert run.task("Rest_loop")["try_number"] == 2


def test_a_loop_that_is_cleared_while_it_waits_or_runs_starts_anew(
    real_airflow: RealAirflow, lambda_functions: LambdaFunctions
) -> None:
    here, go = threading.Event(), threading.Event()

    def count(payload: Any) -> Any:
        if payload["turn"] == 1 and not here.is_set():
            here.set()
            assert go.wait(PATIENCE)
        return {"turn": payload["turn"] + 1}

    run = start(real_airflow, loop(lambda_functions.add("count_cleared", count), 2), "loop_cleared", {"turn": 0})
    assert here.wait(PATIENCE), run.story()
    run.clear("Rest_loop")
    go.set()
    assert run.wait() == "success", run.story()
    assert [payload["turn"] for payload in lambda_functions.calls_of("count_cleared")][2:] == [0, 1]
    run.clear("Rest_loop")
    assert run.wait() == "success", run.story()
    assert [payload["turn"] for payload in lambda_functions.calls_of("count_cleared")][4:] == [0, 1]
