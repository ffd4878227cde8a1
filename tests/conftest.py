"""One pytest process for everything: a private Airflow, AWS over HTTP, and property tests that always try the same."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# The first one makes AIRFLOW_HOME private; it must stand before whatever imports Airflow.
pytest_plugins = (
    "tests.fixtures.airflow.airflow_home",
    "tests.aws.clients",
    "tests.aws.lambda_functions",
    "tests.aws.local_step_functions",
    "tests.aws.lost_answers",
    "tests.aws.moto",
    "tests.aws.moto_jobs",
    "tests.aws.scripted",
    "tests.aws.step_functions",
    "tests.aws.virtual_client",
    "tests.fixtures.calls.job_triggers",
    "tests.fixtures.calls.live_driver",
    "tests.fixtures.calls.started_execution",
    "tests.fixtures.calls.task_calls",
    "tests.fixtures.chromium",
    "tests.fixtures.session.airflow_marker",
    "tests.fixtures.session.collection",
    "tests.fixtures.session.scheduling",
    "tests.fixtures.whole_airflow.real_airflow",
)

settings.register_profile(
    "suite", derandomize=True, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("suite")


@pytest.hookimpl(tryfirst=True)
def pytest_collection() -> None:
    """Collect no garbage while tests are imported and collected: nearly all of it stays."""
    gc.disable()


def pytest_collection_finish() -> None:
    """Leave what was imported and collected out of garbage collection: it took a sixth of the tests' time."""
    gc.enable()
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


PASS_THROUGH = {"StartAt": "Pass", "States": {"Pass": {"Type": "Pass", "End": True}}}


@pytest.fixture(scope="session")
def user_airflow_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Start the private Airflow that `sfn_provider.compare` runs DAGs in, under the settings of a user of Airflow.

    Gives the user's AIRFLOW_HOME: it holds an ``airflow.cfg`` that no Airflow could start with, and nothing else.
    """
    from sfn_provider.compare import run_on_airflow

    home = tmp_path_factory.mktemp("airflow_of_a_user")
    (home / "airflow.cfg").write_text("[database]\nsql_alchemy_conn = nonsense://\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW_HOME", str(home))
        patch.setenv("AIRFLOW_CONFIG", str(home / "airflow.cfg"))
        patch.setenv("AIRFLOW__CORE__EXECUTOR", "no.such.Executor")
        patch.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", f"sqlite:///{home}/airflow.db")
        assert run_on_airflow(PASS_THROUGH, {}, mocks={}).status == "SUCCEEDED"
    yield home
