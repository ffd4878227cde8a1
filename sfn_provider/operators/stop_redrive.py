"""Operators that stop or redrive an execution."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final, get_args

from sfn_provider.driving.argument_checks import Check, one_of
from sfn_provider.driving.aws_hook_mixin import aws_template_fields
from sfn_provider.executions.argument_types import OnNotRedrivable
from sfn_provider.links.step_function import StateMachineExecutionsDetailsLink
from sfn_provider.operators.base import ExecutionOperator
from sfn_provider.operators.wait_for_execution import WaitingOperator

if TYPE_CHECKING:
    from sfn_provider._compat import Context, XComArg
    from sfn_provider.driving.idempotent_start import StartRequest

_MAX_POLLS: Final = 60
"""Polls of a stopped execution, one a second, until it must have ended."""


class StepFunctionStopExecutionOperator(ExecutionOperator):
    """Stop an execution and wait until it has ended.

    The task returns the final status: ABORTED, or another one if the execution had already ended.

    Args:
        execution_arn: the execution, of a Standard state machine.
        error: the error's name that the execution shows, at most 256 characters.
        cause: the error's cause, at most 32,768 characters.
        kwargs: of ``AwsHookMixin`` (AWS connection) and ``BaseOperator``.
    """

    template_fields: Sequence[str] = aws_template_fields("execution_arn", "error", "cause")

    error: str | None
    cause: str | None

    def __init__(
        self,
        *,
        execution_arn: str | XComArg,
        error: str | None = "Airflow.Stopped",
        cause: str | None = "An Airflow task has stopped this execution.",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._set_attributes(execution_arn=execution_arn, error=error, cause=cause)

    def execute(self, context: Context) -> str:
        """Stop the execution.

        Raises:
            AirflowFailException: a permission is missing, or the execution is an Express one.
            AirflowException: the execution is still running a minute after AWS has accepted the request.
        """
        arn = self._require_execution_arn()
        StateMachineExecutionsDetailsLink.persist_for(self, context, execution_arn=arn)
        self._call_with_retries(lambda: self.hook.stop_execution(arn, self.error or "", self.cause or ""))
        status = str(self.hook.wait_for_execution(arn, 1, _MAX_POLLS)["status"])
        self.log.info("%s is %s", arn, status)
        return status


class StepFunctionRedriveExecutionOperator(ExecutionOperator, WaitingOperator):
    """Redrive a failed execution from the states that did not succeed, and wait for its end.

    An execution that is running or has succeeded is not redriven, so that a retry of the task never redrives twice.
    The task returns the execution's ARN. XComs and failures are those of ``StepFunctionStartExecutionOperator``.

    Args:
        execution_arn: the execution, of a Standard state machine.
        on_not_redrivable: what to do if AWS refuses (for example because the execution ended more than 14 days ago):
            ``fail`` reports why and fails without further retries; ``new_execution`` starts another one of the same
            state machine (version or alias, if the execution had one) with the same input.
        kwargs: of ``ExecutionWaitMixin`` (waiting), ``AwsHookMixin`` (AWS connection) and ``BaseOperator``.
    """

    argument_checks: ClassVar[Mapping[str, Check]] = {"on_not_redrivable": one_of(get_args(OnNotRedrivable))}

    on_not_redrivable: OnNotRedrivable

    def __init__(
        self, *, execution_arn: str | XComArg, on_not_redrivable: OnNotRedrivable = "fail", **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self._set_attributes(
            execution_arn=execution_arn,
            on_not_redrivable=on_not_redrivable,
        )

    def execute(self, context: Context) -> Any:
        """Redrive the execution and wait for it.

        Raises:
            StepFunctionExecutionFailed: the execution has failed again.
            AirflowFailException: AWS refuses to redrive it; a permission is missing; it is an Express one.
        """
        return self._wait_for_started(context, self._redrive(context))

    def _redrive(self, context: Context) -> str:
        from sfn_provider.driving.idempotent_start import redrive

        arn = self._execution_arn = self._require_execution_arn()  # the execution to stop if the task is killed now
        return redrive(self.hook, arn, self.on_not_redrivable) or self._start_again(context)

    def _start_after_kill(self, context: Context) -> str:
        return self._redrive(context)

    def _find_execution(self, context: Context) -> str | None:
        from sfn_provider.driving.idempotent_start import find_last_execution

        arn = self._require_execution_arn()
        started = self.on_not_redrivable == "new_execution" and find_last_execution(
            self.hook, self._request_again(context)
        )
        return started or arn

    def _start_again(self, context: Context) -> str:
        """Start another execution of the same state machine with the same input."""
        return self._start_request(self._request_again(context))

    def _request_again(self, context: Context) -> StartRequest:
        from sfn_provider.driving.idempotent_start import StartRequest
        from sfn_provider.executions.names import name_for_task_instance

        old = self.hook.describe_with_retries(self.execution_arn)
        machine = old.get("stateMachineAliasArn") or old.get("stateMachineVersionArn") or old["stateMachineArn"]
        name = name_for_task_instance(context)
        return StartRequest(machine, name, old.get("input"), "new_name", None)
