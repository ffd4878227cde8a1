"""Answers what tasks ask of Airflow 3 in the private Airflow: by Airflow's own routes, in the thread that asks.

Under ``dag.test()`` each XCom and each state of a task goes through Airflow's execution API in the same process.
Airflow hands every such request to a thread with an event loop and from there to a pool of threads, and has a layer for
older clients look for what to convert. All of that takes longer than the answer itself.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import httpx

from sfn_provider._compat import airflow_major

log = logging.getLogger(__name__)


def answer_at_once() -> Callable[[], int]:
    """Have requests answered at once in this process, for as long as it lives.

    Returns:
        Tells how many requests there were so far; 0 where they are not answered here: on Airflow 2, whose tasks use
        the database themselves, and on an Airflow whose insides are not known.
    """
    if airflow_major() < 3:
        return lambda: 0
    try:
        transport = _put_before_airflows_own()
    except (ImportError, AttributeError) as error:  # other insides, in a newer Airflow: its own way is right, too
        log.warning("Requests of tasks take Airflow's own, slower way: %s", error)
        return lambda: 0
    return lambda: transport.requests


def _put_before_airflows_own() -> AtOnce:
    from airflow.sdk.execution_time.supervisor import in_process_api_server

    api: Any = in_process_api_server()
    transport = AtOnce(_current_routes(api.app), api.transport)
    _make_dependants_once()
    api.transport = transport
    return transport


class AtOnce(httpx.BaseTransport):
    """Runs an ASGI application on an event loop in the thread that asks.

    Args:
        app: the application.
        otherwise: answers what is asked from within an event loop, where no other one can run.
    """

    def __init__(self, app: Any, otherwise: httpx.BaseTransport) -> None:
        self.requests = 0
        self._app = httpx.ASGITransport(app, raise_app_exceptions=False)
        self._otherwise = otherwise
        self._loop = asyncio.new_event_loop()
        self._one_at_a_time = threading.Lock()
        _use_no_threads(self._loop)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request."""
        self.requests += 1
        if _within_a_loop():
            return self._otherwise.handle_request(request)
        with self._one_at_a_time:
            return self._loop.run_until_complete(self._answer(request))

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        answer = await self._app.handle_async_request(request)
        return httpx.Response(answer.status_code, headers=answer.headers, content=await answer.aread())


def _within_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _use_no_threads(loop: asyncio.AbstractEventLoop) -> None:
    """Make what an event loop would hand to a thread run in the loop's own: there is nothing else for it to do."""
    import anyio.to_thread

    threads: Any = anyio.to_thread
    run_sync = threads.run_sync

    async def run_here(function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        if asyncio.get_running_loop() is loop:
            return function(*arguments)
        return await run_sync(function, *arguments, **named)

    threads.run_sync = run_here


def _make_dependants_once() -> None:
    """Keep what FastAPI makes anew for each request where dependencies are overridden, as they are in Airflow's API."""
    from fastapi.dependencies import utils

    made_by: Any = utils
    get_dependant = made_by.get_dependant

    @lru_cache(maxsize=256)  # Airflow overrides one dependency by another function for each task
    def make(named: tuple[tuple[str, Any], ...]) -> Any:
        return get_dependant(**{name: list(value) if isinstance(value, tuple) else value for name, value in named})

    def kept(**named: Any) -> Any:
        return make(tuple((name, tuple(value) if isinstance(value, list) else value) for name, value in named.items()))

    made_by.get_dependant = kept


def _current_routes(api: Any) -> Any:
    """The routes of Airflow's execution API for clients of its own version.

    Args:
        api: the application for clients of all versions; this one takes its state and its settings.
    """
    from airflow.api_fastapi.execution_api.routes import execution_api_router
    from fastapi import FastAPI

    app = FastAPI(exception_handlers=dict(api.exception_handlers))
    app.state = api.state
    app.dependency_overrides = api.dependency_overrides
    app.include_router(execution_api_router)
    return app
