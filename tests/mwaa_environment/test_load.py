"""Two hundred executions waited for at once, while workers and the triggerer are killed: `make test-mwaa` runs it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from tests.aws.step_functions import SimulatedStepFunctions
from tests.fixtures.whole_airflow.real_airflow import Run
from tests.mwaa_environment.dag_files import put_in
from tests.mwaa_environment.environment import MwaaEnvironment

RUNS = 200
DAG = "start_and_wait"
MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:Load"
PATIENCE = 3600.0
"""Seconds for all the tasks of all the runs, each of which is an interpreter of its own."""

CHANGES = {
    "max_active_runs=1,": f"max_active_runs={RUNS},",
    "timedelta(minutes=5)": "timedelta(seconds=10)",
    "stateMachine:SalesPipeline": "stateMachine:Load",
}
OTHER = """
from airflow import DAG
from sfn_provider.operators.state_machine import PassStateOperator

with DAG("other", schedule=None):
    PassStateOperator(task_id="pass", end=True)
"""


def start_runs(mwaa: MwaaEnvironment) -> list[Run]:
    """Start all runs at once."""
    day = datetime(2025, 3, 1, tzinfo=UTC)
    dates = [(day + timedelta(minutes=number)).isoformat() for number in range(RUNS)]
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(lambda date: mwaa.trigger(DAG, None, date), dates))


def count(mwaa: MwaaEnvironment, path: str) -> int:
    """How many things a list of the REST API has."""
    return int(mwaa.call("GET", f"dags/{DAG}/{path}&limit=1")["total_entries"])


def deferred(mwaa: MwaaEnvironment) -> int:
    return count(mwaa, "dagRuns/~/taskInstances?state=deferred")


def tries(mwaa: MwaaEnvironment) -> Counter[int]:
    """How many tasks ended in their first try, and in later ones."""
    pages = [f"dags/{DAG}/dagRuns/~/taskInstances?limit=100&offset={offset}" for offset in range(0, 2 * RUNS, 100)]
    return Counter(one["try_number"] for page in pages for one in mwaa.call("GET", page)["task_instances"])


def lose(mwaa: MwaaEnvironment, component: str) -> None:
    """Kill a component, and start another one in its place."""
    mwaa.kill(component)
    mwaa.start(component)


def wait(mwaa: MwaaEnvironment, what: str, look: Callable[[], bool]) -> None:
    began = time.monotonic()
    mwaa.processes.wait_until(what, lambda: look() or time.sleep(1), PATIENCE)
    print(f"{mwaa.airflow_version}: {what} after {time.monotonic() - began:.0f} s")


def start_with_a_worker_and_the_triggerer_lost(mwaa: MwaaEnvironment, service: SimulatedStepFunctions) -> list[Run]:
    """Start all runs, and lose components until all wait."""
    runs = start_runs(mwaa)
    wait(mwaa, "an eighth of the executions started", lambda: len(service.executions_of(MACHINE)) >= RUNS / 8)
    lose(mwaa, "worker-1")
    wait(mwaa, "half of the waits deferred", lambda: deferred(mwaa) >= RUNS / 2)
    lose(mwaa, "triggerer")
    wait(mwaa, "all waits deferred", lambda: deferred(mwaa) == RUNS)
    return runs


def end_with_a_worker_and_the_triggerer_lost(mwaa: MwaaEnvironment, service: SimulatedStepFunctions) -> None:
    """Let the executions end within two minutes, and lose components until all runs have ended."""
    service.release(120)
    wait(mwaa, "a quarter of the runs ended", lambda: count(mwaa, "dagRuns?state=success") >= RUNS / 4)
    lose(mwaa, "triggerer")
    lose(mwaa, "worker-2")
    wait(mwaa, "all runs ended", lambda: count(mwaa, "dagRuns?state=success&state=failed") == RUNS)


def test_200_executions_are_waited_for_at_once_and_none_is_lost_or_started_twice(
    mwaa: MwaaEnvironment, step_functions: SimulatedStepFunctions
) -> None:
    step_functions.hold()
    put_in(mwaa, "start_sales_pipeline", CHANGES, DAG)
    mwaa.add_dag("other", OTHER)
    runs = start_with_a_worker_and_the_triggerer_lost(mwaa, step_functions)
    assert count(mwaa, "dagRuns/~/taskInstances?state=running&state=queued&state=scheduled") == 0
    other = mwaa.trigger("other", None, datetime.now(UTC).isoformat())
    wait(mwaa, "another DAG's run ended", lambda: other.state in ("success", "failed"))
    assert (other.state, deferred(mwaa)) == ("success", RUNS), other.story()
    end_with_a_worker_and_the_triggerer_lost(mwaa, step_functions)
    assert {run.run_id: run.state for run in runs if run.state != "success"} == {}
    names = {one["name"] for one in step_functions.executions_of(MACHINE)}
    assert len(names) == RUNS
    assert {run.xcom("wait_for_execution", "output")["did"] for run in runs} == names
    print(f"tasks by tries: {dict(tries(mwaa))}; calls: {dict(step_functions.calls)}")
    assert set(step_functions.calls) == {"StartExecution", "DescribeExecution", "ListExecutions"}
