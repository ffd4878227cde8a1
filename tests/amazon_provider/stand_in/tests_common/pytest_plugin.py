"""The fixtures of Airflow's ``tests_common`` that the amazon provider's tests of Step Functions take.

``tests_common`` is Airflow's own development package: it is not part of the provider's sdist, and the last one on the
package index is older than the provider. These have its names and results, on a database of the run.
"""

from __future__ import annotations

import asyncio
import inspect
import socket
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import pytest

from sfn_provider._compat import DAG, timezone
from tests.fixtures.airflow.airflow_home import dag_serialization, store_dag

THIS_MACHINE = ("127.0.0.1", "localhost", "::1", None)
MARKERS = ("asyncio", "db_test", "need_serialized_dag")
ASYNC_TEST_SECONDS = 5.0
"""Maximum duration of a test that is a coroutine: one that patches what we do not have would wait for an execution."""


def pytest_configure(config: pytest.Config) -> None:
    """Declare the markers."""
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a test that is a coroutine, as pytest-asyncio does."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    arguments = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
    asyncio.run(asyncio.wait_for(pyfuncitem.obj(**arguments), ASYNC_TEST_SECONDS))
    return True


@pytest.fixture(autouse=True)
def only_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse to look up hosts: a test whose mocks do not fit must not call AWS."""
    look_up = socket.getaddrinfo

    def look_up_this_machine(host: Any, *arguments: Any, **options: Any) -> Any:
        if host not in THIS_MACHINE:
            raise socket.gaierror(socket.EAI_NONAME, f"{host}: the amazon provider's tests reach this machine only")
        return look_up(host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", look_up_this_machine)


class DagMaker:
    """Stores a DAG in the database, and starts a run of it."""

    def __init__(self) -> None:
        self._dag: DAG | None = None

    def get_serialized_data(self) -> dict[str, Any]:
        """Return the DAG as JSON value."""
        data: dict[str, Any] = dag_serialization().to_dict(self._dag)
        return data

    def create_task_instance(self, dag: DAG) -> Any:
        """Start a run of a DAG with one task, and return its task instance."""
        from airflow.utils.state import DagRunState
        from airflow.utils.types import DagRunTriggeredByType, DagRunType

        self._dag = dag
        store_dag(dag)
        now = timezone.utcnow()
        run = (
            dag_serialization()
            .deserialize_dag(self.get_serialized_data()["dag"])
            .create_dagrun(
                run_id=f"test-{now.isoformat()}",
                run_after=now,
                run_type=DagRunType.MANUAL,
                triggered_by=DagRunTriggeredByType.TEST,
                state=DagRunState.RUNNING,
            )
        )
        [instance] = run.get_task_instances()
        instance.task = dag.tasks[0]
        return instance


@pytest.fixture
def dag_maker(airflow_db: None) -> DagMaker:
    """Make DAGs."""
    return DagMaker()


@pytest.fixture
def create_task_instance_of_operator(dag_maker: DagMaker) -> Callable[..., Any]:
    """Make a task instance of an operator, the only task of its DAG."""

    def create(
        operator_class: Any, *, dag_id: str, task_id: str, logical_date: Any, session: Any, **arguments: Any
    ) -> Any:
        assert (logical_date, session) == (None, None), "the stand-in makes both itself"
        with DAG(dag_id, schedule=None) as dag:
            operator_class(task_id=task_id, **arguments)
        return dag_maker.create_task_instance(dag)

    return create


@pytest.fixture
def mock_supervisor_comms() -> Iterator[mock.MagicMock]:
    """Stand in for the process that hands Airflow's API to a task."""
    with mock.patch("airflow.sdk.execution_time.task_runner.SUPERVISOR_COMMS", create=True) as comms:
        yield comms
