"""The API quotas of Step Functions, and token buckets that stay below them."""

from __future__ import annotations

import asyncio
from typing import Final
from weakref import WeakKeyDictionary

from sfn_provider.waiting.token_bucket import QUOTA_SHARE, AdaptiveTokenBucket

LARGE_REGIONS: Final = frozenset({"us-east-1", "us-west-2", "eu-west-1"})

QUOTAS: Final[dict[str, dict[bool, tuple[float, float]]]] = {
    "describe_execution": {True: (300, 15), False: (250, 10)},
    "list_executions": {True: (200, 5), False: (100, 2)},
}
"""By action: bucket size and refill per second, in a large region and in another one. Source: Step Functions Developer
Guide, "Quotas related to API action throttling"."""

LIST_SHARE: Final = 0.1
"""The share of the quota of ListExecutions that the further pages of a state machine's list use."""

MAX_LIST_GAP: Final = 10.0
"""Seconds between two rounds of a list, at most, that its length demands: a longer one is for the user to choose."""

_Buckets = dict[tuple[str, str, str], AdaptiveTokenBucket]
_BUCKETS: Final[WeakKeyDictionary[asyncio.AbstractEventLoop, _Buckets]] = WeakKeyDictionary()


def list_gap(pages: int, region: str) -> float:
    """Return the minimum seconds between two rounds of lists: 0 for one page, more with each further one.

    Args:
        pages: of the list in a round.
        region: the region.
    """
    _, rate = QUOTAS["list_executions"][region in LARGE_REGIONS]
    return min(MAX_LIST_GAP, max(0, pages - 1) / (rate * LIST_SHARE))


def bucket_for(action: str, account: str, region: str) -> AdaptiveTokenBucket:
    """Return the bucket of an action: one per account and region for all waits on this event loop.

    Args:
        action: ``describe_execution`` or ``list_executions``.
        account: the account's number.
        region: the region.
    """
    buckets = _BUCKETS.setdefault(asyncio.get_running_loop(), {})
    key = (action, account, region)
    if key not in buckets:
        burst, rate = QUOTAS[action][region in LARGE_REGIONS]
        buckets[key] = AdaptiveTokenBucket(burst * QUOTA_SHARE, rate * QUOTA_SHARE)
    return buckets[key]
