"""Sensor that waits until an execution has entered or left a state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, get_args

from sfn_provider._compat import PokeReturnValue
from sfn_provider.driving.argument_checks import Check, number, one_of, required
from sfn_provider.driving.aws_hook_mixin import aws_template_fields
from sfn_provider.executions.argument_types import Passage
from sfn_provider.links.step_function import StateMachineExecutionsDetailsLink
from sfn_provider.sensors.base import StepFunctionsSensor

if TYPE_CHECKING:
    from sfn_provider._compat import Context, XComArg
    from sfn_provider.executions.history.state_events import StateEventCounter
    from sfn_provider.triggers.state import StepFunctionStateTrigger


class StepFunctionStateSensor(StepFunctionsSensor):
    """Wait until an execution has entered a state, or left it.

    The task returns ``{"state_name", "passage", "count", "event_id", "timestamp"}``. If the execution ends without
    that, the sensor fails: with ``StepFunctionExecutionFailed`` (error, cause and the state that failed) if the
    execution has failed, with ``StepFunctionStateMissed`` if it has succeeded on another path; or it skips with
    ``soft_fail``.

    A poll reads the new events of the history, one call for every 200 events. In ``mode="reschedule"`` every poll reads
    the history from its start; with ``deferrable=True`` it does not.

    Args:
        execution_arn: the execution.
        state_name: the state's name, at any depth of the machine.
        passage: ``entered`` or ``left``.
        times: number of times; a state in a loop or a Map is entered many times.
        kwargs: of ``SensorArgumentsMixin`` (deferral), ``AwsHookMixin`` (AWS connection) and ``BaseSensorOperator``.
    """

    arn_field = "execution_arn"
    template_fields: Sequence[str] = aws_template_fields("execution_arn", "state_name")
    operator_extra_links = (StateMachineExecutionsDetailsLink(),)

    argument_checks: ClassVar[Mapping[str, Check]] = {
        "execution_arn": required,
        "passage": one_of(get_args(Passage)),
        "times": number(1, kind=int),
    }

    execution_arn: str
    state_name: str
    passage: Passage
    times: int
    _counter: StateEventCounter | None = None

    def __init__(
        self,
        *,
        execution_arn: str | XComArg,
        state_name: str,
        passage: Passage = "entered",
        times: int = 1,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._set_attributes(
            execution_arn=execution_arn,
            state_name=state_name,
            passage=passage,
            times=times,
        )

    def _validate_arguments(self) -> None:
        self._require_execution_arn()

    @property
    def _subject(self) -> str:
        from sfn_provider.executions.wait_messages import subject_of_state

        return subject_of_state(self.state_name, self.passage, self.times, self.execution_arn)

    @property
    def _link_arns(self) -> dict[str, str | None]:
        return {"execution_arn": self.execution_arn}

    def _check(self, context: Context) -> bool | PokeReturnValue:
        """Read the new events of the history.

        Raises:
            StepFunctionExecutionFailed: the execution has failed before.
            StepFunctionStateMissed: the execution has succeeded without the state.
        """
        from sfn_provider.executions.history.state_events import StateEventCounter

        counter = self._counter = self._counter or StateEventCounter(self.state_name, self.passage, self.times)
        if not counter.is_reached and not self._read(counter):
            return False
        if counter.is_reached:
            self._log_end(context, counter.progress())
            return PokeReturnValue(is_done=True, xcom_value=counter.result())
        if counter.ended:
            self._fail_unless_redriven(counter)
        self._log_progress(counter.progress())
        return False

    def _create_trigger(self) -> StepFunctionStateTrigger:
        from sfn_provider.triggers.state import StepFunctionStateTrigger

        return StepFunctionStateTrigger(
            execution_arn=self.execution_arn,
            state_name=self.state_name,
            passage=self.passage,
            times=self.times,
            wait=self._counter.to_dict() if self._counter else None,
            **self._trigger_arguments,
        )

    def execute_complete(self, context: Context, event: dict[str, Any] | None = None) -> Any:
        """Continue the wait at the trigger's position in the history."""
        from sfn_provider.executions.history.state_events import StateEventCounter
        from sfn_provider.executions.trigger_events import validate_event

        saved = validate_event(event)["wait"]
        self._counter = StateEventCounter.from_dict(self.state_name, self.passage, self.times, saved)
        return super().execute_complete(context, event)

    def _read(self, counter: StateEventCounter) -> bool:
        """Read the new events, until the target is reached; return False after a transient error."""
        from sfn_provider.executions.history.history_pages import read_page

        while True:
            page = self._call_aws(lambda: read_page(counter.position, self._page))
            if page is None:
                return False
            counter.add_page(page)
            if counter.is_reached or not counter.position.behind:
                return True

    def _page(self, token: str | None) -> dict[str, Any]:
        from sfn_provider.executions.history.history_pages import PAGE

        return self.hook.history_page(
            self.execution_arn, max_results=PAGE, include_execution_data=False, next_token=token
        )

    def _fail_unless_redriven(self, counter: StateEventCounter) -> None:
        """Fail, as the execution has ended without the state; wait on if it is running again."""
        from sfn_provider.executions.outcomes import StepFunctionExecutionFailed, StepFunctionStateMissed, ended_message
        from sfn_provider.executions.statuses import ENDED_STATUSES, FAILURE_STATUSES

        description = self._call_aws(lambda: self.hook.describe_execution(self.execution_arn))
        if description is None:
            return
        status, missed = description["status"], counter.progress()
        if status not in ENDED_STATUSES:
            counter.ended = False
            return
        self.log.info("%s", ended_message(self.execution_arn, description))
        if status in FAILURE_STATUSES:
            self._fail(StepFunctionExecutionFailed(self.hook.failure(description).failure, f"{missed}."))
        self._fail(StepFunctionStateMissed(f"{self.execution_arn} is {status}, and {missed}"))
