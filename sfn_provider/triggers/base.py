"""Bases of the triggers: the AWS connection arguments, and polling until there is an event."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any, ClassVar, Final

from sfn_provider._compat import AirflowFailException, BaseTrigger, TriggerEvent
from sfn_provider.driving.aws_hook_mixin import AwsHookFactory, LazyHookClass
from sfn_provider.exceptions import UsageError
from sfn_provider.executions.arns import parse_region
from sfn_provider.executions.aws_errors import Backoff, aws_errors
from sfn_provider.executions.wait_messages import begin_line, end_line
from sfn_provider.links.step_function import console_address
from sfn_provider.secret_masking import excerpt, masked_line
from sfn_provider.waiting.aws_client import AwsClient, ClientSettings, shared_client
from sfn_provider.waiting.status_queue.queue_reader import StatusQueueSettings

if TYPE_CHECKING:
    from sfn_provider.hooks.step_function import StepFunctionHook


_MAX_SHOWN: Final = 1000
"""Characters of an event's payload in the log."""

_AWS_ARGUMENTS = ("aws_conn_id", "region_name", "verify", "botocore_config")


class AwsTriggerMixin(AwsHookFactory):
    """Serializes a trigger with AWS connection arguments, and makes hook, client and queue settings from these."""

    argument_names: ClassVar[tuple[str, ...]] = ()
    """The trigger's arguments but those of the AWS connection; each is an attribute, too."""

    def _set_aws_arguments(
        self,
        aws_conn_id: str | None,
        region_name: str | None,
        verify: bool | str | None,
        botocore_config: dict[str, Any] | None,
    ) -> None:
        self.aws_conn_id = aws_conn_id
        self.region_name = region_name
        self.verify = verify
        self.botocore_config = botocore_config

    def hook(self) -> StepFunctionHook:
        """Make the hook. This imports boto3: keep it off the event loop."""
        return self.make_hook()

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return the class path and the arguments that recreate this trigger."""
        return f"{type(self).__module__}.{type(self).__qualname__}", {
            name: getattr(self, name) for name in (*self.argument_names, *_AWS_ARGUMENTS)
        }

    def _client_settings(self) -> ClientSettings:
        return ClientSettings.from_arguments("stepfunctions", *self._client_arguments())

    def _queue_settings(self, queue_url: str) -> StatusQueueSettings:
        return StatusQueueSettings.from_arguments(queue_url, *self._client_arguments())

    def _client_arguments(self) -> tuple[str | None, str | None, bool | str | None, dict[str, Any] | None]:
        region = self.region_name or parse_region(getattr(self, self.arn_field))
        return self.aws_conn_id, region, self.verify, self.botocore_config


class EventPayload(dict[str, Any]):
    """The payload of an event. Airflow logs its text when the trigger fires, so this has no secrets in it."""

    def __repr__(self) -> str:
        return excerpt(dict(self), _MAX_SHOWN)


def make_event(payload: Mapping[str, Any]) -> TriggerEvent:
    """Make a trigger's event: of an execution's output, a task's input, a task token."""
    return TriggerEvent(EventPayload(payload))  # type: ignore[no-untyped-call]


def error_event(error: Exception) -> dict[str, Any]:
    """Return the event of a wait that cannot go on: ``final`` says that a retry of the task is of no use."""
    final = isinstance(error, (AirflowFailException, UsageError))
    text = masked_line(error)
    return {"status": "error", "message": text if final else f"{type(error).__name__}: {text}", "final": final}


class PollingTrigger(AwsTriggerMixin, BaseTrigger):
    """Poll until there is an event. The wait's begin, its progress and its end go to the log.

    The one event is ``{"status": "success", ...}``; that of a wait that cannot go on is ``{"status": "error",
    "message": ..., "final": ...}``, where ``final`` says that a retry of the task is of no use.

    Args:
        waiter_delay: seconds between two polls.
        aws_conn_id: the Airflow connection; None for boto3's default credentials.
        region_name: the region, in place of the connection's.
        verify: whether to check TLS certificates, or the path of a CA bundle.
        botocore_config: arguments of ``botocore.config.Config``.
    """

    aws_hook_class = LazyHookClass("sfn_provider.triggers.step_function")

    def __init__(
        self,
        *,
        waiter_delay: float = 60,
        aws_conn_id: str | None = None,
        region_name: str | None = None,
        verify: bool | str | None = None,
        botocore_config: dict[str, Any] | None = None,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.waiter_delay = waiter_delay
        self._set_aws_arguments(aws_conn_id, region_name, verify, botocore_config)
        self._client: AwsClient | None = None
        self._progress = ""

    async def poll(self) -> dict[str, Any] | None:
        """Poll once. Gives the event, without its status, when there is one."""
        raise NotImplementedError

    @property
    def subject(self) -> str:
        """What is waited for, for the log."""
        raise NotImplementedError

    @property
    def console_address(self) -> str:
        """The address of its page in the AWS console; "" for none."""
        return console_address(execution_arn=getattr(self, "execution_arn", None))

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Poll until there is an event, then yield it."""
        begin = time.monotonic()
        self.log.info("%s", begin_line(self.subject, self.console_address))
        try:
            event = {"status": "success", **await self._wait()}
        except AirflowFailException as error:
            event = error_event(error)
        except aws_errors() as error:
            event = error_event(error)
        outcome = event.get("message") or self._progress or f"Received {self.subject}"
        self.log.info("%s", end_line(outcome, time.monotonic() - begin))
        yield make_event(event)

    async def call(self, operation: str, **arguments: Any) -> dict[str, Any]:
        """Call AWS until it answers, also where it does not know a fresh execution yet.

        Args:
            operation: the client's method, ``describe_map_run``.
            arguments: of the method.

        Raises:
            AirflowFailException: a permission is missing.
            botocore.exceptions.ClientError: an error that no retry can resolve.
        """
        assert self._client is not None  # run has set it
        backoff = Backoff()
        while True:
            try:
                return await self._client.call(operation, **arguments)
            except Exception as error:  # next_delay raises final errors again
                delay = backoff.next_delay(error)
                self.log.warning("%s, next try in %.1f s: %s", operation, delay, masked_line(error))
            await asyncio.sleep(delay)

    async def _wait(self) -> dict[str, Any]:
        async with self._open_client() as self._client:
            logged = ""
            while (event := await self.poll()) is None:
                if self._progress != logged:
                    logged = self._progress
                    self.log.info("%s", logged)
                await asyncio.sleep(self.waiter_delay)
            return event

    def _open_client(self) -> AbstractAsyncContextManager[AwsClient]:
        return shared_client(self._client_settings(), self.hook)
