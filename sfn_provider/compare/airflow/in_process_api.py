"""Serves the requests of tasks in a private Airflow 3 in the calling thread, by Airflow's own routes.

Under ``dag.test()`` each XCom and each state of a task goes through Airflow's execution API in the same process.
Airflow hands every such request to a thread with an event loop and from there to a pool of threads, and has a layer for
older clients convert it. All of that takes longer than the answer itself.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any

import httpx

from sfn_provider._compat import airflow_major

log = logging.getLogger(__name__)


def serve_requests_in_thread() -> Callable[[], int]:
    """Serve the requests of tasks in the thread that makes them, for the life of this process.

    Returns:
        A function that returns the number of requests so far; 0 where they are not served here: on Airflow 2, whose
        tasks use the database themselves, and on an Airflow whose internals differ.
    """
    if airflow_major() < 3:
        return lambda: 0
    try:
        transport = _replace_transport()
    except (ImportError, AttributeError) as error:  # a newer Airflow with other internals: its own transport works, too
        log.warning("Requests of tasks take Airflow's own, slower way: %s", error)
        return lambda: 0
    return lambda: transport.requests


def _replace_transport() -> InThreadTransport:
    from airflow.sdk.execution_time.supervisor import in_process_api_server

    api: Any = in_process_api_server()
    started = api.transport  # it runs what the application does at its start, and ends it when it is collected
    transport = InThreadTransport(_current_routes(api.app), keep_alive=started)
    _cache_dependants()
    api.transport = transport
    return transport


class InThreadTransport(httpx.BaseTransport):
    """Runs an ASGI application on an event loop in the calling thread.

    A thread in which an event loop runs cannot run another one: what it requests is served in a thread of its own.

    Args:
        app: the application.
        keep_alive: what must live as long as this transport.
    """

    def __init__(self, app: Any, keep_alive: Any = None) -> None:
        self.requests = 0
        self._app = httpx.ASGITransport(app, raise_app_exceptions=False)
        self._keep_alive = keep_alive
        self._loop = asyncio.new_event_loop()
        self._lock = threading.Lock()
        _run_threads_inline(self._loop)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request."""
        if _in_event_loop():
            with ThreadPoolExecutor(1) as elsewhere:
                return elsewhere.submit(self.handle_request, request).result()
        with self._lock:
            self.requests += 1
            return self._loop.run_until_complete(self._answer(request))

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        answer = await self._app.handle_async_request(request)
        return httpx.Response(answer.status_code, headers=answer.headers, content=await answer.aread())


def _in_event_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _run_threads_inline(loop: asyncio.AbstractEventLoop) -> None:
    """Run in the loop's own thread what it would hand to another one: it has nothing else to do."""
    import anyio.to_thread

    threads: Any = anyio.to_thread
    run_sync = threads.run_sync

    async def run_here(function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        if asyncio.get_running_loop() is loop:
            return function(*arguments)
        return await run_sync(function, *arguments, **named)

    threads.run_sync = run_here


def _cache_dependants() -> None:
    """Cache what FastAPI computes for each request where dependencies are overridden, as they are in Airflow's API."""
    from fastapi.dependencies import utils

    module: Any = utils
    get_dependant = module.get_dependant

    @lru_cache(maxsize=256)  # Airflow overrides one dependency by another function for each task
    def make(named: tuple[tuple[str, Any], ...]) -> Any:
        return get_dependant(**{name: list(value) if isinstance(value, tuple) else value for name, value in named})

    def get_cached(**named: Any) -> Any:
        return make(tuple((name, tuple(value) if isinstance(value, list) else value) for name, value in named.items()))

    module.get_dependant = get_cached


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
