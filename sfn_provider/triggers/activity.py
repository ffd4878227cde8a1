"""The trigger that waits for a task of an activity."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager, aclosing
from functools import partial
from typing import Any

from sfn_provider.executions.aws_errors import MAX_DELAY
from sfn_provider.hooks.mixins.task_tokens import ACTIVITY_READ_TIMEOUT
from sfn_provider.triggers.base import PollingTrigger
from sfn_provider.waiting.aws_client import AwsClient, create_client


class StepFunctionsActivityTaskTrigger(PollingTrigger):
    """Wait until an activity has a task, and take it.

    AWS holds each GetActivityTask for up to 60 seconds, so that a wait has a separate client, and one call a minute.

    The one event is ``{"status": "success", "task_token": ..., "input": JSON text}``, or, of a wait that cannot go on,
    ``{"status": "error", "message": ..., "final": ...}``, where ``final`` says that a retry of the task is of no use.

    Args:
        activity_arn: the activity.
        worker_name: shown in the execution's history.
        waiter_delay: seconds between two polls.
        kwargs: of ``PollingTrigger``.
    """

    arn_field = "activity_arn"
    argument_names = ("activity_arn", "worker_name", "waiter_delay")

    def __init__(
        self, *, activity_arn: str, worker_name: str | None = None, waiter_delay: float = 1, **kwargs: Any
    ) -> None:
        super().__init__(waiter_delay=waiter_delay, **kwargs)
        self.activity_arn = activity_arn
        self.worker_name = worker_name

    @property
    def subject(self) -> str:
        """What is waited for, for the log."""
        return f"a task of activity {self.activity_arn}"

    async def poll(self) -> dict[str, Any] | None:
        """Ask for a task: one long call."""
        worker = {"workerName": self.worker_name} if self.worker_name else {}
        task = await self.call("get_activity_task", activityArn=self.activity_arn, **worker)
        return {"task_token": task["taskToken"], "input": task.get("input")} if task.get("taskToken") else None

    def _open_client(self) -> AbstractAsyncContextManager[AwsClient]:
        create = partial(create_client, self.hook, read_timeout=ACTIVITY_READ_TIMEOUT)
        return aclosing(AwsClient(create, max_retry_delay=MAX_DELAY))
