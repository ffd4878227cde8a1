"""Limits the rate of AWS calls by a token bucket that slows down when AWS throttles."""

from __future__ import annotations

import asyncio
from typing import Final

QUOTA_SHARE: Final = 0.8
"""The share of a quota that the waits of one process use. Workers, other triggerers and people need the rest."""

_MIN_RATE_SHARE: Final = 1 / 16
_MIN_SLEEP: Final = 0.001


class AdaptiveTokenBucket:
    """A token bucket for one API action, first come, first served.

    The quota belongs to the account, and others use it, too. So a throttled call halves the rate, at most once a second
    and down to a sixteenth; each successful one brings back a hundredth of the full rate.

    It uses the clock of the event loop that runs when it is made.

    Args:
        burst: tokens in a full bucket.
        rate: tokens that are refilled per second.
    """

    def __init__(self, burst: float, rate: float) -> None:
        self._burst, self._full_rate = burst, rate
        self._clock = asyncio.get_running_loop().time
        self._tokens, self._rate, self._refilled_at = burst, rate, self._clock()
        self._slowed_at = float("-inf")
        self._lock = asyncio.Lock()

    async def acquire(self) -> None:
        """Wait for a token and take it."""
        async with self._lock:
            while (missing := 1 - self._refill()) > 0:
                await asyncio.sleep(max(missing / self._rate, _MIN_SLEEP))
            self._tokens -= 1

    def on_throttled(self) -> None:
        """Slow down: AWS has throttled a call."""
        now = self._clock()
        self._tokens, self._refilled_at = 0.0, now
        if now - self._slowed_at >= 1:
            self._slowed_at = now
            self._rate = max(self._full_rate * _MIN_RATE_SHARE, self._rate / 2)

    def on_success(self) -> None:
        """Speed up a little: AWS has answered a call."""
        self._rate = min(self._full_rate, self._rate + self._full_rate / 100)

    def _refill(self) -> float:
        now = self._clock()
        self._tokens = min(self._burst, self._tokens + (now - self._refilled_at) * self._rate)
        self._refilled_at = now
        return self._tokens
