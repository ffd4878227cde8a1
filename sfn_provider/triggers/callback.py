"""The trigger that waits for workers outside of Airflow."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator, Collection
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sfn_provider._compat import BaseTrigger, TriggerEvent
from sfn_provider.callbacks import trigger_hub as hub
from sfn_provider.callbacks import wait_records as records
from sfn_provider.callbacks.wait_records import MIN_DEFERRAL_SECONDS

SECOND_POLL_DELAY = 60.0
"""Seconds after its first look at which a trigger looks once more."""


@dataclass
class _Watched:
    """A wait as the trigger sees it.

    Args:
        id: the id of its record.
        beat: the worker's last sign of life that is known of, seconds since the epoch.
        heartbeat: seconds within which the next one must come; None where none is asked for.
        activity: it waits for a worker to take it first, for which heartbeats do not count.
    """

    id: str
    beat: float
    heartbeat: float | None
    activity: bool

    @property
    def due(self) -> float:
        return self.beat + self.heartbeat if self.heartbeat is not None else math.inf


class CallbackTrigger(BaseTrigger):
    """Wait until a worker has answered one of some task tokens, until a heartbeat is missed, or until a time.

    Its event says nothing: the task looks for itself.

    Args:
        waits: the waits: ``id``, ``beat``, ``heartbeat`` and ``activity`` of each.
        moment: when the wait ends at the latest, in seconds since the epoch; None for no such time.
    """

    def __init__(self, *, waits: list[dict[str, Any]], moment: float | None = None) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.waits = waits
        self.moment = moment

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Give the class's path and the arguments that make this trigger again."""
        return f"{type(self).__module__}.{type(self).__qualname__}", {"waits": self.waits, "moment": self.moment}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Yield the one event when there is something for the task to look at."""
        with suppress(TimeoutError):
            async with asyncio.timeout(None if self.moment is None else max(0.0, self.moment - time.time())):
                await wait_for_answer(self.waits)
        yield TriggerEvent({"status": "look"})  # type: ignore[no-untyped-call]


async def wait_for_answer(waits: list[dict[str, Any]]) -> None:
    """Wait until a worker has answered one of some task tokens, or has missed a heartbeat.

    It looks at the records of the tokens when the deferral has settled, since an answer may have come before, once more
    a while later, because clocks differ, and when a heartbeat is due. In between it sleeps: the API server ends the
    deferral itself when it takes an answer, and the consumer of the queue, which the triggers of a triggerer share,
    wakes it.

    Args:
        waits: as `CallbackTrigger` takes them.
    """
    watched = {wait["id"]: _Watched(**wait) for wait in waits}
    async with hub.register_waits(watched) as woken:
        await asyncio.sleep(MIN_DEFERRAL_SECONDS)
        again = time.time() + SECOND_POLL_DELAY
        due: Collection[_Watched] = tuple(watched.values())
        while not await _is_over(due):
            with suppress(TimeoutError):
                await asyncio.wait_for(woken.wait(), _pause(again, watched.values()))
            now = time.time()
            everything = woken.is_set() or again <= now
            due = [wait for wait in watched.values() if everything or wait.due <= now]
            again = again if again > now else math.inf
            woken.clear()  # before the look: what comes during it is looked at after it


def _pause(again: float, watched: Collection[_Watched]) -> float | None:
    due = min([again, *(wait.due for wait in watched)])
    return max(0.0, due - time.time()) if due != math.inf else None


async def _is_over(due: Collection[_Watched]) -> bool:
    from asgiref.sync import sync_to_async

    return any([await sync_to_async(_calls_for_the_task)(wait) for wait in due])


def _calls_for_the_task(watched: _Watched) -> bool:
    """Has a worker answered, or missed a heartbeat? Takes note of heartbeats."""
    wait, now = records.read_record(watched.id), time.time()
    if wait is not None:
        watched.beat = max(watched.beat, wait.beat)
    elif watched.activity:
        watched.beat = now
    return (wait is not None and wait.answer is not None) or watched.due <= now
