"""The trigger that waits for an activity's work in the triggerer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

from sfn_provider._compat import AirflowFailException, BaseTrigger, TriggerEvent
from sfn_provider.hooks.execution_requests import region_of
from sfn_provider.hooks.faults import Fault, Patience, aws_errors, fault_of
from sfn_provider.hooks.hook_user import HookClass
from sfn_provider.hooks.worker_calls import ACTIVITY_READ_TIMEOUT

if TYPE_CHECKING:
    from sfn_provider.hooks.step_function import StepFunctionHook


class StepFunctionsActivityTaskTrigger(BaseTrigger):
    """Wait until an activity has work, and take it.

    AWS holds each look for up to 60 seconds, so that a wait has a connection of its own, and one call a minute.

    The one event is ``{"status": "success", "task_token": ..., "input": JSON text}``, or, of a wait that cannot go on,
    ``{"status": "error", "message": ..., "final": ...}``, where ``final`` says that a retry of the task is of no use.

    Args:
        activity_arn: the activity.
        worker_name: shown in the execution's history.
        waiter_delay: seconds between two looks.
        aws_conn_id: the Airflow connection; None for boto3's own search for credentials.
        region_name: the region, in place of the connection's.
        verify: whether to check TLS certificates, or the path of a CA bundle.
        botocore_config: arguments of ``botocore.config.Config``.
    """

    aws_hook_class = HookClass()

    def __init__(
        self,
        *,
        activity_arn: str,
        worker_name: str | None = None,
        waiter_delay: float = 1,
        aws_conn_id: str | None = None,
        region_name: str | None = None,
        verify: bool | str | None = None,
        botocore_config: dict[str, Any] | None = None,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.activity_arn = activity_arn
        self.worker_name = worker_name
        self.waiter_delay = waiter_delay
        self.aws_conn_id = aws_conn_id
        self.region_name = region_name
        self.verify = verify
        self.botocore_config = botocore_config

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Give the class's path and the arguments that make this trigger again."""
        return f"{type(self).__module__}.{type(self).__qualname__}", {
            "activity_arn": self.activity_arn,
            "worker_name": self.worker_name,
            "waiter_delay": self.waiter_delay,
            "aws_conn_id": self.aws_conn_id,
            "region_name": self.region_name,
            "verify": self.verify,
            "botocore_config": self.botocore_config,
        }

    def hook(self) -> StepFunctionHook:
        """Make the hook. This imports boto3: keep it off the event loop."""
        hook = self.aws_hook_class(
            aws_conn_id=self.aws_conn_id,
            region_name=self.region_name,
            verify=self.verify,
            config=self.botocore_config,
        )
        hook.arn_region = region_of(self.activity_arn)
        return hook

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look for work until there is some, then yield the one event."""
        try:
            event = await self._take()
        except AirflowFailException as error:
            event = {"status": "error", "message": str(error), "final": True}
        except aws_errors() as error:
            event = {"status": "error", "message": f"{type(error).__name__}: {error}", "final": False}
        yield TriggerEvent(event)  # type: ignore[no-untyped-call]

    async def _take(self) -> dict[str, Any]:
        patience = Patience()
        client: Any = None
        named = {"workerName": self.worker_name} if self.worker_name else {}
        async with AsyncExitStack() as clients:
            while True:
                try:
                    client = client or await clients.enter_async_context(await self._client())
                    task = await client.get_activity_task(activityArn=self.activity_arn, **named)
                except Exception as error:  # what cannot pass is raised again by pause_after
                    pause = patience.pause_after(error)
                    self.log.warning("GetActivityTask, next try in %.1f s: %s", pause, error)
                    if fault_of(error) is Fault.EXPIRED:
                        await clients.aclose()
                        client = None
                else:
                    patience.calm()
                    if task.get("taskToken"):
                        return {"status": "success", "task_token": task["taskToken"], "input": task.get("input")}
                    pause = self.waiter_delay
                await asyncio.sleep(pause)

    async def _client(self) -> Any:
        from asgiref.sync import sync_to_async

        hook = await sync_to_async(self.hook)()
        return await hook.async_client(read_timeout=ACTIVITY_READ_TIMEOUT)
