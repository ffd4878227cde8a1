"""Sensor that polls an activity for a task: the DAG is the activity's worker."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from sfn_provider._compat import AirflowFailException, PokeReturnValue
from sfn_provider.driving.argument_checks import Check, required
from sfn_provider.driving.aws_hook_mixin import aws_template_fields
from sfn_provider.sensors.base import StepFunctionsSensor

if TYPE_CHECKING:
    from sfn_provider._compat import BaseTrigger, Context


class StepFunctionActivityTaskSensor(StepFunctionsSensor):
    """Wait for a task of an activity (GetActivityTask): the DAG is the activity's worker.

    The task returns ``{"task_token": ..., "input": JSON value}``. Downstream tasks do the work and report the result
    with ``StepFunctionSendTaskSuccessOperator`` or ``StepFunctionSendTaskFailureOperator``.

    AWS hands out a task once. If the sensor's worker dies after that, the token is lost: give the state a
    ``HeartbeatSeconds`` or ``TimeoutSeconds`` and a Retry, so that the task is handed out again.

    Args:
        activity_arn: the activity.
        worker_name: shown in the execution's history, at most 80 characters. Default: DAG and task.
        poke_interval: seconds between two polls; AWS holds each poll for up to 60 seconds.
        kwargs: of ``SensorArgumentsMixin`` (deferral), ``AwsHookMixin`` (AWS connection) and ``BaseSensorOperator``.
    """

    arn_field = "activity_arn"
    template_fields: Sequence[str] = aws_template_fields("activity_arn", "worker_name")
    argument_checks: ClassVar[Mapping[str, Check]] = {"activity_arn": required}

    activity_arn: str
    worker_name: str | None

    def __init__(
        self, *, activity_arn: str, worker_name: str | None = None, poke_interval: float = 1, **kwargs: Any
    ) -> None:
        super().__init__(poke_interval=poke_interval, **kwargs)
        self._set_attributes(activity_arn=activity_arn, worker_name=worker_name)

    def _validate_arguments(self) -> None:
        from sfn_provider.executions.arns import require_activity_arn

        require_activity_arn(self.activity_arn)

    @property
    def _subject(self) -> str:
        return f"a task of activity {self.activity_arn}"

    def _poke_or_defer(self, context: Context) -> Any:
        """Defer without polling first: a poll takes up to a minute."""
        self._defer(context)

    def execute_complete(self, context: Context, event: dict[str, Any] | None = None) -> Any:
        """Return the task that the trigger has received."""
        from sfn_provider.executions.trigger_events import validate_event

        task = validate_event(event)
        self._log_end(context, f"Received a task of activity {self.activity_arn}")
        return _result(task["task_token"], task["input"])

    def _check(self, context: Context) -> bool | PokeReturnValue:
        task = self._call_aws(lambda: self.hook.get_activity_task(self.activity_arn, self._worker_name))
        if task is None:
            return False
        self._log_end(context, f"Received a task of activity {self.activity_arn}")
        return PokeReturnValue(True, _result(task["taskToken"], task.get("input")))

    def _check_at_timeout(self, context: Context) -> bool:
        """Find out whether AWS responds: to ask for a task again takes up to a minute."""
        try:
            self._call_aws(lambda: self.hook.conn.describe_activity(activityArn=self.activity_arn))
        except AirflowFailException as error:  # a permission that nothing else needs; AWS does respond
            self.log.debug("%s", error)
            self._unanswered = None
        return False

    def _create_trigger(self) -> BaseTrigger:
        from sfn_provider.triggers.activity import StepFunctionsActivityTaskTrigger

        return StepFunctionsActivityTaskTrigger(
            activity_arn=self.activity_arn, worker_name=self._worker_name, **self._trigger_arguments
        )

    @property
    def _worker_name(self) -> str:
        return (self.worker_name or f"{self.dag_id}.{self.task_id}")[:80]


def _result(task_token: str, text: str | None) -> dict[str, Any]:
    return {"task_token": task_token, "input": json.loads(text) if text else None}
