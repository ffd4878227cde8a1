"""Base class of the operators that wait for an execution, in the worker or in the triggerer.

What only a running task needs is imported there: Airflow imports this module again whenever it parses a DAG file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final, NoReturn, TypeVar

from sfn_provider._compat import (
    AirflowException,
    AirflowFailException,
    AirflowTaskTimeout,
    TaskDeferralTimeout,
    conf,
    timezone,
)
from sfn_provider.driving.argument_checks import Check, literal, number, or_none, true_or_false
from sfn_provider.driving.aws_hook_mixin import AwsHookMixin
from sfn_provider.driving.logged_history import LoggedHistoryMixin
from sfn_provider.links.step_function import StateMachineExecutionsDetailsLink, console_address
from sfn_provider.operators.base import StepFunctionsOperator

if TYPE_CHECKING:
    from sfn_provider._compat import Context
    from sfn_provider.driving.idempotent_start import StartRequest
    from sfn_provider.lineage.openlineage_facets import OperatorLineage

T = TypeVar("T")

_TIMEOUT_GRACE: Final = timedelta(minutes=1)
"""How much later than the trigger Airflow ends a deferral at its timeout: its way loses the execution's ARN."""


class ExecutionWaitMixin(LoggedHistoryMixin, AwsHookMixin):
    """Declares the waiting arguments. As a mixin, so that Airflow does not wrap the constructor: see ``AwsHookMixin``.

    Args:
        waiter_max_attempts: maximum polls of the status, after which the task fails and the execution goes on; by
            default as many as ``execution_timeout`` allows.
        waiter_delay: seconds between two polls of the status.
        deferrable: wait in the triggerer, without a worker. Default: ``[operators] default_deferrable``. Needs
            ``apache-airflow-providers-amazon[aiobotocore]``.
        wait_for_completion: wait for the execution's end. If False, the task ends right after the start or redrive.
        return_output: return the execution's output instead of its ARN.
        stop_on_kill: stop the execution when the task is killed, cleared, marked or timed out. For a deferred task
            Airflow reports this from 3.3 on; on older versions only a timeout reaches the task.
        log_history: log each state that is entered and left, with its duration, retries and counts of Map items: one
            more call, of GetExecutionHistory, at each poll.
        status_queue_url: URL of an SQS queue to which EventBridge sends status changes of executions: a deferred task
            then receives the end instead of polling. See docs/waiting.md.
        kwargs: of the next class.
    """

    argument_checks: ClassVar[Mapping[str, Check]] = {
        **dict.fromkeys(
            ("deferrable", "wait_for_completion", "return_output", "stop_on_kill", "log_history"), true_or_false
        ),
        "waiter_delay": number(0),
        "waiter_max_attempts": or_none(number(1)),
        "status_queue_url": literal,
    }

    waiter_max_attempts: int | None
    waiter_delay: int
    deferrable: bool
    wait_for_completion: bool
    return_output: bool
    stop_on_kill: bool
    status_queue_url: str | None

    def __init__(
        self,
        *,
        waiter_max_attempts: int | None = None,
        waiter_delay: int = 60,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        wait_for_completion: bool = True,
        return_output: bool = False,
        stop_on_kill: bool = True,
        log_history: bool = False,
        status_queue_url: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._set_attributes(
            waiter_max_attempts=waiter_max_attempts,
            waiter_delay=waiter_delay,
            deferrable=deferrable,
            wait_for_completion=wait_for_completion,
            return_output=return_output,
            stop_on_kill=stop_on_kill,
            log_history=log_history,
            status_queue_url=status_queue_url,
        )
        if return_output and not wait_for_completion:
            raise ValueError(
                "return_output: an execution that is not waited for has no output; it needs wait_for_completion=True"
            )
        if status_queue_url and wait_for_completion and not deferrable:
            raise ValueError("status_queue_url: a wait in the worker does not read a queue; it needs deferrable=True")


class WaitingOperator(ExecutionWaitMixin, StepFunctionsOperator):
    """Waits for an execution, and returns its ARN or its output. Arguments as for ``ExecutionWaitMixin``."""

    _execution_arn: str | None = None
    _pending_start: StartRequest | None = None
    _killed = False

    def execute_complete(self, context: Context, event: dict[str, Any] | None = None) -> Any:
        """Continue the wait after the trigger's event.

        Raises:
            AirflowTaskTimeout: ``execution_timeout`` is over.
        """
        from sfn_provider.executions.trigger_events import success_description, validate_event

        if event is not None and event["status"] == "timeout":
            self._time_out(str(event["execution_arn"]))
        event = validate_event(event)
        self._execution_arn = arn = str(event["execution_arn"])
        self._take_history(event)
        return self._finish(context, arn, success_description(event))

    def resume_execution(self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context) -> Any:
        """Resume after a deferral. If that has timed out, the execution is stopped as in a worker."""
        try:
            return super().resume_execution(next_method, next_kwargs, context)
        except TaskDeferralTimeout as error:
            if "timeout" not in str(error).lower():  # Airflow 2 has no separate class for it
                raise
            # The trigger has not ended the wait at its deadline: the triggerer is down.
            ti, problem = context["ti"], ""
            arn = ti.xcom_pull(task_ids=self.task_id, key="execution_arn", map_indexes=ti.map_index)
            if not arn:
                arn, problem = self._result_or_problem(lambda: self._find_execution(context))
            self._time_out(arn, problem)

    def on_kill(self) -> None:
        """Stop the execution, also one whose start is under way, unless ``stop_on_kill`` is False."""
        from sfn_provider.driving.idempotent_start import KILL_TRIES, stop_pending_execution
        from sfn_provider.executions.statuses import KILLED_CAUSE, KILLED_ERROR

        self._killed = True
        arn, request = self._execution_arn, self._pending_start
        if not self.stop_on_kill:
            return
        if arn:
            self.log.info("Stopping %s", arn)
            stop = partial(self.hook.stop_execution, arn, KILLED_ERROR, KILLED_CAUSE)
            self._call_with_retries(stop, tries=KILL_TRIES)
        elif request is not None:
            self.log.info("Stopping %s, if it has started", request.pending_arn)
            stop_pending_execution(self.hook, request, KILLED_ERROR, KILLED_CAUSE)

    def get_openlineage_facets_on_complete(self, task_instance: Any) -> OperatorLineage[Any, Any]:
        """Return machine, execution, jobs and datasets of the execution; the openlineage provider asks for them.

        Args:
            task_instance: the task instance.
        """
        from sfn_provider.lineage.operator_lineage import driven_lineage

        return driven_lineage(self.hook, self._execution_arn, has_ended=self.wait_for_completion)

    get_openlineage_facets_on_failure = get_openlineage_facets_on_complete

    def _find_execution(self, context: Context) -> str | None:
        """Find the execution that an earlier process of this task has started; None if there is none."""
        raise NotImplementedError

    def _start_after_kill(self, context: Context) -> str:
        """Start another execution in place of one that was stopped because a former try of this task was killed."""
        raise NotImplementedError

    def _start_request(self, request: StartRequest) -> str:
        """Start an execution, so that ``on_kill`` finds it also before AWS has responded."""
        from sfn_provider.driving.idempotent_start import start_execution_once

        self._pending_start = request
        self._execution_arn = None
        self._execution_arn = arn = start_execution_once(self.hook, request)
        self._pending_start = None
        self.log.info(
            "%s execution %s of state machine %s, in the console: %s",
            "Found again" if request.found_again else "Started",
            arn,
            request.state_machine_arn,
            console_address(execution_arn=arn),
        )
        return arn

    def _time_out(self, arn: str | None, problem: str = "") -> NoReturn:
        """Stop the execution as a killed task does, and fail.

        Args:
            arn: the execution; None if it was not found.
            problem: why not, if AWS has refused to tell.

        Raises:
            AirflowTaskTimeout: always, also where the execution cannot be stopped.
        """
        self._execution_arn = arn
        if not arn:
            outcome = "its execution was not found; if there is one, it goes on"
        elif not self.stop_on_kill:
            outcome = f"{arn} goes on, as stop_on_kill=False says"
        else:
            _, problem = self._result_or_problem(self.on_kill)
            outcome = f"{arn} could not be stopped" if problem else f"{arn} was stopped"
        self._execution_arn = None  # Airflow calls on_kill once more
        message = f"{self.task_id}: execution_timeout={self.execution_timeout} is over: {outcome}"
        raise AirflowTaskTimeout(f"{message}: {problem}" if problem else message)

    def _result_or_problem(self, call: Callable[[], T]) -> tuple[T | None, str]:
        """Call AWS for a task that fails in any case; gives the result, or None and why there is none."""
        from sfn_provider.secret_masking import masked_line

        try:
            return call(), ""
        except Exception as error:
            return None, masked_line(error)

    def _wait_for_started(self, context: Context, arn: str) -> Any:
        """Push ARN and name of an execution that has been started, and wait for it unless that is switched off."""
        from sfn_provider.executions.arns import parse_execution_name, require_describable

        self._execution_arn = arn
        if self._killed:  # Airflow 3 lets a task go on that it has told to end
            self.on_kill()
            raise AirflowException(f"{arn} was started while the task was killed")
        StateMachineExecutionsDetailsLink.persist_for(self, context, execution_arn=arn)
        self._push_xcoms(context, execution_arn=arn, execution_name=parse_execution_name(arn))
        if not self.wait_for_completion:
            return arn
        with self._fail_on_usage_error():
            require_describable(arn)
        return self._wait(context, arn)

    def _wait(self, context: Context, arn: str) -> Any:
        from sfn_provider.driving.history_logger import log_new_events

        try:
            if not self.deferrable:
                log_events = partial(log_new_events, self.hook, arn, self._history_log()) if self.log_history else None
                self.hook.wait_for_execution(arn, self.waiter_delay, self.waiter_max_attempts, watch=log_events)
            elif self._is_running(arn):
                self._defer(context, arn)
        except AirflowFailException as error:
            raise AirflowFailException(f"{error} Execution {arn} goes on: no task waits for it any more.") from error
        return self._finish(context, arn)

    def _is_running(self, arn: str) -> bool:
        """Poll once, so that an execution that has ended never defers; if AWS does not respond, the trigger waits."""
        from sfn_provider.executions.aws_errors import Backoff
        from sfn_provider.executions.statuses import ENDED_STATUSES

        try:
            return str(self.hook.describe_execution(arn, "METADATA_ONLY")["status"]) not in ENDED_STATUSES
        except Exception as error:  # next_delay raises final errors again
            Backoff().next_delay(error)
            return True

    def _defer(self, context: Context, arn: str) -> None:
        from sfn_provider.triggers.step_function import StepFunctionsExecutionCompleteTrigger
        from sfn_provider.waiting.history.history_store import store_at_deferral
        from sfn_provider.waiting.timeouts import remaining_timeout

        if self.log_history:
            store_at_deferral(context, arn, self._history_log(), self.log)
        timeout = remaining_timeout(context, self.execution_timeout)
        self.defer(
            trigger=StepFunctionsExecutionCompleteTrigger(
                execution_arn=arn,
                waiter_delay=self.waiter_delay,
                waiter_max_attempts=self.waiter_max_attempts,
                stop_on_kill=self.stop_on_kill,
                log_history=self.log_history,
                history=self._history_of_trigger(),
                status_queue_url=self.status_queue_url,
                deadline=(timezone.utcnow() + timeout).timestamp() if timeout else None,
                **self.connection_arguments,
            ),
            method_name="execute_complete",
            timeout=timeout + _TIMEOUT_GRACE if timeout else None,
        )

    def _finish(self, context: Context, arn: str, description: Mapping[str, Any] | None = None) -> Any:
        from sfn_provider.driving.history_logger import log_remaining_events
        from sfn_provider.executions.outcomes import ended_message
        from sfn_provider.executions.statuses import FAILURE_STATUSES, RUNNING_STATUSES, was_killed
        from sfn_provider.lineage.execution_trace import trace_execution
        from sfn_provider.telemetry.metrics import observe_end

        description = description or self.hook.describe_with_retries(arn)
        if description["status"] in RUNNING_STATUSES:  # redriven in the meantime
            return self._wait(context, arn)
        observe_end(description.get("stopDate"))
        trace_execution(self.hook, arn, description)
        if self.log_history:
            log_remaining_events(self.hook, arn, self._history_log())
        self.log.info("%s", ended_message(arn, description))
        if was_killed(description) and not self._killed:
            self.log.info("A former try of this task was killed, and has stopped it")
            return self._wait_for_started(context, self._start_after_kill(context))
        if description["status"] in FAILURE_STATUSES:
            raise self.hook.failure(description)
        return self._result(context, arn, description)

    def _result(self, context: Context, arn: str, description: Mapping[str, Any]) -> Any:
        """Push the output and dates of an execution that has succeeded, and return what the task returns.

        Raises:
            AirflowException: ``return_output`` is set, and AWS does not return the output.
        """
        from sfn_provider.executions.outcomes import parse_output

        output = parse_output(description) if "output" in description else None
        self._push_xcoms(
            context,
            output=output,
            execution_start_date=description["startDate"].isoformat(),
            execution_stop_date=description["stopDate"].isoformat(),
        )
        if not self.return_output:
            return arn
        if "output" not in description:
            raise AirflowException(
                f"return_output: {arn} has succeeded, but AWS does not return its output: the "
                "credentials of the Airflow connection may lack kms:Decrypt for the state machine's key"
            )
        return output
