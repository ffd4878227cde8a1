"""Sensor that waits for many executions: for all of them, or for the first one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, get_args

from sfn_provider._compat import PokeReturnValue
from sfn_provider.executions.argument_types import WaitFor
from sfn_provider.executions.statuses import ENDED_STATUSES, FAILURE_STATUSES, STATUSES
from sfn_provider.hooks.aws_hook_mixin import aws_template_fields, validate_choice
from sfn_provider.sensors.base import StepFunctionsSensor, validate_statuses

if TYPE_CHECKING:
    from sfn_provider._compat import Context, XComArg
    from sfn_provider.executions.outcomes import ExecutionFailure
    from sfn_provider.triggers.executions import StepFunctionExecutionsTrigger


class StepFunctionExecutionsSensor(StepFunctionsSensor):
    """Wait for many executions: for all of them, or for the first one, and log how many have ended.

    The task returns ``{"total": 3, "counts": {"SUCCEEDED": 3}, "executions": {arn: status}}``. If the wait can
    no longer succeed, the sensor fails with the same summary, and the error, cause and failed state of the first three
    failed executions (``StepFunctionExecutionsFailed``), or skips with ``soft_fail``.

    A poll costs one call for up to 1,000 consecutive executions of a state machine, and one call for each other
    execution. Deferred, one trigger waits for all executions.

    Args:
        execution_arns: the executions, Standard ones, as a list of ARNs; the ``output`` of a mapped task is one.
        wait_for: ``all`` or ``any``.
        target_states: statuses to wait for. Default: SUCCEEDED alone.
        fail_fast: fail a wait for ``all`` as soon as one execution has ended with another status; if False, fail when
            all have ended.
        kwargs: of ``SensorArgumentsMixin`` (deferral), ``AwsHookMixin`` (AWS connection) and ``BaseSensorOperator``.
    """

    SUCCESS_STATES: ClassVar[tuple[str, ...]] = ("SUCCEEDED",)

    arn_field = "first_arn"
    template_fields: Sequence[str] = aws_template_fields("execution_arns")

    execution_arns: Sequence[str]
    wait_for: WaitFor
    target_states: tuple[str, ...]
    fail_fast: bool

    def __init__(
        self,
        *,
        execution_arns: Sequence[str] | XComArg,
        wait_for: WaitFor = "all",
        target_states: Sequence[str] = SUCCESS_STATES,
        fail_fast: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._set_attributes(
            execution_arns=execution_arns,
            wait_for=validate_choice("wait_for", wait_for, get_args(WaitFor)),
            target_states=validate_statuses(target_states, STATUSES, "an execution"),
            fail_fast=fail_fast,
        )
        self._statuses: dict[str, str] = {}

    @property
    def first_arn(self) -> str | None:
        """The first ARN, whose region applies."""
        return next(iter(self.execution_arns or ()), None)

    def _check(self, context: Context) -> bool | PokeReturnValue:
        """Poll the executions that have not ended yet.

        Raises:
            UsageError: there is no execution, or an Express one among them.
            StepFunctionExecutionsFailed: the wait can no longer succeed.
        """
        from sfn_provider.executions.batch_status import (
            StepFunctionExecutionsFailed,
            evaluate_wait,
            format_progress,
            summarize,
        )

        arns = self._validated_arns()
        current = self._read([arn for arn in arns if self._statuses.get(arn) not in ENDED_STATUSES])
        if current is None:
            return False
        self._statuses |= current
        statuses = {arn: self._statuses[arn] for arn in arns}
        self.log.info("%s", format_progress(statuses))
        result = evaluate_wait(statuses.values(), self.wait_for, self.target_states, self.fail_fast)
        if result == "failed":
            self._fail(StepFunctionExecutionsFailed(summarize(statuses), self._failures(statuses)))
        return result == "done" and PokeReturnValue(is_done=True, xcom_value=summarize(statuses))

    def _create_trigger(self) -> StepFunctionExecutionsTrigger:
        from sfn_provider.triggers.executions import StepFunctionExecutionsTrigger

        return StepFunctionExecutionsTrigger(
            execution_arns=list(self.execution_arns),
            wait_for=self.wait_for,
            target_states=self.target_states,
            fail_fast=self.fail_fast,
            **self._trigger_arguments,
        )

    def _validated_arns(self) -> list[str]:
        from sfn_provider.exceptions import UsageError
        from sfn_provider.executions.arns import require_describable

        if isinstance(self.execution_arns, str | Mapping) or not isinstance(self.execution_arns, Iterable):
            raise UsageError(f"execution_arns: {self.execution_arns!r} is no list; give a list of ARNs")
        items = list(self.execution_arns)
        if not items:
            raise UsageError("execution_arns: there is no execution to wait for")
        if other := [item for item in items if not isinstance(item, str)]:
            raise UsageError(
                f"execution_arns: {str(other[0])[:80]!r} is no ARN. A StepFunctionStartExecutionOperator returns the "
                "ARN with wait_for_completion=False; else it has waited itself, and returns the output"
            )
        arns = list(dict.fromkeys(items))
        for arn in arns:
            require_describable(arn)
        return arns

    def _read(self, arns: list[str]) -> dict[str, str] | None:
        """Read the statuses; None after a transient error."""
        from sfn_provider.executions.batch_status import read_statuses

        reading = read_statuses(arns)
        try:
            call = next(reading)
            while True:
                response = self._call_aws(partial(getattr(self.hook.conn, call.operation), **call.arguments))
                if response is None:
                    return None
                call = reading.send(response)
        except StopIteration as finished:
            statuses: dict[str, str] = finished.value
            return statuses

    def _failures(self, statuses: Mapping[str, str]) -> tuple[ExecutionFailure, ...]:
        """Find out why the first failed executions failed."""
        from sfn_provider.executions.batch_status import SHOWN_FAILURES

        failed = [arn for arn, status in statuses.items() if status in FAILURE_STATUSES][:SHOWN_FAILURES]
        return tuple(self.hook.failure(self.hook.describe_with_retries(arn)).failure for arn in failed)
