"""The sensor that takes work from an activity."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sfn_provider._compat import PokeReturnValue, conf
from sfn_provider.hooks.aws_hook_mixin import AWS_TEMPLATE_FIELDS
from sfn_provider.sensors.base import StepFunctionsSensor, validate_event

if TYPE_CHECKING:
    from sfn_provider._compat import BaseTrigger, Context


class StepFunctionActivityTaskSensor(StepFunctionsSensor):
    """Wait until a state needs work done, and take it: the DAG is the activity's worker.

    The task returns ``{"task_token": ..., "input": JSON value}``. Tasks behind it do the work and answer the token with
    ``StepFunctionSendTaskSuccessOperator`` or ``StepFunctionSendTaskFailureOperator``.

    AWS gives work away once. Where the sensor's worker dies after that, nobody knows the token: give the state a
    ``HeartbeatSeconds`` or ``TimeoutSeconds`` and a Retry, so that the work comes again.

    Args:
        activity_arn: the activity.
        worker_name: shown in the execution's history, at most 80 characters. Default: DAG and task.
        poke_interval: seconds between two looks; AWS holds each look for up to 60 seconds.
        deferrable: wait in the triggerer, without a worker. Default:
            ``[operators] default_deferrable``. Needs ``apache-airflow-providers-amazon[aiobotocore]``.
        aws_conn_id: the Airflow connection; None for boto3's own search for credentials.
        region_name: the region. Default: the ARN's, else the connection's.
        verify: whether to check TLS certificates, or the path of a CA bundle.
        botocore_config: arguments of ``botocore.config.Config``.
        kwargs: of ``BaseSensorOperator``: ``mode``, ``poke_interval``, ``timeout``, ``soft_fail`` and so on.
    """

    arn_field = "activity_arn"
    template_fields: Sequence[str] = tuple(sorted({*AWS_TEMPLATE_FIELDS, "activity_arn", "worker_name"}))

    activity_arn: str
    worker_name: str | None

    def __init__(
        self,
        *,
        activity_arn: str,
        worker_name: str | None = None,
        poke_interval: float = 1,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        aws_conn_id: str | None = "aws_default",
        region_name: str | None = None,
        verify: bool | str | None = None,
        botocore_config: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(poke_interval=poke_interval, **kwargs)
        self._keep(aws_conn_id=aws_conn_id, region_name=region_name, verify=verify, botocore_config=botocore_config)
        self._keep(activity_arn=activity_arn, worker_name=worker_name, deferrable=deferrable)

    def execute(self, context: Context) -> Any:
        """Wait for work. In the triggerer from the start on, where that is wanted: a look takes a minute."""
        if not self.deferrable:
            return super().execute(context)
        return self._defer(context)

    def execute_complete(self, context: Context, event: dict[str, Any] | None = None) -> Any:
        """Give the work that the trigger has taken."""
        taken = validate_event(event)
        return _work(taken["task_token"], taken["input"])

    def look(self, context: Context) -> bool | PokeReturnValue:
        """Look once, for up to 60 seconds."""
        taken = self.ask(lambda: self.hook.get_activity_task(self.activity_arn, self._worker_name))
        if taken is None:
            return False
        return PokeReturnValue(True, _work(taken["taskToken"], taken.get("input")))

    def trigger(self) -> BaseTrigger:
        """Make the trigger that waits for work."""
        from sfn_provider.triggers.activity import StepFunctionsActivityTaskTrigger

        return StepFunctionsActivityTaskTrigger(
            activity_arn=self.activity_arn, worker_name=self._worker_name, **self.aws_trigger_arguments
        )

    @property
    def _worker_name(self) -> str:
        return (self.worker_name or f"{self.dag_id}.{self.task_id}")[:80]


def _work(task_token: str, text: str | None) -> dict[str, Any]:
    return {"task_token": task_token, "input": json.loads(text) if text else None}
