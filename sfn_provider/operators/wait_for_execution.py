"""Base class of the operators that wait for an execution, in the worker or in the triggerer.

What only a running task needs is imported there: Airflow imports this module again whenever it parses a DAG file.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from sfn_provider._compat import TaskDeferralTimeout, conf
from sfn_provider.hooks.aws_hook_mixin import AwsHookMixin
from sfn_provider.links.step_function import StateMachineExecutionsDetailsLink
from sfn_provider.operators.base import StepFunctionsOperator

if TYPE_CHECKING:
    from sfn_provider._compat import Context
    from sfn_provider.executions.history_log import HistoryLog

_STOP_TRIES: Final = 4
"""Tries of StopExecution for a killed task, to which Airflow gives little time."""


class ExecutionWaitMixin(AwsHookMixin):
    """Declares the waiting arguments. As a mixin, so that Airflow does not wrap the constructor: see ``AwsHookMixin``.

    Args:
        waiter_max_attempts: maximum polls of the status; by default as many as ``execution_timeout`` allows.
        waiter_delay: seconds between two polls of the status.
        deferrable: wait in the triggerer, without a worker. Default: ``[operators] default_deferrable``. Needs
            ``apache-airflow-providers-amazon[aiobotocore]``.
        wait_for_completion: wait for the execution's end. If False, the task returns the ARN right after the start or
            redrive.
        stop_on_kill: stop the execution when the task is killed, cleared, marked or timed out. For a deferred task
            Airflow reports this from 3.3 on; on older versions only a timeout reaches the task.
        log_history: log each state that is entered and left, with its duration, retries and counts of Map items: one
            more call, of GetExecutionHistory, at each poll.
        status_queue_url: URL of an SQS queue to which EventBridge sends status changes of executions: a deferred task
            then receives the end instead of polling. See docs/waiting.md.
        kwargs: of the next class.
    """

    waiter_max_attempts: int | None
    waiter_delay: int
    deferrable: bool
    wait_for_completion: bool
    stop_on_kill: bool
    log_history: bool
    status_queue_url: str | None

    def __init__(
        self,
        *,
        waiter_max_attempts: int | None = None,
        waiter_delay: int = 60,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        wait_for_completion: bool = True,
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
            stop_on_kill=stop_on_kill,
            log_history=log_history,
            status_queue_url=status_queue_url,
        )


class WaitingOperator(ExecutionWaitMixin, StepFunctionsOperator):
    """Waits for an execution and returns its output. Arguments as for ``ExecutionWaitMixin``."""

    _execution_arn: str | None = None
    _history: HistoryLog | None = None

    def execute_complete(self, context: Context, event: dict[str, Any] | None = None) -> Any:
        """Continue the wait after the trigger's event."""
        from sfn_provider.executions.history_log import HistoryLog
        from sfn_provider.executions.trigger_events import validate_event

        event = validate_event(event)
        self._execution_arn = arn = str(event["execution_arn"])
        self._history = HistoryLog.from_dict(event.get("history"))
        return self._finish(context, arn)

    def resume_execution(self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context) -> Any:
        """Resume after a deferral. If that has timed out, the execution is stopped as in a worker."""
        try:
            return super().resume_execution(next_method, next_kwargs, context)
        except TaskDeferralTimeout as error:
            if "timeout" in str(error).lower():  # Airflow 2 has no separate class for it
                ti = context["ti"]
                pulled = ti.xcom_pull(task_ids=self.task_id, key="execution_arn", map_indexes=ti.map_index)
                self._execution_arn = pulled
                self.on_kill()
            raise

    def on_kill(self) -> None:
        """Stop the execution, unless ``stop_on_kill`` is False."""
        from sfn_provider.executions.statuses import KILLED_CAUSE, KILLED_ERROR

        arn = self._execution_arn
        if self.stop_on_kill and arn:
            self.log.info("Stopping %s", arn)
            stop = partial(self.hook.stop_execution, arn, KILLED_ERROR, KILLED_CAUSE)
            self._call_with_retries(stop, tries=_STOP_TRIES)

    def _wait_for_started(self, context: Context, arn: str) -> Any:
        """Push ARN and name of an execution that has been started, and wait for it unless that is switched off."""
        from sfn_provider.executions.arns import require_describable

        self._execution_arn = arn
        StateMachineExecutionsDetailsLink.persist_for(self, context, execution_arn=arn)
        self._push_xcoms(context, execution_arn=arn, execution_name=arn.rpartition(":")[2])
        if not self.wait_for_completion:
            return arn
        with self._fail_on_usage_error():
            require_describable(arn)
        return self._wait(context, arn)

    def _wait(self, context: Context, arn: str) -> Any:
        from sfn_provider.hooks.history_logger import log_new_events

        if not self.deferrable:
            log_events = partial(log_new_events, self.hook, arn, self._history_log()) if self.log_history else None
            self.hook.wait_for_execution(arn, self.waiter_delay, self.waiter_max_attempts, watch=log_events)
        elif self._is_running(arn):
            self._defer(context, arn)
        return self._finish(context, arn)

    def _history_log(self) -> HistoryLog:
        """Return what has been logged so far."""
        from sfn_provider.executions.history_log import HistoryLog

        self._history = self._history or HistoryLog()
        return self._history

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
        from sfn_provider.waiting.timeouts import remaining_timeout

        self.defer(
            trigger=StepFunctionsExecutionCompleteTrigger(
                execution_arn=arn,
                waiter_delay=self.waiter_delay,
                waiter_max_attempts=self.waiter_max_attempts,
                stop_on_kill=self.stop_on_kill,
                log_history=self.log_history,
                history=self._history_log().to_dict() if self.log_history else None,
                status_queue_url=self.status_queue_url,
                **self.connection_arguments,
            ),
            method_name="execute_complete",
            timeout=remaining_timeout(context, self.execution_timeout),
        )

    def _finish(self, context: Context, arn: str) -> Any:
        from sfn_provider.executions.outcomes import parse_output
        from sfn_provider.executions.statuses import FAILURE_STATUSES, RUNNING_STATUSES
        from sfn_provider.hooks.history_logger import log_remaining_events

        description = self.hook.describe_with_retries(arn)
        if description["status"] in RUNNING_STATUSES:  # redriven in the meantime
            return self._wait(context, arn)
        if self.log_history:
            log_remaining_events(self.hook, arn, self._history_log())
        if description["status"] in FAILURE_STATUSES:
            raise self.hook.failure(description)
        self._push_xcoms(
            context,
            execution_start_date=description["startDate"].isoformat(),
            execution_stop_date=description["stopDate"].isoformat(),
        )
        return parse_output(description) if "output" in description else arn
