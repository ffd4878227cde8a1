"""The example DAG, run by a real Airflow against Step Functions on this machine."""

from __future__ import annotations

import runpy
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.fixtures.airflow.airflow_home import run_dag, schedule_of, task_states, xcom
from tests.golden import DAGS

FILE = DAGS / "start_sales_pipeline.py"
SALES = DAGS / "sales_pipeline.asl.json"
MOCKS = str(DAGS / "sales_pipeline.mocks.json")
NIGHT = datetime(2025, 3, 15, 2, tzinfo=UTC)


@pytest.fixture
def dag() -> Any:
    """The DAG, as the file makes it, but looking at the execution more often and giving up sooner."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        dag = runpy.run_path(str(FILE))["dag"]
    for task in dag.tasks:
        task.retries = 0
    dag.get_task("wait_for_execution").poke_interval = 0.1
    return dag


@pytest.mark.usefixtures("airflow_db")
def test_it_starts_the_pipeline_with_the_nights_input_and_waits(
    dag: Any, state_machine: Any, assert_execution: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_VAR_SALES_PIPELINE_BUCKET", "shop")
    machine = state_machine(SALES, name="SalesPipeline", mocks=f"{MOCKS}#QualityPasses")
    run = run_dag(dag, logical_date=NIGHT)
    assert task_states(run) == {"start_execution": "success", "wait_for_execution": "success"}
    expected = {
        "run_date": "2025-03-15",
        "bucket": "shop",
        "key": "bronze/sales/2025/03/15/sales.csv",
        "input_path": "s3://shop/bronze/sales/2025/03/15/",
    }
    execution = assert_execution(machine, input=expected)
    assert execution.states[-1] == "NotifySuccess"
    assert xcom(run, "start_execution") == execution.arn
    assert xcom(run, "wait_for_execution", "output") == execution.output


@pytest.mark.usefixtures("airflow_db")
def test_a_pipeline_that_fails_fails_the_wait_and_says_why(
    dag: Any,
    state_machine: Any,
    assert_execution: Any,
    monkeypatch: pytest.MonkeyPatch,
    task_log: Callable[[], str],
) -> None:
    machine = state_machine(SALES, name="Other", mocks=MOCKS)
    monkeypatch.setenv("AIRFLOW_VAR_SALES_PIPELINE_STATE_MACHINE_ARN", f"{machine}#GlueFailsForGood")
    run = run_dag(dag, logical_date=datetime(2025, 3, 16, 2, tzinfo=UTC))
    assert task_states(run) == {"start_execution": "success", "wait_for_execution": "failed"}
    execution = assert_execution(machine, status="FAILED", error="Glue.AWSGlueException")
    assert execution.states[-1] == "RunGlueTransform"
    assert "Glue.AWSGlueException: Rate exceeded" in task_log()


@pytest.mark.usefixtures("airflow_db")
def test_a_run_without_a_date_is_for_the_day_on_which_it_starts(
    dag: Any, state_machine: Any, assert_execution: Any
) -> None:
    machine = state_machine(SALES, name="SalesPipeline", mocks=f"{MOCKS}#QualityPasses")
    before = datetime.now(UTC)
    run = run_dag(dag, logical_date=None)
    assert task_states(run) == {"start_execution": "success", "wait_for_execution": "success"}
    given = assert_execution(machine).input
    days = {f"{day:%Y-%m-%d}": f"bronze/sales/{day:%Y/%m/%d}/sales.csv" for day in (before, datetime.now(UTC))}
    assert given["key"] == days[given["run_date"]]


def test_it_runs_every_day_at_two_and_retries() -> None:
    dag = runpy.run_path(str(FILE))["dag"]
    assert schedule_of(dag) == "0 2 * * *"
    assert [task.retries for task in dag.topological_sort()] == [2, 2]
