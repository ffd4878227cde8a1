"""Requests of tasks to the private Airflow: answered in the thread that asks, whoever that is."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anyio.to_thread
import httpx
import pytest

from sfn_provider._compat import airflow_major
from sfn_provider.compare.airflow.in_process_api import InThreadTransport, serve_requests_in_thread
from sfn_provider.compare.airflow.runner import shared_runner
from sfn_provider.engine import Mocks
from sfn_provider.translate import translate
from tests.fixtures.machines.definitions import END, call, machine

ASKING = """
# A DAG file of Airflow: it names both words, or Airflow would not read it.
import asyncio
from sfn_provider._compat import DAG, BaseOperator, Variable

class Ask(BaseOperator):
    def execute(self, context):
        async def within():
            return Variable.get("nothing", "from a loop")
        return [Variable.get("nothing", "from a task"), asyncio.run(within())]

with DAG("asking", schedule=None):
    Ask(task_id="Ask")
"""


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answers with the request's body and the name of a thread that it was told to use."""
    body = (await receive())["body"]
    if body == b"fail":
        raise ValueError("failed")
    name = await anyio.to_thread.run_sync(lambda: threading.current_thread().name)
    await send({"type": "http.response.start", "status": 201, "headers": [(b"X-Thread", name.encode())]})
    await send({"type": "http.response.body", "body": body, "more_body": False})


@pytest.fixture
def transport(monkeypatch: pytest.MonkeyPatch) -> Iterator[InThreadTransport]:
    monkeypatch.setattr(anyio.to_thread, "run_sync", anyio.to_thread.run_sync)
    made = InThreadTransport(app)
    yield made
    made._loop.close()


def ask(transport: InThreadTransport, body: str) -> httpx.Response:
    with httpx.Client(transport=transport, base_url="http://here") as client:
        return client.post("/", content=body)


def test_the_thread_that_asks_gives_the_answer(transport: InThreadTransport) -> None:
    answer = ask(transport, "text")
    assert (answer.status_code, answer.text) == (201, "text")
    assert answer.headers["X-Thread"] == threading.current_thread().name
    assert transport.requests == 1


def test_what_is_asked_within_an_event_loop_is_answered_in_another_thread(transport: InThreadTransport) -> None:
    async def within() -> httpx.Response:
        return ask(transport, "text")

    answer = asyncio.run(within())
    assert (answer.status_code, answer.text) == (201, "text")
    assert answer.headers["X-Thread"] != threading.current_thread().name
    assert transport.requests == 1


def test_other_event_loops_keep_their_threads(transport: InThreadTransport) -> None:
    async def elsewhere() -> str:
        return await anyio.to_thread.run_sync(lambda: threading.current_thread().name)

    assert asyncio.run(elsewhere()) != threading.current_thread().name


def test_threads_are_answered_one_after_another(transport: InThreadTransport) -> None:
    texts = [str(number) for number in range(20)]
    with ThreadPoolExecutor(5) as pool:
        assert [answer.text for answer in pool.map(lambda text: ask(transport, text), texts)] == texts


def test_an_application_that_fails_does_not_end_what_comes_after_it(transport: InThreadTransport) -> None:
    assert ask(transport, "fail").status_code == 500
    assert ask(transport, "text").status_code == 201


@pytest.mark.skipif(airflow_major() < 3, reason="Airflow 2 has no such routes")
def test_an_airflow_with_other_insides_goes_its_own_way(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delattr("airflow.api_fastapi.execution_api.routes.execution_api_router")
    assert serve_requests_in_thread()() == 0
    assert "Airflow's own, slower way" in caplog.text


# In the private Airflow -----------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("user_airflow_home")
def test_a_task_asks_airflow_four_times_and_twice_more_for_what_was_before() -> None:
    """Airflow itself stores the link of a Task's call at its end, which takes two more."""
    source = translate(machine({"A": call("B"), "B": END}), dag_id="asked").source
    mocks = Mocks.from_mapping({"A": [{"Return": 1}]}).as_configuration()
    expected = {2: 0}.get(airflow_major(), 4 + 2 + 6)
    assert shared_runner().run(source, "asked", {}, mocks).requests == expected


@pytest.mark.usefixtures("user_airflow_home")
def test_tasks_may_ask_from_within_an_event_loop() -> None:
    [task] = shared_runner().run(ASKING, "asking", {}, Mocks.from_mapping({}).as_configuration()).tasks
    assert task["return_value"] == ["from a task", "from a loop"]
