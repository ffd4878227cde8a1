"""Defines a poller's waits and targets: who waits for what, and when it is polled next."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any, Final, Protocol, TypeVar

EARLY_POLL_SHARE: Final = 0.1
"""The share of its delay by which a wait's next poll may come early, together with others'."""

Evaluated = TypeVar("Evaluated", contravariant=True)


class DeadlineExceeded(Exception):
    """A wait has not ended before its deadline."""


class Evaluator(Protocol[Evaluated]):
    """Decides what a finding means to a wait."""

    def evaluate(self, finding: Evaluated, polls: float) -> Any:
        """Return the wait's result; None to go on.

        Args:
            finding: what was found out.
            polls: the wait's polls so far, in units of its delay.
        """


class PollWait(asyncio.Future[Any]):
    """One trigger's wait: await it, and have the poller remove it, however it ends.

    A triggerer has thousands, and each object of a wait that Python's garbage collector must visit lengthens the full
    collections, which stop the event loop. So this is future, wait and list entry in one, without bound methods.

    Args:
        name: the target's name.
        delay: seconds between two polls.
        evaluator: decides what a finding means.
        due: when the next poll is due, by the event loop's clock.
        deadline: when the wait ends with ``DeadlineExceeded``, by the same clock.
    """

    __slots__ = ("deadline", "delay", "due", "evaluator", "is_over", "name", "next_wait", "polled_at", "polls")

    def __init__(
        self, name: str, delay: float, evaluator: Evaluator[Any], due: float, deadline: float = float("inf")
    ) -> None:
        super().__init__()
        self.name, self.delay, self.evaluator, self.due, self.deadline = name, delay, evaluator, due, deadline
        self.polls = 0.0
        """Polls so far, each at least ``delay`` after the one before; one after a longer gap counts for several."""
        self.polled_at = float("-inf")
        """When the last of these was."""
        self.is_over = False
        """It has a result, or gets one in one of the next turns of the event loop."""
        self.next_wait: PollWait | None = None
        """The next wait for the same target."""

    def count_poll(self, now: float, gap: float) -> None:
        """Count a poll, unless it comes too soon after the one before.

        Args:
            now: the time, by the event loop's clock.
            gap: the minimum seconds between two polls. Where that is more than the delay, a poll counts for as many as
                the delay would have had, so that a limit of polls is the same time.
        """
        elapsed = now - self.polled_at
        if elapsed < self.delay * (1 - EARLY_POLL_SHARE):
            return
        self.polls += max(1.0, min(elapsed, gap) / self.delay) if self.polls and self.delay else 1.0
        self.polled_at = now


class PollTarget:
    """Something that one trigger or more wait for.

    Args:
        name: its name: an ARN, a job's id.
    """

    __slots__ = ("first_wait", "name")

    def __init__(self, name: str) -> None:
        self.name = name
        self.first_wait: PollWait | None = None

    def waits(self) -> Iterator[PollWait]:
        """Yield the waits for it."""
        wait = self.first_wait
        while wait is not None:
            yield wait
            wait = wait.next_wait

    def add(self, wait: PollWait) -> None:
        """Add a wait."""
        wait.next_wait, self.first_wait = self.first_wait, wait

    def remove(self, wait: PollWait) -> None:
        """Remove a wait."""
        if self.first_wait is wait:
            self.first_wait = wait.next_wait
            return
        before = next(each for each in self.waits() if each.next_wait is wait)
        before.next_wait = wait.next_wait

    @property
    def is_awaited(self) -> bool:
        """Is any wait for it not over yet?"""
        return any(not wait.is_over for wait in self.waits())

    def is_due(self, until: float) -> bool:
        """Is a wait for it due until a time, by the event loop's clock?"""
        wait = self.first_wait
        while wait is not None:
            if wait.due <= until and not wait.is_over:
                return True
            wait = wait.next_wait
        return False
