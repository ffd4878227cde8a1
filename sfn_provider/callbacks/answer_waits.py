"""Waits in the triggerer until a worker has answered a task token or has missed a heartbeat."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sfn_provider.callbacks import trigger_hub, wait_records
from sfn_provider.callbacks.wait_records import MIN_DEFERRAL_SECONDS

SECOND_POLL_DELAY = 60.0
"""Seconds between a trigger's first and its second check of all records."""


@dataclass
class _TokenWait:
    """The wait for an answer to one task token.

    Args:
        id: the id of its record.
        beat: the worker's last known heartbeat, seconds since the epoch.
        heartbeat: seconds within which the next one must come; None without HeartbeatSeconds.
        activity: a worker must fetch the activity's task first; until then heartbeats do not count.
    """

    id: str
    beat: float
    heartbeat: float | None
    activity: bool

    @property
    def due(self) -> float:
        """When the next heartbeat is due, seconds since the epoch."""
        return self.beat + self.heartbeat if self.heartbeat is not None else math.inf


async def wait_for_answer(waits: list[dict[str, Any]]) -> None:
    """Wait until a worker has answered one of some task tokens, or has missed a heartbeat.

    The records are read after `MIN_DEFERRAL_SECONDS`, since an answer may have come before the deferral, once more
    after `SECOND_POLL_DELAY`, because clocks differ, and when a heartbeat is due. In between this sleeps: the API
    server ends the deferral itself when it stores an answer, and the consumer of the queue, which the triggers of a
    triggerer share, wakes it.

    Args:
        waits: as `sfn_provider.triggers.callback.CallbackTrigger` takes them.
    """
    pending = {wait["id"]: _TokenWait(**wait) for wait in waits}
    async with trigger_hub.register_waits(pending) as answered:
        await asyncio.sleep(MIN_DEFERRAL_SECONDS)
        second_poll = time.time() + SECOND_POLL_DELAY
        due: Collection[_TokenWait] = tuple(pending.values())
        while not await _any_needs_task(due):
            with suppress(TimeoutError):
                await asyncio.wait_for(answered.wait(), _seconds_to_next_check(second_poll, pending.values()))
            now = time.time()
            check_all = answered.is_set() or second_poll <= now
            due = [wait for wait in pending.values() if check_all or wait.due <= now]
            second_poll = second_poll if second_poll > now else math.inf
            answered.clear()  # before the check: an answer that comes during it is seen by the next one


def _seconds_to_next_check(second_poll: float, waits: Collection[_TokenWait]) -> float | None:
    due = min([second_poll, *(wait.due for wait in waits)])
    return max(0.0, due - time.time()) if due != math.inf else None


async def _any_needs_task(waits: Collection[_TokenWait]) -> bool:
    from asgiref.sync import sync_to_async

    return any([await sync_to_async(_needs_task)(wait) for wait in waits])


def _needs_task(wait: _TokenWait) -> bool:
    """Has a worker answered, or missed a heartbeat? Notes heartbeats."""
    record, now = wait_records.read_record(wait.id), time.time()
    if record is not None:
        wait.beat = max(wait.beat, record.beat)
    elif wait.activity:
        wait.beat = now
    return (record is not None and record.answer is not None) or wait.due <= now
