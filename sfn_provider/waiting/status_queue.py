"""Reads SQS queues to which EventBridge sends "Step Functions Execution Status Change" events."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import Context
from dataclasses import dataclass
from typing import Any, Final

from sfn_provider._compat import AirflowFailException
from sfn_provider.executions.aws_errors import aws_errors
from sfn_provider.waiting.aws_client import AwsClient, ClientSettings, shared_client
from sfn_provider.waiting.registry import LoopRegistry, RegistryLease

log = logging.getLogger(__name__)

DETAIL_TYPE: Final = "Step Functions Execution Status Change"

LONG_POLL_SECONDS: Final = 20
"""Seconds that one call waits for messages: the maximum of SQS."""

MAX_RECEIVES: Final = 3
"""How often a message about an execution that nothing here waits for is received before it is deleted."""

RETRY_DELAY: Final = 60.0
"""Seconds until the next try where AWS refuses a call of an event trigger: a permission may still be granted."""

_URL_REGION: Final = re.compile(r"^https?://(?:sqs\.([a-z0-9-]+)\.|([a-z0-9-]+)\.queue\.)")


@dataclass(frozen=True, slots=True)
class StatusMessage:
    """A message of the queue.

    Args:
        id: its id.
        receipt: its receipt handle.
        receives: how often it was received, this time included.
        detail: the event's ``detail``: ``executionArn``, ``status``, ``name``, ``startDate`` and so on. Empty where
            the message is not a status change of an execution.
    """

    id: str
    receipt: str
    receives: int
    detail: dict[str, Any]

    @property
    def execution_arn(self) -> str:
        """The execution; "" where the message is about none."""
        return str(self.detail.get("executionArn", ""))


def parse_message(message: dict[str, Any]) -> StatusMessage:
    """Parse a message of ReceiveMessage. One that is not an event of Step Functions has no detail.

    Source of the event's shape: Step Functions Developer Guide, "Automating Step Functions event delivery with
    EventBridge".
    """
    try:
        event = json.loads(message["Body"])
    except ValueError:
        event = None
    is_status_change = isinstance(event, dict) and event.get("detail-type") == DETAIL_TYPE
    receives = int(message.get("Attributes", {}).get("ApproximateReceiveCount", 1))
    detail = event["detail"] if is_status_change else {}
    return StatusMessage(message["MessageId"], message["ReceiptHandle"], receives, detail)


async def receive_messages(client: AwsClient, queue_url: str) -> list[StatusMessage]:
    """Wait up to `LONG_POLL_SECONDS` for up to 10 messages.

    Raises:
        AirflowFailException: the queue cannot be read; the message says what to do.
    """
    try:
        answer = await client.call(
            "receive_message",
            QueueUrl=queue_url,
            MaxNumberOfMessages=10,
            WaitTimeSeconds=LONG_POLL_SECONDS,
            AttributeNames=["ApproximateReceiveCount"],
        )
    except aws_errors() as error:  # not a transient one
        raise AirflowFailException(
            f"status_queue_url: {queue_url} cannot be read: {error}. The credentials of the Airflow connection need "
            "sqs:ReceiveMessage and sqs:DeleteMessage on it."
        ) from error
    return [parse_message(message) for message in answer.get("Messages", ())]


async def receive_batches(client: AwsClient, queue_url: str, log: Any) -> AsyncIterator[list[StatusMessage]]:
    """Yield batches of messages until cancelled; a queue that cannot be read is tried again after `RETRY_DELAY`."""
    while True:
        try:
            messages = await receive_messages(client, queue_url)
        except AirflowFailException as error:  # a permission may still be granted
            log.error("%s", error)
            await asyncio.sleep(RETRY_DELAY)
        else:
            yield messages


async def delete_messages(client: AwsClient, queue_url: str, messages: Sequence[StatusMessage]) -> None:
    """Delete up to 10 messages. One that could not be deleted is delivered again, which does no harm."""
    if messages:
        entries = [{"Id": str(n), "ReceiptHandle": message.receipt} for n, message in enumerate(messages)]
        await client.call("delete_message_batch", QueueUrl=queue_url, Entries=entries)


class StatusQueue:
    """Reads one queue for all waits of an event loop.

    A message about an execution that a listener waits for is deleted: DescribeExecution confirms the status, and if
    this process ends meanwhile, the next one describes the execution when it begins to wait. Other messages are left
    for other readers of the queue: each becomes visible again after its visibility timeout. One about an execution is
    deleted when it was received three times, so that the queue does not fill up.
    """

    def __init__(self, settings: StatusQueueSettings) -> None:
        self._settings = settings
        self._listeners: list[StatusListener] = []
        self._task: asyncio.Task[None] | None = None

    @contextmanager
    def notify(self, listener: StatusListener) -> Iterator[None]:
        """Notify a listener of messages while the block runs."""
        self._listeners.append(listener)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run(), context=Context())
        try:
            yield
        finally:
            self._listeners.remove(listener)

    async def aclose(self) -> None:
        """Stop reading."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        url = self._settings.url
        try:
            async with shared_client(self._settings.client) as client:
                while True:
                    messages = await receive_messages(client, url)
                    # Also those that end no wait here, such as "RUNNING": no other reader needs them.
                    await delete_messages(client, url, [each for each in messages if self._should_delete(each)])
        except Exception as error:
            for listener in list(self._listeners):
                listener.on_error(error)

    def _should_delete(self, message: StatusMessage) -> bool:
        arn = message.execution_arn
        if not arn:
            log.warning("%s has a message that is no %r; it is left there", self._settings.url, DETAIL_TYPE)
            return False
        waited_for = [listener.on_status_change(arn) for listener in list(self._listeners)]
        # The start of an execution ends no wait, here or elsewhere.
        return any(waited_for) or message.detail.get("status") == "RUNNING" or message.receives >= MAX_RECEIVES


@dataclass(frozen=True, slots=True, eq=False)
class StatusListener:
    """A poller that waits for executions.

    Args:
        on_status_change: called with the ARN of an execution whose status has changed; tells whether it is waited for.
        on_error: called where the queue cannot be read.
    """

    on_status_change: Callable[[str], bool]
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
