"""Operators by which a DAG does the work of a state: they answer its task token."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final, cast

from sfn_provider._compat import AirflowFailException
from sfn_provider.exceptions import UsageError
from sfn_provider.executions.aws_errors import error_code
from sfn_provider.hooks.aws_hook_mixin import AWS_TEMPLATE_FIELDS
from sfn_provider.operators.base import StepFunctionsOperator

if TYPE_CHECKING:
    from sfn_provider._compat import Context, XComArg

# Source: API_SendTaskSuccess, "Errors".
_CLOSED: Final[Mapping[str, str]] = {
    "TaskTimedOut": "has been answered before, or has run out of time",
    "TaskDoesNotExist": "is not waited for any more",
}


class TaskTokenOperator(StepFunctionsOperator):
    """Answers a task token.

    The token comes from a state with ``.waitForTaskToken`` that starts the DAG (pass ``$$.Task.Token`` into the run's
    ``conf``), or from ``StepFunctionActivityTaskSensor``.

    It has no constructor: each one of a class costs time at every parse. The operators set its attributes.
    """

    template_fields: Sequence[str] = tuple(sorted({*AWS_TEMPLATE_FIELDS, "task_token"}))
    ui_color = "#ffe0b2"

    task_token: str
    fail_if_closed: bool

    def execute(self, context: Context) -> None:
        """Send the answer.

        Raises:
            AirflowFailException: nobody waits for the token, what is sent cannot be sent, or a permission is missing.
        """
        try:
            self._patiently(self._send)
        except UsageError as error:
            raise AirflowFailException(f"{self.task_id}: {error}") from error
        except Exception as error:
            code = error_code(error) or ""
            if code == "InvalidToken":
                raise AirflowFailException(f"task_token: Step Functions never gave it out: {error}") from error
            if code not in _CLOSED:
                raise
            self._tell_closed(f"task_token: it {_CLOSED[code]} ({code}): {error}", error)

    def _send(self) -> None:
        raise NotImplementedError

    def _tell_closed(self, message: str, error: Exception) -> None:
        if self.fail_if_closed:
            raise AirflowFailException(message) from error
        self.log.warning(message)


class StepFunctionSendTaskSuccessOperator(TaskTokenOperator):
    """Say that the work behind a task token is done: the state goes on with ``task_output``.

    Args:
        task_token: the token.
        task_output: the state's result: any JSON value, at most 262,144 bytes. Text is taken as JSON text: in a
            template, end with ``| tojson``. Dates become ISO text.
        fail_if_closed: fail where Step Functions no longer waits for the token. If False, that is only logged.
        aws_conn_id: the Airflow connection; None for boto3's own search for credentials.
        region_name: the region. Default: the ARN's, else the connection's.
        verify: whether to check TLS certificates, or the path of a CA bundle.
        botocore_config: arguments of ``botocore.config.Config``.
        kwargs: of ``BaseOperator``.
    """

    template_fields: Sequence[str] = tuple(sorted({*TaskTokenOperator.template_fields, "task_output"}))
    template_fields_renderers: ClassVar[dict[str, str]] = {"task_output": "json"}

    def __init__(
        self,
        *,
        task_token: str | XComArg,
        task_output: Any = None,
        fail_if_closed: bool = True,
        aws_conn_id: str | None = "aws_default",
        region_name: str | None = None,
        verify: bool | str | None = None,
        botocore_config: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._keep(aws_conn_id=aws_conn_id, region_name=region_name, verify=verify, botocore_config=botocore_config)
        self.task_token = cast("str", task_token)  # a template field: text by the time it is read
        self.fail_if_closed = fail_if_closed
        self.task_output = task_output

    def _send(self) -> None:
        self.hook.send_task_success(self.task_token, self.task_output)


class StepFunctionSendTaskFailureOperator(TaskTokenOperator):
    """Say that the work behind a task token has failed: the state's Retry and Catch see ``error``.

    Args:
        task_token: the token.
        error: the error's name, cut after 256 characters.
        cause: the text beside it, cut after 32,768 characters.
        fail_if_closed: fail where Step Functions no longer waits for the token. If False, that is only logged.
        aws_conn_id: the Airflow connection; None for boto3's own search for credentials.
        region_name: the region. Default: the ARN's, else the connection's.
        verify: whether to check TLS certificates, or the path of a CA bundle.
        botocore_config: arguments of ``botocore.config.Config``.
        kwargs: of ``BaseOperator``.
    """

    template_fields: Sequence[str] = tuple(sorted({*TaskTokenOperator.template_fields, "error", "cause"}))

    def __init__(
        self,
        *,
        task_token: str | XComArg,
        error: str | None = None,
        cause: str | None = None,
        fail_if_closed: bool = True,
        aws_conn_id: str | None = "aws_default",
        region_name: str | None = None,
        verify: bool | str | None = None,
        botocore_config: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._keep(aws_conn_id=aws_conn_id, region_name=region_name, verify=verify, botocore_config=botocore_config)
        self.task_token = cast("str", task_token)
        self.fail_if_closed = fail_if_closed
        self.error = error
        self.cause = cause

    def _send(self) -> None:
        self.hook.send_task_failure(self.task_token, self.error, self.cause)


class StepFunctionSendTaskHeartbeatOperator(TaskTokenOperator):
    """Say that the work behind a task token goes on: the state's ``HeartbeatSeconds`` begin anew.

    Put it between the steps of the work. It fails where nobody waits any more, so that the steps behind it, which
    nobody needs, do not run.

    Args:
        task_token: the token.
        fail_if_closed: fail where Step Functions no longer waits for the token. If False, that is only logged.
        aws_conn_id: the Airflow connection; None for boto3's own search for credentials.
        region_name: the region. Default: the ARN's, else the connection's.
        verify: whether to check TLS certificates, or the path of a CA bundle.
        botocore_config: arguments of ``botocore.config.Config``.
        kwargs: of ``BaseOperator``.
    """

    def __init__(
        self,
        *,
        task_token: str | XComArg,
        fail_if_closed: bool = True,
        aws_conn_id: str | None = "aws_default",
        region_name: str | None = None,
        verify: bool | str | None = None,
        botocore_config: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._keep(aws_conn_id=aws_conn_id, region_name=region_name, verify=verify, botocore_config=botocore_config)
        self.task_token = cast("str", task_token)
        self.fail_if_closed = fail_if_closed

    def _send(self) -> None:
        self.hook.send_task_heartbeat(self.task_token)
