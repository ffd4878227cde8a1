"""Shares an aiobotocore client between waits, and retries calls after transient errors."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, partial
from typing import Any, Final, Literal

from sfn_provider.executions.aws_errors import AwsErrorKind, Backoff, classify_error, is_throttling
from sfn_provider.secret_masking import masked_line
from sfn_provider.telemetry.metrics import HANDLER_ID, count_response
from sfn_provider.waiting.registry import LoopRegistry, RegistryLease
from sfn_provider.waiting.token_bucket import AdaptiveTokenBucket

log = logging.getLogger(__name__)

MAX_RETRY_DELAY: Final = 20.0
"""Maximum seconds between two tries of a shared client: one try serves all waits, so it may come more often than each
wait's own."""

DEFAULT_CLIENT_CONFIG: Final[dict[str, Any]] = {
    "connect_timeout": 10,
    "read_timeout": 40,  # longer than a long poll of SQS
    "retries": {"mode": "standard", "total_max_attempts": 1},  # AwsClient retries: for all calls at once, not for each
}

HookFactory = Callable[[], Any]
"""Makes an ``AwsBaseHook``."""

ClientFactory = Callable[[], Awaitable[AbstractAsyncContextManager[Any]]]


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """The settings of a client. Waits with equal ones share it.

    Args:
        service: the service's name in boto3.
        aws_conn_id: the Airflow connection; None for boto3's default credentials.
        region_name: the region, in place of the connection's.
        verify: whether to check TLS certificates, or the path of a CA bundle.
        botocore_config: arguments of ``botocore.config.Config``, as JSON text.
    """

    service: str
    aws_conn_id: str | None
    region_name: str | None
    verify: bool | str | None
    botocore_config: str

    @classmethod
    def from_arguments(
        cls,
        service: str,
        aws_conn_id: str | None,
        region_name: str | None,
        verify: bool | str | None = None,
        botocore_config: dict[str, Any] | None = None,
    ) -> ClientSettings:
        """Make them from a trigger's arguments."""
        return cls(service, aws_conn_id, region_name, verify, json.dumps(botocore_config, sort_keys=True))

    def make_hook(self) -> Any:
        """Make a hook of the amazon provider. This imports boto3: keep it off the event loop."""
        from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook

        return AwsBaseHook(
            aws_conn_id=self.aws_conn_id,
            region_name=self.region_name,
            verify=self.verify,
            config=json.loads(self.botocore_config),
            client_type=self.service,
        )


async def create_client(make_hook: HookFactory, **config: Any) -> AbstractAsyncContextManager[Any]:
    """Create a client, an asynchronous context manager; everything slow happens in a thread.

    Args:
        make_hook: makes the hook.
        config: arguments of ``botocore.config.Config``. They override the connection's, and those override
            ``DEFAULT_CLIENT_CONFIG``.
    """
    from asgiref.sync import sync_to_async
    from botocore.config import Config

    # Not asyncio.to_thread: Airflow 3 reads a connection through the triggerer's loop, which asgiref knows.
    hook = await sync_to_async(_make_hook_with_session)(make_hook)
    merged = Config(**DEFAULT_CLIENT_CONFIG).merge(hook.config).merge(Config(**config))
    # Here, not in the thread: a wait that ends meanwhile leaves no coroutine behind that is never awaited.
    client: AbstractAsyncContextManager[Any] = hook.get_client_type(
        region_name=hook.region_name, config=merged, deferrable=True
    )
    return client


def _make_hook_with_session(make_hook: HookFactory) -> Any:
    """Make the hook, and the session that its client will use."""
    hook = make_hook()
    session = hook.get_session(region_name=hook.region_name, deferrable=True)
    session.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=_parse_timestamp)
    session.register("after-call", count_response, unique_id=HANDLER_ID)
    hook.get_session = lambda **_: session
    read_botocore_data(hook.service_name)
    return hook


def _parse_timestamp(value: Any) -> datetime:
    """Parse a date of an answer, in UTC.

    botocore makes a time zone object for each number, which takes two thirds of the time to parse a list of 1,000
    executions, in which the event loop stands still.
    """
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC)
    from botocore.utils import parse_timestamp

    parsed: datetime = parse_timestamp(value)
    return parsed


@cache
def read_botocore_data(service: str) -> None:
    """Have botocore read a service's model and endpoints, once, in this thread rather than on the event loop.

    The amazon provider gives all its asynchronous sessions one loader, which caches them.
    """
    from airflow.providers.amazon.aws.hooks.base_aws import BaseSessionFactory
    from botocore import UNSIGNED
    from botocore.config import Config

    async def enter() -> None:
        # Not create_session, which logs that no connection is given.
        session = BaseSessionFactory(conn=None).get_async_session()  # type: ignore[no-untyped-call]
        async with session.create_client(service, "us-east-1", config=Config(signature_version=UNSIGNED)):
            pass

    asyncio.run(enter())


@cache
def freeze_loaded_objects(moment: Literal["first wait", "first client"]) -> None:
    """Leave what the process has loaded out of garbage collections from now on; once for each moment.

    A full collection visits every object that is not frozen, while the event loop stands still. Airflow is 0.3 million
    of them, three times as many as 10,000 waits have; botocore and the service's model come with the first client.
    What is frozen is freed when nothing refers to it any more, but for objects that refer to each other.

    Args:
        moment: after what is loaded.
    """
    gc.freeze()


class AwsClient:
    """A client that many waits call.

    Transient errors suspend all calls of this client: one call is retried after a delay, the others wait for its
    result. After expired credentials the client is created again, from the connection.

    Args:
        create: creates the client.
        max_retry_delay: maximum seconds between two tries.
    """

    def __init__(self, create: ClientFactory, max_retry_delay: float = MAX_RETRY_DELAY) -> None:
        freeze_loaded_objects("first wait")
        self._create = create
        self._client: Any = None
        self._exit_stack = AsyncExitStack()
        self._create_lock = asyncio.Lock()
        self._retry_lock = asyncio.Lock()
        self._backoff = Backoff(max_delay=max_retry_delay)
        self._delays = 0
        self._retry_at = 0.0

    async def call(self, operation: str, bucket: AdaptiveTokenBucket | None = None, **arguments: Any) -> dict[str, Any]:
        """Call AWS until it answers.

        Args:
            operation: the client's method, ``describe_execution``.
            bucket: limits the rate of the calls.
            arguments: of the method.

        Raises:
            botocore.exceptions.ClientError: an error that no retry can resolve: a missing permission, a missing
                execution, a bad argument.
        """
        while True:
            if self._backoff.errors:
                async with self._retry_lock:
                    await asyncio.sleep(self._retry_at - asyncio.get_running_loop().time())
                    answer = await self._try(operation, bucket, arguments)
            else:
                answer = await self._try(operation, bucket, arguments)
            if answer is not None:
                return answer

    async def aclose(self) -> None:
        """Close the client."""
        self._client = None
        await self._exit_stack.aclose()

    async def _try(
        self, operation: str, bucket: AdaptiveTokenBucket | None, arguments: dict[str, Any]
    ) -> dict[str, Any] | None:
        """Call once. Gives None where the call must be repeated."""
        if bucket is not None:
            await bucket.acquire()
        delays, client = self._delays, None
        try:
            client = await self._open()
            answer: dict[str, Any] = await getattr(client, operation)(**arguments)
        except Exception as error:  # what is not transient is raised again
            if bucket is not None and is_throttling(error):
                bucket.on_throttled()
                return None
            if client is not self._client:  # it was closed and created again during this call
                return None
            kind = classify_error(error)
            if kind not in (AwsErrorKind.TRANSIENT, AwsErrorKind.EXPIRED):
                raise
            if kind is AwsErrorKind.EXPIRED:
                await self.aclose()
            if delays == self._delays:  # else another of the calls that were in flight has set the delay
                self._delay_calls(operation, error)
            return None
        self._backoff.reset()
        if bucket is not None:
            bucket.on_success()
        return answer

    def _delay_calls(self, operation: str, error: Exception) -> None:
        delay = self._backoff.next_delay(error)
        self._delays += 1
        self._retry_at = asyncio.get_running_loop().time() + delay
        log.warning("%s, next try in %.1f s: %s", operation, delay, masked_line(error))

    async def _open(self) -> Any:
        async with self._create_lock:
            if self._client is None:
                self._client = await self._exit_stack.enter_async_context(await self._create())
                freeze_loaded_objects("first client")
            return self._client


_CLIENTS: Final[LoopRegistry[ClientSettings, AwsClient]] = LoopRegistry()


def shared_client(
    settings: ClientSettings, make_hook: HookFactory | None = None
) -> RegistryLease[ClientSettings, AwsClient]:
    """Lease the client that all waits with these settings share. Enter the result with ``async with``.

    Args:
        settings: of the client.
        make_hook: makes the hook, in a thread. Default: ``settings.make_hook``.
    """
    return _CLIENTS.lease(settings, lambda: AwsClient(partial(create_client, make_hook or settings.make_hook)))
