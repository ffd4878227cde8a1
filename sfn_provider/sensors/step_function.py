"""The sensor that waits for an execution.

Names, arguments and template fields are those of ``airflow.providers.amazon.aws.sensors.step_function``. Nothing here
imports boto3 or the amazon provider while a DAG file is parsed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, cast

from sfn_provider._compat import (
    AirflowException,
    AirflowFailException,
    AirflowSkipException,
    BaseSensorOperator,
    conf,
)
from sfn_provider.exceptions import UsageError
from sfn_provider.hooks.deadlines import time_left
from sfn_provider.hooks.execution_requests import refuse_express
from sfn_provider.hooks.execution_results import FAILURE_STATUSES, RUNNING_STATUSES, STATUSES, output_of
from sfn_provider.hooks.faults import Fault, Patience, fault_of
from sfn_provider.hooks.hook_user import AWS_TEMPLATE_FIELDS, HookUser
from sfn_provider.triggers.step_function import StepFunctionsExecutionCompleteTrigger, execution_of

if TYPE_CHECKING:
    from sfn_provider._compat import Context, XComArg


class StepFunctionExecutionSensor(HookUser, BaseSensorOperator):
    """Wait for an execution, and push its output to the XCom ``output``.

    Where the execution ends with a status that is not waited for, the sensor fails with error, cause, and the state
    that failed, its resource and its input (``StepFunctionExecutionFailed``), or skips with ``soft_fail``.

    Lost connections, throttling and errors of AWS's servers count as "not yet"; a missing permission fails the sensor
    at once, and names the action.

    Args:
        execution_arn: the execution.
        target_states: statuses to wait for. Default: SUCCEEDED alone. ``("SUCCEEDED", "FAILED", "TIMED_OUT",
            "ABORTED")`` waits for any end.
        deferrable: wait in the triggerer, looking every ``poke_interval`` seconds, without a worker. Default:
            ``[operators] default_deferrable``. Needs ``apache-airflow-providers-amazon[aiobotocore]``.
        aws_conn_id: the Airflow connection; None for boto3's own search for credentials.
        region_name: the region, in place of the connection's.
        verify: whether to check TLS certificates, or the path of a CA bundle.
        botocore_config: arguments of ``botocore.config.Config``.
        kwargs: of ``BaseSensorOperator``: ``mode``, ``poke_interval``, ``timeout``, ``soft_fail`` and so on.
    """

    INTERMEDIATE_STATES: ClassVar[tuple[str, ...]] = tuple(sorted(RUNNING_STATUSES))
    FAILURE_STATES: ClassVar[tuple[str, ...]] = tuple(sorted(FAILURE_STATUSES))
    SUCCESS_STATES: ClassVar[tuple[str, ...]] = ("SUCCEEDED",)

    arn_field = "execution_arn"
    template_fields: Sequence[str] = tuple(sorted({*AWS_TEMPLATE_FIELDS, "execution_arn"}))
    ui_color = "#66c3ff"

    def __init__(
        self,
        *,
        execution_arn: str | XComArg,
        target_states: Sequence[str] = SUCCESS_STATES,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        aws_conn_id: str | None = "aws_default",
        region_name: str | None = None,
        verify: bool | str | None = None,
        botocore_config: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if unknown := sorted(set(target_states) - STATUSES):
            raise ValueError(f"target_states: no status of an execution: {unknown}; there are {sorted(STATUSES)}")
        self.execution_arn = cast("str", execution_arn)  # a template field: text by the time it is read
        self.target_states = tuple(target_states)
        self.deferrable = deferrable
        self.aws_conn_id = aws_conn_id
        self.region_name = region_name
        self.verify = verify
        self.botocore_config = botocore_config

    def execute(self, context: Context) -> Any:
        """Wait for the execution, here or in the triggerer.

        Raises:
            StepFunctionExecutionFailed: the execution has ended with another status.
            AirflowFailException: a permission is missing, or the execution is an Express one.
            AirflowSkipException: either, with ``soft_fail``.
        """
        if not self.deferrable:
            return super().execute(context)
        try:
            ended = self.poke(context)
        except (AirflowFailException, AirflowSkipException) as error:
            if self.soft_fail or self.never_fail:
                raise AirflowSkipException(str(error)) from error
            raise
        return None if ended else self._defer(context)

    def execute_complete(self, context: Context, event: dict[str, Any] | None = None) -> None:
        """Take the wait up again, after the trigger's event. An execution redriven meanwhile is waited for anew."""
        execution_of(event)
        if not self.poke(context):
            self._defer(context)

    def poke(self, context: Context) -> bool:
        """Look once: one call while the execution runs, a second one for its output when it has ended."""
        try:
            refuse_express(self.execution_arn)
        except UsageError as error:
            raise AirflowFailException(f"{self.task_id}: {error}") from error
        status = self._status()
        if status is None or (status in RUNNING_STATUSES and status not in self.target_states):
            self.log.info("%s is %s", self.execution_arn, status or "not known just now")
            return False
        description = self.hook.describe_patiently(self.execution_arn)
        if status not in self.target_states:
            self._fail(self.hook.failure(description))
        context["ti"].xcom_push(key="output", value=output_of(description))
        return True

    def _status(self) -> str | None:
        """Read the status; None where AWS does not answer."""
        try:
            return str(self.hook.describe_execution(self.execution_arn, "METADATA_ONLY")["status"])
        except Exception as error:  # what cannot pass is raised again
            if fault_of(error) is Fault.MISSING:
                return str(self.hook.describe_patiently(self.execution_arn, "METADATA_ONLY")["status"])
            Patience().pause_after(error)
            if fault_of(error) is Fault.EXPIRED:
                self.hook.renew_client()
            self.log.warning("DescribeExecution: %s", error)
            return None

    def _fail(self, error: AirflowException) -> None:
        if self.soft_fail:
            raise AirflowSkipException(f"Skipping, as soft_fail says: {error}") from error
        raise error

    def _defer(self, context: Context) -> None:
        self.defer(
            trigger=StepFunctionsExecutionCompleteTrigger(
                execution_arn=self.execution_arn,
                waiter_delay=self.poke_interval,
                aws_conn_id=self.aws_conn_id,
                region_name=self.region_name,
                verify=self.verify,
                botocore_config=self.botocore_config,
                target_states=self.target_states,
            ),
            method_name="execute_complete",
            timeout=time_left(context, timedelta(seconds=self.timeout), self.execution_timeout),
        )
