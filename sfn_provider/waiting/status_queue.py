"""Queues that EventBridge sends "Step Functions Execution Status Change" events to, and who reads them."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import Context
from dataclasses import dataclass
from typing import Any, Final

from sfn_provider._compat import AirflowFailException
from sfn_provider.executions.aws_errors import aws_errors
from sfn_provider.waiting.aws_client import AwsClient, ClientSettings, HookFactory, shared_client
from sfn_provider.waiting.registry import LoopRegistry, RegistryLease

log = logging.getLogger(__name__)

DETAIL_TYPE: Final = "Step Functions Execution Status Change"

LONG_POLL_SECONDS: Final = 20
"""Seconds that SQS holds a call open until there is a message, at most."""

MAX_RECEIVES: Final = 3
"""How often a message that nobody here waits for is put back for another reader of the queue before it is deleted."""

_URL_REGION: Final = re.compile(r"^https?://(?:sqs\.([a-z0-9-]+)\.|([a-z0-9-]+)\.queue\.)")


@dataclass(frozen=True, slots=True)
class StatusMessage:
    """A message of the queue.

    Args:
        id: of the message.
        receipt: what SQS wants to see before it deletes the message or puts it back.
        receives: how often it was received, this time included.
        detail: the event's ``detail``: ``executionArn``, ``status``, ``name``, ``startDate`` and so on. Empty where
            the message is no change of an execution's status.
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
    """Read a message as ReceiveMessage gives it. One that is no event of Step Functions has no detail.

    Source of the event's shape: Step Functions Developer Guide, "Automating Step Functions event delivery with
    EventBridge".
    """
    try:
        event = json.loads(message["Body"])
    except ValueError:
        event = None
    known = isinstance(event, dict) and event.get("detail-type") == DETAIL_TYPE
    receives = int(message.get("Attributes", {}).get("ApproximateReceiveCount", 1))
    return StatusMessage(message["MessageId"], message["ReceiptHandle"], receives, event["detail"] if known else {})


async def receive_messages(client: AwsClient, queue_url: str) -> list[StatusMessage]:
    """Wait for messages, some seconds at most. Gives up to 10.

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
    except aws_errors() as error:  # no waiting mends it
        raise AirflowFailException(
            f"status_queue_url: {queue_url} cannot be read: {error}. The credentials of the Airflow connection need "
            "sqs:ReceiveMessage and sqs:DeleteMessage on it."
        ) from error
    return [parse_message(message) for message in answer.get("Messages", ())]


async def delete_messages(client: AwsClient, queue_url: str, messages: Sequence[StatusMessage]) -> None:
    """Delete messages, up to 10. One that could not be deleted comes again, which does no harm."""
    if messages:
        entries = [{"Id": str(n), "ReceiptHandle": message.receipt} for n, message in enumerate(messages)]
        await client.call("delete_message_batch", QueueUrl=queue_url, Entries=entries)


class StatusQueue:
    """Reads one queue for all waits of an event loop.

    A message about an execution that somebody here waits for is passed on and deleted: what it says is confirmed by a
    description, and where this process ends meanwhile, the next one looks at the execution when it begins to wait.
    Other messages are left for other readers of the queue: each shows again when its visibility timeout is over. One
    about an execution is deleted when it was received three times, so that the queue does not fill up.

    Args:
        address: the queue.
    """

    def __init__(self, address: QueueAddress) -> None:
        self._address = address
        self._readers: list[StatusListener] = []
        self._task: asyncio.Task[None] | None = None

    @contextmanager
    def read_by(self, reader: StatusListener) -> Iterator[None]:
        """Pass messages on to a reader while the block runs."""
        self._readers.append(reader)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run(), context=Context())
        try:
            yield
        finally:
            self._readers.remove(reader)

    async def aclose(self) -> None:
        """Stop reading."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        try:
            async with shared_client(self._address.access, self._address.make_hook) as client:
                while True:
                    messages = await receive_messages(client, self._address.url)
                    # Also of those that end no wait here, as "RUNNING": nobody else has a use for them.
                    await delete_messages(
                        client, self._address.url, [message for message in messages if self._is_done_with(message)]
                    )
        except Exception as error:
            for reader in list(self._readers):
                reader.failed(error)

    def _is_done_with(self, message: StatusMessage) -> bool:
        arn = message.execution_arn
        if not arn:
            log.warning("%s has a message that is no %r; it is left there", self._address.url, DETAIL_TYPE)
            return False
        heard = [reader.heard(arn) for reader in list(self._readers)]
        # The start of an execution ends no wait, here or elsewhere.
        return any(heard) or message.detail.get("status") == "RUNNING" or message.receives >= MAX_RECEIVES


@dataclass(frozen=True, slots=True, eq=False)
class StatusListener:
    """Somebody who waits for executions.

    Args:
        heard: is told of an execution whose status has changed; says whether it is waited for.
        failed: is told that the queue cannot be read.
    """

    heard: Callable[[str], bool]
    failed: Callable[[Exception], None]


def queue_region(queue_url: str) -> str | None:
    """Read a queue's region out of its URL; None where that does not say."""
    found = _URL_REGION.match(queue_url)
    return (found.group(1) or found.group(2)) if found else None


@dataclass(frozen=True, slots=True)
class QueueAddress:
    """A queue, and how to reach it.

    Args:
        url: the queue's URL.
        access: how it is reached.
        make_hook: makes the hook, in a thread.
    """

    url: str
    access: ClientSettings
    make_hook: HookFactory

    @classmethod
    def of(
        cls,
        url: str,
        aws_conn_id: str | None,
        region_name: str | None,
        verify: bool | str | None,
        botocore_config: dict[str, Any] | None,
    ) -> QueueAddress:
        """Make one out of a trigger's arguments. The region is the URL's, if it says one."""
        region = queue_region(url) or region_name

        def make_hook() -> Any:
            from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook

            return AwsBaseHook(
                aws_conn_id=aws_conn_id,
                region_name=region,
                verify=verify,
                config=botocore_config,
                client_type="sqs",
            )

        return cls(url, ClientSettings.of("sqs", aws_conn_id, region, verify, botocore_config), make_hook)

    def shared_reader(self) -> RegistryLease[tuple[ClientSettings, str], StatusQueue]:
        """Use the one reader of the queue. Enter the result with ``async with``."""
        return _QUEUES.use((self.access, self.url), lambda: StatusQueue(self))


_QUEUES: Final[LoopRegistry[tuple[ClientSettings, str], StatusQueue]] = LoopRegistry()
