"""Operators that act on an execution that was started elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, cast, get_args

from sfn_provider._compat import conf
from sfn_provider.hooks.aws_hook_mixin import AWS_TEMPLATE_FIELDS, validate_choice
from sfn_provider.links.step_function import StateMachineExecutionsDetailsLink
from sfn_provider.operators.base import StepFunctionsOperator
from sfn_provider.operators.wait_for_execution import OnNotRedrivable, WaitingOperator

if TYPE_CHECKING:
    from sfn_provider._compat import Context, XComArg

_STOPPED_WITHIN: Final = 60
"""Seconds that a stopped execution may take to show that it has ended."""


class StepFunctionStopExecutionOperator(StepFunctionsOperator):
    """Stop an execution and wait until it has ended.

    The task returns the status with which it has ended: ABORTED, or another one where it had ended before.

    Args:
        execution_arn: the execution, of a Standard state machine.
        error: the error's name that the execution shows, at most 256 characters.
        cause: the text beside it, at most 32,768 characters.
        aws_conn_id: the Airflow connection; None for boto3's own search for credentials.
        region_name: the region. Default: the ARN's, else the connection's.
        verify: whether to check TLS certificates, or the path of a CA bundle.
        botocore_config: arguments of ``botocore.config.Config``.
        kwargs: of ``BaseOperator``.
    """

    arn_field = "execution_arn"
    template_fields: Sequence[str] = tuple(sorted({*AWS_TEMPLATE_FIELDS, "execution_arn", "error", "cause"}))
    ui_color = "#f9c915"
    operator_extra_links = (StateMachineExecutionsDetailsLink(),)

    def __init__(
        self,
        *,
        execution_arn: str | XComArg,
        error: str | None = "Airflow.Stopped",
        cause: str | None = "An Airflow task has stopped this execution.",
        aws_conn_id: str | None = "aws_default",
        region_name: str | None = None,
        verify: bool | str | None = None,
        botocore_config: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._keep(aws_conn_id=aws_conn_id, region_name=region_name, verify=verify, botocore_config=botocore_config)
        self.execution_arn = cast("str", execution_arn)  # a template field: text by the time it is read
        self.error = error
        self.cause = cause

    def execute(self, context: Context) -> str:
        """Stop the execution.

        Raises:
            AirflowFailException: a permission is missing, or the execution is an Express one.
            AirflowException: it still runs a minute after AWS has taken the request.
        """
        self.execution_arn = self._take_execution(context, self.execution_arn)
        self._refuse_express(self.execution_arn)
        self._persist_execution_link(context, self.execution_arn)
        arn, error, cause = self.execution_arn, self.error or "", self.cause or ""
        self._patiently(lambda: self.hook.stop_execution(arn, error, cause))
        status = str(self.hook.wait_for_execution(arn, 1, _STOPPED_WITHIN)["status"])
        self.log.info("%s is %s", arn, status)
        return status


class StepFunctionRedriveExecutionOperator(WaitingOperator):
    """Run a failed execution on from the states that did not succeed, and wait for its output.

    An execution that runs, or has succeeded, is taken as it is, so that a retry of the task never redrives twice. XComs
    and failures are those of ``StepFunctionStartExecutionOperator``.

    Args:
        execution_arn: the execution, of a Standard state machine.
        on_not_redrivable: what follows where AWS refuses (the execution has ended more than 14 days ago, say): ``fail``
            says why and fails without further retries; ``new_execution`` starts another one of the same state machine
            (version or alias, if the execution had one) with the same input.
        waiter_max_attempts: looks at the status at most; by default as many as ``execution_timeout`` allows.
        waiter_delay: seconds between two looks at the status.
        deferrable: wait in the triggerer, without a worker. Default: ``[operators] default_deferrable``. Needs
            ``apache-airflow-providers-amazon[aiobotocore]``.
        wait_for_completion: wait for the execution's end. If False, the task ends with the redrive and returns the ARN.
        stop_on_kill: stop the execution when the task is killed, cleared, marked or timed out.
        log_history: log each state that is entered and left, with its duration, retries and counts of Map items: one
            more call, of GetExecutionHistory, at each look.
        status_queue_url: URL of an SQS queue that EventBridge sends status changes of executions to: a deferred task
            then hears of the end, in place of looking. See docs/waiting.md.
        aws_conn_id: the Airflow connection; None for boto3's own search for credentials.
        region_name: the region. Default: the ARN's, else the connection's.
        verify: whether to check TLS certificates, or the path of a CA bundle.
        botocore_config: arguments of ``botocore.config.Config``.
        kwargs: of ``BaseOperator``.
    """

    arn_field = "execution_arn"
    template_fields: Sequence[str] = tuple(sorted({*AWS_TEMPLATE_FIELDS, "execution_arn"}))
    ui_color = "#f9c915"
    operator_extra_links = (StateMachineExecutionsDetailsLink(),)

    def __init__(
        self,
        *,
        execution_arn: str | XComArg,
        on_not_redrivable: OnNotRedrivable = "fail",
        waiter_max_attempts: int | None = None,
        waiter_delay: int = 60,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        wait_for_completion: bool = True,
        stop_on_kill: bool = True,
        log_history: bool = False,
        status_queue_url: str | None = None,
        aws_conn_id: str | None = "aws_default",
        region_name: str | None = None,
        verify: bool | str | None = None,
        botocore_config: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._keep(aws_conn_id=aws_conn_id, region_name=region_name, verify=verify, botocore_config=botocore_config)
        self._keep(
            waiter_max_attempts=waiter_max_attempts,
            waiter_delay=waiter_delay,
            status_queue_url=status_queue_url,
            deferrable=deferrable,
            wait_for_completion=wait_for_completion,
            stop_on_kill=stop_on_kill,
            log_history=log_history,
        )
        self.execution_arn = cast("str", execution_arn)  # a template field: text by the time it is read
        self.on_not_redrivable = validate_choice("on_not_redrivable", on_not_redrivable, get_args(OnNotRedrivable))

    def execute(self, context: Context) -> Any:
        """Redrive the execution and wait for it.

        Raises:
            StepFunctionExecutionFailed: the execution has failed again.
            AirflowFailException: AWS refuses to redrive it; a permission is missing; it is an Express one.
        """
        from sfn_provider.hooks.idempotent_start import redrive

        self.execution_arn = self._take_execution(context, self.execution_arn)
        self._refuse_express(self.execution_arn)
        arn = redrive(self.hook, self.execution_arn, self.on_not_redrivable)
        return self._follow(context, arn or self._anew(context))

    def _anew(self, context: Context) -> str:
        """Start another execution of the same machine with the same input."""
        from sfn_provider.executions.start_request import execution_name
        from sfn_provider.hooks.idempotent_start import StartRequest, start_execution_once

        ti, old = context["ti"], self.hook.describe_patiently(self.execution_arn)
        machine = old.get("stateMachineAliasArn") or old.get("stateMachineVersionArn") or old["stateMachineArn"]
        name = execution_name(ti.dag_id, ti.run_id, ti.task_id, ti.map_index)
        return start_execution_once(self.hook, StartRequest(machine, name, old.get("input"), "new_name", None))
