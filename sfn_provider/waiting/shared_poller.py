"""Base of pollers that poll for all triggers of a triggerer in one task.

It holds which waits there are and when each is due; what is polled, and by which calls, is up to the subclass.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from contextvars import Context
from typing import Any, Final, Generic, TypeVar

from sfn_provider.telemetry.metrics import change_waits
from sfn_provider.waiting.poll_waits import EARLY_POLL_SHARE, DeadlineExceeded, Evaluator, PollTarget, PollWait
from sfn_provider.waiting.work_queue import WorkQueue

Finding = TypeVar("Finding")
Target = TypeVar("Target", bound="PollTarget")

MIN_POLL_GAP: float = 1.0
"""Minimum seconds between two polls, unless a wait has a shorter delay: waits that begin meanwhile share a poll."""

FIRST_POLL_DELAY: float = 0.2
"""Seconds from a wait's begin to its first poll: a triggerer starts its triggers one after the other."""

MAX_ENDED_AT_ONCE: Final = 32
"""Waits that end in one turn of the event loop: each then runs its trigger to the end, and others run in between."""

DEADLINE_GAP: Final = 0.1
"""Minimum seconds between two searches for waits whose deadline has passed."""

_MIN_DELAY: Final = 0.01


class SharedPoller(ABC, Generic[Finding, Target]):
    """Polls many targets in one task, which runs while there are waits.

    A subclass's ``poll`` finds out about the targets that are due, and calls ``report`` or ``fail``. What takes one
    call per target it leaves to ``poll_one``, by ``self.queue``, so that the next poll is not delayed.

    An error that ``poll`` raises is raised by every wait: none of them hangs. Waits end a few at a time, so that
    thousands that end together do not stop the event loop.

    Args:
        first_poll_delay: maximum seconds from a wait's begin to its first poll.
    """

    def __init__(self, first_poll_delay: float = FIRST_POLL_DELAY) -> None:
        self._first_poll_delay = first_poll_delay
        self.round_gap = 0.0
        """Minimum seconds between two polls of one wait where its delay is shorter."""
        self.targets: dict[str, Target] = {}
        self.queue = WorkQueue(self._poll_queued, self.fail)
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._polled_at = float("-inf")
        self._soonest = self._shortest = float("inf")
        self._ended_waits: deque[tuple[PollWait, Any]] = deque()
        self._deadline_timer: asyncio.TimerHandle | None = None

    @abstractmethod
    def new_target(self, name: str) -> Target:
        """Make the target of a first wait."""

    @abstractmethod
    def open(self) -> AbstractAsyncContextManager[Any]:
        """Hold what the polls need, such as a client, while there are waits."""

    @abstractmethod
    async def poll(self, due: Sequence[Target]) -> None:
        """Find out about these targets, and possibly about others."""

    @abstractmethod
    async def poll_one(self, target: Target) -> None:
        """Find out about one target of the queue."""

    def wait_for(
        self, name: str, delay: float, evaluator: Evaluator[Finding], seconds: float | None = None
    ) -> PollWait:
        """Wait for a target.

        ::

            wait = poller.wait_for(name, 60, evaluator)
            try:
                value = await wait
            finally:
                await poller.leave(wait)

        Neither a coroutine nor a context manager: each costs a triggerer with thousands of waits objects per wait.

        Args:
            name: the target.
            delay: maximum seconds between two polls of it.
            evaluator: decides what a finding means.
            seconds: from now to the deadline; None for none.

        Returns:
            The wait. It raises what ``fail`` was called with, ``DeadlineExceeded``, or the error that ended the poller.
        """
        now = asyncio.get_running_loop().time()
        wait = PollWait(name, delay, evaluator, now + min(delay, self._first_poll_delay))
        self.join(wait)
        if seconds is not None:
            wait.deadline = now + max(0.0, seconds)
            self._set_deadline_timer(wait.deadline)
        return wait

    def join(self, wait: PollWait) -> None:
        """Add a wait."""
        if (target := self.targets.get(wait.name)) is None:
            target = self.targets[wait.name] = self.new_target(wait.name)
        target.add(wait)
        change_waits(+1)
        if self._task is None or self._task.done():
            # Not in a trigger's context: Airflow routes log records by it, and this task outlives the first trigger.
            self._task = asyncio.get_running_loop().create_task(self._run(), context=Context())
        self._wake_for(wait)

    async def leave(self, wait: PollWait) -> None:
        """Remove a wait, its target where there is no other wait for that, and close after the last one."""
        wait.is_over = True
        target = self.targets[wait.name]
        target.remove(wait)
        change_waits(-1)
        if target.first_wait is None:
            del self.targets[wait.name]
            self.queue.discard(wait.name)
        if not self.targets:
            await self.aclose()

    def report(self, name: str, finding: Finding) -> None:
        """Report a finding. Every wait for the target ends or is due again after its delay."""
        now = asyncio.get_running_loop().time()
        for wait in self._open_waits(name):
            wait.due = now + max(wait.delay, self.round_gap)
            wait.count_poll(now, self.round_gap)
            if (result := wait.evaluator.evaluate(finding, wait.polls)) is not None:
                self._end(wait, result)

    def fail(self, name: str, error: Exception) -> None:
        """End all waits for a target with an error."""
        for wait in self._open_waits(name):
            self._end(wait, error)

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
        """End the task. Called after the last wait has left."""
        if self._deadline_timer is not None:
            self._deadline_timer.cancel()
            self._deadline_timer = None
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _poll_queued(self, name: str) -> None:
        """Poll a target of the queue, unless all waits for it are over meanwhile."""
        if (target := self.targets.get(name)) is not None and target.is_awaited:
            await self.poll_one(target)

    def _open_waits(self, name: str) -> Iterator[PollWait]:
        waits = self.targets[name].waits() if name in self.targets else ()
        return (wait for wait in waits if not wait.is_over)

    def _end(self, wait: PollWait, outcome: Any) -> None:
        """End a wait with a result or an exception, in this turn of the event loop or one of the next."""
        wait.is_over = True
        self._ended_waits.append((wait, outcome))
        if len(self._ended_waits) == 1:
            asyncio.get_running_loop().call_soon(self._wake_ended)

    def _wake_ended(self) -> None:
        for _ in range(min(MAX_ENDED_AT_ONCE, len(self._ended_waits))):
            wait, outcome = self._ended_waits.popleft()
            if wait.done():
                continue  # its trigger was cancelled meanwhile
            if isinstance(outcome, Exception):
                wait.set_exception(outcome)
            else:
                wait.set_result(outcome)
        if self._ended_waits:
            asyncio.get_running_loop().call_soon(self._wake_ended)

    def _set_deadline_timer(self, deadline: float) -> None:
        """Have one timer for all waits, at the first deadline."""
        timer = self._deadline_timer
        if timer is None or deadline < timer.when():
            if timer is not None:
                timer.cancel()
            self._deadline_timer = asyncio.get_running_loop().call_at(deadline, self._end_overdue)

    def _end_overdue(self) -> None:
        """End the waits whose deadline has passed."""
        self._deadline_timer = None
        now, following = asyncio.get_running_loop().time(), float("inf")
        for wait in self._all_waits():
            if wait.is_over:
                continue
            if wait.deadline <= now:
                self._end(wait, DeadlineExceeded())
            else:
                following = min(following, wait.deadline)
        if following < float("inf"):
            self._set_deadline_timer(max(following, now + DEADLINE_GAP))

    def _all_waits(self) -> list[PollWait]:
        return [wait for target in self.targets.values() for wait in target.waits()]

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
            for wait in self._all_waits():
                wait.cancel()  # there are waits left only where the event loop ends
            raise

    async def _next_due(self) -> list[Target]:
        """Sleep until a target is due. Gives all that are, some a little early, each due again after its delay."""
        loop = asyncio.get_running_loop()
        while True:
            soonest, shortest = self._soonest_and_shortest()
            at = max(soonest, self._polled_at + min(MIN_POLL_GAP, max(shortest, _MIN_DELAY)))
            if at <= loop.time():
                await asyncio.sleep(0)  # others run between two searches through thousands of waits
                if due := self._take_due(loop.time() + EARLY_POLL_SHARE * shortest):
                    return due
                continue
            self._changed.clear()
            self._soonest, self._shortest = soonest, shortest
            try:
                async with asyncio.timeout_at(None if at == float("inf") else at):
                    await self._changed.wait()
            except TimeoutError:
                continue

    def _soonest_and_shortest(self) -> tuple[float, float]:
        """Return when the first wait is due, and the shortest delay."""
        soonest = shortest = float("inf")
        for target in self.targets.values():
            wait = target.first_wait
            while wait is not None:  # a plain loop: an iterator a target would take most of the time
                if not wait.is_over:
                    if wait.due < soonest:
                        soonest = wait.due
                    if wait.delay < shortest:
                        shortest = wait.delay
                wait = wait.next_wait
        return soonest, shortest

    def _take_due(self, until: float) -> list[Target]:
        """Return the targets that are due until a time. Their waits are due again after their delays."""
        now = asyncio.get_running_loop().time()
        due = [target for target in self.targets.values() if target.is_due(until)]
        for target in due:
            for wait in target.waits():
                wait.due = now + max(wait.delay, self.round_gap)
        return due
