"""What the logs, links and rendered fields of translated tasks cost, in a real Airflow."""

from __future__ import annotations

import statistics
import time
from datetime import datetime
from typing import Any

import pytest

from sfn_provider.translate import translate
from tests.aws.lambda_functions import LambdaFunctions
from tests.fixtures.whole_airflow.real_airflow import RealAirflow, Run

STATES = 10
ROUNDS = 7
WITHOUT = """
from sfn_provider.runtime.display.task_display import TaskDisplay
from sfn_provider.runtime.display.task_log import TaskLog

for owner, names in (
    (TaskLog, "info observe left answered failed started ended"),
    (TaskDisplay, "set_page set_parameters flush"),
):
    for name in names.split():
        assert callable(getattr(owner, name))
        setattr(owner, name, lambda *_, **__: None)
"""
"""At the end of a DAG file: its tasks write no lines, and show neither links nor parameters."""


def calls(states: int) -> dict[str, Any]:
    """Make a machine of that many states, each of which calls the function ``answer``."""
    call = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "ResultPath": None}
    call["Parameters"] = {"FunctionName": "answer", "Payload.$": "$"}
    chain = {f"S{n}": {**call, "Next": f"S{n + 1}"} for n in range(states - 1)}
    return {"StartAt": "S0", "States": {**chain, f"S{states - 1}": {**call, "End": True}}}


def seconds_of_tasks(run: Run) -> float:
    """Add up what the tasks took, as Airflow measured it."""
    return sum(float(task["duration"]) for task in run.tasks())


def test_tasks_with_and_without(
    real_airflow: RealAirflow, lambda_functions: LambdaFunctions, capsys: pytest.CaptureFixture[str]
) -> None:
    def answer(payload: Any) -> Any:
        time.sleep(0.05)
        return payload

    lambda_functions.add("answer", answer)
    real_airflow.set_connection("functions", lambda_functions.url)
    taken: dict[str, list[float]] = {"with_logs": [], "without_logs": []}
    for dag_id in taken:
        source = translate(calls(STATES), dag_id=dag_id).source.replace(
            "with DAG(", 'DEFAULTS = {"aws_conn_id": "functions", "region_name": "us-east-1"}\n\nwith DAG(', 1
        )
        source = source.replace(f'dag_id="{dag_id}",', f'dag_id="{dag_id}",\n    default_args=DEFAULTS,', 1)
        assert "default_args" in source
        real_airflow.add_dag(dag_id, source + (WITHOUT if dag_id == "without_logs" else ""))
    for _ in range(ROUNDS):
        for dag_id, seconds in taken.items():
            run = real_airflow.run(dag_id, {"order": 1, "at": datetime(2025, 1, 1).isoformat()}, 600)
            assert run.state == "success", run.story()
            assert ("calls lambda:invoke" in run.log("S0")) == (dag_id == "with_logs")
            assert ("parameters" in run.task("S0")["rendered_fields"]) == (dag_id == "with_logs")
            seconds.append(seconds_of_tasks(run))
    with_logs, without = (statistics.median(taken[dag_id]) for dag_id in taken)
    spread = max(taken["without_logs"]) / min(taken["without_logs"])
    with capsys.disabled():
        print(
            f"\n{STATES} tasks that call, with logs, links and fields / without: {with_logs:.2f} s / {without:.2f} s"
            f" = {with_logs / without:.3f} (bar 1.03), spread of those without {spread:.2f}"
        )
