"""Keeps the time of executions: virtual, real or faster than real."""

from __future__ import annotations

import time
from typing import Literal, Protocol

from sfn_provider.exceptions import UsageError

TimeMode = Literal["virtual", "real"] | float
"""``virtual``: waiting takes no time; ``real``; or how many times faster than real time passes."""


class Clock(Protocol):
    """The time of one execution, in seconds since the epoch."""

    def now(self) -> float:
        """Return the time."""

    def delay(self, at: float, *, awaits_others: bool) -> float:
        """Return how many seconds of real time there are until a time; 0 where it has come.

        Args:
            at: the time.
            awaits_others: somebody outside of the execution may answer it before.
        """

    def advance(self, at: float) -> None:
        """Take note that the execution has come to a time."""


class ScaledClock:
    """Time that passes as real time does, or faster.

    Args:
        start: the time now, in seconds since the epoch.
        speed: how many seconds pass in one second of real time.
    """

    def __init__(self, start: float, speed: float = 1.0) -> None:
        self._start, self._speed, self._began = start, speed, time.monotonic()

    def now(self) -> float:
        """Return the time."""
        return self._start + (time.monotonic() - self._began) * self._speed

    def delay(self, at: float, *, awaits_others: bool) -> float:
        """Return how many seconds of real time there are until a time."""
        return max(0.0, (at - self.now()) / self._speed)

    def advance(self, at: float) -> None:
        """Do nothing: this time does not jump."""


class VirtualClock:
    """Time that jumps to what comes next, but passes as real time does while somebody outside may answer.

    Args:
        start: the time now, in seconds since the epoch.
    """

    def __init__(self, start: float) -> None:
        self._now = start
        self._flows_since: float | None = None

    def now(self) -> float:
        """Return the time."""
        if self._flows_since is None:
            return self._now
        return self._now + time.monotonic() - self._flows_since

    def delay(self, at: float, *, awaits_others: bool) -> float:
        """Return how many seconds of real time there are until a time: none where nobody else is waited for."""
        if awaits_others:
            self._flows_since = self._flows_since or time.monotonic()
            return max(0.0, at - self.now())
        self._now, self._flows_since = self.now(), None
        return 0.0

    def advance(self, at: float) -> None:
        """Jump to a time."""
        now = self.now()
        if at > now:
            self._now = at
            self._flows_since = None if self._flows_since is None else time.monotonic()


def make_clock(mode: TimeMode, start: float) -> Clock:
    """Make the clock of an execution.

    Args:
        mode: how time passes.
        start: when the execution starts, in seconds since the epoch.
    """
    if mode == "virtual":
        return VirtualClock(start)
    return ScaledClock(start, 1.0 if mode == "real" else float(mode))


def check_time_mode(mode: TimeMode) -> None:
    """Refuse a way in which time cannot pass.

    Raises:
        UsageError: it is no speed, and neither ``virtual`` nor ``real``.
    """
    is_speed = isinstance(mode, (int, float)) and not isinstance(mode, bool) and 0 < mode < float("inf")
    if mode not in ("virtual", "real") and not is_speed:
        raise UsageError(f"time is {mode!r}: it must be 'virtual', 'real' or how many times faster it passes, as 60.0")
