"""Feeds Airflow's shared event stream from a queue of status changes. For Airflow 3.3 and later."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Sequence
from typing import Any

from sfn_provider._compat import SharedStreamProducer
from sfn_provider.waiting.aws_client import shared_client
from sfn_provider.waiting.status_queue.queue_reader import StatusQueueSettings, delete_messages, receive_batches
from sfn_provider.waiting.status_queue.status_messages import StatusMessage

log = logging.getLogger(__name__)


class StatusStream(SharedStreamProducer):
    """Reads a queue for all its watchers, and deletes a message when Airflow has stored the events made of it.

    A message that a watcher failed to process stays in the queue and is delivered again.
    """

    def __init__(self, queue: StatusQueueSettings) -> None:
        self._queue = queue

    async def open_stream(self) -> AsyncIterator[tuple[StatusMessage, StatusMessage]]:
        """Yield each message about an execution: for the watchers, and for ``advance`` after they have processed it."""
        async with shared_client(self._queue.client) as client:
            async for messages in receive_batches(client, self._queue.url, log):
                for message in messages:
                    if message.change is not None:
                        yield message, message

    async def advance(self, batch: Sequence[Any]) -> None:
        """Delete the messages that all watchers have processed."""
        done = [item.broker_payload for item in batch if item.outcome.is_clean]
        async with shared_client(self._queue.client) as client:
            for begin in range(0, len(done), 10):
                await delete_messages(client, self._queue.url, done[begin : begin + 10])

    def get_advance_lane(self, broker_payload: StatusMessage) -> str:
        """Return each message a separate lane: they are deleted one by one, in any order."""
        return broker_payload.receipt
