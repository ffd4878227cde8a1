"""Base class of the sensors: polling with retries, deferral, timeout and soft failure.

What only a running task needs is imported there: Airflow imports this module again whenever it parses a DAG file.
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
    conf,
)
from sfn_provider.hooks.aws_hook_mixin import AwsHookMixin, aws_template_fields, require_literal

if TYPE_CHECKING:
    from sfn_provider._compat import BaseTrigger, Context
    from sfn_provider.links.step_function import StepFunctionsConsoleLink

T = TypeVar("T")


class SensorArgumentsMixin(AwsHookMixin):
    """Declares the sensors' shared arguments. As a mixin, so that Airflow does not wrap the constructor.

    Args:
        deferrable: wait in the triggerer, polling every ``poke_interval`` seconds, without a worker. Default:
            ``[operators] default_deferrable``. Needs ``apache-airflow-providers-amazon[aiobotocore]``.
        kwargs: of ``AwsHookMixin`` (AWS connection) and ``BaseSensorOperator``: ``mode``, ``poke_interval``,
            ``timeout``, ``soft_fail`` and so on.
    """

    deferrable: bool

    def __init__(
        self,
        *,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._set_attributes(deferrable=deferrable)


class StepFunctionsSensor(SensorArgumentsMixin, BaseSensorOperator):
    """Polls in the worker or defers to a trigger. Arguments as for ``SensorArgumentsMixin``.

    Lost connections, throttling and errors of AWS's servers count as "not yet"; a missing permission fails the sensor
    at once, and the message names the action. A sensor whose condition is already met never defers.
    """

    template_fields: Sequence[str] = aws_template_fields()
    ui_color = "#66c3ff"

    operator_extra_links: Sequence[StepFunctionsConsoleLink] = ()
    _links_persisted = False

    def _check(self, context: Context) -> bool | PokeReturnValue:
        """Poll once.

        Raises:
            UsageError: the condition can never be met.
        """
        raise NotImplementedError

    def _create_trigger(self) -> BaseTrigger:
        """Create the trigger that continues polling."""
        raise NotImplementedError

    def poke(self, context: Context) -> bool | PokeReturnValue:
        """Poll once, in the worker."""
        with self._fail_on_usage_error():
            return self._check(context)

    def execute(self, context: Context) -> Any:
        """Wait in the worker or in the triggerer.

        Raises:
            AirflowException: the condition will not be met.
            AirflowFailException: a permission is missing, or an argument is invalid.
            AirflowSkipException: either, with ``soft_fail``.
        """
        if not self.deferrable:
            return super().execute(context)
        try:
            return self._poke_or_defer(context)
        except AirflowFailException as error:
            if self.soft_fail or self.never_fail:
                raise AirflowSkipException(str(error)) from error
            raise

    def execute_complete(self, context: Context, event: dict[str, Any] | None = None) -> Any:
        """Continue the wait after the trigger's event: what has changed since is waited for again."""
        from sfn_provider.executions.trigger_events import validate_event

        validate_event(event)
        return self._poke_or_defer(context)

    def resume_execution(self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context) -> Any:
        """Resume after a deferral. If it has timed out, raise AirflowSensorTimeout on every Airflow version."""
        try:
            return super().resume_execution(next_method, next_kwargs, context)
        except (AirflowSensorTimeout, TaskDeferralTimeout) as error:
            if "timeout" not in str(error).lower():  # Airflow 2 has one class for all failures of a trigger
                raise
            limits = f"timeout={self.timeout:g} seconds, execution_timeout={self.execution_timeout}"
            self._fail(AirflowSensorTimeout(f"Sensor has timed out, with {limits} ({error})"))

    @property
    def _trigger_arguments(self) -> dict[str, Any]:
        """The arguments of every trigger."""
        return {"waiter_delay": self.poke_interval, **self.connection_arguments}

    def _call_aws(self, call: Callable[[], T]) -> T | None:
        """Call AWS once.

        Args:
            call: calls AWS by ``self.hook``.

        Returns:
            The response; None after a transient error.

        Raises:
            AirflowFailException: a permission is missing.
            botocore.exceptions.ClientError: an error that no later try can resolve.
        """
        from sfn_provider.executions.aws_errors import AwsErrorKind, Backoff, classify_error, retry_aws_call
        from sfn_provider.executions.masking import masked_line

        try:
            return call()
        except Exception as error:  # next_delay raises final errors again
            kind = classify_error(error)
            if kind is AwsErrorKind.MISSING:
                return retry_aws_call(call, renew=self.hook.renew_client)
            Backoff().next_delay(error)
            if kind is AwsErrorKind.EXPIRED:
                self.hook.renew_client()
            self.log.warning("AWS does not answer just now: %s", masked_line(error))
            return None

    def _persist_links(self, context: Context, **arns: str) -> None:
        """Store the fields of the links to the console, at the first poll only.

        Args:
            context: of the running task.
            arns: ``execution_arn``, ``map_run_arn``: one for each of the sensor's links.
        """
        if self._links_persisted or not context:
            return
        for link in self.operator_extra_links:
            link.persist_for(self, context, **{link.arn_field: arns[link.arn_field]})
        self._links_persisted = True

    def _fail(self, error: AirflowException) -> NoReturn:
        """Raise an error, or skip with ``soft_fail`` or ``never_fail``."""
        if self.soft_fail or self.never_fail:
            argument = "soft_fail" if self.soft_fail else "never_fail"
            raise AirflowSkipException(f"Skipping, as {argument} says: {error}") from error
        raise error

    def _poke_or_defer(self, context: Context) -> Any:
        result = self.poke(context)
        if result:
            return result.xcom_value if isinstance(result, PokeReturnValue) else None
        self._defer(context)

    def _defer(self, context: Context) -> NoReturn:
        from sfn_provider.waiting.timeouts import remaining_timeout

        self.defer(
            trigger=self._create_trigger(),
            method_name="execute_complete",
            timeout=remaining_timeout(context, timedelta(seconds=self.timeout), self.execution_timeout),
        )


def validate_statuses(target_states: Sequence[str], known: Set[str], subject: str) -> tuple[str, ...]:
    """Return the argument ``target_states`` if it is a list of statuses.

    Args:
        target_states: the argument.
        known: all statuses.
        subject: the thing that has them, for the error: ``an execution``.

    Raises:
        ValueError: it is a text instead of a list, or an item is no status.
    """
    if not isinstance(target_states, tuple | list):
        require_literal("target_states", target_states)
    if isinstance(target_states, str):
        raise ValueError(f"target_states: {target_states!r} is a text; give a list of statuses")
    if unknown := sorted(set(target_states) - known):
        require_literal("target_states", unknown)
        raise ValueError(f"target_states: no status of {subject}: {unknown}; there are {sorted(known)}")
    return tuple(target_states)
