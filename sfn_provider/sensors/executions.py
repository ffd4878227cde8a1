"""The sensor that waits for many executions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, cast

from sfn_provider._compat import PokeReturnValue
from sfn_provider.exceptions import UsageError
from sfn_provider.hooks.execution_requests import refuse_express
from sfn_provider.hooks.execution_results import ENDED_STATUSES, FAILURE_STATUSES, STATUSES, ExecutionFailure
from sfn_provider.hooks.hook_user import AWS_TEMPLATE_FIELDS
from sfn_provider.hooks.many_executions import (
    SHOWN_FAILURES,
    StepFunctionExecutionsFailed,
    WaitFor,
    judge,
    progress_of,
    read_statuses,
    summary_of,
)
from sfn_provider.sensors.base import StepFunctionsSensor
from sfn_provider.triggers.executions import StepFunctionExecutionsTrigger

if TYPE_CHECKING:
    from sfn_provider._compat import Context, XComArg


class StepFunctionExecutionsSensor(StepFunctionsSensor):
    """Wait for many executions: for all of them, or for the first one. How many have ended goes to the log.

    The task returns ``{"total": 3, "counts": {"SUCCEEDED": 3}, "executions": {arn: status}}``. Where what is waited for
    can no longer come, the sensor fails with the same summary, and the error, cause and failed state of the first three
    failed executions (``StepFunctionExecutionsFailed``), or skips with ``soft_fail``.

    A look costs a call for up to 1,000 executions of a state machine that started one after the other, and one call for
    each that does not stand beside others. Deferred, all executions are waited for by one trigger.

    Args:
        execution_arns: the executions, Standard ones, as a list of ARNs; the ``output`` of a mapped task is one.
        wait_for: ``all`` or ``any``.
        target_states: statuses to wait for. Default: SUCCEEDED alone.
        fail_fast: fail a wait for ``all`` as soon as one execution has ended otherwise; if False, when all have ended.
        kwargs: of ``StepFunctionsSensor`` (``deferrable``, ``aws_conn_id``, ``region_name``, ``verify``,
            ``botocore_config``) and of ``BaseSensorOperator``: ``mode``, ``poke_interval``, ``timeout``, ``soft_fail``
            and so on.
    """

    SUCCESS_STATES: ClassVar[tuple[str, ...]] = ("SUCCEEDED",)

    arn_field = "first_arn"
    template_fields: Sequence[str] = tuple(sorted({*AWS_TEMPLATE_FIELDS, "execution_arns"}))

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
        if wait_for not in ("all", "any"):
            raise ValueError(f"wait_for: {wait_for!r} is none of all, any")
        if unknown := sorted(set(target_states) - STATUSES):
            raise ValueError(f"target_states: no status of an execution: {unknown}; there are {sorted(STATUSES)}")
        self.execution_arns = cast("Sequence[str]", execution_arns)  # a template field: a list by the time it is read
        self.wait_for: WaitFor = wait_for
        self.target_states = tuple(target_states)
        self.fail_fast = fail_fast
        self._statuses: dict[str, str] = {}

    @property
    def first_arn(self) -> str | None:
        """The first ARN; its region is where the calls are."""
        return next(iter(self.execution_arns or ()), None)

    def look(self, context: Context) -> bool | PokeReturnValue:
        """Look once at all executions that have not ended yet.

        Raises:
            UsageError: there is no execution, or an Express one among them.
            StepFunctionExecutionsFailed: what is waited for can no longer come.
        """
        arns = self._checked()
        seen = self._read([arn for arn in arns if self._statuses.get(arn) not in ENDED_STATUSES])
        if seen is None:
            return False
        self._statuses |= seen
        statuses = {arn: self._statuses[arn] for arn in arns}
        self.log.info("%s", progress_of(statuses))
        verdict = judge(statuses.values(), self.wait_for, self.target_states, self.fail_fast)
        if verdict == "failed":
            self.fail(StepFunctionExecutionsFailed(summary_of(statuses), self._failures(statuses)))
        return verdict == "done" and PokeReturnValue(is_done=True, xcom_value=summary_of(statuses))

    def trigger(self) -> StepFunctionExecutionsTrigger:
        """Make the trigger that goes on looking: one for all executions."""
        return StepFunctionExecutionsTrigger(
            execution_arns=list(self.execution_arns),
            wait_for=self.wait_for,
            target_states=self.target_states,
            fail_fast=self.fail_fast,
            **self.aws_trigger_arguments,
        )

    def _checked(self) -> list[str]:
        if isinstance(self.execution_arns, str | Mapping) or not isinstance(self.execution_arns, Iterable):
            raise UsageError(f"execution_arns: {self.execution_arns!r} is no list; give a list of ARNs")
        given = list(self.execution_arns)
        if not given:
            raise UsageError("execution_arns: there is no execution to wait for")
        if other := [item for item in given if not isinstance(item, str)]:
            raise UsageError(
                f"execution_arns: {str(other[0])[:80]!r} is no ARN. A StepFunctionStartExecutionOperator returns the "
                "ARN with wait_for_completion=False; else it has waited itself, and returns the output"
            )
        arns = list(dict.fromkeys(given))
        for arn in arns:
            refuse_express(arn)
        return arns

    def _read(self, arns: list[str]) -> dict[str, str] | None:
        """Read the statuses; None where AWS does not answer just now."""
        reading = read_statuses(arns)
        try:
            call = next(reading)
            while True:
                method = getattr(self.hook.conn, call.operation)
                answer = self.ask(lambda method=method, call=call: method(**call.arguments))  # type: ignore[misc]
                if answer is None:
                    return None
                call = reading.send(answer)
        except StopIteration as finished:
            statuses: dict[str, str] = finished.value
            return statuses

    def _failures(self, statuses: Mapping[str, str]) -> tuple[ExecutionFailure, ...]:
        """Find out why the first failed ones failed."""
        failed = [arn for arn, status in statuses.items() if status in FAILURE_STATUSES][:SHOWN_FAILURES]
        return tuple(self.hook.failure(self.hook.describe_patiently(arn)).failure for arn in failed)
