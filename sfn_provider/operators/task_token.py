"""Operators that send a task token's success, failure or heartbeat: the DAG does a state's work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final

from sfn_provider._compat import AirflowFailException
from sfn_provider.driving.argument_checks import Check, required, true_or_false
from sfn_provider.driving.aws_hook_mixin import aws_template_fields
from sfn_provider.executions.aws_errors import error_code
from sfn_provider.operators.base import StepFunctionsOperator

if TYPE_CHECKING:
    from sfn_provider._compat import Context, XComArg

# Source: API_SendTaskSuccess, "Errors".
_CLOSED: Final[Mapping[str, str]] = {
    "TaskTimedOut": "has been answered before, or has run out of time",
    "TaskDoesNotExist": "is not waited for any more",
}


class TaskTokenOperator(StepFunctionsOperator):
    """Sends a call about a task token.

    The token comes from a state with ``.waitForTaskToken`` that starts the DAG (pass ``$$.Task.Token`` in the run's
    ``conf``), or from ``StepFunctionActivityTaskSensor``.
    """

    template_fields: Sequence[str] = aws_template_fields("task_token")
    ui_color = "#ffe0b2"
    argument_checks: ClassVar[Mapping[str, Check]] = {"task_token": required, "fail_if_closed": true_or_false}

    task_token: str
    fail_if_closed: bool

    def execute(self, context: Context) -> None:
        """Send the call.

        Raises:
            AirflowFailException: the token is not waited for, the arguments are invalid, or a permission is missing.
        """
        from sfn_provider.secret_masking import masked_line

        try:
            with self._fail_on_usage_error():
                self._call_with_retries(self._send)
        except Exception as error:
            code = error_code(error) or ""
            if code == "InvalidToken":
                message = f"task_token: Step Functions never gave it out: {masked_line(error)}"
                raise AirflowFailException(message) from error
            if code not in _CLOSED:
                raise
            message = f"task_token: it {_CLOSED[code]} ({code}): {masked_line(error)}"
            if self.fail_if_closed:
                raise AirflowFailException(message) from error
            self.log.warning(message)
        else:
            self.log.info("AWS has taken the task token's %s", self._described_answer())

    def _described_answer(self) -> str:
        """Return what is sent, for the log; the token itself is a secret."""
        raise NotImplementedError

    def _send(self) -> None:
        raise NotImplementedError


class StepFunctionSendTaskSuccessOperator(TaskTokenOperator):
    """Report that the work of a task token is done: the state continues with ``task_output``.

    Args:
        task_token: the token.
        task_output: the state's result: any JSON value, at most 262,144 bytes. A ``str`` is JSON text: end a
            template with ``| tojson``; the output of a task is a value. Dates become ISO text.
        fail_if_closed: fail if Step Functions no longer waits for the token. If False, this is only logged.
        kwargs: of ``AwsHookMixin`` (AWS connection) and ``BaseOperator``.
    """

    template_fields: Sequence[str] = aws_template_fields("task_token", "task_output")
    template_fields_renderers: ClassVar[dict[str, str]] = {"task_output": "json"}

    task_output: Any

    def __init__(
        self,
        *,
        task_token: str | XComArg,
        task_output: Any = None,
        fail_if_closed: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._set_attributes(task_token=task_token, task_output=task_output, fail_if_closed=fail_if_closed)

    def _described_answer(self) -> str:
        return "success: its state goes on"

    def _send(self) -> None:
        self.hook.send_task_success(self.task_token, self.task_output)


class StepFunctionSendTaskFailureOperator(TaskTokenOperator):
    """Report that the work of a task token has failed: the state's Retry and Catch see ``error``.

    Args:
        task_token: the token.
        error: the error's name, cut after 256 characters.
        cause: the error's cause, cut after 32,768 characters.
        fail_if_closed: fail if Step Functions no longer waits for the token. If False, this is only logged.
        kwargs: of ``AwsHookMixin`` (AWS connection) and ``BaseOperator``.
    """

    template_fields: Sequence[str] = aws_template_fields("task_token", "error", "cause")

    error: str | None
    cause: str | None

    def __init__(
        self,
        *,
        task_token: str | XComArg,
        error: str | None = None,
        cause: str | None = None,
        fail_if_closed: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._set_attributes(task_token=task_token, error=error, cause=cause, fail_if_closed=fail_if_closed)

    def _described_answer(self) -> str:
        from sfn_provider.secret_masking import masked_line

        return f"failure: {masked_line(self.error or 'an error without a name')}"

    def _send(self) -> None:
        self.hook.send_task_failure(self.task_token, self.error, self.cause)


class StepFunctionSendTaskHeartbeatOperator(TaskTokenOperator):
    """Report that the work of a task token continues: restarts the state's ``HeartbeatSeconds``.

    Put it between the steps of the work. It fails if Step Functions no longer waits for the token, so that the steps
    after it, whose result is not used, do not run.

    Args:
        task_token: the token.
        fail_if_closed: fail if Step Functions no longer waits for the token. If False, this is only logged.
        kwargs: of ``AwsHookMixin`` (AWS connection) and ``BaseOperator``.
    """

    def __init__(
        self,
        *,
        task_token: str | XComArg,
        fail_if_closed: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._set_attributes(task_token=task_token, fail_if_closed=fail_if_closed)

    def _described_answer(self) -> str:
        return "heartbeat: its state waits on"

    def _send(self) -> None:
        self.hook.send_task_heartbeat(self.task_token)
