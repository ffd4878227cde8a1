"""The sensor that waits for a state to be entered or left within an execution."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sfn_provider._compat import PokeReturnValue, conf
from sfn_provider.hooks.aws_hook_mixin import AWS_TEMPLATE_FIELDS, validate_choice
from sfn_provider.links.step_function import StateMachineExecutionsDetailsLink
from sfn_provider.sensors.base import StepFunctionsSensor, validate_event

if TYPE_CHECKING:
    from sfn_provider._compat import Context, XComArg
    from sfn_provider.executions.state_events import Passage, StateEventCounter
    from sfn_provider.triggers.state import StepFunctionStateTrigger


class StepFunctionStateSensor(StepFunctionsSensor):
    """Wait until an execution has entered a state, or left it.

    The task returns ``{"state_name", "passage", "count", "event_id", "timestamp"}``. Where the execution ends without
    that, the sensor fails: with error, cause and the state that failed for an execution that has failed
    (``StepFunctionExecutionFailed``), and by name for one that has succeeded on another way
    (``StepFunctionStateMissed``); or it skips with ``soft_fail``.

    A look reads what is new in the history, a call for every 200 events. In ``mode="reschedule"`` every look reads
    the history from its start; ``deferrable=True`` does not.

    Args:
        execution_arn: the execution.
        state_name: the state's name, at any depth of the machine.
        passage: ``entered`` or ``left``.
        times: how often: a state in a loop or a Map is entered many times.
        deferrable: wait in the triggerer, looking every ``poke_interval`` seconds, without a worker. Default:
            ``[operators] default_deferrable``. Needs ``apache-airflow-providers-amazon[aiobotocore]``.
        aws_conn_id: the Airflow connection; None for boto3's own search for credentials.
        region_name: the region. Default: the ARN's, else the connection's.
        verify: whether to check TLS certificates, or the path of a CA bundle.
        botocore_config: arguments of ``botocore.config.Config``.
        kwargs: of ``BaseSensorOperator``: ``mode``, ``poke_interval``, ``timeout``, ``soft_fail`` and so on.
    """

    arn_field = "execution_arn"
    template_fields: Sequence[str] = tuple(sorted({*AWS_TEMPLATE_FIELDS, "execution_arn", "state_name"}))
    operator_extra_links = (StateMachineExecutionsDetailsLink(),)

    execution_arn: str
    state_name: str
    passage: Passage
    times: int
    _wait: StateEventCounter | None = None

    def __init__(
        self,
        *,
        execution_arn: str | XComArg,
        state_name: str,
        passage: Passage = "entered",
        times: int = 1,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        aws_conn_id: str | None = "aws_default",
        region_name: str | None = None,
        verify: bool | str | None = None,
        botocore_config: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if times < 1:
            raise ValueError(f"times: {times}; a state is waited for at least once")
        self._keep(aws_conn_id=aws_conn_id, region_name=region_name, verify=verify, botocore_config=botocore_config)
        self._keep(
            execution_arn=execution_arn,
            state_name=state_name,
            passage=validate_choice("passage", passage, ("entered", "left")),
            times=times,
            deferrable=deferrable,
        )

    def look(self, context: Context) -> bool | PokeReturnValue:
        """Read what is new.

        Raises:
            StepFunctionExecutionFailed: the execution has failed before.
            StepFunctionStateMissed: the execution has succeeded without the state.
        """
        from sfn_provider.hooks.upstream_execution import resolve_execution_arn
        from sfn_provider.executions.start_request import refuse_express
        from sfn_provider.executions.state_events import StateEventCounter

        self.execution_arn = resolve_execution_arn(self, context, self.execution_arn)
        refuse_express(self.execution_arn)
        wait = self._wait = self._wait or StateEventCounter(self.state_name, self.passage, self.times)
        if not wait.seen and not self._read(wait):
            return False
        self.show_links(context, execution_arn=self.execution_arn)
        if wait.seen:
            return PokeReturnValue(is_done=True, xcom_value=wait.result())
        if wait.ended:
            self._fail_with(wait)
        self.log.info("%r has been %s %d times, of %d", self.state_name, self.passage, wait.count, self.times)
        return False

    def trigger(self) -> StepFunctionStateTrigger:
        """Make the trigger that goes on looking."""
        from sfn_provider.triggers.state import StepFunctionStateTrigger

        return StepFunctionStateTrigger(
            execution_arn=self.execution_arn,
            state_name=self.state_name,
            passage=self.passage,
            times=self.times,
            wait=self._wait.saved() if self._wait else None,
            **self.aws_trigger_arguments,
        )

    def execute_complete(self, context: Context, event: dict[str, Any] | None = None) -> Any:
        """Take the wait up where the trigger has left it."""
        from sfn_provider.executions.state_events import StateEventCounter

        saved = validate_event(event)["wait"]
        self._wait = StateEventCounter.of(self.state_name, self.passage, self.times, saved)
        return super().execute_complete(context, event)

    def _read(self, wait: StateEventCounter) -> bool:
        """Read what is new, up to what is waited for. Gives False where AWS does not answer just now."""
        from sfn_provider.executions.history_pages import read_page

        while True:
            page = self.ask(lambda: read_page(wait.position, self._page))
            if page is None:
                return False
            wait.take(page)
            if wait.seen or not wait.position.behind:
                return True

    def _page(self, token: str | None) -> dict[str, Any]:
        from sfn_provider.executions.history_pages import PAGE

        return self.hook.history_page(
            self.execution_arn, max_results=PAGE, include_execution_data=False, next_token=token
        )

    def _fail_with(self, wait: StateEventCounter) -> None:
        from sfn_provider.executions.outcomes import StepFunctionExecutionFailed, StepFunctionStateMissed
        from sfn_provider.executions.statuses import FAILURE_STATUSES

        description = self.hook.describe_patiently(self.execution_arn)
        missed = f"{self.state_name!r} was {self.passage} {wait.count} times, of {self.times}"
        if description["status"] in FAILURE_STATUSES:
            self.fail(StepFunctionExecutionFailed(self.hook.failure(description).failure, f"{missed}."))
        self.fail(StepFunctionStateMissed(f"{self.execution_arn} is {description['status']}, and {missed}"))
