"""The DAG run of tests of tasks; a file with another run has its own fixture."""

from __future__ import annotations

import pytest

from tests.fixtures.airflow.task_runs import Run


@pytest.fixture
def run() -> Run:
    """The DAG run."""
    return Run(conf={"a": 1})
