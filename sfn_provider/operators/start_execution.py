"""Operator that starts an execution, or redrives one by its name, and waits for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, get_args

from sfn_provider._compat import AirflowException
from sfn_provider.driving.argument_checks import Check, one_of, required
from sfn_provider.driving.aws_hook_mixin import aws_template_fields
from sfn_provider.executions.argument_types import OnFailedExecution, OnNotRedrivable
from sfn_provider.links.step_function import StateMachineDetailsLink, StateMachineExecutionsDetailsLink
from sfn_provider.operators.wait_for_execution import WaitingOperator

if TYPE_CHECKING:
    from sfn_provider._compat import Context
    from sfn_provider.driving.idempotent_start import StartRequest


class StepFunctionStartExecutionOperator(WaitingOperator):
    """Start an execution and wait for its end.

    A task has one execution, even if its workers are lost: every retry uses the same execution name, and a retry that
    finds the name taken waits for that execution. A task that is cleared starts another execution, and so does one of a
    run that is deleted and created again.

    The task returns the execution's ARN. Further XComs: ``execution_arn`` and ``execution_name`` after the start,
    ``output`` (the execution's output as JSON value), ``execution_start_date`` and ``execution_stop_date`` (ISO 8601)
    at the end. An execution that does not succeed raises ``StepFunctionExecutionFailed`` with error, cause, and the
    state that failed, its resource and its input.

    Calls are retried after lost connections, throttling and errors of AWS's servers; a missing permission fails the
    task at once, and the message names the action.

    Args:
        state_machine_arn: the state machine's ARN, optionally with a version or an alias.
        name: the execution's name. Default: made from DAG, run, task, map index and what tells a clear from a retry.
            Your own name must differ from run to run (``{{ run_id }}``), from one mapped task instance to the next
            (``{{ ti.map_index }}``) and after a clear (``{{ ti.max_tries }}``, which no retry changes); otherwise the
            task fails rather than take another one's execution. A hyphen replaces each character that AWS refuses.
        is_redrive_execution: redrive the execution called ``name`` instead of starting one. Text rendered by a template
            is parsed: ``"false"`` is false.
        state_machine_input: any JSON value, at most 262,144 bytes. A ``str`` is JSON text, the output of a task a
            value; dates become ISO text.
        on_failed_execution: what a retry does if its execution has failed: ``new_name`` starts another one, named
            with ``-2``, ``-3`` and so on; ``redrive`` redrives the failed one; ``fail`` fails without further retries.
            One that was stopped because its task was killed is always followed by another one.
        on_not_redrivable: what to do if AWS refuses to redrive an execution (for example because it ended more than 14
            days ago): ``fail`` reports why and fails without further retries; ``new_execution`` starts another one,
            with ``state_machine_input`` and the default name.
        kwargs: of ``ExecutionWaitMixin`` (waiting), ``AwsHookMixin`` (AWS connection) and ``BaseOperator``.
    """

    arn_field = "state_machine_arn"
    template_fields: Sequence[str] = aws_template_fields(
        "state_machine_arn", "name", "state_machine_input", "is_redrive_execution"
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {"state_machine_input": "json"}
    operator_extra_links = (StateMachineDetailsLink(), StateMachineExecutionsDetailsLink())
    argument_checks: ClassVar[Mapping[str, Check]] = {
        "state_machine_arn": required,
        "on_failed_execution": one_of(get_args(OnFailedExecution)),
        "on_not_redrivable": one_of(get_args(OnNotRedrivable)),
    }

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
        on_failed_execution: OnFailedExecution = "new_name",
        on_not_redrivable: OnNotRedrivable = "fail",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._set_attributes(
            state_machine_arn=state_machine_arn,
            name=name,
            # None instead of False: Airflow processes each template field that is not None, at every parse.
            is_redrive_execution=is_redrive_execution or None,
            state_machine_input=state_machine_input,
            on_failed_execution=on_failed_execution,
            on_not_redrivable=on_not_redrivable,
        )

    def execute(self, context: Context) -> Any:
        """Start the execution, or find it, and wait for it.

        Raises:
            StepFunctionExecutionFailed: the execution has not succeeded.
            AirflowFailException: an argument is invalid, a permission is missing, or the execution has failed and
                ``on_failed_execution`` is ``fail``.
        """
        StateMachineDetailsLink.persist_for(self, context, state_machine_arn=self.state_machine_arn)
        with self._fail_on_usage_error():
            arn = self._start(context)
        return self._wait_for_started(context, arn)

    @property
    def input(self) -> Any:
        """``state_machine_input``, by the name in older versions of the amazon provider."""
        return self.state_machine_input

    @input.setter
    def input(self, value: Any) -> None:
        self.state_machine_input = value

    def _start(self, context: Context) -> str:
        from sfn_provider.driving.idempotent_start import redrive_execution_once
        from sfn_provider.driving.template_types import parse_bool
        from sfn_provider.executions.arns import build_execution_arn
        from sfn_provider.executions.names import permitted_name

        if parse_bool(self.is_redrive_execution, "is_redrive_execution"):
            name = permitted_name(str(self.name)) if self.name else None
            if name:  # the execution to stop if the task is killed now
                self._execution_arn = build_execution_arn(self.state_machine_arn, name)
            arn = redrive_execution_once(self.hook, self.state_machine_arn, name, self.on_not_redrivable)
            # an execution that is started instead of a redrive has another name
            arn = arn or self._start_request(self._request(context, None))
        elif context or self.name:
            arn = self._start_request(self._request(context, self.name))
        else:  # a user's unit test without context: there is no task instance to derive the name from
            arn = self.hook.start_execution(self.state_machine_arn, None, self.state_machine_input, False)
        if not arn:
            raise AirflowException(f"Failed to start State Machine execution for: {self.state_machine_arn}")
        return arn

    def _start_after_kill(self, context: Context) -> str:
        return self._start(context)

    def _find_execution(self, context: Context) -> str | None:
        from sfn_provider.driving.idempotent_start import find_last_execution
        from sfn_provider.driving.template_types import parse_bool

        found = None
        if parse_bool(self.is_redrive_execution, "is_redrive_execution"):  # one that was started instead, or that one
            found = find_last_execution(self.hook, self._request(context, None))
        return found or find_last_execution(self.hook, self._request(context, self.name))

    def _request(self, context: Context, name: str | None) -> StartRequest:
        from sfn_provider.driving.idempotent_start import StartRequest
        from sfn_provider.executions.names import name_for_task_instance, permitted_name

        own_name = bool(context and name)
        return StartRequest(
            state_machine_arn=self.state_machine_arn,
            name=permitted_name(str(name)) if name else name_for_task_instance(context),
            input=self.state_machine_input,
            on_failed_execution=self.on_failed_execution,
            not_before=context["dag_run"].start_date if own_name else None,
            on_not_redrivable=self.on_not_redrivable,
            first_try=own_name and self._is_first_try(context),
            same_input=own_name and not self._is_name_of_run(context),
        )

    def _is_name_of_run(self, context: Context) -> bool:
        """Return whether the user's name contains the run's id, so that no other run has it, nor a mapped task."""
        ti: Any = context["ti"]
        return str(ti.run_id) in str(self.name) and (ti.map_index is None or ti.map_index < 0)

    def _is_first_try(self, context: Context) -> bool:
        """Return whether this is the first try since the task instance was created or cleared.

        A clear sets ``max_tries`` to the tries so far plus ``retries``.
        """
        ti: Any = context["ti"]
        return ti.try_number in (1, ti.max_tries - (self.retries or 0) + 1)
