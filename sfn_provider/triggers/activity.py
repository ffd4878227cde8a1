"""The trigger that waits for an activity's work in the triggerer."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from functools import partial
from typing import Any

from sfn_provider.executions.aws_errors import AwsErrorKind, Backoff, classify_error
from sfn_provider.hooks.task_token_mixin import ACTIVITY_READ_TIMEOUT
from sfn_provider.triggers.base import PollingTrigger
from sfn_provider.waiting.aws_client import create_client


class StepFunctionsActivityTaskTrigger(PollingTrigger):
    """Wait until an activity has work, and take it.

    AWS holds each look for up to 60 seconds, so that a wait has a connection of its own, and one call a minute.

    The one event is ``{"status": "success", "task_token": ..., "input": JSON text}``, or, of a wait that cannot go on,
    ``{"status": "error", "message": ..., "final": ...}``, where ``final`` says that a retry of the task is of no use.

    Args:
        activity_arn: the activity.
        worker_name: shown in the execution's history.
        waiter_delay: seconds between two looks.
        kwargs: of ``PollingTrigger``.
    """

    arn_field = "activity_arn"

    def __init__(
        self, *, activity_arn: str, worker_name: str | None = None, waiter_delay: float = 1, **kwargs: Any
    ) -> None:
        super().__init__(waiter_delay=waiter_delay, **kwargs)
        self.activity_arn = activity_arn
        self.worker_name = worker_name

    def arguments(self) -> dict[str, Any]:
        """Give the arguments that this trigger has beyond those of ``PollingTrigger``."""
        return {"activity_arn": self.activity_arn, "worker_name": self.worker_name}

    async def _wait(self) -> dict[str, Any]:
        patience = Backoff()
        client: Any = None
        connect = partial(create_client, self.hook, read_timeout=ACTIVITY_READ_TIMEOUT)
        named = {"workerName": self.worker_name} if self.worker_name else {}
        async with AsyncExitStack() as clients:
            while True:
                try:
                    client = client or await clients.enter_async_context(await connect())
                    task = await client.get_activity_task(activityArn=self.activity_arn, **named)
                except Exception as error:  # what cannot pass is raised again by next_delay
                    pause = patience.next_delay(error)
                    self.log.warning("GetActivityTask, next try in %.1f s: %s", pause, error)
                    if classify_error(error) is AwsErrorKind.EXPIRED:
                        await clients.aclose()
                        client = None
                else:
                    patience.reset()
                    if task.get("taskToken"):
                        return {"task_token": task["taskToken"], "input": task.get("input")}
                    pause = self.waiter_delay
                await asyncio.sleep(pause)
