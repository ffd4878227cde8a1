"""The sensor that waits for one execution."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, cast

from sfn_provider.hooks.execution_requests import refuse_express
from sfn_provider.hooks.execution_results import (
    FAILURE_STATUSES,
    RUNNING_STATUSES,
    STATUSES,
    StepFunctionExecutionFailed,
    output_of,
)
from sfn_provider.hooks.given_execution import given_execution
from sfn_provider.hooks.history_log import HistoryLog
from sfn_provider.hooks.history_reading import log_page, log_rest
from sfn_provider.hooks.hook_user import AWS_TEMPLATE_FIELDS, HookClass
from sfn_provider.sensors.base import StepFunctionsSensor, check_event
from sfn_provider.triggers.step_function import StepFunctionsExecutionCompleteTrigger

if TYPE_CHECKING:
    from sfn_provider._compat import Context, XComArg


class StepFunctionExecutionSensor(StepFunctionsSensor):
    """Wait for an execution, and push its output to the XCom ``output``.

    Where the execution ends with a status that is not waited for, the sensor fails with error, cause, and the state
    that failed, its resource and its input (``StepFunctionExecutionFailed``), or skips with ``soft_fail``.

    A look costs one call while the execution runs, and a second one for its output when it has ended.

    Args:
        execution_arn: the execution.
        target_states: statuses to wait for. Default: SUCCEEDED alone. ``("SUCCEEDED", "FAILED", "TIMED_OUT",
            "ABORTED")`` waits for any end.
        log_history: log each state that is entered and left, with its duration, retries and counts of Map items: one
            more call, of GetExecutionHistory, at each look. Not in ``mode="reschedule"``, which forgets what it has
            logged.
        status_queue_url: URL of an SQS queue that EventBridge sends status changes of executions to: a deferred sensor
            then hears of the end, in place of looking. See docs/waiting.md.
        kwargs: of ``StepFunctionsSensor`` (``deferrable``, ``aws_conn_id``, ``region_name``, ``verify``,
            ``botocore_config``) and of ``BaseSensorOperator``: ``mode``, ``poke_interval``, ``timeout``, ``soft_fail``
            and so on.
    """

    INTERMEDIATE_STATES: ClassVar[tuple[str, ...]] = tuple(sorted(RUNNING_STATUSES))
    FAILURE_STATES: ClassVar[tuple[str, ...]] = tuple(sorted(FAILURE_STATUSES))
    SUCCESS_STATES: ClassVar[tuple[str, ...]] = ("SUCCEEDED",)

    aws_hook_class = HookClass("sfn_provider.sensors.step_function")
    arn_field = "execution_arn"
    template_fields: Sequence[str] = tuple(sorted({*AWS_TEMPLATE_FIELDS, "execution_arn"}))

    def __init__(
        self,
        *,
        execution_arn: str | XComArg,
        target_states: Sequence[str] = SUCCESS_STATES,
        log_history: bool = False,
        status_queue_url: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if log_history and self.reschedule and not self.deferrable:
            raise ValueError("log_history: mode='reschedule' forgets what it has logged; take deferrable=True, or poke")
        if unknown := sorted(set(target_states) - STATUSES):
            raise ValueError(f"target_states: no status of an execution: {unknown}; there are {sorted(STATUSES)}")
        self.execution_arn = cast("str", execution_arn)  # a template field: text by the time it is read
        self.target_states = tuple(target_states)
        self.log_history = log_history
        self._history = HistoryLog()
        self.status_queue_url = status_queue_url

    def look(self, context: Context) -> bool:
        """Look once.

        Raises:
            StepFunctionExecutionFailed: the execution has ended with a status that is not waited for.
        """
        self.execution_arn = given_execution(self, context, self.execution_arn)
        refuse_express(self.execution_arn)
        seen = self.ask(lambda: self.hook.describe_execution(self.execution_arn, "METADATA_ONLY"))
        status = seen["status"] if seen is not None else None
        if status is None or (status in RUNNING_STATUSES and status not in self.target_states):
            self.log.info("%s is %s", self.execution_arn, status or "not known just now")
            if self.log_history:
                log_page(self.hook, self.execution_arn, self._history)
            return False
        description = self.ask(lambda: self.hook.describe_execution(self.execution_arn))
        if description is None:
            return False
        if self.log_history:
            log_rest(self.hook, self.execution_arn, self._history)
        if status not in self.target_states:
            self._fail_with(description)
        context["ti"].xcom_push(key="output", value=output_of(description))
        return True

    def trigger(self) -> StepFunctionsExecutionCompleteTrigger:
        """Make the trigger that goes on looking."""
        return StepFunctionsExecutionCompleteTrigger(
            execution_arn=self.execution_arn,
            target_states=self.target_states,
            log_history=self.log_history,
            history=self._history.saved() if self.log_history else None,
            status_queue_url=self.status_queue_url,
            **self.aws_trigger_arguments,
        )

    def execute_complete(self, context: Context, event: dict[str, Any] | None = None) -> Any:
        """Take the wait up again, after the trigger's event. An execution redriven meanwhile is waited for anew."""
        self._history = HistoryLog.of(check_event(event).get("history"))
        return super().execute_complete(context, event)

    def _fail_with(self, description: Mapping[str, Any]) -> NoReturn:
        # The opening is the amazon provider's: alerts that look for it in logs go on to work.
        opening = f"Step Function sensor failed. State Machine Output: {output_of(description)}"
        self.fail(StepFunctionExecutionFailed(self.hook.failure(description).failure, opening))
