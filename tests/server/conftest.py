"""The server that the tests of a file share; without Starlette and uvicorn, which Airflow 2 lacks, none run."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.fixtures.local_service import FunctionRunner, Service

collect_ignore_glob = [] if find_spec("uvicorn") and find_spec("starlette") else ["*"]


@pytest.fixture(scope="module")
def runner() -> FunctionRunner:
    """Answers the tasks of the file's executions."""
    from tests.fixtures.local_service import FunctionRunner

    return FunctionRunner()


@pytest.fixture(scope="module")
def service(runner: FunctionRunner) -> Iterator[Service]:
    """A server with virtual time."""
    from tests.fixtures.local_service import serve

    with serve(tasks=runner) as running:
        yield running
