"""The server that the tests of a file share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fixtures.local_service import FunctionRunner, Service, serve


@pytest.fixture(scope="module")
def runner() -> FunctionRunner:
    """Answers the tasks of the file's executions."""
    return FunctionRunner()


@pytest.fixture(scope="module")
def service(runner: FunctionRunner) -> Iterator[Service]:
    """A server with virtual time."""
    with serve(tasks=runner) as running:
        yield running
