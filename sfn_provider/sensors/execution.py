"""The sensor that waits for one execution."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from sfn_provider._compat import conf
from sfn_provider.executions.statuses import FAILURE_STATUSES, RUNNING_STATUSES, STATUSES
from sfn_provider.hooks.aws_hook_mixin import AWS_TEMPLATE_FIELDS, LazyHookClass
from sfn_provider.links.step_function import StateMachineExecutionsDetailsLink
from sfn_provider.sensors.base import StepFunctionsSensor, validate_event, validate_statuses

if TYPE_CHECKING:
    from sfn_provider._compat import Context, XComArg
    from sfn_provider.executions.history_log import HistoryLog
    from sfn_provider.triggers.step_function import StepFunctionsExecutionCompleteTrigger


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
        deferrable: wait in the triggerer, looking every ``poke_interval`` seconds, without a worker. Default:
            ``[operators] default_deferrable``. Needs ``apache-airflow-providers-amazon[aiobotocore]``.
        aws_conn_id: the Airflow connection; None for boto3's own search for credentials.
        region_name: the region. Default: the ARN's, else the connection's.
        verify: whether to check TLS certificates, or the path of a CA bundle.
        botocore_config: arguments of ``botocore.config.Config``.
        kwargs: of ``BaseSensorOperator``: ``mode``, ``poke_interval``, ``timeout``, ``soft_fail`` and so on.
    """

    INTERMEDIATE_STATES: ClassVar[tuple[str, ...]] = tuple(sorted(RUNNING_STATUSES))
    FAILURE_STATES: ClassVar[tuple[str, ...]] = tuple(sorted(FAILURE_STATUSES))
    SUCCESS_STATES: ClassVar[tuple[str, ...]] = ("SUCCEEDED",)

    aws_hook_class = LazyHookClass("sfn_provider.sensors.step_function")
    arn_field = "execution_arn"
    template_fields: Sequence[str] = tuple(sorted({*AWS_TEMPLATE_FIELDS, "execution_arn"}))
    operator_extra_links = (StateMachineExecutionsDetailsLink(),)

    execution_arn: str
    target_states: tuple[str, ...]
    log_history: bool
    status_queue_url: str | None
    _history: HistoryLog | None = None

    def __init__(
        self,
        *,
        execution_arn: str | XComArg,
        target_states: Sequence[str] = SUCCESS_STATES,
        log_history: bool = False,
        status_queue_url: str | None = None,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        aws_conn_id: str | None = "aws_default",
        region_name: str | None = None,
        verify: bool | str | None = None,
        botocore_config: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if log_history and self.reschedule and not deferrable:
            raise ValueError("log_history: mode='reschedule' forgets what it has logged; take deferrable=True, or poke")
        self._keep(aws_conn_id=aws_conn_id, region_name=region_name, verify=verify, botocore_config=botocore_config)
        self._keep(
            execution_arn=execution_arn,
            target_states=validate_statuses(target_states, STATUSES, "an execution"),
            log_history=log_history,
            status_queue_url=status_queue_url,
            deferrable=deferrable,
        )

    def look(self, context: Context) -> bool:
        """Look once.

        Raises:
            StepFunctionExecutionFailed: the execution has ended with a status that is not waited for.
        """
        from sfn_provider.hooks.upstream_execution import resolve_execution_arn
        from sfn_provider.executions.outcomes import parse_output
        from sfn_provider.executions.start_request import refuse_express
        from sfn_provider.hooks.history_logger import log_new_events, log_remaining_events

        self.execution_arn = resolve_execution_arn(self, context, self.execution_arn)
        refuse_express(self.execution_arn)
        seen = self.ask(lambda: self.hook.describe_execution(self.execution_arn, "METADATA_ONLY"))
        status = seen["status"] if seen is not None else None
        if seen is not None:
            self.show_links(context, execution_arn=self.execution_arn)
        if status is None or (status in RUNNING_STATUSES and status not in self.target_states):
            self.log.info("%s is %s", self.execution_arn, status or "not known just now")
            if self.log_history:
                log_new_events(self.hook, self.execution_arn, self._logged())
            return False
        description = self.ask(lambda: self.hook.describe_execution(self.execution_arn))
        if description is None:
            return False
        if self.log_history:
            log_remaining_events(self.hook, self.execution_arn, self._logged())
        if status not in self.target_states:
            self._fail_with(description)
        if (output := parse_output(description)) is not None:  # Airflow 3.0 refuses it; a pull gives None either way
            context["ti"].xcom_push(key="output", value=output)
        return True

    def trigger(self) -> StepFunctionsExecutionCompleteTrigger:
        """Make the trigger that goes on looking."""
        from sfn_provider.triggers.step_function import StepFunctionsExecutionCompleteTrigger

        return StepFunctionsExecutionCompleteTrigger(
            execution_arn=self.execution_arn,
            target_states=self.target_states,
            log_history=self.log_history,
            history=self._logged().saved() if self.log_history else None,
            status_queue_url=self.status_queue_url,
            **self.aws_trigger_arguments,
        )

    def execute_complete(self, context: Context, event: dict[str, Any] | None = None) -> Any:
        """Take the wait up again, after the trigger's event. An execution redriven meanwhile is waited for anew."""
        from sfn_provider.executions.history_log import HistoryLog

        self._history = HistoryLog.of(validate_event(event).get("history"))
        return super().execute_complete(context, event)

    def _logged(self) -> HistoryLog:
        """Give how far the history has been logged."""
        from sfn_provider.executions.history_log import HistoryLog

        self._history = self._history or HistoryLog()
        return self._history

    def _fail_with(self, description: Mapping[str, Any]) -> NoReturn:
        from sfn_provider.executions.outcomes import StepFunctionExecutionFailed, parse_output

        # The opening is the amazon provider's: alerts that look for it in logs go on to work.
        opening = f"Step Function sensor failed. State Machine Output: {parse_output(description)}"
        self.fail(StepFunctionExecutionFailed(self.hook.failure(description).failure, opening))
