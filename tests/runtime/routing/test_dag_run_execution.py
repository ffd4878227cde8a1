"""A DAG run as an execution: what its randomness is made from."""

from __future__ import annotations

import pytest

from sfn_provider._compat import DAG
from sfn_provider.operators.state_machine import PassStateOperator
from sfn_provider.runtime.routing.dag_run_execution import DagRunExecution
from tests.fixtures.airflow.task_runs import Run


def seed(dag_id: str = "orders", run_id: str = "scheduled__2025-03-15") -> str:
    with DAG(dag_id, schedule=None):
        task = PassStateOperator(task_id="A", end=True)
    return DagRunExecution(task, Run(run_id=run_id).context(task)).seed


def test_the_seed_is_of_one_run_of_one_dag() -> None:
    assert seed() == seed()
    assert len({seed(), seed(run_id="scheduled__2025-03-16"), seed("returns")}) == 3


def test_the_seed_takes_the_secret_of_this_airflow(monkeypatch: pytest.MonkeyPatch) -> None:
    before = seed()
    monkeypatch.setenv("AIRFLOW__CORE__FERNET_KEY", "another")
    assert seed() != before


def test_with_mocks_the_seed_is_that_of_simulate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SFN_PROVIDER_MOCK_CONFIG", "mocks.json#Case")
    assert seed() == seed("returns", "another")
