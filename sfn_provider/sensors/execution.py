"""Sensor that waits for one execution to reach a status."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from sfn_provider.driving.argument_checks import Check, literal, required, statuses, true_or_false
from sfn_provider.driving.aws_hook_mixin import LazyHookClass, aws_template_fields
from sfn_provider.driving.logged_history import LoggedHistoryMixin
from sfn_provider.executions.statuses import ENDED_STATUSES, FAILURE_STATUSES, RUNNING_STATUSES, STATUSES
from sfn_provider.links.step_function import StateMachineExecutionsDetailsLink
from sfn_provider.sensors.base import StepFunctionsSensor

if TYPE_CHECKING:
    from sfn_provider._compat import Context, XComArg
    from sfn_provider.triggers.step_function import StepFunctionsExecutionCompleteTrigger


class StepFunctionExecutionSensor(LoggedHistoryMixin, StepFunctionsSensor):
    """Wait for an execution to reach a status, and push its output to the XCom ``output``.

    If the execution ends with another status, the sensor fails with error, cause, and the state that failed, its
    resource and its input (``StepFunctionExecutionFailed``), or skips with ``soft_fail``.

    A poll costs one call while the execution is running, and a second one for its output when it has ended.

    Args:
        execution_arn: the execution.
        target_states: statuses to wait for. Default: SUCCEEDED alone. ``("SUCCEEDED", "FAILED", "TIMED_OUT",
            "ABORTED")`` waits for any end.
        log_history: log each state that is entered and left, with its duration, retries and counts of Map items: one
            more call, of GetExecutionHistory, at each poll. Not in ``mode="reschedule"``, in which each poll would
            log the whole history again.
        status_queue_url: URL of an SQS queue to which EventBridge sends status changes of executions: a deferred sensor
            then receives the end instead of polling. See docs/waiting.md.
        kwargs: of ``SensorArgumentsMixin`` (deferral), ``AwsHookMixin`` (AWS connection) and ``BaseSensorOperator``.
    """

    INTERMEDIATE_STATES: ClassVar[tuple[str, ...]] = tuple(sorted(RUNNING_STATUSES))
    FAILURE_STATES: ClassVar[tuple[str, ...]] = tuple(sorted(FAILURE_STATUSES))
    SUCCESS_STATES: ClassVar[tuple[str, ...]] = ("SUCCEEDED",)

    aws_hook_class = LazyHookClass("sfn_provider.sensors.step_function")
    arn_field = "execution_arn"
    template_fields: Sequence[str] = aws_template_fields("execution_arn")
    operator_extra_links = (StateMachineExecutionsDetailsLink(),)

    argument_checks: ClassVar[Mapping[str, Check]] = {
        "execution_arn": required,
        "target_states": statuses(STATUSES, "an execution"),
        "log_history": true_or_false,
        "status_queue_url": literal,
    }

    execution_arn: str
    target_states: tuple[str, ...]
    status_queue_url: str | None

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
        self._set_attributes(
            execution_arn=execution_arn,
            target_states=target_states,
            log_history=log_history,
            status_queue_url=status_queue_url,
        )
        if log_history and self.reschedule and not self.deferrable:
            raise ValueError("log_history: mode='reschedule' forgets what it has logged; take deferrable=True, or poke")
        if status_queue_url and not self.deferrable:
            raise ValueError("status_queue_url: a wait in the worker does not read a queue; it needs deferrable=True")

    def _validate_arguments(self) -> None:
        self._require_execution_arn()

    @property
    def _subject(self) -> str:
        return f"execution {self.execution_arn}"

    @property
    def _link_arns(self) -> dict[str, str | None]:
        return {"execution_arn": self.execution_arn}

    def _check(self, context: Context) -> bool:
        """Poll the status; at the end read output or cause.

        Raises:
            StepFunctionExecutionFailed: the execution has ended with another status.
        """
        from sfn_provider.driving.history_logger import log_new_events, log_remaining_events

        arn = self.execution_arn
        current = self._call_aws(lambda: self.hook.describe_execution(arn, "METADATA_ONLY"))
        status = current["status"] if current is not None else None
        if status is None or (status in RUNNING_STATUSES and status not in self.target_states):
            if status is not None:
                self._log_progress(f"{arn} is {status}")
            if self.log_history:
                log_new_events(self.hook, arn, self._history_log())
            return False
        description = self._call_aws(lambda: self.hook.describe_execution(arn))
        if description is None:
            return False
        if self.log_history:
            log_remaining_events(self.hook, arn, self._history_log())
        return self._finish(context, status, description)

    def _finish(self, context: Context, polled_status: str, description: Mapping[str, Any]) -> bool:
        """Push the output, or fail. An execution that was redriven between the two calls is waited for again."""
        from sfn_provider.executions.outcomes import ended_message

        status = description["status"]
        if status in ENDED_STATUSES:
            self.log.info("%s", ended_message(self.execution_arn, description))
        elif not {polled_status, status}.isdisjoint(self.target_states):
            self._log_end(context, f"{self.execution_arn} is {status}")
        else:
            return False
        if {polled_status, status}.isdisjoint(self.target_states):
            self._fail_with(description)
        self._push_output(context, description)
        return True

    def _push_output(self, context: Context, description: Mapping[str, Any]) -> None:
        from sfn_provider.executions.outcomes import parse_output

        output = parse_output(description)
        if self.do_xcom_push and output is not None:  # Airflow 3.0 refuses None; a pull returns None either way
            context["ti"].xcom_push(key="output", value=output)

    def _defer(self, context: Context) -> NoReturn:
        from sfn_provider.waiting.history.history_store import store_at_deferral

        if self.log_history:
            store_at_deferral(context, self.execution_arn, self._history_log(), self.log)
        super()._defer(context)

    def _create_trigger(self) -> StepFunctionsExecutionCompleteTrigger:
        from sfn_provider.triggers.step_function import StepFunctionsExecutionCompleteTrigger

        return StepFunctionsExecutionCompleteTrigger(
            execution_arn=self.execution_arn,
            target_states=self.target_states,
            log_history=self.log_history,
            history=self._history_of_trigger(),
            status_queue_url=self.status_queue_url,
            **self._trigger_arguments,
        )

    def execute_complete(self, context: Context, event: dict[str, Any] | None = None) -> Any:
        """Continue the wait after the trigger's event: an execution that was redriven since is waited for again."""
        from sfn_provider.executions.trigger_events import success_description, validate_event

        event = validate_event(event)
        self._take_history(event)
        description = success_description(event)
        if description is not None and "SUCCEEDED" in self.target_states and not self.log_history:
            self._finish(context, "SUCCEEDED", description)
            return None
        return super().execute_complete(context, event)

    def _fail_with(self, description: Mapping[str, Any]) -> NoReturn:
        from sfn_provider.executions.outcomes import StepFunctionExecutionFailed, parse_output
        from sfn_provider.secret_masking import mask_value

        # The amazon provider's text: existing alerts on logs continue to work.
        opening = f"Step Function sensor failed. State Machine Output: {mask_value(parse_output(description))}"
        self._fail(StepFunctionExecutionFailed(self.hook.failure(description).failure, opening))
