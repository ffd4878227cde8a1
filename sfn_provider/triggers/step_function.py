"""The trigger that waits for an execution in the triggerer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any, Final

from sfn_provider._compat import AirflowFailException, BaseTrigger, TriggerEvent
from sfn_provider.exceptions import UsageError
from sfn_provider.executions.arns import parse_execution_arn, parse_region
from sfn_provider.executions.aws_errors import aws_errors
from sfn_provider.executions.history_log import HistoryLog
from sfn_provider.executions.outcomes import still_running_message
from sfn_provider.executions.statuses import KILLED_CAUSE, KILLED_ERROR, RUNNING_STATUSES
from sfn_provider.hooks.aws_hook_mixin import AwsHookFactory, LazyHookClass, lazy_class_loader
from sfn_provider.waiting.aws_client import ClientSettings, shared_client
from sfn_provider.waiting.cancellation import finish_despite_cancellation
from sfn_provider.waiting.execution_poller import ExecutionPoller, shared_execution_poller
from sfn_provider.waiting.history_reader import log_history
from sfn_provider.waiting.status_queue import QueueAddress

if TYPE_CHECKING:
    from sfn_provider.hooks.step_function import StepFunctionHook
else:
    __getattr__ = lazy_class_loader(__name__)

# What these arguments are without being given; they are left out of what is stored, as in the amazon provider.
_DEFAULTS: Final[dict[str, Any]] = {
    "region_name": None,
    "verify": None,
    "botocore_config": None,
    "target_states": [],
    "stop_on_kill": False,
    "log_history": False,
    "history": None,
    "status_queue_url": None,
}

QUEUE_POLL_INTERVAL: Final = 600.0
"""Seconds between two looks, at least, where a queue says what has ended: a look for events that were lost."""


class StepFunctionsExecutionCompleteTrigger(BaseTrigger, AwsHookFactory):
    """Wait until an execution has ended, in whatever way, or has a status that is waited for.

    The one event is ``{"status": "success", "execution_arn": ..., "execution_status": ...}``; its ``execution_status``
    is AWS's. The event of a wait that cannot go on is ``{"status": "error", "execution_arn": ..., "message": ...,
    "final": ...}``, where ``final`` says that a retry of the task is of no use. Output and cause are left to the
    worker to read.

    Args:
        execution_arn: the execution.
        waiter_delay: seconds between two looks at its status.
        waiter_max_attempts: looks at most; None for no end but the deferral's own timeout.
        aws_conn_id: the Airflow connection; None for boto3's own search for credentials.
        region_name: the region, in place of the connection's.
        verify: whether to check TLS certificates, or the path of a CA bundle.
        botocore_config: arguments of ``botocore.config.Config``.
        target_states: statuses at which the wait is over although the execution goes on.
        stop_on_kill: stop the execution when a user marks the deferred task or clears it (Airflow 3.3 and later).
        log_history: log each state that is entered and left: one call of GetExecutionHistory every ``waiter_delay``.
            The event then has ``history``: what the worker needs to go on with it.
        history: what has been logged before, as such an event gives it.
        status_queue_url: the URL of an SQS queue to which EventBridge sends the status changes of executions. The wait
            then hears of the end, and looks only every 10 minutes, or every ``waiter_delay`` seconds if that is longer.
    """

    aws_hook_class = LazyHookClass(__name__)
    arn_field = "execution_arn"

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
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.execution_arn = execution_arn
        self.waiter_delay = waiter_delay
        self.waiter_max_attempts = waiter_max_attempts
        self.aws_conn_id = aws_conn_id
        self.region_name = region_name
        self.verify = verify
        self.botocore_config = botocore_config
        self.target_states = list(target_states)
        self.stop_on_kill = stop_on_kill
        self.log_history = log_history
        self.history = history
        self.status_queue_url = status_queue_url

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Give the class's path and the arguments that make this trigger again."""
        arguments = {
            "execution_arn": self.execution_arn,
            "waiter_delay": self.waiter_delay,
            "waiter_max_attempts": self.waiter_max_attempts,
            "aws_conn_id": self.aws_conn_id,
            "region_name": self.region_name,
            "verify": self.verify,
            "botocore_config": self.botocore_config,
            "target_states": self.target_states,
            "stop_on_kill": self.stop_on_kill,
            "log_history": self.log_history,
            "history": self.history,
            "status_queue_url": self.status_queue_url,
        }
        given = {key: value for key, value in arguments.items() if key not in _DEFAULTS or value != _DEFAULTS[key]}
        return f"{type(self).__module__}.{type(self).__qualname__}", given

    def hook(self) -> StepFunctionHook:
        """Make the hook. This imports boto3: keep it off the event loop."""
        return self.make_hook()

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Wait together with the other triggers of this triggerer, then yield the one event."""
        try:
            async with self._poller() as poller:
                with poller.waiting(self.execution_arn, self._delay(), self._event) as result:
                    event = await (self._logged(result) if self.log_history else result)
        except (AirflowFailException, UsageError) as error:
            event = self._error(str(error), final=True)
        except aws_errors() as error:
            event = self._error(f"{type(error).__name__}: {error}", final=False)
        yield TriggerEvent(event)  # type: ignore[no-untyped-call]

    async def on_kill(self) -> None:
        """Stop the execution, because a user acted on the deferred task. Called by Airflow 3.3 and later."""
        if self.stop_on_kill:
            await finish_despite_cancellation(self._stop())

    async def _stop(self) -> None:
        async with shared_client(self._access(), self.hook) as client:
            await client.call("stop_execution", executionArn=self.execution_arn, error=KILLED_ERROR, cause=KILLED_CAUSE)
        self.log.info("Stopped %s", self.execution_arn)

    async def _logged(self, result: Awaitable[dict[str, Any]]) -> dict[str, Any]:
        """Wait, and log beside it what the execution does."""
        history = HistoryLog.from_dict(self.history)
        async with (
            shared_client(self._access(), self.hook) as client,
            log_history(client.call, self.execution_arn, history, self.waiter_delay, self.log),
        ):
            event = await result
        return {**event, "history": history.to_dict()}

    def _poller(self) -> AbstractAsyncContextManager[ExecutionPoller]:
        machine = parse_execution_arn(self.execution_arn)
        queue = QueueAddress.of(self.status_queue_url, *self._ways()) if self.status_queue_url else None
        return shared_execution_poller(self._access(), machine, self.hook, queue)

    def _delay(self) -> float:
        return max(QUEUE_POLL_INTERVAL, self.waiter_delay) if self.status_queue_url else self.waiter_delay

    def _access(self) -> ClientSettings:
        return ClientSettings.of("stepfunctions", *self._ways())

    def _ways(self) -> tuple[str | None, str | None, bool | str | None, dict[str, Any] | None]:
        return self.aws_conn_id, self.region_name or parse_region(self.execution_arn), self.verify, self.botocore_config

    def _event(self, status: str, looks: int) -> dict[str, Any] | None:
        if status not in RUNNING_STATUSES or status in self.target_states:
            return {"status": "success", "execution_arn": self.execution_arn, "execution_status": status}
        if self.waiter_max_attempts is not None and looks >= self._most_looks(self.waiter_max_attempts):
            return self._error(still_running_message(self.execution_arn, status, looks), final=False)
        return None

    def _most_looks(self, attempts: int) -> int:
        """The looks that take as long as the attempts would without a queue."""
        return max(1, round(attempts * self.waiter_delay / self._delay())) if self.status_queue_url else attempts

    def _error(self, message: str, *, final: bool) -> dict[str, Any]:
        return {"status": "error", "execution_arn": self.execution_arn, "message": message, "final": final}
