"""The event trigger of an asset that starts DAGs when executions end. For Airflow 3."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Hashable, Sequence
from typing import Any

from sfn_provider._compat import BaseEventTrigger, TriggerEvent, has_event_triggers
from sfn_provider.driving.aws_hook_mixin import LazyHookClass
from sfn_provider.exceptions import UsageError
from sfn_provider.executions.statuses import ENDED_STATUSES
from sfn_provider.secret_masking import masked_line
from sfn_provider.triggers.base import AwsTriggerMixin, make_event
from sfn_provider.waiting.executions.ended_executions import EndedExecutionReader, SeenExecutions
from sfn_provider.waiting.executions.execution_streams import (
    EndedExecutionFilter,
    filter_messages,
    stream_from_lists,
    stream_from_queue,
)
from sfn_provider.waiting.status_queue.status_messages import StatusMessage


class StepFunctionExecutionEventTrigger(AwsTriggerMixin, BaseEventTrigger):
    """Fire an event for each execution of a state machine that ends.

    For an ``AssetWatcher``: the asset's consumers run once for each event. The event's payload has ``execution_arn``,
    ``state_machine_arn``, ``name``, ``status``, ``start_date`` and ``stop_date`` (ISO 8601).

    By ListExecutions, every ``poll_interval`` seconds: an execution that ended after the watch began fires one event.
    From Airflow 3.3 on the position is stored with the asset, unless the watcher has several, so that executions that
    end while no triggerer runs fire their events afterwards; the last ones before a triggerer was killed may fire
    twice. On Airflow 3.0 to 3.2 a watch starts from the present with the triggerer.

    By a queue (``status_queue_url``): a message is deleted when its event is stored, so that none is lost on any
    version; the last ones before a triggerer was killed may fire twice. The queue must be used by this watcher alone,
    or on Airflow 3.3 by several watchers: these share one reader there.

    Args:
        state_machine_arn: the state machine, without version or alias.
        statuses: end statuses that fire events: of SUCCEEDED, FAILED, TIMED_OUT and ABORTED. Default: all.
        poll_interval: seconds between two polls, without a queue.
        status_queue_url: URL of an SQS queue that EventBridge sends the status changes of executions to.
        aws_conn_id: the Airflow connection; None for boto3's default credentials.
        region_name: the region. Default: the ARN's.
        verify: whether to check TLS certificates, or the path of a CA bundle.
        botocore_config: arguments of ``botocore.config.Config``.

    Raises:
        UsageError: Airflow 2, which starts no DAGs by triggers; an unknown status; an ARN of something else.
    """

    aws_hook_class = LazyHookClass()
    arn_field = "state_machine_arn"
    argument_names = ("state_machine_arn", "statuses", "poll_interval", "status_queue_url")

    def __init__(
        self,
        *,
        state_machine_arn: str,
        statuses: Sequence[str] = tuple(sorted(ENDED_STATUSES)),
        poll_interval: float = 60,
        status_queue_url: str | None = None,
        aws_conn_id: str | None = "aws_default",
        region_name: str | None = None,
        verify: bool | str | None = None,
        botocore_config: dict[str, Any] | None = None,
    ) -> None:
        if not has_event_triggers():
            raise UsageError("StepFunctionExecutionEventTrigger: Airflow starts DAGs by triggers from 3.0 on")
        if unknown := sorted(set(statuses) - ENDED_STATUSES):
            raise UsageError(f"statuses: no ends of an execution: {unknown}; there are {sorted(ENDED_STATUSES)}")
        if len(state_machine_arn.split(":")) != 7 or ":stateMachine:" not in state_machine_arn:
            raise UsageError(
                f"state_machine_arn: {state_machine_arn!r} is not the ARN of a state machine without version or alias; "
                "it reads arn:aws:states:REGION:ACCOUNT:stateMachine:NAME"
            )
        super().__init__()  # type: ignore[no-untyped-call]
        self.state_machine_arn = state_machine_arn
        self.statuses = sorted(set(statuses))
        self.poll_interval = poll_interval
        self.status_queue_url = status_queue_url
        self._set_aws_arguments(aws_conn_id, region_name, verify, botocore_config)
        self._stored_position: dict[str, Any] = {}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Fire events until cancelled."""
        if self.status_queue_url:
            events = stream_from_queue(self._queue_settings(self.status_queue_url), self._filter, self.log)
        else:
            events = stream_from_lists(
                await self._reader(),
                self.state_machine_arn,
                self._client_settings(),
                self.hook,
                self.poll_interval,
                self._store_position,
                self.log,
            )
        async for ended in events:
            yield make_event(ended.payload())

    def shared_stream_key(self) -> Hashable | None:
        """Have all watchers of a queue share one reader. Called by Airflow 3.3 and later."""
        if not self.status_queue_url:
            return None
        return "sfn_provider", self._queue_settings(self.status_queue_url).client, self.status_queue_url

    @classmethod
    def create_shared_stream_producer(cls, kwargs: dict[str, Any]) -> Any:
        """Make the reader of a queue, which deletes a message when all its events are stored."""
        from sfn_provider.waiting.status_queue.status_stream import StatusStream

        return StatusStream(cls(**kwargs)._queue_settings(kwargs["status_queue_url"]))

    async def filter_shared_stream(self, shared_stream: AsyncIterator[StatusMessage]) -> AsyncIterator[TriggerEvent]:
        """Fire events of the messages that all watchers of a queue get."""
        async for ended in filter_messages(shared_stream, self._filter):
            yield make_event(ended.payload())

    @property
    def _filter(self) -> EndedExecutionFilter:
        return EndedExecutionFilter(self.state_machine_arn, self.statuses)

    async def _reader(self) -> EndedExecutionReader:
        store = getattr(self, "asset_state_store", None)
        try:
            position = await store.aget(self._store_key) if store is not None else None
        except ValueError as error:  # a watcher of several assets: Airflow does not say whose store to use
            self.log.warning("The position is not stored: %s", masked_line(error))
            self.asset_state_store = position = None
        if position is None:
            return EndedExecutionReader(self.state_machine_arn, self.statuses, time.time(), SeenExecutions())
        return EndedExecutionReader.from_position(self.state_machine_arn, self.statuses, position)

    async def _store_position(self, position: dict[str, Any]) -> None:
        store = getattr(self, "asset_state_store", None)
        if store is not None and position != self._stored_position:
            await store.aset(self._store_key, position)
            self._stored_position = position

    @property
    def _store_key(self) -> str:
        return f"sfn_provider {self.state_machine_arn} {','.join(self.statuses)}"
