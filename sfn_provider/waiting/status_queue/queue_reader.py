"""Reads SQS queues to which EventBridge sends "Step Functions Execution Status Change" events."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import Context
from dataclasses import dataclass
from typing import Any, Final

from sfn_provider._compat import AirflowFailException
from sfn_provider.executions.aws_errors import AwsErrorKind, aws_errors, classify_error
from sfn_provider.secret_masking import masked_line
from sfn_provider.waiting.aws_client import AwsClient, ClientSettings, shared_client
from sfn_provider.waiting.registry import LoopRegistry, RegistryLease
from sfn_provider.waiting.status_queue.status_messages import StatusChange, StatusMessage, parse_message

log = logging.getLogger(__name__)

BATCH_SIZE: Final = 10
"""Maximum messages of a call of SQS."""

LONG_POLL_SECONDS: Final = 20
"""Seconds that one call waits for messages: the maximum of SQS."""

RETRY_DELAY: Final = 60.0
"""Seconds until the next try where AWS refuses a call of an event trigger: a permission may still be granted."""

FULL_BATCH: Final = 8
"""With so many messages in one answer there are probably more in the queue."""

GATHER_SECONDS: float = 1.0
"""Seconds until the next call after one that did not give a full batch, so that messages gather meanwhile."""

FULL_BATCHES_PER_HELPER: Final = 3
MAX_HELPERS: Final = 6
"""After so many full batches in a row one more call is made at the same time, up to these; a client has 10
connections."""

DELETE_DELAY: Final = 5
"""Seconds that the deletion of a message may wait for others, so that one call deletes 10."""

CLOSE_SECONDS: Final = 2.0
"""Seconds that the end of the last wait may be delayed by deletions."""

RELEASE_DELAYS: Final = (0, 1, 2, 5, 10)
"""Seconds after which a message that nothing here waits for shows again, by how often it was received: another
triggerer may wait for it. It is deleted when it was received once more."""

_URL_REGION: Final = re.compile(r"^https?://(?:sqs\.([a-z0-9-]+)\.|([a-z0-9-]+)\.queue\.)")


async def receive_messages(
    client: AwsClient, queue_url: str, wait_seconds: int = LONG_POLL_SECONDS
) -> list[StatusMessage]:
    """Wait for up to 10 messages.

    Raises:
        AirflowFailException: the queue cannot be read; the message says what to do.
    """
    answer = await _call(
        client,
        "receive_message",
        QueueUrl=queue_url,
        MaxNumberOfMessages=BATCH_SIZE,
        WaitTimeSeconds=wait_seconds,
        AttributeNames=["ApproximateReceiveCount"],
    )
    messages = [parse_message(message) for message in answer.get("Messages", ())]
    for message in messages:
        if message.problem:
            log.warning("A message of %s is not used: %.500s", queue_url, message.problem)
    return messages


async def receive_batches(client: AwsClient, queue_url: str, log: Any) -> AsyncIterator[list[StatusMessage]]:
    """Yield batches of messages until cancelled; a queue that cannot be read is tried again after `RETRY_DELAY`."""
    while True:
        try:
            messages = await receive_messages(client, queue_url)
        except AirflowFailException as error:  # a permission may still be granted
            log.error("%s", masked_line(error))
            await asyncio.sleep(RETRY_DELAY)
        else:
            yield messages


async def delete_messages(client: AwsClient, queue_url: str, messages: Sequence[StatusMessage]) -> None:
    """Delete up to 10 messages. One that could not be deleted is delivered again, which does no harm.

    Raises:
        AirflowFailException: it is not permitted; the message says what to do.
    """
    if messages:
        entries = [{"Id": str(n), "ReceiptHandle": message.receipt} for n, message in enumerate(messages)]
        await _call(client, "delete_message_batch", QueueUrl=queue_url, Entries=entries)


async def _call(client: AwsClient, operation: str, **arguments: Any) -> dict[str, Any]:
    try:
        return await client.call(operation, **arguments)
    except aws_errors() as error:  # not a transient one
        raise AirflowFailException(
            f"status_queue_url: {arguments['QueueUrl']} cannot be read: {masked_line(error)}. The credentials of "
            "the Airflow connection need sqs:ReceiveMessage and sqs:DeleteMessage on it."
        ) from error


class StatusQueue:
    """Reads one queue for all waits of an event loop.

    While answers are full there is no pause between calls, and several are under way; otherwise messages gather for
    `GATHER_SECONDS`. Messages are deleted 10 at a time.

    A message is deleted as soon as a listener has taken it: if this process ends before Airflow has stored the event,
    the next one lists the executions when it begins to wait. One that nothing here waits for is left for the other
    triggerers that read the queue, and deleted when it was received so often that none of them can need it. One that is
    no status change at all is left alone.
    """

    def __init__(self, settings: StatusQueueSettings) -> None:
        self._settings = settings
        self._listeners: list[StatusListener] = []
        self._task: asyncio.Task[None] | None = None
        self._deletable: list[StatusMessage] = []
        self._delete_at = 0.0
        self._helpers: set[asyncio.Task[None]] = set()
        self._may_release = True

    @contextmanager
    def notify(self, listener: StatusListener) -> Iterator[None]:
        """Notify a listener of messages while the block runs."""
        self._listeners.append(listener)
        self.start()
        try:
            yield
        finally:
            self._listeners.remove(listener)

    def start(self) -> None:
        """Start reading, unless it is under way."""
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run(), context=Context())

    async def aclose(self) -> None:
        """Stop reading."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        try:
            async with shared_client(self._settings.client) as client:
                try:
                    async with asyncio.TaskGroup() as group:
                        await self._read(client, group)
                finally:
                    await self._delete_rest(client)
        except* Exception as errors:
            for listener in list(self._listeners):
                listener.on_error(errors.exceptions[0])

    async def _read(self, client: AwsClient, group: asyncio.TaskGroup) -> None:
        """Receive until cancelled, with helpers while the queue is full."""
        full_batches = 0
        while True:
            received = await self._receive(client, DELETE_DELAY if self._deletable else LONG_POLL_SECONDS)
            full_batches = full_batches + 1 if received >= FULL_BATCH else 0
            if not full_batches:
                await asyncio.sleep(GATHER_SECONDS if received else 0)
            elif full_batches % FULL_BATCHES_PER_HELPER == 0 and len(self._helpers) < MAX_HELPERS:
                helper = group.create_task(self._help(client))
                self._helpers.add(helper)
                helper.add_done_callback(self._helpers.discard)

    async def _help(self, client: AwsClient) -> None:
        """Receive while the queue is full."""
        while await self._receive(client, 0) >= FULL_BATCH:
            pass

    async def _receive(self, client: AwsClient, wait_seconds: int) -> int:
        """Receive a batch, and delete what is to be deleted. Gives the number of messages."""
        messages = await receive_messages(client, self._settings.url, wait_seconds)
        foreign = [message for message in messages if not self._take(message)]
        while len(self._deletable) >= BATCH_SIZE or (self._deletable and self._now() >= self._delete_at):
            await self._delete_batch(client)
        await self._release(client, foreign)
        return len(messages)

    def _take(self, message: StatusMessage) -> bool:
        """Hand a message to the listeners. Tells whether nobody else needs it."""
        change = message.change
        # All listeners, not any: each has its own waits.
        taken = change is not None and any([listener.on_change(change) for listener in list(self._listeners)])
        is_start = change is not None and change.status == "RUNNING"  # ends no wait, here or elsewhere
        is_old = message.is_status_change and message.receives > len(RELEASE_DELAYS)
        if not (taken or is_start or is_old):
            return False
        if not self._deletable:
            self._delete_at = self._now() + DELETE_DELAY
        self._deletable.append(message)
        return True

    async def _delete_batch(self, client: AwsClient) -> None:
        batch = self._deletable[:BATCH_SIZE]
        del self._deletable[:BATCH_SIZE]
        try:
            await delete_messages(client, self._settings.url, batch)
        except asyncio.CancelledError:
            self._deletable += batch
            raise

    async def _delete_rest(self, client: AwsClient) -> None:
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                while self._deletable:
                    await self._delete_batch(client)
        except TimeoutError:
            count, url = len(self._deletable), self._settings.url
            log.warning("%d messages of %s show again: they could not be deleted", count, url)

    async def _release(self, client: AwsClient, messages: Sequence[StatusMessage]) -> None:
        """Let others receive messages soon."""
        entries = [
            {"Id": str(n), "ReceiptHandle": message.receipt, "VisibilityTimeout": RELEASE_DELAYS[message.receives - 1]}
            for n, message in enumerate(messages)
            if message.change is not None
        ]
        if not entries or not self._may_release:
            return
        try:
            await client.call("change_message_visibility_batch", QueueUrl=self._settings.url, Entries=entries)
        except aws_errors() as error:
            if classify_error(error) is not AwsErrorKind.DENIED:
                raise
            self._may_release = False
            log.warning(
                "%s: without sqs:ChangeMessageVisibility, a message that another triggerer waits for reaches it only "
                "after the queue's visibility timeout: %s",
                self._settings.url,
                error,
            )

    def _now(self) -> float:
        return asyncio.get_running_loop().time()


@dataclass(frozen=True, slots=True, eq=False)
class StatusListener:
    """A poller that waits for executions.

    Args:
        on_change: called with a status change; tells whether it was for this listener alone.
        on_error: called where the queue cannot be read.
    """

    on_change: Callable[[StatusChange], bool]
    on_error: Callable[[Exception], None]


def queue_region(queue_url: str) -> str | None:
    """Return the region in a queue's URL; None where there is none."""
    found = _URL_REGION.match(queue_url)
    return (found.group(1) or found.group(2)) if found else None


@dataclass(frozen=True, slots=True)
class StatusQueueSettings:
    """A queue, and the settings of its client.

    Args:
        url: the queue's URL.
        client: settings of the client.
    """

    url: str
    client: ClientSettings

    @classmethod
    def from_arguments(
        cls,
        url: str,
        aws_conn_id: str | None,
        region_name: str | None,
        verify: bool | str | None,
        botocore_config: dict[str, Any] | None,
    ) -> StatusQueueSettings:
        """Make them from a trigger's arguments. The region is the URL's, if it has one."""
        region = queue_region(url) or region_name
        return cls(url, ClientSettings.from_arguments("sqs", aws_conn_id, region, verify, botocore_config))

    def shared_reader(self) -> RegistryLease[StatusQueueSettings, StatusQueue]:
        """Lease the one reader of the queue. Enter the result with ``async with``."""
        return _QUEUES.lease(self, lambda: StatusQueue(self))


_QUEUES: Final[LoopRegistry[StatusQueueSettings, StatusQueue]] = LoopRegistry()
