"""Base class of the sensors: polling with retries, deferral, timeout and soft failure.

What only a running task needs is imported there: Airflow imports this module again whenever it parses a DAG file.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from math import inf
from typing import TYPE_CHECKING, Any, ClassVar, Final, NoReturn, TypeVar

from sfn_provider._compat import (
    AirflowException,
    AirflowRescheduleException,
    AirflowSensorTimeout,
    AirflowSkipException,
    AirflowTaskTimeout,
    BaseSensorOperator,
    PokeReturnValue,
    TaskDeferralTimeout,
    conf,
    first_reschedule_start,
    timezone,
)
from sfn_provider.driving.argument_checks import Check, literal, true_or_false
from sfn_provider.driving.aws_hook_mixin import AwsHookMixin, aws_template_fields

if TYPE_CHECKING:
    from sfn_provider._compat import BaseTrigger, Context
    from sfn_provider.links.step_function import StepFunctionsConsoleLink

T = TypeVar("T")

_LAST_POLLS: Final = 4
"""Maximum polls after a timeout, over about 7 seconds, to find out whether AWS responds."""


_AIRFLOWS_ARGUMENTS: Final = ("poke_interval", "timeout", "mode", "exponential_backoff", "max_wait", "silent_fail")
"""Arguments of Airflow's sensors that are read when the DAG file is parsed."""


class SensorArgumentsMixin(AwsHookMixin):
    """Declares the sensors' shared arguments. As a mixin, so that Airflow does not wrap the constructor.

    Args:
        deferrable: wait in the triggerer, polling every ``poke_interval`` seconds, without a worker. Default:
            ``[operators] default_deferrable``. Needs ``apache-airflow-providers-amazon[aiobotocore]``.
        kwargs: of ``AwsHookMixin`` (AWS connection) and ``BaseSensorOperator``: ``mode``, ``poke_interval``,
            ``timeout``, ``soft_fail`` and so on.
    """

    argument_checks: ClassVar[Mapping[str, Check]] = {
        **dict.fromkeys(("deferrable", "soft_fail", "never_fail"), true_or_false),
        **dict.fromkeys(_AIRFLOWS_ARGUMENTS, literal),
    }

    deferrable: bool

    def __init__(
        self,
        *,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        **kwargs: Any,
    ) -> None:
        for name in kwargs.keys() & {"soft_fail", "never_fail", *_AIRFLOWS_ARGUMENTS}:  # Airflow sets them
            self._check_argument(name, kwargs[name])
        super().__init__(**kwargs)
        self._set_attributes(deferrable=deferrable)


class StepFunctionsSensor(SensorArgumentsMixin, BaseSensorOperator):
    """Polls in the worker or defers to a trigger. Arguments as for ``SensorArgumentsMixin``.

    Lost connections, throttling and errors of AWS's servers count as "not yet"; a missing permission fails the sensor
    at once, and the message names the action. A sensor whose condition is already met never defers.

    ``soft_fail`` and ``never_fail`` mean the same in every mode and on every version of Airflow, and what is skipped is
    in the task's log with its cause. ``soft_fail`` skips a timeout, and what ends otherwise than is waited for. It does
    not skip a wrong argument, a missing permission, an unexpected error of AWS, a failed trigger, or a timeout before
    which AWS did not respond: these fail. ``never_fail`` skips them all.
    """

    template_fields: Sequence[str] = aws_template_fields()
    ui_color = "#66c3ff"

    operator_extra_links: Sequence[StepFunctionsConsoleLink] = ()
    _progress = ""
    _unanswered: Exception | None = None
    _timeout_at = inf
    """When ``timeout`` is over, by ``time.monotonic()``."""
    _airflow_flags: Mapping[str, bool] | None = None

    def _validate_arguments(self) -> None:
        """Validate the rendered arguments.

        Raises:
            UsageError: one cannot be used.
        """
        raise NotImplementedError

    @property
    def _subject(self) -> str:
        """What is waited for, for the log."""
        raise NotImplementedError

    @property
    def _link_arns(self) -> dict[str, str | None]:
        """The ARNs of the sensor's links that are known, by ``arn_field``."""
        return {}

    def _check(self, context: Context) -> bool | PokeReturnValue:
        """Poll once.

        Raises:
            AirflowException: the condition can never be met.
        """
        raise NotImplementedError

    def _create_trigger(self) -> BaseTrigger:
        """Create the trigger that continues polling."""
        raise NotImplementedError

    def poke(self, context: Context) -> bool | PokeReturnValue:
        """Poll once, in the worker."""
        with self._fail_on_usage_error():
            self._validate_arguments()
            return self._check(context)

    def execute(self, context: Context) -> Any:
        """Wait in the worker or in the triggerer.

        Raises:
            AirflowException: the condition will not be met.
            AirflowFailException: a permission is missing, or an argument is invalid.
            AirflowSensorTimeout: the condition was not met in time.
            AirflowSkipException: in place of others, with ``soft_fail`` or ``never_fail``.
        """
        airflow: Any = super()  # polls in the worker

        def wait() -> Any:
            self._begin(context)
            return self._poke_or_defer(context) if self.deferrable else airflow.execute(context)

        return self._apply_failure_arguments(context, wait)

    def execute_complete(self, context: Context, event: dict[str, Any] | None = None) -> Any:
        """Continue the wait after the trigger's event: what has changed since is waited for again."""
        from sfn_provider.executions.trigger_events import validate_event

        validate_event(event)
        return self._poke_or_defer(context)

    def resume_execution(self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context) -> Any:
        """Resume after a deferral. If it has timed out, poll a last time, and raise AirflowSensorTimeout."""
        airflow: Any = super()

        def resume() -> Any:
            try:
                return airflow.resume_execution(next_method, next_kwargs, context)
            except (AirflowSensorTimeout, TaskDeferralTimeout) as error:
                if "timeout" not in str(error).lower():  # Airflow 2 has one class for all failures of a trigger
                    raise
                self._unanswered = error  # only the trigger knows what AWS has answered
                limits = f"timeout={self.timeout:g} seconds, execution_timeout={self.execution_timeout}"
                raise AirflowSensorTimeout(f"Sensor has timed out, with {limits} ({error})") from error

        return self._apply_failure_arguments(context, resume)

    @property
    def _trigger_arguments(self) -> dict[str, Any]:
        """The arguments of every trigger."""
        return {"waiter_delay": self.poke_interval, **self.connection_arguments}

    def _begin(self, context: Context) -> None:
        """Validate the arguments, store the links, and log what is waited for."""
        from sfn_provider.executions.wait_messages import begin_line
        from sfn_provider.links.step_function import console_address

        first = self._first_start(context)
        self._timeout_at = time.monotonic() + self.timeout - self._elapsed_seconds(context, first)
        with self._fail_on_usage_error():
            self._validate_arguments()
        # Also whenever reschedule mode starts it again: Airflow removes its XComs then, other than after a deferral.
        self._persist_links(context, **self._link_arns)
        if first is None:
            self.log.info("%s", begin_line(self._subject, console_address(**self._link_arns)))

    def _call_aws(self, call: Callable[[], T]) -> T | None:
        """Call AWS, again if AWS does not know an execution that may be new.

        Args:
            call: calls AWS by ``self.hook``.

        Returns:
            The response; None after a transient error.

        Raises:
            AirflowFailException: a permission is missing.
            botocore.exceptions.ClientError: an error that no later try can resolve.
        """
        from sfn_provider.executions.aws_errors import AwsErrorKind, Backoff, classify_error
        from sfn_provider.secret_masking import masked_line

        backoff = Backoff()
        while True:
            try:
                response = call()
            except Exception as error:  # next_delay raises final errors again
                delay, kind = backoff.next_delay(error), classify_error(error)
                if kind is AwsErrorKind.EXPIRED:
                    self.hook.renew_client()
                if kind is not AwsErrorKind.MISSING or time.monotonic() + delay > self._timeout_at:
                    self.log.warning("AWS does not answer just now: %s", masked_line(error))
                    self._unanswered = error
                    return None
                self.log.warning("Step Functions, next try in %.1f s: %s", delay, masked_line(error))
            else:
                self._unanswered = None
                return response
            time.sleep(delay)

    def _persist_links(self, context: Context, **arns: str | None) -> None:
        """Store the fields of links to the console.

        Args:
            context: of the running task.
            arns: the links' ARNs by their ``arn_field``; None for one that is not known yet.
        """
        for link in self.operator_extra_links:
            if context and (arn := arns.get(link.arn_field)):
                link.persist_for(self, context, **{link.arn_field: arn})

    def _log_progress(self, progress: str) -> None:
        """Log how far the wait is, if that has changed."""
        if progress != self._progress:
            self._progress = progress
            self.log.info("%s", progress)

    def _log_end(self, context: Context, outcome: str) -> None:
        """Log how the wait has ended, and how long it took."""
        from sfn_provider.executions.wait_messages import end_line

        self.log.info("%s", end_line(outcome, self._elapsed_seconds(context, self._first_start(context))))

    def _first_start(self, context: Context) -> datetime | None:
        """Return when reschedule mode has started the sensor first; None if it has not started it before."""
        return first_reschedule_start(context) if context and self.reschedule else None

    def _elapsed_seconds(self, context: Context, first: datetime | None) -> float:
        """Return the seconds since the wait has begun."""
        instance = context["ti"] if context else None
        start = first or getattr(instance, "start_date", None)
        return (timezone.utcnow() - start).total_seconds() if start else 0.0

    def _apply_failure_arguments(self, context: Context, wait: Callable[[], T]) -> T | Any:
        """Wait, and apply ``soft_fail`` and ``never_fail`` in place of Airflow, where they depend on mode and version.

        Polling in the worker, Airflow's ``soft_fail`` skips missing permissions, and ``never_fail`` no timeouts; after
        a deferral ``soft_fail`` skips any error, and loses the cause; on Airflow 3.0 it skips no timeout. Sources:
        https://github.com/apache/airflow/issues/40787, 61130 and 71255.
        """
        self._airflow_flags = flags = {"soft_fail": self.soft_fail, "never_fail": self.never_fail}
        self._set_attributes(soft_fail=False, never_fail=False)
        try:
            try:
                return wait()
            except (AirflowSensorTimeout, AirflowTaskTimeout) as error:
                return self._finish_at_timeout(context, error)
        except (AirflowRescheduleException, AirflowSensorTimeout, AirflowSkipException):
            raise
        except Exception as error:
            if flags["never_fail"]:
                self._fail(error)
            raise
        finally:
            self._set_attributes(**flags)
            self._airflow_flags = None

    def _fail(self, error: BaseException) -> NoReturn:
        """Raise an error, or skip with ``soft_fail`` or ``never_fail``."""
        from sfn_provider.secret_masking import masked_line

        flags = self._airflow_flags or vars(self)
        argument = next((name for name in ("soft_fail", "never_fail") if flags[name]), None)
        if argument:
            of_airflow = isinstance(error, (AirflowException, AirflowTaskTimeout))
            cause = str(error) if of_airflow else f"{type(error).__name__}: {masked_line(error)}"
            raise AirflowSkipException(f"Skipping, as {argument} says: {cause}") from error
        raise error

    def _finish_at_timeout(self, context: Context, error: AirflowSensorTimeout | AirflowTaskTimeout) -> Any:
        """Poll again where AWS has not answered the last poll, and return what has come.

        Raises:
            AirflowSensorTimeout, AirflowTaskTimeout: nothing has come; also with ``soft_fail``, if AWS does not answer.
            AirflowSkipException: nothing has come, with ``soft_fail`` or ``never_fail``.
        """
        from sfn_provider.secret_masking import masked_line

        if self._unanswered is not None and (result := self._poll_at_timeout(context)):
            return result.xcom_value if isinstance(result, PokeReturnValue) else None
        lines = [f"{error}".rstrip("."), f"Waited for {self._subject}"]
        if self._unanswered is not None:
            lines.append(f"AWS does not answer: {masked_line(self._unanswered)}")
        elif self._progress:
            lines.append(f"At the last poll: {self._progress}")
        timeout = type(error)(". ".join(lines))
        if self._unanswered is not None and not (self._airflow_flags or vars(self))["never_fail"]:
            raise timeout from error
        self._fail(timeout)

    def _poll_at_timeout(self, context: Context) -> bool | PokeReturnValue:
        """Poll until AWS answers, a few times."""
        from sfn_provider.executions.aws_errors import Backoff

        backoff = Backoff()
        while True:
            with self._fail_on_usage_error():
                self._validate_arguments()
                result = self._check_at_timeout(context)
            if self._unanswered is None or backoff.errors == _LAST_POLLS - 1:
                return result
            time.sleep(backoff.next_delay(self._unanswered))

    def _check_at_timeout(self, context: Context) -> bool | PokeReturnValue:
        """Poll a last time, or find out in another way whether AWS responds."""
        return self._check(context)

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
