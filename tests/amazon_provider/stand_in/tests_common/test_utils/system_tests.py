"""Makes a test of an example DAG: a run of it, against the package's own server and moto's instead of AWS."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.aws.moto import ROLE_ARN
from tests.fixtures.airflow.airflow_home import run_dag, task_states

POLL_SECONDS = 1


def get_test_run(dag: Any) -> Callable[..., None]:
    """Make the test."""

    @pytest.mark.stepfunctions(time="real")
    @pytest.mark.usefixtures("airflow_db", "aws", "stepfunctions")
    def test_run(monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SYSTEM_TESTS_ENV_ID", "example")
        monkeypatch.setenv("ROLE_ARN", ROLE_ARN)
        for task in dag.tasks:
            if hasattr(task, "waiter_delay"):
                task.waiter_delay = POLL_SECONDS
        run = run_dag(dag)
        assert run.state == "success", task_states(run)

    return test_run
