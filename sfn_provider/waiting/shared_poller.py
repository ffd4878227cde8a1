"""Base of pollers that poll for all triggers of a triggerer in one task.

It holds which waits there are and when each is due; what is polled, and by which calls, is up to the subclass.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from contextvars import Context
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

from sfn_provider.waiting.work_queue import WorkQueue

Finding = TypeVar("Finding")

MIN_POLL_GAP: float = 1.0
"""Minimum seconds between two polls, unless a wait has a shorter delay: waits that begin meanwhile share a poll."""

FIRST_POLL_DELAY: float = 0.2
"""Seconds from a wait's begin to its first poll: a triggerer starts its triggers one after the other."""

EARLY_POLL_SHARE: Final = 0.1
"""The share of its delay by which a wait's next poll may come early, together with others'."""

_MIN_DELAY: Final = 0.01


@dataclass(slots=True, eq=False)
class PollWait:
    """One trigger's wait. Enter it to begin; ``await`` the future that this gives; leave it to end, however it ends.

    Args:
        poller: the poller.
        name: the target's name.
        delay: seconds between two polls.
        evaluate: called with the finding and the number of polls; gives the wait's result, None to go on.
        result: the result, once there is one.
        due: when the next poll is due, by the event loop's clock.
        polls: polls so far, each at least ``delay`` after the one before.
        polled_at: when the last of these was.
    """

    poller: SharedPoller[Any]
    name: str
    delay: float
    evaluate: Callable[[Any, int], Any]
    result: asyncio.Future[Any]
    due: float
    polls: int = 0
    polled_at: float = float("-inf")

    def __enter__(self) -> asyncio.Future[Any]:
        self.poller.join(self)
        return self.result

    def __exit__(self, *error: object) -> None:
        self.poller.leave(self)


@dataclass(slots=True, eq=False)
class PollTarget:
    """Something that one trigger or more wait for.

    Args:
        name: its name: an ARN, a job's id.
        waits: the waits for it.
        state: what a subclass stores about it.
    """

    name: str
    waits: list[PollWait] = field(default_factory=list)
    state: Any = None

    @property
    def due(self) -> float:
        """When the next poll is due."""
        return min(wait.due for wait in self.waits)


class SharedPoller(ABC, Generic[Finding]):
    """Polls many targets in one task, which runs while there are waits.

    A subclass's ``poll`` finds out about the targets that are due, and calls ``report`` or ``fail``. What takes one
    call per target it leaves to ``poll_one``, by ``self.queue``, so that the next poll is not delayed.

    An error that ``poll`` raises is raised by every wait: none of them hangs.

    Args:
        first_poll_delay: maximum seconds from a wait's begin to its first poll.
    """

    def __init__(self, first_poll_delay: float = FIRST_POLL_DELAY) -> None:
        self._first_poll_delay = first_poll_delay
        self.targets: dict[str, PollTarget] = {}
        self.queue = WorkQueue(self.poll_one, self.fail)
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._polled_at = float("-inf")
        self._soonest = self._shortest = float("inf")

    @abstractmethod
    def open(self) -> AbstractAsyncContextManager[Any]:
        """Hold what the polls need, such as a client, while there are waits."""

    @abstractmethod
    async def poll(self, due: Sequence[PollTarget]) -> None:
        """Find out about these targets, and possibly about others."""

    @abstractmethod
    async def poll_one(self, name: str) -> None:
        """Find out about one target of the queue."""

    def wait_for(self, name: str, delay: float, evaluate: Callable[[Finding, int], Any]) -> PollWait:
        """Wait for a target.

        ::

            with poller.wait_for(name, 60, evaluate) as result:
                value = await result

        Not a coroutine: each nested one costs a triggerer with thousands of waits half a kibibyte per wait.

        Args:
            name: the target.
            delay: maximum seconds between two polls of it.
            evaluate: gives the result, of the finding and the number of polls; None to wait on.

        Returns:
            The wait. Its future raises what ``fail`` was called with, or the error that ended the poller.
        """
        loop = asyncio.get_running_loop()
        due = loop.time() + min(delay, self._first_poll_delay)
        return PollWait(self, name, delay, evaluate, loop.create_future(), due)

    def join(self, wait: PollWait) -> None:
        """Add a wait."""
        if (target := self.targets.get(wait.name)) is None:
            target = self.targets[wait.name] = PollTarget(wait.name)
        target.waits.append(wait)
        if self._task is None or self._task.done():
            # Not in a trigger's context: Airflow routes log records by it, and this task outlives the first trigger.
            self._task = asyncio.get_running_loop().create_task(self._run(), context=Context())
        self._wake_for(wait)

    def leave(self, wait: PollWait) -> None:
        """Remove a wait, and its target where there is no other wait for that."""
        target = self.targets[wait.name]
        target.waits.remove(wait)
        if not target.waits:
            del self.targets[wait.name]
            self.queue.discard(wait.name)

    def report(self, name: str, finding: Finding) -> None:
        """Report a finding. Every wait for the target ends or is due again after its delay."""
        now = asyncio.get_running_loop().time()
        for wait in self._open_waits(name):
            wait.due = now + wait.delay
            if now - wait.polled_at >= wait.delay * (1 - EARLY_POLL_SHARE):
                wait.polls, wait.polled_at = wait.polls + 1, now
            if (result := wait.evaluate(finding, wait.polls)) is not None:
                wait.result.set_result(result)

    def fail(self, name: str, error: Exception) -> None:
        """End all waits for a target with an error."""
        for wait in self._open_waits(name):
            wait.result.set_exception(error)

    def fail_all(self, error: Exception) -> None:
        """End all waits with an error."""
        for name in self.targets:
            self.fail(name, error)

    def postpone(self, name: str, seconds: float) -> None:
        """Make a target due in some seconds, sooner or later than it would be."""
        due = asyncio.get_running_loop().time() + seconds
        for wait in self._open_waits(name):
            wait.due = due
            self._wake_for(wait)

    async def aclose(self) -> None:
        """End the task."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _open_waits(self, name: str) -> Iterator[PollWait]:
        waits = self.targets[name].waits if name in self.targets else ()
        return (wait for wait in waits if not wait.result.done())

    def _wake_for(self, wait: PollWait) -> None:
        """End the sleep up to the next poll, but only where a wait changes it: there may be thousands at once."""
        if wait.due < self._soonest or wait.delay < self._shortest:
            self._changed.set()

    async def _run(self) -> None:
        try:
            async with self.open():
                while True:
                    await self.poll(await self._next_due())
                    self._polled_at = asyncio.get_running_loop().time()
        except Exception as error:
            await self.queue.aclose()
            self.fail_all(error)
            self._task = None  # the next wait starts another one
        except asyncio.CancelledError:
            await self.queue.aclose()
            for wait in [wait for target in self.targets.values() for wait in target.waits]:
                wait.result.cancel()  # there are waits left only where the event loop ends
            raise

    async def _next_due(self) -> list[PollTarget]:
        """Sleep until a target is due. Gives all that are, some a little early, each due again after its delay."""
        loop = asyncio.get_running_loop()
        while True:
            waits = [wait for target in self.targets.values() for wait in target.waits]
            shortest = min((wait.delay for wait in waits), default=float("inf"))
            soonest = min((wait.due for wait in waits), default=float("inf"))
            at = max(soonest, self._polled_at + min(MIN_POLL_GAP, max(shortest, _MIN_DELAY)))
            if at <= (now := loop.time()):
                due = [each for each in self.targets.values() if each.due <= now + EARLY_POLL_SHARE * shortest]
                for wait in (wait for target in due for wait in target.waits):
                    wait.due = now + wait.delay
                return due
            self._changed.clear()
            self._soonest, self._shortest = soonest, shortest
            try:
                async with asyncio.timeout_at(None if at == float("inf") else at):
                    await self._changed.wait()
            except TimeoutError:
                continue
