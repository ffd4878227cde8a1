"""What the operators share that wait for an execution: in the worker or in the triggerer, and what a kill does.

What only a running task needs is imported by it: Airflow imports this module anew whenever it parses a DAG file.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from sfn_provider._compat import TaskDeferralTimeout
from sfn_provider.operators.base import StepFunctionsOperator

if TYPE_CHECKING:
    from sfn_provider._compat import Context
    from sfn_provider.executions.history_log import HistoryLog

OnFailedExecution = Literal["new_name", "redrive", "fail"]
"""What a retry does where its execution has failed."""

OnNotRedrivable = Literal["fail", "new_execution"]
"""What follows where AWS refuses to redrive an execution."""

_STOP_TRIES = 4
"""Airflow gives a killed task little time."""


class WaitingOperator(StepFunctionsOperator):
    """Waits for an execution and returns its output.

    It has no constructor: each one of a class costs time at every parse. The operators set these attributes.
    """

    waiter_max_attempts: int | None
    """Looks at the status at most; None for as many as ``execution_timeout`` allows."""
    waiter_delay: float
    """Seconds between two looks at the status."""
    deferrable: bool
    """Wait in the triggerer, without a worker."""
    wait_for_completion: bool
    """Wait for the execution's end. If False, the task ends with the start, and returns the ARN."""
    stop_on_kill: bool
    """Stop the execution when the task is killed, cleared, marked or timed out."""
    log_history: bool
    """Log each state that is entered and left, with its duration, retries and counts of Map items."""
    status_queue_url: str | None
    """URL of the queue that tells of the execution's end, where the task is deferred; None to look instead."""
    _execution_arn: str | None = None
    _history: HistoryLog | None = None

    def execute_complete(self, context: Context, event: dict[str, Any] | None = None) -> Any:
        """Take the wait up again, after the trigger's event."""
        from sfn_provider.executions.history_log import HistoryLog
        from sfn_provider.triggers.step_function import execution_arn_from_event

        self._execution_arn = execution_arn_from_event(event)
        self._history = HistoryLog.of(event and event.get("history"))
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
        from sfn_provider.executions.start_request import KILLED_CAUSE, KILLED_ERROR

        arn = self._execution_arn
        if self.stop_on_kill and arn:
            self.log.info("Stopping %s", arn)
            self._patiently(lambda: self.hook.stop_execution(arn, KILLED_ERROR, KILLED_CAUSE), tries=_STOP_TRIES)

    def _follow(self, context: Context, arn: str) -> Any:
        """Go on from the start: push what is known of the execution, and wait for it if that is wanted."""
        self._execution_arn = arn
        self._persist_execution_link(context, arn)
        self._push(context, execution_arn=arn, execution_name=arn.rpartition(":")[2])
        if not self.wait_for_completion:
            return arn
        self._refuse_express(arn)
        return self._wait(context, arn)

    def _wait(self, context: Context, arn: str) -> Any:
        from sfn_provider.hooks.history_logger import log_new_events

        if not self.deferrable:
            watch = partial(log_new_events, self.hook, arn, self._logged()) if self.log_history else None
            self.hook.wait_for_execution(arn, self.waiter_delay, self.waiter_max_attempts, watch=watch)
        elif self._runs(arn):
            self._defer(context, arn)
        return self._finish(context, arn)

    def _logged(self) -> HistoryLog:
        """Give how far the history has been logged."""
        from sfn_provider.executions.history_log import HistoryLog

        self._history = self._history or HistoryLog()
        return self._history

    def _runs(self, arn: str) -> bool:
        """Look once, so that an execution that has ended never defers; where AWS does not answer, the trigger waits."""
        from sfn_provider.executions.aws_errors import Backoff
        from sfn_provider.executions.statuses import ENDED_STATUSES

        try:
            return str(self.hook.describe_execution(arn, "METADATA_ONLY")["status"]) not in ENDED_STATUSES
        except Exception as error:  # what cannot pass is raised again by pause_after
            Backoff().pause_after(error)
            return True

    def _defer(self, context: Context, arn: str) -> None:
        from sfn_provider.triggers.step_function import StepFunctionsExecutionCompleteTrigger
        from sfn_provider.waiting.timeouts import remaining_timeout

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
                log_history=self.log_history,
                history=self._logged().saved() if self.log_history else None,
                status_queue_url=self.status_queue_url,
            ),
            method_name="execute_complete",
            timeout=remaining_timeout(context, self.execution_timeout),
        )

    def _finish(self, context: Context, arn: str) -> Any:
        from sfn_provider.executions.outcomes import parse_output
        from sfn_provider.executions.statuses import FAILURE_STATUSES, RUNNING_STATUSES
        from sfn_provider.hooks.history_logger import log_remaining_events

        description = self.hook.describe_patiently(arn)
        if description["status"] in RUNNING_STATUSES:  # redriven in the meantime
            return self._wait(context, arn)
        if self.log_history:
            log_remaining_events(self.hook, arn, self._logged())
        if description["status"] in FAILURE_STATUSES:
            raise self.hook.failure(description)
        self._push(
            context,
            execution_start_date=description["startDate"].isoformat(),
            execution_stop_date=description["stopDate"].isoformat(),
        )
        return parse_output(description) if "output" in description else arn
