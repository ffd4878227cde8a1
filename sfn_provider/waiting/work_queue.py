"""Work that is done in the order of its coming, a few pieces at a time, while the rest goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, cast

MAX_WORKERS: Final = 8
"""Pieces of work at the same time; an aiobotocore client has 10 connections."""


class WorkQueue:
    """A queue of names, each worked on once.

    Args:
        work: does the work for a name.
        failed: is told of an error of ``work``.
    """

    def __init__(self, work: Callable[[str], Awaitable[None]], failed: Callable[[str, Exception], None]) -> None:
        self._work, self._failed = work, failed
        self._names: dict[str, None] = {}
        self._begun: set[str] = set()
        self._workers: set[asyncio.Task[None]] = set()

    def __contains__(self, name: str) -> bool:
        return name in self._names or name in self._begun

    def add(self, name: str) -> None:
        """Queue a name, unless it is queued or worked on already."""
        if name in self:
            return
        self._names[name] = None
        if len(self._workers) < min(MAX_WORKERS, len(self._names) + len(self._begun)):
            self._workers.add(asyncio.create_task(self._drain()))

    def discard(self, name: str) -> None:
        """Take a name out of the queue, if it is there and not worked on yet."""
        self._names.pop(name, None)

    async def aclose(self) -> None:
        """Give up all work."""
        self._names.clear()
        workers = list(self._workers)
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
        self._workers.clear()

    async def _drain(self) -> None:
        while self._names:
            name = next(iter(self._names))
            del self._names[name]
            self._begun.add(name)
            try:
                await self._work(name)
            except Exception as error:
                self._failed(name, error)
            finally:
                self._begun.discard(name)
        # Not by a callback: a name added before that ran would find a worker that has gone home.
        self._workers.discard(cast("asyncio.Task[None]", asyncio.current_task()))
