"""Hook mixin for task tokens and activities."""

from __future__ import annotations

from typing import Any, Final

from sfn_provider.executions.json_input import encode_json
from sfn_provider.hooks.mixins.protocol import HookMixinProtocol

MAX_ERROR: Final = 256
"""Maximum characters of an error's name. Source: API_SendTaskFailure, parameter ``error``."""

MAX_CAUSE: Final = 32_768
"""Maximum characters of a cause. Source: API_SendTaskFailure, parameter ``cause``."""

ACTIVITY_READ_TIMEOUT: Final = 70
"""Seconds after which a poll for a task is given up: AWS responds within 60. Source: API_GetActivityTask."""


class TaskTokenMixin(HookMixinProtocol):
    """The hook's methods about task tokens and activities."""

    def send_task_success(self, task_token: str, output: Any = None) -> None:
        """Report that a task is done.

        Args:
            task_token: from ``$$.Task.Token``, or from an activity.
            output: any JSON value, at most 262,144 bytes; a ``str`` is JSON text.

        Raises:
            UsageError: the output is not JSON or too large.
            botocore.exceptions.ClientError: ``TaskTimedOut``, ``TaskDoesNotExist``, ``InvalidToken``, ...
        """
        text = "null" if output is None else encode_json(output, "output")
        self.conn.send_task_success(taskToken=task_token, output=text)

    def send_task_failure(self, task_token: str, error: str | None = None, cause: str | None = None) -> None:
        """Report that a task has failed.

        Args:
            task_token: from ``$$.Task.Token``, or from an activity.
            error: the error's name, which Retry and Catch match; cut after 256 characters.
            cause: the error's cause; cut after 32,768 characters.
        """
        reason = {"error": error and error[:MAX_ERROR], "cause": cause and cause[:MAX_CAUSE]}
        self.conn.send_task_failure(taskToken=task_token, **{key: text for key, text in reason.items() if text})

    def send_task_heartbeat(self, task_token: str) -> None:
        """Report that a task continues: restarts the state's ``HeartbeatSeconds``."""
        self.conn.send_task_heartbeat(taskToken=task_token)

    def get_activity_task(self, activity_arn: str, worker_name: str | None = None) -> dict[str, Any] | None:
        """Poll an activity for a task; AWS holds the call for up to 60 seconds.

        Args:
            activity_arn: the activity.
            worker_name: shown in the execution's history; at most 80 characters.

        Returns:
            ``{"taskToken": ..., "input": JSON text}``, or None if there is no task. AWS hands out a task once, until
            the state's timeout or heartbeat expires.
        """
        optional = {"workerName": worker_name} if worker_name else {}
        client = self.client_with(read_timeout=ACTIVITY_READ_TIMEOUT)
        response: dict[str, Any] = client.get_activity_task(activityArn=activity_arn, **optional)
        return response if response.get("taskToken") else None
