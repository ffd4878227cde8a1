"""Sensor that waits for many executions: for all of them, or for the first one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final, get_args

from sfn_provider._compat import AirflowFailException, PokeReturnValue
from sfn_provider.driving.argument_checks import Check, one_of, required, statuses, true_or_false
from sfn_provider.driving.aws_hook_mixin import aws_template_fields
from sfn_provider.executions.argument_types import WaitFor
from sfn_provider.executions.statuses import ENDED_STATUSES, FAILURE_STATUSES, STATUSES
from sfn_provider.links.step_function import StateMachineDetailsLink
from sfn_provider.sensors.base import StepFunctionsSensor

if TYPE_CHECKING:
    from sfn_provider._compat import Context, XComArg
    from sfn_provider.executions.batch_status import AwsCall, WaitResult
    from sfn_provider.executions.outcomes import ExecutionFailure
    from sfn_provider.triggers.executions import StepFunctionExecutionsTrigger


_DESCRIBE_TRIES: Final = 3
"""Tries of a call that only adds details to a failure."""


class StepFunctionExecutionsSensor(StepFunctionsSensor):
    """Wait for many executions: for all of them, or for the first one, and log how many have ended.

    The task returns ``{"total": 3, "counts": {"SUCCEEDED": 3}, "executions": {arn: status}}``. If the wait can
    no longer succeed, the sensor fails with the same summary, and the error, cause and failed state of the first three
    failed executions (``StepFunctionExecutionsFailed``), or skips with ``soft_fail``.

    A poll costs one call for up to 1,000 consecutive executions of a state machine, and one call for each other
    execution. Deferred, one trigger waits for all executions. If all are of one state machine, a link leads there.

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
    operator_extra_links = (StateMachineDetailsLink(),)

    argument_checks: ClassVar[Mapping[str, Check]] = {
        "execution_arns": required,
        "wait_for": one_of(get_args(WaitFor)),
        "target_states": statuses(STATUSES, "an execution"),
        "fail_fast": true_or_false,
    }

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
            wait_for=wait_for,
            target_states=target_states,
            fail_fast=fail_fast,
        )
        self._arns: list[str] = []
        self._statuses: dict[str, str] = {}

    @property
    def first_arn(self) -> str | None:
        """The first ARN, whose region applies."""
        return next(iter(self.execution_arns or ()), None)

    def _validate_arguments(self) -> None:
        from sfn_provider.exceptions import UsageError
        from sfn_provider.executions.arns import require_describable, require_execution_arn
        from sfn_provider.secret_masking import quote

        if isinstance(self.execution_arns, str | Mapping) or not isinstance(self.execution_arns, Iterable):
            raise UsageError(
                f"execution_arns: {quote(self.execution_arns)} is no list; give a list of ARNs, such as the output "
                "of a mapped StepFunctionStartExecutionOperator"
            )
        items = list(self.execution_arns)
        if not items:
            raise UsageError("execution_arns: there is no execution to wait for")
        for index, item in enumerate(items):
            require_describable(require_execution_arn(item, f"execution_arns[{index}]"))
        self._arns = list(dict.fromkeys(items))

    @property
    def _subject(self) -> str:
        from sfn_provider.executions.wait_messages import subject_of_executions

        return subject_of_executions(self._arns, self.wait_for)

    @property
    def _link_arns(self) -> dict[str, str | None]:
        """The state machine, if all executions are of one."""
        from sfn_provider.executions.arns import parse_execution_arn

        machines = {parse_execution_arn(arn).state_machine_arn for arn in self._arns}
        return {"state_machine_arn": machines.pop() if len(machines) == 1 else None}

    def _check(self, context: Context) -> bool | PokeReturnValue:
        """Poll the executions that have not ended yet.

        Raises:
            StepFunctionExecutionsFailed: the wait can no longer succeed.
        """
        from sfn_provider.executions.batch_status import StepFunctionExecutionsFailed, format_progress, summarize

        current = self._read([arn for arn in self._arns if self._statuses.get(arn) not in ENDED_STATUSES])
        if current is None:
            return False
        statuses = {arn: (self._statuses | current)[arn] for arn in self._arns}
        failures: tuple[ExecutionFailure, ...] = ()
        if self._evaluate(statuses) == "failed":  # those that failed at earlier polls may have been redriven
            again = self._read([arn for arn in self._arns if arn not in current and statuses[arn] in FAILURE_STATUSES])
            if again is None:
                return False
            statuses |= again
            failures = self._confirm_failures(statuses)
        self._statuses, result, progress = statuses, self._evaluate(statuses), format_progress(statuses)
        if result == "wait":
            self._log_progress(progress)
            return False
        self._log_end(context, progress)
        if result == "failed":
            self._fail(StepFunctionExecutionsFailed(summarize(statuses), failures))
        return PokeReturnValue(is_done=True, xcom_value=summarize(statuses))

    def _evaluate(self, statuses: Mapping[str, str]) -> WaitResult:
        from sfn_provider.executions.batch_status import evaluate_wait

        return evaluate_wait(statuses.values(), self.wait_for, self.target_states, self.fail_fast)

    def _create_trigger(self) -> StepFunctionExecutionsTrigger:
        from sfn_provider.triggers.executions import StepFunctionExecutionsTrigger

        return StepFunctionExecutionsTrigger(
            execution_arns=self._arns,
            wait_for=self.wait_for,
            target_states=self.target_states,
            fail_fast=self.fail_fast,
            **self._trigger_arguments,
        )

    def _read(self, arns: list[str]) -> dict[str, str] | None:
        """Read the statuses; None after a transient error."""
        from sfn_provider.executions.batch_status import read_statuses

        reading = read_statuses(arns)
        try:
            call = next(reading)
            while True:
                response = self._call_aws(partial(self._call, call))
                if response is None:
                    return None
                call = reading.send(response)
        except StopIteration as finished:
            statuses: dict[str, str] = finished.value
            return statuses

    def _call(self, call: AwsCall) -> Mapping[str, Any]:
        response: Mapping[str, Any] = getattr(self.hook.conn, call.operation)(**call.arguments)
        return response

    def _confirm_failures(self, statuses: dict[str, str]) -> tuple[ExecutionFailure, ...]:
        """Describe the first executions that have failed, and find out why.

        Lists lag behind, so that one that has just been redriven may still be listed as failed. A description that
        AWS does not return is noted in the failure, and never hides it.

        Args:
            statuses: of all executions; corrected where a description says otherwise.
        """
        from sfn_provider.executions.aws_errors import aws_errors, retry_aws_call
        from sfn_provider.executions.batch_status import SHOWN_FAILURES
        from sfn_provider.executions.outcomes import ExecutionFailure
        from sfn_provider.secret_masking import masked_line

        failures: list[ExecutionFailure] = []
        read_errors: tuple[type[Exception], ...] = (AirflowFailException, *aws_errors())
        for arn in [arn for arn, status in statuses.items() if status in FAILURE_STATUSES]:
            if len(failures) == SHOWN_FAILURES:
                break
            describe = partial(self.hook.describe_execution, arn)
            try:
                description = retry_aws_call(describe, renew=self.hook.renew_client, tries=_DESCRIBE_TRIES)
            except read_errors as error:
                note = f"Its description could not be read: {masked_line(error)}"
                failures.append(ExecutionFailure(arn, statuses[arn], note=note))
                continue
            statuses[arn] = description["status"]
            if statuses[arn] in FAILURE_STATUSES:
                failures.append(self.hook.failure(description).failure)
        return tuple(failures)
