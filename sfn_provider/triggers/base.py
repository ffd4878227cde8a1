"""What the triggers share that look for one thing of their own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from sfn_provider._compat import AirflowFailException, BaseTrigger, TriggerEvent
from sfn_provider.executions.arns import parse_region
from sfn_provider.executions.aws_errors import Backoff, aws_errors
from sfn_provider.hooks.aws_hook_mixin import AwsHookFactory, LazyHookClass
from sfn_provider.waiting.aws_client import AwsClient, ClientSettings, shared_client

if TYPE_CHECKING:
    from sfn_provider.hooks.step_function import StepFunctionHook


class PollingTrigger(BaseTrigger, AwsHookFactory):
    """Looks again and again, until there is an event.

    The one event is ``{"status": "success", ...}``; that of a wait that cannot go on is ``{"status": "error",
    "message": ..., "final": ...}``, where ``final`` says that a retry of the task is of no use.

    Args:
        waiter_delay: seconds between two looks.
        aws_conn_id: the Airflow connection; None for boto3's own search for credentials.
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
        self.aws_conn_id = aws_conn_id
        self.region_name = region_name
        self.verify = verify
        self.botocore_config = botocore_config
        self._client: AwsClient | None = None

    def arguments(self) -> dict[str, Any]:
        """Give the arguments that this trigger has beyond those of ``PollingTrigger``."""
        raise NotImplementedError

    async def look(self) -> dict[str, Any] | None:
        """Look once. Gives the event, without its status, when there is one."""
        raise NotImplementedError

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Give the class's path and the arguments that make this trigger again."""
        return f"{type(self).__module__}.{type(self).__qualname__}", {
            **self.arguments(),
            "waiter_delay": self.waiter_delay,
            "aws_conn_id": self.aws_conn_id,
            "region_name": self.region_name,
            "verify": self.verify,
            "botocore_config": self.botocore_config,
        }

    def hook(self) -> StepFunctionHook:
        """Make the hook. This imports boto3: keep it off the event loop."""
        return self.make_hook()

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look until there is an event, then yield it."""
        try:
            event = {"status": "success", **await self._wait()}
        except AirflowFailException as error:
            event = {"status": "error", "message": str(error), "final": True}
        except aws_errors() as error:
            event = {"status": "error", "message": f"{type(error).__name__}: {error}", "final": False}
        yield TriggerEvent(event)  # type: ignore[no-untyped-call]

    async def ask(self, operation: str, **arguments: Any) -> dict[str, Any]:
        """Make a call, however often it takes: errors that pass are waited out.

        Args:
            operation: the client's method, ``describe_map_run``.
            arguments: of the method.

        Raises:
            AirflowFailException: a permission is missing.
            botocore.exceptions.ClientError: an error that no waiting mends.
        """
        assert self._client is not None  # run has it
        patience = Backoff()
        while True:
            try:
                return await self._client.call(operation, **arguments)
            except Exception as error:  # what cannot pass is raised again by next_delay
                pause = patience.next_delay(error)
                self.log.warning("%s, next try in %.1f s: %s", operation, pause, error)
            await asyncio.sleep(pause)

    async def _wait(self) -> dict[str, Any]:
        async with shared_client(self._access(), self.hook) as self._client:
            while (event := await self.look()) is None:
                await asyncio.sleep(self.waiter_delay)
            return event

    def _access(self) -> ClientSettings:
        region = self.region_name or parse_region(getattr(self, self.arn_field))
        return ClientSettings.of("stepfunctions", self.aws_conn_id, region, self.verify, self.botocore_config)
