"""The trigger that starts DAGs when executions end, by an asset. For Airflow 3."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Hashable, Sequence
from typing import TYPE_CHECKING, Any, Final

from sfn_provider._compat import AirflowFailException, BaseEventTrigger, TriggerEvent, has_event_triggers
from sfn_provider.exceptions import UsageError
from sfn_provider.executions.arns import parse_region
from sfn_provider.executions.aws_errors import aws_errors
from sfn_provider.executions.statuses import ENDED_STATUSES
from sfn_provider.hooks.aws_hook_mixin import AwsHookFactory, LazyHookClass
from sfn_provider.waiting.aws_client import ClientSettings, shared_client
from sfn_provider.waiting.ended_executions import EndedExecution, EndedExecutionReader, SeenExecutions
from sfn_provider.waiting.quotas import bucket_for
from sfn_provider.waiting.status_queue import QueueAddress, StatusMessage, delete_messages, receive_messages

if TYPE_CHECKING:
    from sfn_provider.hooks.step_function import StepFunctionHook

EVENT_STORE_SECONDS: Final = 5.0
"""Seconds after which Airflow has stored an event: its triggerer hands events on about once a second."""

DEDUPLICATION_SECONDS: Final = 3600.0
"""Seconds that an ending is remembered, to tell a message that comes twice from another one."""

RETRY_DELAY: Final = 60.0
"""Seconds until AWS is asked again where it refuses an answer: somebody may grant the permission."""


class StepFunctionExecutionEventTrigger(BaseEventTrigger, AwsHookFactory):
    """Fire an event for each execution of a state machine that ends.

    For an ``AssetWatcher``: the asset's consumers run once for each event. The event's payload has ``execution_arn``,
    ``state_machine_arn``, ``name``, ``status``, ``start_date`` and ``stop_date`` (ISO 8601).

    By ListExecutions, every ``poll_interval`` seconds: an execution that ended after the watch began is given once.
    From Airflow 3.3 on the position is kept with the asset, unless the watcher has several, so that what ends while no
    triggerer runs is given afterwards; what was given last before a triggerer was killed may be given twice. On Airflow
    3.0 to 3.2 a watch begins anew with the triggerer.

    By a queue (``status_queue_url``): a message is deleted when its event is stored, so that none is lost on any
    version; a triggerer that is killed may give the last ones twice. The queue must be this watch's own, or on Airflow
    3.3 that of several watches: these share one reader there.

    Args:
        state_machine_arn: the state machine, without version or alias.
        statuses: ends to give: of SUCCEEDED, FAILED, TIMED_OUT and ABORTED. Default: all.
        poll_interval: seconds between two looks, without a queue.
        status_queue_url: URL of an SQS queue that EventBridge sends the status changes of executions to.
        aws_conn_id: the Airflow connection; None for boto3's own search for credentials.
        region_name: the region. Default: the ARN's.
        verify: whether to check TLS certificates, or the path of a CA bundle.
        botocore_config: arguments of ``botocore.config.Config``.

    Raises:
        UsageError: Airflow 2, which starts no DAGs by triggers; an unknown status; an ARN of something else.
    """

    aws_hook_class = LazyHookClass()
    arn_field = "state_machine_arn"

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
        self.aws_conn_id = aws_conn_id
        self.region_name = region_name
        self.verify = verify
        self.botocore_config = botocore_config
        self._kept: dict[str, Any] = {}

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Give the class's path and the arguments that make this trigger again."""
        return f"{type(self).__module__}.{type(self).__qualname__}", {
            "state_machine_arn": self.state_machine_arn,
            "statuses": self.statuses,
            "poll_interval": self.poll_interval,
            "status_queue_url": self.status_queue_url,
            "aws_conn_id": self.aws_conn_id,
            "region_name": self.region_name,
            "verify": self.verify,
            "botocore_config": self.botocore_config,
        }

    def hook(self) -> StepFunctionHook:
        """Make the hook. This imports boto3: keep it off the event loop."""
        return self.make_hook()

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Fire events as long as somebody watches."""
        events = self._heard(self._queue(self.status_queue_url)) if self.status_queue_url else self._listed()
        async for ending in events:
            yield TriggerEvent(ending.payload())  # type: ignore[no-untyped-call]

    def shared_stream_key(self) -> Hashable | None:
        """Have all watches of a queue share one reader. Asked by Airflow 3.3 and later."""
        return (
            ("sfn_provider", self._queue(self.status_queue_url).access, self.status_queue_url)
            if (self.status_queue_url)
            else None
        )

    @classmethod
    def create_shared_stream_producer(cls, kwargs: dict[str, Any]) -> Any:
        """Make the reader of a queue, which deletes a message when all its events are stored."""
        from sfn_provider.waiting.status_stream import StatusStream

        trigger = cls(**kwargs)
        return StatusStream(trigger._queue(kwargs["status_queue_url"]))

    async def filter_shared_stream(self, shared_stream: AsyncIterator[StatusMessage]) -> AsyncIterator[TriggerEvent]:
        """Fire events out of the messages that all watches of a queue get."""
        given = SeenExecutions()
        async for message in shared_stream:
            given.since(time.time() - DEDUPLICATION_SECONDS)
            if (ending := self._wanted(message)) is not None and given.is_new(ending):
                yield TriggerEvent(ending.payload())  # type: ignore[no-untyped-call]

    async def _listed(self) -> AsyncIterator[EndedExecution]:
        account, region = self.state_machine_arn.split(":")[4], self._region() or ""
        pace = bucket_for("list_executions", account, region)
        endings = await self._begin()
        async with shared_client(ClientSettings.of("stepfunctions", *self._ways()), self.hook) as client:
            while True:
                # The position of the look before: Airflow has stored all events that led to it.
                await self._keep(endings.position())
                pause = self.poll_interval
                try:
                    for ending in await endings.read(client, pace):
                        yield ending
                except aws_errors() as error:
                    pause = max(RETRY_DELAY, self.poll_interval)
                    self.log.error("Cannot list executions of %s: %s", self.state_machine_arn, error)
                await asyncio.sleep(max(pause, EVENT_STORE_SECONDS))

    async def _heard(self, queue: QueueAddress) -> AsyncIterator[EndedExecution]:
        given = SeenExecutions()  # SQS may give a message twice
        async with shared_client(queue.access, queue.make_hook) as client:
            while True:
                try:
                    messages = [
                        message for message in await receive_messages(client, queue.url) if self._is_ours(message)
                    ]
                except AirflowFailException as error:
                    self.log.error("%s", error)
                    await asyncio.sleep(RETRY_DELAY)
                    continue
                for message in messages:
                    if (ending := self._wanted(message)) is not None and given.is_new(ending):
                        yield ending
                given.since(time.time() - DEDUPLICATION_SECONDS)
                if messages:
                    await asyncio.sleep(EVENT_STORE_SECONDS)
                    await delete_messages(client, queue.url, messages)

    def _is_ours(self, message: StatusMessage) -> bool:
        return message.detail.get("stateMachineArn") == self.state_machine_arn

    def _wanted(self, message: StatusMessage) -> EndedExecution | None:
        wanted = self._is_ours(message) and message.detail["status"] in self.statuses
        return EndedExecution.from_detail(message.detail) if wanted else None

    async def _begin(self) -> EndedExecutionReader:
        store = getattr(self, "asset_state_store", None)
        try:
            position = await store.aget(self._store_key) if store is not None else None
        except ValueError as error:  # the watcher of several assets: Airflow does not say whose store to take
            self.log.warning("The position is not kept: %s", error)
            self.asset_state_store = position = None
        if position is None:
            return EndedExecutionReader(self.state_machine_arn, self.statuses, time.time(), SeenExecutions())
        return EndedExecutionReader.at(self.state_machine_arn, self.statuses, position)

    async def _keep(self, position: dict[str, Any]) -> None:
        store = getattr(self, "asset_state_store", None)
        if store is not None and position != self._kept:
            await store.aset(self._store_key, position)
            self._kept = position

    @property
    def _store_key(self) -> str:
        return f"sfn_provider {self.state_machine_arn} {','.join(self.statuses)}"

    def _queue(self, url: str) -> QueueAddress:
        return QueueAddress.of(url, *self._ways())

    def _region(self) -> str | None:
        return self.region_name or parse_region(self.state_machine_arn)

    def _ways(self) -> tuple[str | None, str | None, bool | str | None, dict[str, Any] | None]:
        return self.aws_conn_id, self._region(), self.verify, self.botocore_config
