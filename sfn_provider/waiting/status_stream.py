"""A queue of status changes as Airflow's shared stream reads it. For Airflow 3.3 and later."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from typing import Any

from sfn_provider._compat import AirflowFailException, SharedStreamProducer
from sfn_provider.waiting.aws_client import shared_client
from sfn_provider.waiting.status_queue import QueueAddress, StatusMessage, delete_messages, receive_messages

log = logging.getLogger(__name__)

RETRY_DELAY = 60.0


class StatusStream(SharedStreamProducer):
    """Reads a queue for all watches of it, and deletes a message when Airflow has stored what came of it.

    A message that a watch did not get through with stays in the queue and comes again.

    Args:
        queue: the queue.
    """

    def __init__(self, queue: QueueAddress) -> None:
        self._queue = queue

    async def open_stream(self) -> AsyncIterator[tuple[StatusMessage, StatusMessage]]:
        """Give each message about an execution: for the watches, and for ``advance`` when they are done with it."""
        async with shared_client(self._queue.access, self._queue.make_hook) as client:
            while True:
                try:
                    messages = await receive_messages(client, self._queue.url)
                except AirflowFailException as error:  # a permission may be granted yet
                    log.error("%s", error)
                    await asyncio.sleep(RETRY_DELAY)
                    continue
                for message in messages:
                    if message.execution_arn:
                        yield message, message

    async def advance(self, batch: Sequence[Any]) -> None:
        """Delete the messages that all watches are done with."""
        done = [item.broker_payload for item in batch if item.outcome.is_clean]
        async with shared_client(self._queue.access, self._queue.make_hook) as client:
            for begin in range(0, len(done), 10):
                await delete_messages(client, self._queue.url, done[begin : begin + 10])

    def get_advance_lane(self, broker_payload: StatusMessage) -> str:
        """Give each message a lane of its own: they are deleted one by one, in any order."""
        return broker_payload.receipt
