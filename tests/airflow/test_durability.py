"""Workers that are lost, in a real Airflow: tasks go on from where they stood."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.aws.lambda_functions import LambdaFunctions
from tests.fixtures.real_airflow import RealAirflow, Run
from tests.fixtures.real_airflow_dags import source_of

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


@dataclass
class Loop:
    """A run of a loop that stops in a call of its function, until something has happened to it.

    Args:
        name: of the function, and of the DAG.
        stop_at: the turn whose first call stops.
        turns: how many turns the loop takes.
    """

    name: str
    stop_at: int
    turns: int
    here: threading.Event = field(default_factory=threading.Event)
    go: threading.Event = field(default_factory=threading.Event)

    def count(self, payload: Any) -> Any:
        """Count a turn."""
        if payload["turn"] == self.stop_at and not self.here.is_set():
            self.here.set()
            assert self.go.wait(PATIENCE)
        return {"turn": payload["turn"] + 1}


@pytest.fixture(scope="module")
def runs(real_airflow_process: RealAirflow, lambda_functions: LambdaFunctions) -> dict[str, Run]:
    """The runs of three loops, after one was cleared while its worker ran, and the others' workers were lost."""
    real_airflow_process.ensure()
    loops = [Loop("cleared", 1, 2), Loop("process", 2, 5), Loop("worker", 2, 5)]
    sources = {
        each.name: source_of(loop(lambda_functions.add(each.name, each.count), each.turns), each.name) for each in loops
    }
    real_airflow_process.add_dags(sources)
    started = {each.name: real_airflow_process.trigger(each.name, {"turn": 0}) for each in loops}
    for each in loops:
        run = started[each.name]
        assert each.here.wait(PATIENCE), run.story()
        if each.name == "cleared":
            run.clear("Rest_loop")
        else:
            run.kill_worker("Rest_loop", supervisor=each.name == "worker")
        each.go.set()
    return started


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


def test_a_loop_that_is_cleared_while_it_waits_or_runs_starts_anew(
    runs: dict[str, Run], lambda_functions: LambdaFunctions
) -> None:
    run = runs["cleared"]
    assert run.wait() == "success", run.story()
    assert [payload["turn"] for payload in lambda_functions.calls_of("cleared")][2:] == [0, 1]
    run.clear("Rest_loop")
    assert run.wait() == "success", run.story()
    assert [payload["turn"] for payload in lambda_functions.calls_of("cleared")][4:] == [0, 1]
