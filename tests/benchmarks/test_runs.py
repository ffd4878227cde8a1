"""How long a translated DAG runs, against a DAG of Python functions in the same real Airflow."""

from __future__ import annotations

import pytest

from sfn_provider.translate import translate
from tests.benchmarks.test_translation import passes
from tests.fixtures.whole_airflow.real_airflow import RealAirflow

STATES = 20
ROUNDS = 3
PEER = f"""
from airflow import DAG
from airflow.providers.standard.operators.python import PythonOperator
from airflow.sdk import chain

def hand_on(ti, dag_run):
    return dag_run.conf

with DAG("functions", schedule=None):
    chain(*[PythonOperator(task_id=f"t{{n}}", python_callable=hand_on) for n in range({STATES})])
"""


@pytest.fixture(scope="session")
def real_airflow_environment(real_airflow_environment: dict[str, str]) -> dict[str, str]:
    """Tasks keep no history, as in an Airflow that compares nothing."""
    return {**real_airflow_environment, "AIRFLOW__SFN_PROVIDER__HISTORY": "False"}


def test_a_row_of_pass_states(real_airflow: RealAirflow, capsys: pytest.CaptureFixture[str]) -> None:
    real_airflow.add_dag("passes", translate(passes(STATES), dag_id="passes").source)
    real_airflow.add_dag("functions", PEER)
    taken: dict[str, list[float]] = {"passes": [], "functions": []}
    for _ in range(ROUNDS):
        for dag_id, seconds in taken.items():
            run = real_airflow.run(dag_id, {"order": 1}, 600)
            assert run.state == "success", run.story()
            assert run.xcom(run.tasks()[-1]["task_id"]) == {"order": 1}
            seconds.append(run.seconds)
    ours, peer = min(taken["passes"]), min(taken["functions"])
    with capsys.disabled():
        print(f"\n{STATES} Pass states / PythonOperators: {ours:.1f} s / {peer:.1f} s = {ours / peer:.2f} (bar 1.2)")
