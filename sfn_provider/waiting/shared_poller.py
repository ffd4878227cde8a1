"""Waiting together: one poller looks after all the things that triggers of one triggerer wait for.

What is polled, and by which calls, is a subclass's business; here is who waits for what, and when to look.
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
"""Seconds between two looks, at least, unless somebody asks for more: what begins meanwhile is looked at together."""

FIRST_POLL_DELAY: float = 0.2
"""Seconds from a wait's begin to its first look: a triggerer starts its triggers one after the other."""

EARLY_POLL_SHARE: Final = 0.1
"""The part of its delay by which a wait's next look may come early, together with others'."""

_MIN_DELAY: Final = 0.01


@dataclass(slots=True, eq=False)
class PollWait:
    """One trigger's wait. Enter it to begin; ``await`` the future that this gives; leave it to end, however it ends.

    Args:
        poller: looks after it.
        name: what is waited for.
        delay: seconds between two looks.
        judge: is told what was found and how many looks there were; gives the wait's result, None to go on.
        result: the result, once there is one.
        due: when the next look is due, by the event loop's clock.
        looks: looks so far, each at least ``delay`` after the one before.
        looked_at: when the last of these was.
    """

    poller: SharedPoller[Any]
    name: str
    delay: float
    judge: Callable[[Any, int], Any]
    result: asyncio.Future[Any]
    due: float
    looks: int = 0
    looked_at: float = float("-inf")

    def __enter__(self) -> asyncio.Future[Any]:
        self.poller.join(self)
        return self.result

    def __exit__(self, *error: object) -> None:
        self.poller.leave(self)


@dataclass(slots=True, eq=False)
class PollTarget:
    """Something that is waited for, by one trigger or more.

    Args:
        name: what it is known by: an ARN, a job's id.
        waits: who waits.
        notes: what a subclass keeps of it.
    """

    name: str
    waits: list[PollWait] = field(default_factory=list)
    notes: Any = None

    @property
    def due(self) -> float:
        """When the next look is due."""
        return min(wait.due for wait in self.waits)


class SharedPoller(ABC, Generic[Finding]):
    """Looks after many subjects in one task, which runs while somebody waits.

    A subclass's ``look`` finds out about the subjects that are due, and says so by ``tell`` or ``fail``; what takes one
    call a subject it leaves to ``look_at``, by ``self.backlog``, so that the next look is not held up.

    An error that leaves ``look`` is the result of every wait: nothing hangs.
    """

    def __init__(self) -> None:
        self.subjects: dict[str, PollTarget] = {}
        self.backlog = WorkQueue(self.look_at, self.fail)
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._looked_at = float("-inf")

    @abstractmethod
    def opened(self) -> AbstractAsyncContextManager[Any]:
        """Hold what the looks need, a client for one, while somebody waits."""

    @abstractmethod
    async def look(self, due: Sequence[PollTarget]) -> None:
        """Find out about these subjects, and about others on the way."""

    @abstractmethod
    async def look_at(self, name: str) -> None:
        """Find out about one subject out of the backlog."""

    def waiting(self, name: str, delay: float, judge: Callable[[Finding, int], Any]) -> PollWait:
        """Wait for a subject.

        ::

            with poller.waiting(name, 60, judge) as result:
                found = await result

        Not a coroutine: each one that is nested in another costs a triggerer with thousands of waits half a kibibyte
        for each of them.

        Args:
            name: the subject.
            delay: seconds between two looks at it, at most.
            judge: gives the result out of what was found and the number of looks; None to wait on.

        Returns:
            The wait. Its future raises what ``fail`` was told of the subject, or what ended the poller.
        """
        loop = asyncio.get_running_loop()
        return PollWait(self, name, delay, judge, loop.create_future(), loop.time() + min(delay, FIRST_POLL_DELAY))

    def join(self, wait: PollWait) -> None:
        """Take a wait on."""
        if (subject := self.subjects.get(wait.name)) is None:
            subject = self.subjects[wait.name] = PollTarget(wait.name)
        subject.waits.append(wait)
        self._awake()

    def leave(self, wait: PollWait) -> None:
        """Forget a wait, and its subject where nobody else waits for that."""
        subject = self.subjects[wait.name]
        subject.waits.remove(wait)
        if not subject.waits:
            del self.subjects[wait.name]
            self.backlog.discard(wait.name)

    def tell(self, name: str, finding: Finding) -> None:
        """Say what was found. Every wait for the subject ends or is due again after its delay."""
        now = asyncio.get_running_loop().time()
        for wait in self._open_waits(name):
            wait.due = now + wait.delay
            if now - wait.looked_at >= wait.delay * (1 - EARLY_POLL_SHARE):
                wait.looks, wait.looked_at = wait.looks + 1, now
            if (result := wait.judge(finding, wait.looks)) is not None:
                wait.result.set_result(result)

    def fail(self, name: str, error: Exception) -> None:
        """Say that a subject cannot be waited for. Its waits raise the error."""
        for wait in self._open_waits(name):
            wait.result.set_exception(error)

    def postpone(self, name: str, seconds: float) -> None:
        """Make a subject due in some seconds, sooner or later than it would be."""
        due = asyncio.get_running_loop().time() + seconds
        for wait in self._open_waits(name):
            wait.due = due
        self._changed.set()

    async def aclose(self) -> None:
        """End the task and what it holds."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _open_waits(self, name: str) -> Iterator[PollWait]:
        waits = self.subjects[name].waits if name in self.subjects else ()
        return (wait for wait in waits if not wait.result.done())

    def _awake(self) -> None:
        if self._task is None or self._task.done():
            # Of no trigger's context: Airflow routes log records by it, and this task outlives the first trigger.
            self._task = asyncio.get_running_loop().create_task(self._run(), context=Context())
        self._changed.set()

    async def _run(self) -> None:
        try:
            async with self.opened():
                while True:
                    await self.look(await self._due())
                    self._looked_at = asyncio.get_running_loop().time()
        except Exception as error:
            await self.backlog.aclose()
            for name in self.subjects:
                self.fail(name, error)
            self._task = None  # whoever comes next starts anew
        except asyncio.CancelledError:
            await self.backlog.aclose()
            for wait in [wait for subject in self.subjects.values() for wait in subject.waits]:
                wait.result.cancel()  # there are waits left only where the event loop ends
            raise

    async def _due(self) -> list[PollTarget]:
        """Sleep until a subject is due. Gives all that are, some a little early, each due again after its delay."""
        loop = asyncio.get_running_loop()
        while True:
            waits = [wait for subject in self.subjects.values() for wait in subject.waits]
            shortest = min((wait.delay for wait in waits), default=MIN_POLL_GAP)
            soonest = min((wait.due for wait in waits), default=float("inf"))
            at = max(soonest, self._looked_at + min(MIN_POLL_GAP, max(shortest, _MIN_DELAY)))
            if at <= (now := loop.time()):
                due = [each for each in self.subjects.values() if each.due <= now + EARLY_POLL_SHARE * shortest]
                for wait in (wait for subject in due for wait in subject.waits):
                    wait.due = now + wait.delay
                return due
            self._changed.clear()
            try:
                async with asyncio.timeout_at(None if at == float("inf") else at):
                    await self._changed.wait()
            except TimeoutError:
                continue
