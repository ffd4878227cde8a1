"""Runs of native DAGs, read as executions."""

from __future__ import annotations

from typing import Any

import pytest

from sfn_provider.compare import run_on_airflow
from sfn_provider.compare.airflow.native_execution import read_native_outcome
from sfn_provider.compare.airflow.runner import DagRunResult
from sfn_provider.compare.diff.state_visits import read_state_visits
from sfn_provider.exceptions import UsageError
from sfn_provider.translate.native.model import TaskEntry

ENTRIES = (
    TaskEntry("Add up", "Task", "Add_up", "", "taskflow"),
    TaskEntry("Round", "Pass", "", "", "folded"),
    TaskEntry("Stop", "Fail", "Stop", "", "taskflow"),
)


def task(task_id: str, state: str = "success", started: float | None = 1.0) -> dict[str, Any]:
    return {"task_id": task_id, "map_index": -1, "state": state, "started": started, "ended": (started or 0) + 1}


def result(state: str, *tasks: dict[str, Any], failures: dict[str, str] | None = None, calls: Any = ()) -> DagRunResult:
    found = [
        {"task_id": name, "map_index": -1, "try_number": 1, "error": text} for name, text in (failures or {}).items()
    ]
    return DagRunResult(state, "run", 1.0, tasks, caught={"failures": found, "calls": list(calls)})


def test_a_green_run_is_a_success_with_the_states_that_have_a_task() -> None:
    read = read_native_outcome(result("success", task("Add_up"), task("guard"), task("Stop", "skipped", None)), ENTRIES)
    assert (read.status, read.output, read.error, read.transitions) == ("SUCCEEDED", None, None, 1)
    assert [visit.state for visit in read_state_visits(read.events)] == ["Add up"]
    assert read.events[-1]["type"] == "ExecutionSucceeded"


def test_a_fail_gives_the_error_that_it_raises() -> None:
    tasks = (task("Add_up"), task("Stop", "failed", 3.0))
    read = read_native_outcome(
        result("failed", *tasks, failures={"Stop": "AirflowFailException: Bad: so bad"}), ENTRIES
    )
    assert (read.status, read.error, read.cause) == ("FAILED", "Bad", "so bad")
    assert [(visit.state, visit.exited) for visit in read_state_visits(read.events)] == [
        ("Add up", True),
        ("Stop", False),
    ]


def test_a_failed_call_gives_the_error_of_the_service() -> None:
    call = {
        "task_id": "Add_up",
        "map_index": -1,
        "try_number": 1,
        "state": "Add up",
        "error": "ThrottlingException",
        "call": {"service": "lambda", "operation": "Invoke", "parameters": {}},
    }
    failures = {"Add_up": "ClientError: Rate exceeded"}
    read = read_native_outcome(result("failed", task("Add_up", "failed"), failures=failures, calls=[call]), ENTRIES)
    assert (read.error, read.cause) == ("ThrottlingException", "Rate exceeded")


def call(name: str, **fields: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": f"arn:aws:lambda:us-east-1:123456789012:function:{name}", **fields}


MACHINE = {
    "StartAt": "Count",
    "States": {
        "Count": call("count", Next="Enough?"),
        "Enough?": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.n", "NumericGreaterThan": 2, "Next": "Report"}],
            "Default": "Too few",
        },
        "Report": call("report", Parameters={"n.$": "$.n"}, End=True),
        "Too few": {"Type": "Fail", "Error": "TooFew", "Cause": "not enough"},
    },
}


def test_a_machine_runs_in_the_native_style() -> None:
    many = run_on_airflow(
        MACHINE, {}, mocks={"Count": [{"Return": {"n": 3}}], "Report": [{"Return": 1}]}, style="native"
    )
    assert many.status == "SUCCEEDED"
    assert [visit.state for visit in read_state_visits(many.events)] == ["Count", "Enough?", "Report"]
    few = run_on_airflow(MACHINE, {}, mocks={"Count": [{"Return": {"n": 1}}]}, style="native")
    assert (few.status, few.error, few.cause) == ("FAILED", "TooFew", "not enough")


def test_an_unknown_style_is_refused() -> None:
    with pytest.raises(UsageError, match="no style"):
        run_on_airflow(MACHINE, {}, style="nativ")  # type: ignore[arg-type]
