"""Operators that start executions and read their results.

Names, arguments and template fields are those of ``airflow.providers.amazon.aws.operators.step_function``. Nothing here
imports boto3 or the amazon provider while a DAG file is parsed.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, cast

from sfn_provider._compat import AirflowException, AirflowFailException, TaskDeferralTimeout, conf
from sfn_provider.exceptions import UsageError
from sfn_provider.hooks.deadlines import time_left
from sfn_provider.hooks.execution_requests import (
    KILLED_CAUSE,
    KILLED_ERROR,
    as_bool,
    execution_name,
    refuse_express,
)
from sfn_provider.hooks.execution_results import FAILURE_STATUSES, RUNNING_STATUSES, output_of
from sfn_provider.hooks.faults import Patience
from sfn_provider.hooks.hook_user import AWS_TEMPLATE_FIELDS
from sfn_provider.hooks.start_once import (
    ON_FAILED_EXECUTION,
    OnFailedExecution,
    StartRequest,
    redrive_once,
    start_once,
)
from sfn_provider.links.step_function import StateMachineDetailsLink, StateMachineExecutionsDetailsLink
from sfn_provider.operators.base import StepFunctionsOperator
from sfn_provider.triggers.step_function import StepFunctionsExecutionCompleteTrigger, execution_of

if TYPE_CHECKING:
    from sfn_provider._compat import Context, XComArg

# The worker's clock and AWS's may differ by this much.
_CLOCK_SKEW = timedelta(minutes=1)


class StepFunctionStartExecutionOperator(StepFunctionsOperator):
    """Start an execution and wait for its output.

    A task instance has one execution, whatever happens to its workers: every try uses the same execution name, and a
    try that finds the name taken waits for that execution, or takes its output if it has succeeded. That holds for a
    cleared task, too: to run a state machine anew by clearing, put ``{{ ti.try_number }}`` into ``name``.

    The task returns the execution's output as JSON value, or the execution's ARN where it does not wait. Further XComs:
    ``execution_arn`` and ``execution_name`` from the start on, ``execution_start_date`` and ``execution_stop_date``
    (ISO 8601) at the end. An execution that does not succeed raises ``StepFunctionExecutionFailed`` with error, cause,
    and the state that failed, its resource and its input.

    Lost connections, throttling and errors of AWS's servers are waited out; a missing permission fails the task at
    once, and names the action.

    Args:
        state_machine_arn: the state machine's ARN, with a version or an alias if wanted.
        name: the execution's name. Default: made from DAG, run, task and map index. A name of your own must differ
            from run to run.
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
        stop_on_kill: stop the execution when the task is killed, cleared, marked or timed out. While the task is
            deferred, Airflow says so from 3.3 on; on older versions only its timeout reaches the task then.
        kwargs: ``aws_conn_id``, ``region_name``, ``verify``, ``botocore_config``, and all of ``BaseOperator``.
    """

    template_fields: Sequence[str] = tuple(
        sorted({*AWS_TEMPLATE_FIELDS, "state_machine_arn", "name", "state_machine_input", "is_redrive_execution"})
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {"state_machine_input": "json"}
    ui_color = "#f9c915"
    operator_extra_links = (StateMachineDetailsLink(), StateMachineExecutionsDetailsLink())

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
        stop_on_kill: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if on_failed_execution not in ON_FAILED_EXECUTION:
            known = ", ".join(ON_FAILED_EXECUTION)
            raise ValueError(f"on_failed_execution: {on_failed_execution!r} is none of {known}")
        self.state_machine_arn = state_machine_arn
        self.name = name
        self.is_redrive_execution = is_redrive_execution
        self.state_machine_input = state_machine_input
        self.waiter_max_attempts = waiter_max_attempts
        self.waiter_delay = waiter_delay
        self.deferrable = deferrable
        self.wait_for_completion = wait_for_completion
        self.on_failed_execution = on_failed_execution
        self.stop_on_kill = stop_on_kill
        self._execution_arn: str | None = None

    def execute(self, context: Context) -> Any:
        """Start the execution, or find it, and wait for it.

        Raises:
            StepFunctionExecutionFailed: the execution has not succeeded.
            AirflowFailException: the arguments cannot be used, a permission is missing, or a failed execution is not
                to be repeated.
        """
        StateMachineDetailsLink.persist(
            context=context,
            operator=self,
            region_name=self.hook.conn_region_name,
            aws_partition=self.hook.conn_partition,
            state_machine_arn=self.state_machine_arn,
        )
        try:
            arn = self._execution_arn = self._start(context)
            self._persist_execution_link(context, arn)
            self._push(context, execution_arn=arn, execution_name=arn.rpartition(":")[2])
            if not self.wait_for_completion:
                return arn
            refuse_express(arn)
        except UsageError as error:
            raise AirflowFailException(f"{self.task_id}: {error}") from error
        return self._wait(context, arn)

    def execute_complete(self, context: Context, event: dict[str, Any] | None = None) -> Any:
        """Take the wait up again, after the trigger's event."""
        self._execution_arn = execution_of(event)
        return self._finish(context, self._execution_arn)

    def resume_execution(self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context) -> Any:
        """Come back from a deferral. Where that has timed out, the execution is stopped as in a worker."""
        try:
            return super().resume_execution(next_method, next_kwargs, context)
        except TaskDeferralTimeout as error:
            if "timeout" in str(error).lower():  # Airflow 2 has no class of its own for it
                ti = context["ti"]
                pulled = ti.xcom_pull(task_ids=self.task_id, key="execution_arn", map_indexes=ti.map_index)
                self._execution_arn = pulled
                self.on_kill()
            raise

    def on_kill(self) -> None:
        """Stop the execution, unless ``stop_on_kill`` is False."""
        if self.stop_on_kill and self._execution_arn:
            self.log.info("Stopping %s", self._execution_arn)
            self.hook.stop_execution(self._execution_arn, error=KILLED_ERROR, cause=KILLED_CAUSE)

    def _start(self, context: Context) -> str:
        if as_bool(self.is_redrive_execution, "is_redrive_execution"):
            return redrive_once(self.hook, self.state_machine_arn, self.name)
        ti, started = context["ti"], context["dag_run"].start_date
        request = StartRequest(
            state_machine_arn=self.state_machine_arn,
            name=self.name or execution_name(ti.dag_id, ti.run_id, ti.task_id, ti.map_index),
            input=self.state_machine_input,
            on_failed_execution=self.on_failed_execution,
            since=started - _CLOCK_SKEW if self.name and started else None,
        )
        return start_once(self.hook, request)

    def _wait(self, context: Context, arn: str) -> Any:
        if not self.deferrable:
            self.hook.wait_for_execution(arn, self.waiter_delay, self.waiter_max_attempts)
        elif self._runs(arn):
            self._defer(context, arn)
        return self._finish(context, arn)

    def _runs(self, arn: str) -> bool:
        """Look once, so that an execution that has ended never defers; where AWS does not answer, the trigger waits."""
        try:
            return str(self.hook.describe_execution(arn, "METADATA_ONLY")["status"]) in RUNNING_STATUSES
        except Exception as error:  # what cannot pass is raised again by pause_after
            Patience().pause_after(error)
            return True

    def _defer(self, context: Context, arn: str) -> None:
        self.defer(
            trigger=StepFunctionsExecutionCompleteTrigger(
                execution_arn=arn,
                waiter_delay=self.waiter_delay,
                waiter_max_attempts=self.waiter_max_attempts,
                aws_conn_id=self.aws_conn_id,
                region_name=self.region_name,
                verify=self.verify,
                botocore_config=self.botocore_config,
                stop_on_kill=self.stop_on_kill,
            ),
            method_name="execute_complete",
            timeout=time_left(context, self.execution_timeout),
        )

    def _finish(self, context: Context, arn: str) -> Any:
        description = self.hook.describe_patiently(arn)
        if description["status"] in RUNNING_STATUSES:  # redriven in the meantime
            return self._wait(context, arn)
        if description["status"] in FAILURE_STATUSES:
            raise self.hook.failure(description)
        self._push(
            context,
            execution_start_date=description["startDate"].isoformat(),
            execution_stop_date=description["stopDate"].isoformat(),
        )
        return output_of(description)

    def _push(self, context: Context, **values: str) -> None:
        if self.do_xcom_push:
            for key, value in values.items():
                context["ti"].xcom_push(key=key, value=value)


class StepFunctionGetExecutionOutputOperator(StepFunctionsOperator):
    """Read the output of an execution that has ended.

    The task returns the output as JSON value.

    Args:
        execution_arn: the execution.
        fail_on_error: fail where the execution has not succeeded. If False, the task returns the error of one that has
            failed, and None for one that still runs, as the amazon provider's operator does.
        kwargs: ``aws_conn_id``, ``region_name``, ``verify``, ``botocore_config``, and all of ``BaseOperator``.
    """

    template_fields: Sequence[str] = tuple(sorted({*AWS_TEMPLATE_FIELDS, "execution_arn"}))
    ui_color = "#f9c915"
    operator_extra_links = (StateMachineExecutionsDetailsLink(),)

    def __init__(self, *, execution_arn: str | XComArg, fail_on_error: bool = True, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.execution_arn = cast("str", execution_arn)  # a template field: text by the time it is read
        self.fail_on_error = fail_on_error

    def execute(self, context: Context) -> Any:
        """Read the output.

        Raises:
            StepFunctionExecutionFailed: the execution has failed.
            AirflowException: it still runs; a retry may find it ended.
        """
        self._persist_execution_link(context, self.execution_arn)
        description = self.hook.describe_execution(self.execution_arn)
        if "output" in description:
            return output_of(description)
        if not self.fail_on_error:
            return _json_or_text(description.get("error"))
        if description["status"] in RUNNING_STATUSES:
            raise AirflowException(
                f"{self.execution_arn} is {description['status']} and has no output yet: "
                "wait for it with StepFunctionExecutionSensor"
            )
        raise self.hook.failure(description)


def _json_or_text(text: str | None) -> Any:
    try:
        return json.loads(text) if text else text
    except ValueError:
        return text
