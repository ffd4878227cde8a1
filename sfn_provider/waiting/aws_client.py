"""One aiobotocore client for all waits that use the same connection, and calls that outlast what passes."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, Final

from sfn_provider.executions.aws_errors import AwsErrorKind, Backoff, classify_error, is_throttling
from sfn_provider.waiting.registry import LoopRegistry, RegistryLease
from sfn_provider.waiting.token_bucket import AdaptiveTokenBucket

log = logging.getLogger(__name__)

MAX_RETRY_DELAY: Final = 20.0
"""Seconds between two tries, at most. One try is made for all waits, so it may come oftener than each wait's own."""

DEFAULT_CLIENT_CONFIG: Final[dict[str, Any]] = {
    "connect_timeout": 10,
    "read_timeout": 40,  # longer than a long poll of SQS
    "retries": {"mode": "standard", "total_max_attempts": 1},  # the pauses are ours: they hold up all calls, not one
}

HookFactory = Callable[[], Any]
"""Makes an ``AwsBaseHook``."""

ClientFactory = Callable[[], Awaitable[AbstractAsyncContextManager[Any]]]


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """How AWS is reached. Waits with equal ones share a client.

    Args:
        service: the service's name in boto3.
        aws_conn_id: the Airflow connection; None for boto3's own search for credentials.
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
    def of(
        cls,
        service: str,
        aws_conn_id: str | None,
        region_name: str | None,
        verify: bool | str | None,
        botocore_config: dict[str, Any] | None,
    ) -> ClientSettings:
        """Make one out of a trigger's arguments."""
        return cls(service, aws_conn_id, region_name, verify, json.dumps(botocore_config, sort_keys=True))


async def create_client(make_hook: HookFactory, **settings: Any) -> AbstractAsyncContextManager[Any]:
    """Make a client, an asynchronous context manager; all that takes long happens in a thread.

    Args:
        make_hook: makes the hook out of a trigger's arguments.
        settings: of ``botocore.config.Config``. They go before those of the connection, and those before
            ``DEFAULT_CLIENT_CONFIG``.
    """
    from asgiref.sync import sync_to_async
    from botocore.config import Config

    # Not asyncio.to_thread: Airflow 3 reads a connection through the triggerer's loop, which asgiref knows.
    hook = await sync_to_async(_with_session)(make_hook)
    config = Config(**DEFAULT_CLIENT_CONFIG).merge(hook.config).merge(Config(**settings))
    # Here, not in the thread: a wait that ends meanwhile leaves no coroutine behind that nobody awaits.
    client: AbstractAsyncContextManager[Any] = hook.get_client_type(
        region_name=hook.region_name, config=config, deferrable=True
    )
    return client


def _with_session(make_hook: HookFactory) -> Any:
    """Make the hook, and the session that its client takes then."""
    hook = make_hook()
    session = hook.get_session(region_name=hook.region_name, deferrable=True)
    hook.get_session = lambda **_: session
    read_botocore_data(hook.service_name)
    return hook


@cache
def read_botocore_data(service: str) -> None:
    """Have botocore read a service's model and its endpoints, once, where that holds up no event loop.

    The amazon provider gives all its asynchronous sessions one loader, which keeps them.
    """
    from airflow.providers.amazon.aws.hooks.base_aws import BaseSessionFactory
    from botocore import UNSIGNED
    from botocore.config import Config

    async def enter() -> None:
        session = BaseSessionFactory(conn=None).create_session(deferrable=True)
        async with session.create_client(service, "us-east-1", config=Config(signature_version=UNSIGNED)):
            pass

    asyncio.run(enter())


class AwsClient:
    """A client that many waits call.

    Errors that pass hold up every call of this client: one call tries again after a pause, the others wait for its
    answer. Expired credentials have the client made anew, from the connection.

    Args:
        connect: makes the client.
    """

    def __init__(self, connect: ClientFactory) -> None:
        self._connect = connect
        self._client: Any = None
        self._held = AsyncExitStack()
        self._making = asyncio.Lock()
        self._probing = asyncio.Lock()
        self._patience = Backoff(max_delay=MAX_RETRY_DELAY)
        self._pauses = 0
        self._resume = 0.0

    async def call(self, operation: str, pace: AdaptiveTokenBucket | None = None, **arguments: Any) -> dict[str, Any]:
        """Call AWS until it answers.

        Args:
            operation: the client's method, ``describe_execution``.
            pace: what the call is paced by.
            arguments: of the method.

        Returns:
            The answer.

        Raises:
            botocore.exceptions.ClientError: an answer that no waiting mends: a missing permission, a missing
                execution, a bad argument.
        """
        while True:
            if self._patience.errors:
                async with self._probing:
                    await asyncio.sleep(self._resume - asyncio.get_running_loop().time())
                    answer = await self._try(operation, pace, arguments)
            else:
                answer = await self._try(operation, pace, arguments)
            if answer is not None:
                return answer

    async def aclose(self) -> None:
        """Close the client."""
        self._client = None
        await self._held.aclose()

    async def _try(
        self, operation: str, pace: AdaptiveTokenBucket | None, arguments: dict[str, Any]
    ) -> dict[str, Any] | None:
        if pace is not None:
            await pace.take()
        pauses, client = self._pauses, None
        try:
            client = await self._connected()
            answer: dict[str, Any] = await getattr(client, operation)(**arguments)
        except Exception as error:  # what cannot pass is raised again
            if pace is not None and is_throttling(error):
                pace.throttled()
                return None
            if client is not self._client:  # made anew, and the old one closed, while this call was on its way
                return None
            if classify_error(error) not in (AwsErrorKind.TRANSIENT, AwsErrorKind.EXPIRED):
                raise
            if classify_error(error) is AwsErrorKind.EXPIRED:
                await self.aclose()
            if pauses == self._pauses:  # not one of many that were on their way when the trouble began
                self._pause(operation, error)
            return None
        self._patience.reset()
        if pace is not None:
            pace.answered()
        return answer

    def _pause(self, operation: str, error: Exception) -> None:
        pause = self._patience.next_delay(error)
        self._pauses += 1
        self._resume = asyncio.get_running_loop().time() + pause
        log.warning("%s, next try in %.1f s: %s", operation, pause, error)

    async def _connected(self) -> Any:
        async with self._making:
            if self._client is None:
                self._client = await self._held.enter_async_context(await self._connect())
            return self._client


_CLIENTS: Final[LoopRegistry[ClientSettings, AwsClient]] = LoopRegistry()


def shared_client(access: ClientSettings, make_hook: HookFactory) -> RegistryLease[ClientSettings, AwsClient]:
    """Use the client that all waits with this access share. Enter the result with ``async with``."""
    return _CLIENTS.use(access, lambda: AwsClient(partial(create_client, make_hook)))
