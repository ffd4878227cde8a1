"""Streams a state machine's ended executions, from ListExecutions or a queue."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import Any, Final

from sfn_provider.executions.aws_errors import aws_errors
from sfn_provider.secret_masking import masked_line
from sfn_provider.waiting.aws_client import ClientSettings, HookFactory, shared_client
from sfn_provider.waiting.executions.ended_executions import EndedExecution, EndedExecutionReader, SeenExecutions
from sfn_provider.waiting.quotas import bucket_for
from sfn_provider.waiting.status_queue.queue_reader import (
    RETRY_DELAY,
    StatusQueueSettings,
    delete_messages,
    receive_batches,
)
from sfn_provider.waiting.status_queue.status_messages import StatusMessage

log = logging.getLogger(__name__)

EVENT_STORE_SECONDS: Final = 5.0
"""Seconds after which Airflow has stored an event: its triggerer hands events on about once a second."""

DEDUPLICATION_SECONDS: Final = 3600.0
"""Seconds for which ended executions are remembered: SQS may deliver a message twice."""


@dataclass(frozen=True, slots=True)
class EndedExecutionFilter:
    """Selects the messages about ended executions of a state machine.

    Args:
        state_machine_arn: the state machine, without version or alias.
        statuses: the end statuses to select.
    """

    state_machine_arn: str
    statuses: Collection[str]

    def is_of_machine(self, message: StatusMessage) -> bool:
        """Is a message about an execution of the state machine?"""
        return message.change is not None and message.change.state_machine_arn == self.state_machine_arn

    def select(self, message: StatusMessage, seen: SeenExecutions) -> EndedExecution | None:
        """Return the execution of a message; None where it is not selected, or was seen before."""
        change = message.change
        if change is None or not self.is_of_machine(message) or change.status not in self.statuses:
            return None
        if (ended := EndedExecution.from_change(change)) is None:
            log.error("The message that %s has ended fires no event: it has no valid dates", change.execution_arn)
            return None
        return ended if seen.add(ended) else None


async def stream_from_lists(
    reader: EndedExecutionReader,
    state_machine_arn: str,
    settings: ClientSettings,
    make_hook: HookFactory,
    poll_interval: float,
    save_position: Callable[[dict[str, Any]], Awaitable[None]],
    log: Any,
) -> AsyncIterator[EndedExecution]:
    """Yield the executions that end, by ListExecutions.

    Args:
        reader: reads the lists.
        state_machine_arn: the state machine.
        settings: settings of the client.
        make_hook: makes the hook, in a thread.
        poll_interval: seconds between two polls.
        save_position: stores the reader's position.
        log: the trigger's logger.
    """
    bucket = bucket_for("list_executions", state_machine_arn.split(":")[4], settings.region_name or "")
    async with shared_client(settings, make_hook) as client:
        while True:
            # The position before this poll: Airflow has stored all events up to it.
            await save_position(reader.position())
            delay = poll_interval
            try:
                for ended in await reader.read(client, bucket):
                    yield ended
            except aws_errors() as error:
                delay = max(RETRY_DELAY, poll_interval)
                log.error("Cannot list executions of %s: %s", state_machine_arn, masked_line(error))
            await asyncio.sleep(max(delay, EVENT_STORE_SECONDS))


async def stream_from_queue(
    queue: StatusQueueSettings, selection: EndedExecutionFilter, log: Any
) -> AsyncIterator[EndedExecution]:
    """Yield the selected executions of a queue; a message is deleted when its event is stored.

    Args:
        queue: the queue.
        selection: selects executions.
        log: the trigger's logger.
    """
    seen = SeenExecutions()
    async with shared_client(queue.client) as client:
        async for received in receive_batches(client, queue.url, log):
            messages = [message for message in received if selection.is_of_machine(message)]
            for message in messages:
                if (ended := selection.select(message, seen)) is not None:
                    yield ended
            seen.forget_before(time.time() - DEDUPLICATION_SECONDS)
            if messages:
                await asyncio.sleep(EVENT_STORE_SECONDS)
                await delete_messages(client, queue.url, messages)


async def filter_messages(
    messages: AsyncIterator[StatusMessage], selection: EndedExecutionFilter
) -> AsyncIterator[EndedExecution]:
    """Yield the selected executions of a stream of messages."""
    seen = SeenExecutions()
    async for message in messages:
        seen.forget_before(time.time() - DEDUPLICATION_SECONDS)
        if (ended := selection.select(message, seen)) is not None:
            yield ended
