"""The operator that starts an execution, or redrives one by its name, and waits for it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Final, get_args

from sfn_provider._compat import AirflowException, conf
from sfn_provider.hooks.aws_hook_mixin import AWS_TEMPLATE_FIELDS, validate_choice
from sfn_provider.links.step_function import StateMachineDetailsLink, StateMachineExecutionsDetailsLink
from sfn_provider.operators.wait_for_execution import OnFailedExecution, OnNotRedrivable, WaitingOperator

if TYPE_CHECKING:
    from sfn_provider._compat import Context
    from sfn_provider.hooks.idempotent_start import StartRequest

_ON_FAILED_EXECUTION: Final = get_args(OnFailedExecution)
_ON_NOT_REDRIVABLE: Final = get_args(OnNotRedrivable)
_CLOCK_SKEW: Final = timedelta(minutes=1)
"""The worker's clock and AWS's may differ by this much."""


class StepFunctionStartExecutionOperator(WaitingOperator):
    """Start an execution and wait for its output.

    A task instance has one execution, whatever happens to its workers: every try uses the same execution name, and a
    try that finds the name taken waits for that execution, or takes its output if it has succeeded. That holds for a
    cleared task, too: to run a state machine anew by clearing, put ``{{ ti.max_tries }}`` into ``name``, which grows
    with each clear and is the same in every retry.

    The task returns the execution's output as JSON value, or the execution's ARN where it does not wait. Further XComs:
    ``execution_arn`` and ``execution_name`` from the start on, ``execution_start_date`` and ``execution_stop_date``
    (ISO 8601) at the end. An execution that does not succeed raises ``StepFunctionExecutionFailed`` with error, cause,
    and the state that failed, its resource and its input.

    Lost connections, throttling and errors of AWS's servers are waited out; a missing permission fails the task at
    once, and names the action.

    Args:
        state_machine_arn: the state machine's ARN, with a version or an alias if wanted.
        name: the execution's name. Default: made from DAG, run, task and map index. A name of your own must differ
            from run to run, and from one mapped task instance to the next.
        is_redrive_execution: redrive the execution called ``name`` in place of starting one. Text out of a template
            means what it says: ``"false"`` is false.
        state_machine_input: any JSON value, at most 262,144 bytes. Text is taken as JSON text; dates become ISO text.
        waiter_max_attempts: looks at the status at most; by default as many as ``execution_timeout`` allows.
        waiter_delay: seconds between two looks at the status.
        deferrable: wait in the triggerer, without a worker. Default: ``[operators] default_deferrable``. Needs
            ``apache-airflow-providers-amazon[aiobotocore]``.
        wait_for_completion: wait for the execution's end. If False, the task ends with the start, and returns the ARN.
        on_failed_execution: what a retry does where its execution has failed: ``new_name`` starts another one, named
            with ``-2``, ``-3`` and so on; ``redrive`` runs the failed one on; ``fail`` fails without further retries.
        on_not_redrivable: what follows where AWS refuses to redrive an execution (it has ended more than 14 days ago,
            say): ``fail`` says why and fails without further retries; ``new_execution`` starts another one, with
            ``state_machine_input`` and a name made from DAG, run, task and map index.
        stop_on_kill: stop the execution when the task is killed, cleared, marked or timed out. While the task is
            deferred, Airflow says so from 3.3 on; on older versions only its timeout reaches the task then.
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

    arn_field = "state_machine_arn"
    template_fields: Sequence[str] = tuple(
        sorted({*AWS_TEMPLATE_FIELDS, "state_machine_arn", "name", "state_machine_input", "is_redrive_execution"})
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {"state_machine_input": "json"}
    ui_color = "#f9c915"
    operator_extra_links = (StateMachineDetailsLink(), StateMachineExecutionsDetailsLink())

    state_machine_arn: str
    name: str | None
    is_redrive_execution: bool | str | None
    """None for False."""
    state_machine_input: Any
    on_failed_execution: OnFailedExecution
    on_not_redrivable: OnNotRedrivable

    def __init__(
        self,
        *,
        state_machine_arn: str,
        name: str | None = None,
        is_redrive_execution: bool | str = False,
        state_machine_input: Any = None,
        waiter_max_attempts: int | None = None,
        waiter_delay: int = 60,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        wait_for_completion: bool = True,
        on_failed_execution: OnFailedExecution = "new_name",
        on_not_redrivable: OnNotRedrivable = "fail",
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
        self._keep(
            state_machine_arn=state_machine_arn,
            name=name,
            # Airflow takes its time over each template field of each task, at every parse, unless it is None
            is_redrive_execution=is_redrive_execution or None,
            state_machine_input=state_machine_input,
            on_failed_execution=validate_choice("on_failed_execution", on_failed_execution, _ON_FAILED_EXECUTION),
            on_not_redrivable=validate_choice("on_not_redrivable", on_not_redrivable, _ON_NOT_REDRIVABLE),
        )

    def execute(self, context: Context) -> Any:
        """Start the execution, or find it, and wait for it.

        Raises:
            StepFunctionExecutionFailed: the execution has not succeeded.
            AirflowFailException: the arguments cannot be used, a permission is missing, or a failed execution is not
                to be repeated.
        """
        self._persist_machine_link(context, self.state_machine_arn)
        with self._usage_errors_fail():
            arn = self._start(context)
        return self._follow(context, arn)

    @property
    def input(self) -> Any:
        """``state_machine_input``, by the name that older versions of the amazon provider have for it."""
        return self.state_machine_input

    @input.setter
    def input(self, value: Any) -> None:
        self.state_machine_input = value

    def _start(self, context: Context) -> str:
        from sfn_provider.executions.start_request import as_bool
        from sfn_provider.hooks.idempotent_start import redrive_execution_once, start_execution_once

        if as_bool(self.is_redrive_execution, "is_redrive_execution"):
            arn = redrive_execution_once(self.hook, self.state_machine_arn, self.name, self.on_not_redrivable)
            # what is started in place of a redrive has a name of its own
            arn = arn or start_execution_once(self.hook, self._request(context, None))
        elif context or self.name:
            arn = start_execution_once(self.hook, self._request(context, self.name))
        else:  # a test of one's own, without context: no task instance to name the execution after
            arn = self.hook.start_execution(self.state_machine_arn, None, self.state_machine_input, False)
        if not arn:
            raise AirflowException(f"Failed to start State Machine execution for: {self.state_machine_arn}")
        return arn

    def _request(self, context: Context, name: str | None) -> StartRequest:
        from sfn_provider.hooks.idempotent_start import StartRequest

        started = _begun_after(context["dag_run"]) if context and name else None
        return StartRequest(
            state_machine_arn=self.state_machine_arn,
            name=str(name) if name else _name_after(context["ti"]),
            input=self.state_machine_input,
            on_failed_execution=self.on_failed_execution,
            since=started - _CLOCK_SKEW if started else None,
            on_not_redrivable=self.on_not_redrivable,
            first_try=bool(context and name and context["ti"].try_number == 1),
        )


def _begun_after(run: Any) -> datetime | None:
    """Give a time before which no task of the run has begun. Clearing a run sets its ``start_date`` anew."""
    begun: datetime | None = (run.data_interval_end or run.logical_date) if run.clear_number else run.start_date
    return begun


def _name_after(ti: Any) -> str:
    from sfn_provider.executions.start_request import execution_name

    return execution_name(ti.dag_id, ti.run_id, ti.task_id, ti.map_index)
