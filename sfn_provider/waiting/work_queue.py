"""A queue of names that a few workers process in order, each name once, beside other work."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, cast

MAX_WORKERS: Final = 8
"""Names that are processed at the same time; an aiobotocore client has 10 connections."""


class WorkQueue:
    """Processes names in order.

    Args:
        process: processes a name.
        on_error: called with the name and the error where ``process`` raises one.
    """

    def __init__(self, process: Callable[[str], Awaitable[None]], on_error: Callable[[str, Exception], None]) -> None:
        self._process, self._on_error = process, on_error
        self._queued: dict[str, None] = {}
        self._in_progress: set[str] = set()
        self._workers: set[asyncio.Task[None]] = set()

    def add(self, name: str) -> None:
        """Queue a name, unless it is queued or in progress already."""
        if name in self._queued or name in self._in_progress:
            return
        self._queued[name] = None
        if len(self._workers) < min(MAX_WORKERS, len(self._queued) + len(self._in_progress)):
            self._workers.add(asyncio.create_task(self._work()))

    def discard(self, name: str) -> None:
        """Remove a name from the queue, if it is there and not in progress yet."""
        self._queued.pop(name, None)

    async def aclose(self) -> None:
        """Cancel everything."""
        self._queued.clear()
        workers = list(self._workers)
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
        self._workers.clear()

    async def _work(self) -> None:
        while self._queued:
            name = next(iter(self._queued))
            del self._queued[name]
            self._in_progress.add(name)
            try:
                await self._process(name)
            except Exception as error:
                self._on_error(name, error)
            finally:
                self._in_progress.discard(name)
        # Not by a callback: a name that is added before that runs would count on a worker that has ended.
        self._workers.discard(cast("asyncio.Task[None]", asyncio.current_task()))
