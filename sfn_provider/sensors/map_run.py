"""Sensor that waits for a Map Run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final

from sfn_provider._compat import PokeReturnValue
from sfn_provider.driving.argument_checks import Check, statuses
from sfn_provider.driving.aws_hook_mixin import aws_template_fields
from sfn_provider.executions.statuses import MAP_RUN_STATUSES
from sfn_provider.links.step_function import MapRunDetailsLink, StateMachineExecutionsDetailsLink
from sfn_provider.sensors.base import StepFunctionsSensor

if TYPE_CHECKING:
    from sfn_provider._compat import Context, XComArg
    from sfn_provider.executions.outcomes import FailedItem
    from sfn_provider.triggers.map_run import StepFunctionMapRunTrigger

_NEITHER: Final = "map_run_arn, execution_arn: neither is given; one of them says which Map Run is meant"


class StepFunctionMapRunSensor(StepFunctionsSensor):
    """Wait for a Map Run, the child executions of a distributed Map state, and log how many items are done.

    The task returns ``{"map_run_arn", "execution_arn", "status", "item_counts", "start_date", "stop_date"}``, where
    ``item_counts`` are AWS's: ``total``, ``succeeded``, ``failed``, ``timedOut``, ``aborted``, ``pending`` and so on.
    If the Map Run ends with another status, the sensor fails with these counts, the failures it tolerates and the first
    failed children (``StepFunctionMapRunFailed``), or skips with ``soft_fail``.

    A poll costs one call.

    Args:
        map_run_arn: the Map Run. Default: the latest one of ``execution_arn``, as soon as there is one.
        execution_arn: the execution of the Map Run, instead of ``map_run_arn``.
        target_states: statuses to wait for, of RUNNING, SUCCEEDED, FAILED and ABORTED. Default: SUCCEEDED alone.
        kwargs: of ``SensorArgumentsMixin`` (deferral), ``AwsHookMixin`` (AWS connection) and ``BaseSensorOperator``.
    """

    SUCCESS_STATES: ClassVar[tuple[str, ...]] = ("SUCCEEDED",)

    arn_field = "any_arn"
    template_fields: Sequence[str] = aws_template_fields("execution_arn", "map_run_arn")
    operator_extra_links = (MapRunDetailsLink(), StateMachineExecutionsDetailsLink())

    argument_checks: ClassVar[Mapping[str, Check]] = {"target_states": statuses(MAP_RUN_STATUSES, "a Map Run")}

    map_run_arn: str | None
    execution_arn: str | None
    target_states: tuple[str, ...]

    def __init__(
        self,
        *,
        map_run_arn: str | XComArg | None = None,
        execution_arn: str | XComArg | None = None,
        target_states: Sequence[str] = SUCCESS_STATES,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._set_attributes(
            map_run_arn=map_run_arn,
            execution_arn=execution_arn,
            target_states=target_states,
        )
        if map_run_arn is None and execution_arn is None:
            raise ValueError(_NEITHER)

    @property
    def any_arn(self) -> str | None:
        """The ARN whose region applies."""
        return self.map_run_arn or self.execution_arn

    def _validate_arguments(self) -> None:
        from sfn_provider.exceptions import UsageError
        from sfn_provider.executions.arns import require_map_run_arn

        if self.map_run_arn:
            require_map_run_arn(self.map_run_arn)
        elif self.execution_arn:
            self._require_execution_arn()
        else:
            raise UsageError(_NEITHER)

    @property
    def _subject(self) -> str:
        from sfn_provider.executions.wait_messages import subject_of_map_run

        return subject_of_map_run(self.map_run_arn, self.execution_arn)

    @property
    def _link_arns(self) -> dict[str, str | None]:
        return {"map_run_arn": self.map_run_arn, "execution_arn": self.execution_arn}

    def _check(self, context: Context) -> bool | PokeReturnValue:
        """Poll once.

        Raises:
            StepFunctionMapRunFailed: the Map Run has ended with a status other than the target statuses.
        """
        from sfn_provider.executions.map_runs import build_map_run_failure, ended_message, format_progress, summarize

        if not self.map_run_arn and not self._find_map_run(context):
            return False
        description = self._call_aws(lambda: self.hook.conn.describe_map_run(mapRunArn=self.map_run_arn))
        if description is None:
            return False
        if not self.execution_arn:
            self.execution_arn = description["executionArn"]
            self._persist_links(context, execution_arn=self.execution_arn)
        is_done = description["status"] in self.target_states
        if not is_done and description["status"] == "RUNNING":
            self._log_progress(format_progress(description))
            return False
        self.log.info("%s", ended_message(description))
        if not is_done:
            self._fail(build_map_run_failure(description, self._failed_children()))
        return PokeReturnValue(is_done=True, xcom_value=summarize(description))

    def _create_trigger(self) -> StepFunctionMapRunTrigger:
        from sfn_provider.triggers.map_run import StepFunctionMapRunTrigger

        return StepFunctionMapRunTrigger(
            map_run_arn=self.map_run_arn,
            execution_arn=self.execution_arn,
            target_states=self.target_states,
            **self._trigger_arguments,
        )

    def execute_complete(self, context: Context, event: dict[str, Any] | None = None) -> Any:
        """Continue the wait for the trigger's Map Run: the execution may have started another one since."""
        from sfn_provider.executions.trigger_events import validate_event

        found = not self.map_run_arn
        self.map_run_arn = validate_event(event)["map_run_arn"]
        if found:
            self._persist_links(context, map_run_arn=self.map_run_arn)
        return super().execute_complete(context, event)

    def _find_map_run(self, context: Context) -> bool:
        """Find the latest Map Run of the execution; return whether there is one."""
        from sfn_provider.executions.map_runs import latest_map_run_arn
        from sfn_provider.executions.wait_messages import begin_line
        from sfn_provider.links.step_function import console_address

        response = self._call_aws(lambda: self.hook.conn.list_map_runs(executionArn=self.execution_arn))
        if response is None:
            return False
        self.map_run_arn = arn = latest_map_run_arn(response["mapRuns"])
        if arn is None:
            self._log_progress(f"{self.execution_arn} has no Map Run yet")
            return False
        self._persist_links(context, map_run_arn=arn)
        self.log.info("%s", begin_line(self._subject, console_address(map_run_arn=arn)))
        return True

    def _failed_children(self) -> tuple[FailedItem, ...]:
        """Read the first failed children; none if AWS does not return them: they are details of the failure."""
        from sfn_provider.executions.aws_errors import aws_errors
        from sfn_provider.secret_masking import masked_line

        try:
            return self.hook.failed_children(str(self.map_run_arn))
        except aws_errors() as error:
            self.log.warning("The failed items could not be read: %s", masked_line(error))
            return ()
