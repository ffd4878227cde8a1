"""Registers the task tokens that an event loop's triggers wait for, and wakes them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Final
from weakref import WeakKeyDictionary

from sfn_provider.callbacks.sqs_queue import consume_queue, queue_url


class TriggerHub:
    """The waits of one event loop, by the ids of their records."""

    def __init__(self) -> None:
        self._waits: dict[str, asyncio.Event] = {}
        self._consumer: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return len(self._waits)

    def register(self, wait_ids: Iterable[str]) -> asyncio.Event:
        """Register waits, and consume the queue while there are any; the event is set when one is answered."""
        answered = asyncio.Event()
        self._waits |= dict.fromkeys(wait_ids, answered)
        if queue_url() and (self._consumer is None or self._consumer.done()):
            self._consumer = asyncio.ensure_future(consume_queue(self.wake))
        return answered

    def unregister(self, wait_ids: Iterable[str]) -> None:
        """Remove waits; without any the queue is no longer consumed."""
        for wait_id in wait_ids:
            self._waits.pop(wait_id, None)
        if not self._waits and self._consumer is not None:
            self._consumer.cancel()
            self._consumer = None

    def wake(self, wait_id: str) -> bool:
        """Wake the trigger of a wait; False where no trigger of this event loop has it."""
        answered = self._waits.get(wait_id)
        if answered is not None:
            answered.set()
        return answered is not None


_HUBS: Final[WeakKeyDictionary[asyncio.AbstractEventLoop, TriggerHub]] = WeakKeyDictionary()


def hub_for_running_loop() -> TriggerHub:
    """Return the hub of the running event loop."""
    return _HUBS.setdefault(asyncio.get_running_loop(), TriggerHub())


@asynccontextmanager
async def register_waits(wait_ids: Iterable[str]) -> AsyncIterator[asyncio.Event]:
    """Register waits while the block runs; the event is set when the queue has brought an answer to one of them."""
    hub = hub_for_running_loop()
    wait_ids = tuple(wait_ids)
    try:
        yield hub.register(wait_ids)
    finally:
        hub.unregister(wait_ids)
