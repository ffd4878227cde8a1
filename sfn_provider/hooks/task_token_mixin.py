"""Calls of the hook for whoever does a state's work: task tokens and activities."""

from __future__ import annotations

from typing import Any, Final

from sfn_provider.executions.start_request import encode_json
from sfn_provider.hooks.mixin_protocol import HookMixinProtocol

MAX_ERROR: Final = 256
"""Characters of an error's name. Source: API_SendTaskFailure, parameter ``error``."""

MAX_CAUSE: Final = 32_768
"""Characters of a cause. Source: API_SendTaskFailure, parameter ``cause``."""

ACTIVITY_READ_TIMEOUT: Final = 70
"""Seconds until a look for work is given up: AWS answers after 60 at the latest. Source: API_GetActivityTask."""


class TaskTokenMixin(HookMixinProtocol):
    """The part of the hook that answers task tokens and takes work from activities."""

    def send_task_success(self, task_token: str, output: Any = None) -> None:
        """Say that a task is done.

        Args:
            task_token: from ``$$.Task.Token``, or from an activity.
            output: any JSON value, at most 262,144 bytes; text is taken as JSON text.

        Raises:
            UsageError: the output is no JSON or too large.
            botocore.exceptions.ClientError: ``TaskTimedOut``, ``TaskDoesNotExist``, ``InvalidToken``, ...
        """
        text = "null" if output is None else encode_json(output, "output")
        self.conn.send_task_success(taskToken=task_token, output=text)

    def send_task_failure(self, task_token: str, error: str | None = None, cause: str | None = None) -> None:
        """Say that a task has failed.

        Args:
            task_token: from ``$$.Task.Token``, or from an activity.
            error: the error's name, which Retry and Catch match; cut after 256 characters.
            cause: the text beside it; cut after 32,768 characters.
        """
        told = {"error": error and error[:MAX_ERROR], "cause": cause and cause[:MAX_CAUSE]}
        self.conn.send_task_failure(taskToken=task_token, **{key: text for key, text in told.items() if text})

    def send_task_heartbeat(self, task_token: str) -> None:
        """Say that a task goes on: the state's ``HeartbeatSeconds`` begin anew."""
        self.conn.send_task_heartbeat(taskToken=task_token)

    def get_activity_task(self, activity_arn: str, worker_name: str | None = None) -> dict[str, Any] | None:
        """Look for work of an activity; AWS holds the call for up to 60 seconds.

        Args:
            activity_arn: the activity.
            worker_name: shown in the execution's history; at most 80 characters.

        Returns:
            ``{"taskToken": ..., "input": JSON text}``, or None where there is no work. Once it is given, the work is
            this worker's: AWS gives it to nobody else until the state's timeout or heartbeat runs out.
        """
        named = {"workerName": worker_name} if worker_name else {}
        client = self.client_with(read_timeout=ACTIVITY_READ_TIMEOUT)
        response: dict[str, Any] = client.get_activity_task(activityArn=activity_arn, **named)
        return response if response.get("taskToken") else None
