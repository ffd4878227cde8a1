"""The sensor that waits for many executions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from sfn_provider._compat import PokeReturnValue, conf
from sfn_provider.executions.statuses import ENDED_STATUSES, FAILURE_STATUSES, STATUSES
from sfn_provider.hooks.aws_hook_mixin import AWS_TEMPLATE_FIELDS, validate_choice
from sfn_provider.sensors.base import StepFunctionsSensor, validate_statuses

if TYPE_CHECKING:
    from sfn_provider._compat import Context, XComArg
    from sfn_provider.executions.batch_status import WaitFor
    from sfn_provider.executions.outcomes import ExecutionFailure
    from sfn_provider.triggers.executions import StepFunctionExecutionsTrigger


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
        deferrable: wait in the triggerer, looking every ``poke_interval`` seconds, without a worker. Default:
            ``[operators] default_deferrable``. Needs ``apache-airflow-providers-amazon[aiobotocore]``.
        aws_conn_id: the Airflow connection; None for boto3's own search for credentials.
        region_name: the region. Default: the ARN's, else the connection's.
        verify: whether to check TLS certificates, or the path of a CA bundle.
        botocore_config: arguments of ``botocore.config.Config``.
        kwargs: of ``BaseSensorOperator``: ``mode``, ``poke_interval``, ``timeout``, ``soft_fail`` and so on.
    """

    SUCCESS_STATES: ClassVar[tuple[str, ...]] = ("SUCCEEDED",)

    arn_field = "first_arn"
    template_fields: Sequence[str] = tuple(sorted({*AWS_TEMPLATE_FIELDS, "execution_arns"}))

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
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        aws_conn_id: str | None = "aws_default",
        region_name: str | None = None,
        verify: bool | str | None = None,
        botocore_config: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._keep(aws_conn_id=aws_conn_id, region_name=region_name, verify=verify, botocore_config=botocore_config)
        self._keep(
            execution_arns=execution_arns,
            wait_for=validate_choice("wait_for", wait_for, ("all", "any")),
            target_states=validate_statuses(target_states, STATUSES, "an execution"),
            fail_fast=fail_fast,
            deferrable=deferrable,
        )
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
        from sfn_provider.executions.batch_status import StepFunctionExecutionsFailed, evaluate_wait, format_progress, summarize

        arns = self._checked()
        seen = self._read([arn for arn in arns if self._statuses.get(arn) not in ENDED_STATUSES])
        if seen is None:
            return False
        self._statuses |= seen
        validate_statuses = {arn: self._statuses[arn] for arn in arns}
        self.log.info("%s", format_progress(validate_statuses))
        verdict = evaluate_wait(validate_statuses.values(), self.wait_for, self.target_states, self.fail_fast)
        if verdict == "failed":
            self.fail(StepFunctionExecutionsFailed(summarize(validate_statuses), self._failures(validate_statuses)))
        return verdict == "done" and PokeReturnValue(is_done=True, xcom_value=summarize(validate_statuses))

    def trigger(self) -> StepFunctionExecutionsTrigger:
        """Make the trigger that goes on looking: one for all executions."""
        from sfn_provider.triggers.executions import StepFunctionExecutionsTrigger

        return StepFunctionExecutionsTrigger(
            execution_arns=list(self.execution_arns),
            wait_for=self.wait_for,
            target_states=self.target_states,
            fail_fast=self.fail_fast,
            **self.aws_trigger_arguments,
        )

    def _checked(self) -> list[str]:
        from sfn_provider.exceptions import UsageError
        from sfn_provider.executions.start_request import refuse_express

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
        from sfn_provider.executions.batch_status import read_statuses

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
            validate_statuses: dict[str, str] = finished.value
            return validate_statuses

    def _failures(self, statuses: Mapping[str, str]) -> tuple[ExecutionFailure, ...]:
        """Find out why the first failed ones failed."""
        from sfn_provider.executions.batch_status import SHOWN_FAILURES

        failed = [arn for arn, status in validate_statuses.items() if status in FAILURE_STATUSES][:SHOWN_FAILURES]
        return tuple(self.hook.failure(self.hook.describe_patiently(arn)).failure for arn in failed)
