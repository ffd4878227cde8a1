"""Who waits for what in this process: how answers from the queue find the triggers of a triggerer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Final
from weakref import WeakKeyDictionary

from sfn_provider.callbacks import sqs_queue as queue


class TriggerHub:
    """The waits of one event loop."""

    def __init__(self) -> None:
        self._waits: dict[str, asyncio.Event] = {}
        self._consumer: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return len(self._waits)

    def join(self, identities: Iterable[str]) -> asyncio.Event:
        """Wait for the answers to some tokens, by the ids of their records; the event tells of one."""
        woken = asyncio.Event()
        self._waits |= dict.fromkeys(identities, woken)
        if queue.queue_url() and (self._consumer is None or self._consumer.done()):
            self._consumer = asyncio.ensure_future(queue.consume_queue(self))
        return woken

    def leave(self, identities: Iterable[str]) -> None:
        """Wait for them no more."""
        for identity in identities:
            self._waits.pop(identity, None)
        if not self._waits and self._consumer is not None:
            self._consumer.cancel()
            self._consumer = None

    def wake(self, identity: str) -> bool:
        """Wake who waits for a token; False where nobody does here."""
        woken = self._waits.get(identity)
        if woken is not None:
            woken.set()
        return woken is not None


_HUBS: Final[WeakKeyDictionary[asyncio.AbstractEventLoop, TriggerHub]] = WeakKeyDictionary()


def hub_for_running_loop() -> TriggerHub:
    """Give the hub of the event loop that runs."""
    return _HUBS.setdefault(asyncio.get_running_loop(), TriggerHub())


@asynccontextmanager
async def register_waits(identities: Iterable[str]) -> AsyncIterator[asyncio.Event]:
    """Be woken when the queue has brought an answer to one of some tokens.

    Args:
        identities: the ids of their records.
    """
    hub = hub_for_running_loop()
    named = tuple(identities)
    try:
        yield hub.join(named)
    finally:
        hub.leave(named)
