"""What the sensors share: patience with AWS, the deferral, and how they fail.

What only a running task needs is imported by it: Airflow imports this module anew whenever it parses a DAG file.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from sfn_provider._compat import (
    AirflowException,
    AirflowFailException,
    AirflowSensorTimeout,
    AirflowSkipException,
    BaseSensorOperator,
    PokeReturnValue,
    TaskDeferralTimeout,
)
from sfn_provider.hooks.aws_hook_mixin import AWS_TEMPLATE_FIELDS, AwsHookMixin

if TYPE_CHECKING:
    from sfn_provider._compat import BaseTrigger, Context
    from sfn_provider.links.step_function import StepFunctionsConsoleLink

T = TypeVar("T")


# Behind BaseSensorOperator, HookUser hides no constructor of it: Airflow would wrap that once more, for each task.
class StepFunctionsSensor(BaseSensorOperator, AwsHookMixin):
    """The two ways to wait of every sensor here.

    Lost connections, throttling and errors of AWS's servers count as "not yet"; a missing permission fails the sensor
    at once, and names the action. What is there already never defers.

    It has no constructor: each one of a class costs time at every parse. The sensors set these attributes.
    """

    template_fields: Sequence[str] = AWS_TEMPLATE_FIELDS
    ui_color = "#66c3ff"

    operator_extra_links: Sequence[StepFunctionsConsoleLink] = ()
    _linked = False
    deferrable: bool
    """Wait in the triggerer, looking every ``poke_interval`` seconds, without a worker."""

    def look(self, context: Context) -> bool | PokeReturnValue:
        """Look once. Every sensor has its own.

        Raises:
            UsageError: what is waited for can never be seen.
        """
        raise NotImplementedError

    def trigger(self) -> BaseTrigger:
        """Make the trigger that goes on looking. Every sensor has its own."""
        raise NotImplementedError

    def poke(self, context: Context) -> bool | PokeReturnValue:
        """Look once, in the worker."""
        with self._usage_errors_fail():
            return self.look(context)

    def execute(self, context: Context) -> Any:
        """Wait, here or in the triggerer.

        Raises:
            AirflowException: what is waited for will not come.
            AirflowFailException: a permission is missing, or the arguments cannot be used.
            AirflowSkipException: either, with ``soft_fail``.
        """
        if not self.deferrable:
            return super().execute(context)
        try:
            return self._result_or_deferral(context)
        except AirflowFailException as error:
            if self.soft_fail or self.never_fail:
                raise AirflowSkipException(str(error)) from error
            raise

    def execute_complete(self, context: Context, event: dict[str, Any] | None = None) -> Any:
        """Take the wait up again, after the trigger's event. What has changed meanwhile is waited for anew."""
        validate_event(event)
        return self._result_or_deferral(context)

    def resume_execution(self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context) -> Any:
        """Come back from a deferral. Where it has timed out, the sensor has, on every Airflow version."""
        try:
            return super().resume_execution(next_method, next_kwargs, context)
        except (AirflowSensorTimeout, TaskDeferralTimeout) as error:
            if "timeout" not in str(error).lower():  # Airflow 2 has one class for all failures of a trigger
                raise
            limits = f"timeout={self.timeout:g} seconds, execution_timeout={self.execution_timeout}"
            self.fail(AirflowSensorTimeout(f"Sensor has timed out, with {limits} ({error})"))

    @property
    def aws_trigger_arguments(self) -> dict[str, Any]:
        """The arguments that every trigger takes."""
        return {
            "waiter_delay": self.poke_interval,
            "aws_conn_id": self.aws_conn_id,
            "region_name": self.region_name,
            "verify": self.verify,
            "botocore_config": self.botocore_config,
        }

    def ask(self, call: Callable[[], T]) -> T | None:
        """Make a call of AWS.

        Args:
            call: makes it, by ``self.hook``.

        Returns:
            The answer; None where AWS does not answer just now.

        Raises:
            AirflowFailException: a permission is missing.
            botocore.exceptions.ClientError: an error that no waiting mends.
        """
        from sfn_provider.executions.aws_errors import AwsErrorKind, Backoff, classify_error, retry_aws_call

        try:
            return call()
        except Exception as error:  # what cannot pass is raised again
            fault = classify_error(error)
            if fault is AwsErrorKind.MISSING:
                return retry_aws_call(call, renew=self.hook.renew_client)
            Backoff().pause_after(error)
            if fault is AwsErrorKind.EXPIRED:
                self.hook.renew_client()
            self.log.warning("AWS does not answer just now: %s", error)
            return None

    def show_links(self, context: Context, **arns: str) -> None:
        """Store what the links to the console need; once, however often the sensor looks.

        Args:
            context: of the running task.
            arns: ``execution_arn``, ``map_run_arn``: one for each link that the sensor has.
        """
        if self._linked or not context:
            return
        for link in self.operator_extra_links:
            link.persist(
                context=context,
                operator=self,
                region_name=self.hook.conn_region_name,
                aws_partition=self.hook.conn_partition,
                **{link.arn_field: arns[link.arn_field]},
            )
        self._linked = True

    def fail(self, error: AirflowException) -> NoReturn:
        """Fail, or skip with ``soft_fail`` or ``never_fail``."""
        if self.soft_fail or self.never_fail:
            said = "soft_fail" if self.soft_fail else "never_fail"
            raise AirflowSkipException(f"Skipping, as {said} says: {error}") from error
        raise error

    def _result_or_deferral(self, context: Context) -> Any:
        seen = self.poke(context)
        if seen:
            return seen.xcom_value if isinstance(seen, PokeReturnValue) else None
        self._defer(context)

    def _defer(self, context: Context) -> NoReturn:
        from sfn_provider.waiting.timeouts import remaining_timeout

        self.defer(
            trigger=self.trigger(),
            method_name="execute_complete",
            timeout=remaining_timeout(context, timedelta(seconds=self.timeout), self.execution_timeout),
        )


def validate_event(event: dict[str, Any] | None) -> dict[str, Any]:
    """Give a trigger's event back, if its wait has gone well.

    Raises:
        AirflowFailException: the wait could not go on, and a retry is of no use.
        AirflowException: the wait could not go on, or there is no event.
    """
    if event is None:
        raise AirflowException("Trigger error: event is None, the trigger has ended without an event.")
    if event["status"] == "success":
        return event
    raise (AirflowFailException if event.get("final") else AirflowException)(event["message"])


def validate_statuses(given: Sequence[str], known: Set[str], what: str) -> tuple[str, ...]:
    """Give the statuses that a sensor waits for, if they are some.

    Args:
        given: the argument ``target_states``.
        known: the statuses that there are.
        what: what has them.

    Raises:
        ValueError: it is a text in place of a list, or one of them is no status.
    """
    if isinstance(given, str):
        raise ValueError(f"target_states: {given!r} is a text; give a list of statuses")
    if unknown := sorted(set(given) - known):
        raise ValueError(f"target_states: no status of {what}: {unknown}; there are {sorted(known)}")
    return tuple(given)
