"""How fast AWS may be called: token buckets, as AWS's own throttling has them."""

from __future__ import annotations

import asyncio
from typing import Final

QUOTA_SHARE: Final = 0.8
"""The part of a quota that the waits of one process take. Workers, other triggerers and people need the rest."""

_MIN_RATE_SHARE: Final = 1 / 16
_MIN_SLEEP: Final = 0.001


class AdaptiveTokenBucket:
    """A token bucket that every call of an action takes a token from, first come, first served.

    The quota belongs to the account and others use it, too. So an answer of "throttled" halves the rate, at most once a
    second and down to a sixteenth; each good answer brings back a hundredth of the full rate.

    It belongs to the event loop that runs when it is made, and has that loop's time.

    Args:
        burst: tokens in a full bucket.
        rate: tokens that come back, a second.
    """

    def __init__(self, burst: float, rate: float) -> None:
        self._burst, self._full_rate = burst, rate
        self._clock = asyncio.get_running_loop().time
        self._tokens, self._rate, self._at = burst, rate, self._clock()
        self._slowed_at = float("-inf")
        self._turn = asyncio.Lock()

    async def take(self) -> None:
        """Wait until there is a token, and take it."""
        async with self._turn:
            while (missing := 1 - self._refilled()) > 0:
                await asyncio.sleep(max(missing / self._rate, _MIN_SLEEP))
            self._tokens -= 1

    def throttled(self) -> None:
        """Slow down: AWS has refused a call."""
        now = self._clock()
        self._tokens, self._at = 0.0, now
        if now - self._slowed_at >= 1:
            self._slowed_at = now
            self._rate = max(self._full_rate * _MIN_RATE_SHARE, self._rate / 2)

    def answered(self) -> None:
        """Speed up again, a little: AWS has answered a call."""
        self._rate = min(self._full_rate, self._rate + self._full_rate / 100)

    def _refilled(self) -> float:
        now = self._clock()
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._rate)
        self._at = now
        return self._tokens
