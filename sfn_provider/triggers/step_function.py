"""The trigger that waits for an execution in the triggerer."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator, Awaitable, Sequence
from typing import TYPE_CHECKING, Any, Final

from sfn_provider._compat import AirflowFailException, BaseTrigger, TriggerEvent
from sfn_provider.driving.aws_hook_mixin import LazyHookClass, lazy_class_loader
from sfn_provider.exceptions import UsageError
from sfn_provider.executions.arns import parse_execution_arn
from sfn_provider.executions.aws_errors import aws_errors
from sfn_provider.executions.history.history_log import HistoryLog
from sfn_provider.executions.outcomes import still_running_message
from sfn_provider.executions.statuses import KILLED_CAUSE, KILLED_ERROR, RUNNING_STATUSES
from sfn_provider.executions.wait_messages import begin_line, end_line
from sfn_provider.links.step_function import console_address
from sfn_provider.secret_masking import masked_line
from sfn_provider.triggers.base import AwsTriggerMixin, error_event, make_event
from sfn_provider.waiting.aws_client import shared_client
from sfn_provider.waiting.cancellation import finish_despite_cancellation
from sfn_provider.waiting.executions.execution_poller import ExecutionPoller, shared_execution_poller
from sfn_provider.waiting.executions.execution_targets import ExecutionFinding
from sfn_provider.waiting.history.history_reader import log_history
from sfn_provider.waiting.history.history_store import HistoryStore
from sfn_provider.waiting.poll_waits import DeadlineExceeded

if TYPE_CHECKING:
    pass
else:
    __getattr__ = lazy_class_loader(__name__)

log = logging.getLogger(__name__)

# Arguments with these values are left out of the serialized trigger, as in the amazon provider.
_DEFAULTS: Final[dict[str, Any]] = {
    "region_name": None,
    "verify": None,
    "botocore_config": None,
    "target_states": (),
    "stop_on_kill": False,
    "log_history": False,
    "history": None,
    "status_queue_url": None,
    "deadline": None,
}

QUEUE_POLL_INTERVAL: Final = 90.0
"""Minimum seconds between two polls with a queue: they find executions whose events were lost."""


class StepFunctionsExecutionCompleteTrigger(AwsTriggerMixin, BaseTrigger):
    """Wait until an execution has ended, in whatever way, or has a status that is waited for.

    The one event is ``{"status": "success", "execution_arn": ..., "execution_status": ...}``; its ``execution_status``
    is AWS's. If a message of the status queue has ended the wait, and has all data, the event has ``description``, too:
    those fields of DescribeExecution that say how the execution has ended (``ExecutionDescription``). The event of a
    wait that cannot go on is ``{"status": "error", "execution_arn": ..., "message": ...,
    "final": ...}``, where ``final`` says that a retry of the task is of no use. The worker reads output and cause.

    Args:
        execution_arn: the execution.
        waiter_delay: seconds between two polls of its status.
        waiter_max_attempts: maximum polls; None for no limit but the deferral's timeout.
        aws_conn_id: the Airflow connection; None for boto3's default credentials.
        region_name: the region, in place of the connection's.
        verify: whether to check TLS certificates, or the path of a CA bundle.
        botocore_config: arguments of ``botocore.config.Config``.
        target_states: statuses at which the wait is over although the execution goes on.
        stop_on_kill: stop the execution when a user marks the deferred task or clears it (Airflow 3.3 and later).
        log_history: log each state that is entered and left: one call of GetExecutionHistory every ``waiter_delay``.
            The event then has ``history``, by which the worker continues.
        history: what has been logged before, as such an event gives it.
        status_queue_url: the URL of an SQS queue to which EventBridge sends the status changes of executions. The wait
            then ends by a message, and polls every 90 seconds, or every ``waiter_delay`` seconds if that is longer.
        deadline: when the wait ends in any case, in seconds since 1970; None for no limit but the deferral's timeout.
            The event is then ``{"status": "timeout", "execution_arn": ..., "message": ...}``, and with ``stop_on_kill``
            the execution is stopped. Airflow's own timeout of
            a deferral drops what the trigger knows, the execution's ARN.
    """

    aws_hook_class = LazyHookClass(__name__)
    arn_field = "execution_arn"
    argument_names = (
        "execution_arn",
        "waiter_delay",
        "waiter_max_attempts",
        "target_states",
        "stop_on_kill",
        "log_history",
        "history",
        "status_queue_url",
        "deadline",
    )

    def __init__(
        self,
        *,
        execution_arn: str,
        waiter_delay: float = 60,
        waiter_max_attempts: int | None = None,
        aws_conn_id: str | None = None,
        region_name: str | None = None,
        verify: bool | str | None = None,
        botocore_config: dict[str, Any] | None = None,
        target_states: Sequence[str] = (),
        stop_on_kill: bool = False,
        log_history: bool = False,
        history: dict[str, Any] | None = None,
        status_queue_url: str | None = None,
        deadline: float | None = None,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.execution_arn = execution_arn
        self.waiter_delay = waiter_delay
        self.waiter_max_attempts = waiter_max_attempts
        self._set_aws_arguments(aws_conn_id, region_name, verify, botocore_config)
        self.target_states = list(target_states) or ()
        self.stop_on_kill = stop_on_kill
        self.log_history = log_history
        self.history = history
        self.status_queue_url = status_queue_url
        self.deadline = deadline

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return the class path and the arguments that recreate this trigger."""
        path, arguments = super().serialize()
        return path, {key: value for key, value in arguments.items() if key not in _DEFAULTS or value != _DEFAULTS[key]}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Wait together with the other triggers of this triggerer, then yield the one event."""
        # There may be thousands: what each holds is traversed by every full garbage collection, which stops the event
        # loop. A logger of its own is made at the end; Airflow routes this line to the task's log by the context.
        log.info("%s", begin_line(f"execution {self.execution_arn}", console_address(execution_arn=self.execution_arn)))
        begin = time.monotonic()
        try:
            poller = self._poller()
            wait = poller.wait_for(self.execution_arn, self._poll_delay(), self, self._seconds_left())
            try:
                event = await (self._wait_and_log(wait) if self.log_history else wait)
            finally:
                await poller.leave(wait)
        except DeadlineExceeded:
            event = await self._time_out()
        except (AirflowFailException, UsageError) as error:
            event = error_event(error) | {"execution_arn": self.execution_arn}
        except aws_errors() as error:
            event = error_event(error) | {"execution_arn": self.execution_arn}
        outcome = event.get("message") or f"{self.execution_arn} is {event['execution_status']}"
        self.log.info("%s", end_line(outcome.removesuffix("."), time.monotonic() - begin))
        yield make_event(event)

    def evaluate(self, finding: ExecutionFinding, polls: float) -> dict[str, Any] | None:
        """Return the event that a finding about the execution leads to; None to wait on. The poller calls it."""
        status = finding.status
        if status not in RUNNING_STATUSES or status in self.target_states:
            event = {"status": "success", "execution_arn": self.execution_arn, "execution_status": status}
            return event if finding.description is None else {**event, "description": finding.description}
        if self.waiter_max_attempts is not None and polls >= self._max_polls(self.waiter_max_attempts):
            message = still_running_message(self.execution_arn, status, round(polls))
            return {"status": "error", "execution_arn": self.execution_arn, "message": message, "final": False}
        return None

    async def on_kill(self) -> None:
        """Stop the execution, because a user acted on the deferred task. Called by Airflow 3.3 and later."""
        if self.stop_on_kill:
            await finish_despite_cancellation(self._stop())

    async def _stop(self) -> None:
        async with shared_client(self._client_settings(), self.hook) as client:
            await client.call("stop_execution", executionArn=self.execution_arn, error=KILLED_ERROR, cause=KILLED_CAUSE)
        self.log.info("Stopped %s", self.execution_arn)

    async def _wait_and_log(self, result: Awaitable[dict[str, Any]]) -> dict[str, Any]:
        store = HistoryStore(self.task_instance, self.execution_arn, self.log)
        deferred = HistoryLog.from_dict(self.history)
        async with (
            shared_client(self._client_settings(), self.hook) as client,
            log_history(client.call, self.execution_arn, deferred, self.waiter_delay, self.log, store) as history,
        ):
            event = await result
        return {**event, "history": history.to_dict()}

    def _poller(self) -> ExecutionPoller:
        machine = parse_execution_arn(self.execution_arn)
        queue = self._queue_settings(self.status_queue_url) if self.status_queue_url else None
        return shared_execution_poller(self._client_settings(), machine, self.hook, queue)

    def _poll_delay(self) -> float:
        return max(QUEUE_POLL_INTERVAL, self.waiter_delay) if self.status_queue_url else self.waiter_delay

    def _seconds_left(self) -> float | None:
        return None if self.deadline is None else self.deadline - time.time()

    async def _time_out(self) -> dict[str, Any]:
        """Stop the execution at once: until the task has a slot again, or if it is killed meanwhile, nobody else does.

        Returns:
            The event. If AWS does not answer, the task tries to stop the execution once more.
        """
        outcome = "it goes on"
        stop_errors: tuple[type[Exception], ...] = (AirflowFailException, *aws_errors())
        if self.stop_on_kill:
            try:
                await self._stop()
                outcome = "it was stopped"
            except stop_errors as error:
                outcome = f"it could not be stopped: {masked_line(error)}"
        message = f"Execution {self.execution_arn} has not ended before the deadline; {outcome}."
        return {"status": "timeout", "execution_arn": self.execution_arn, "message": message}

    def _max_polls(self, attempts: int) -> int:
        """The polls that take as long as the attempts would without a queue."""
        return max(1, round(attempts * self.waiter_delay / self._poll_delay())) if self.status_queue_url else attempts
