"""Runs the Step Functions API in a thread of this process: `LocalServer`."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self

from sfn_provider.exceptions import UsageError
from sfn_provider.server.authorization import Guard, check_address

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from sfn_provider.server.service import StepFunctionsService

Json = Any

_LOOPBACK = "127.0.0.1"

KEEP_ALIVE = 600
"""Seconds for which a connection without requests stays open: clients that wait between polls use it again."""


class LocalServer:
    """The API on a port of this machine; a context manager, which ends it.

    Args:
        service: answers the operations; None for one with virtual time and no task runner.
        host: the address to listen at.
        port: the port; 0 for a free one.
        pages: answers everything that is no request of the API.
        secret: what clients sign their requests with, as their AWS secret access key; needed at an address that others
            can reach.

    Raises:
        UsageError: Starlette or uvicorn is not installed, or there is no secret where one is needed.
    """

    def __init__(
        self,
        service: StepFunctionsService | None = None,
        *,
        host: str = _LOOPBACK,
        port: int = 0,
        pages: ASGIApp | None = None,
        secret: str | None = None,
    ) -> None:
        check_installed()
        check_address(host, secret)
        from sfn_provider.server.service import StepFunctionsService

        self.service = service or StepFunctionsService()
        self._host, self._port, self._pages, self._secret = host, port, pages, secret
        self._socket: socket.socket | None = None
        self._thread: threading.Thread | None = None
        self._server: Any = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ending: asyncio.Event | None = None
        self._is_closing = False
        self._failure: BaseException | None = None

    @property
    def endpoint_url(self) -> str:
        """The address of the API, for example ``http://127.0.0.1:8083``.

        Raises:
            RuntimeError: the server does not run.
        """
        if self._socket is None:
            raise RuntimeError("the server does not run: use it as a context manager, or call start()")
        host, port = self._socket.getsockname()[:2]
        return f"http://{f'[{host}]' if ':' in host else host}:{port}"

    def start(self) -> Self:
        """Listen, and answer requests in a thread.

        Raises:
            UsageError: the port is in use, or the address is none of this machine's.
        """
        import uvicorn

        from sfn_provider.server.http_app import MAX_BODY_BYTES, create_app

        self._socket = _listen(self._host, self._port)
        config = uvicorn.Config(
            Guard(create_app(self.service, self._pages, lambda: self._is_closing), self._secret, MAX_BODY_BYTES),
            log_level="warning",
            access_log=False,
            lifespan="off",
            ws="none",
            timeout_keep_alive=KEEP_ALIVE,
            timeout_graceful_shutdown=1,  # a worker may wait a minute for its next activity task
        )
        self._server = uvicorn.Server(config)
        self._is_closing, self._failure = False, None
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(ready,), name="sfn-provider-server", daemon=True)
        self._thread.start()
        ready.wait()
        if self._failure is not None:
            self.stop()
            raise self._failure
        return self

    def _run(self, ready: threading.Event) -> None:
        asyncio.run(self._serve(ready))

    async def _serve(self, ready: threading.Event) -> None:
        self._loop, self._ending = asyncio.get_running_loop(), asyncio.Event()
        try:
            # Uvicorn's own loop would look for the end ten times a second.
            self._server.config.load()
            self._server.lifespan = self._server.config.lifespan_class(self._server.config)
            await self._server.startup([self._socket])
        except BaseException as error:  # start() raises it
            self._failure, self._loop = error, None
            return
        finally:
            ready.set()
        while not self._ending.is_set():
            await self._server.on_tick(0)  # each second: it sets the header Date
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), 1)
        await self._server.shutdown([self._socket])
        await self.service.close()

    def call(self, operation: str, parameters: dict[str, Json]) -> dict[str, Json]:
        """Call an operation from another thread, without HTTP.

        Args:
            operation: its name.
            parameters: its parameters.

        Raises:
            ApiError: AWS's error.
            RuntimeError: the server does not run.
        """
        if self._loop is None:
            raise RuntimeError("the server does not run")
        return asyncio.run_coroutine_threadsafe(self.service.call(operation, parameters), self._loop).result()

    def stop(self) -> None:
        """End the server, with the executions that run."""
        if self._thread is not None and self._loop is not None and self._ending is not None:
            self._is_closing = True
            # Requests that wait are answered first: the server ends when its last connection does.
            asyncio.run_coroutine_threadsafe(self.service.close(), self._loop).result()
            self._loop.call_soon_threadsafe(self._ending.set)
            self._thread.join()
        self._thread = self._loop = self._ending = None
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *error: object) -> None:
        self.stop()


def check_installed() -> None:
    """Check that the libraries of the server are there.

    Raises:
        UsageError: they are not.
    """
    try:
        import starlette
        import uvicorn
    except ImportError as error:
        raise UsageError(
            f"The server needs Starlette and uvicorn ({error}): install airflow-provider-sfn[serve]"
        ) from error
    _ = starlette, uvicorn


def _listen(host: str, port: int) -> socket.socket:
    family = _family(host)
    try:
        listening = socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)
        raise UsageError(f"The server cannot listen at {host}, port {port}: {reason}") from error
    # asyncio sends without delay on sockets that name the protocol alone. With one that does not, the second part of an
    # answer waits for the client's acknowledgement of the first, which comes after 40 ms.
    return socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP, fileno=listening.detach())


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
