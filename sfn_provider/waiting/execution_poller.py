"""Polls all awaited executions of a state machine, mostly by ListExecutions."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Final, cast

from sfn_provider._compat import AirflowFailException
from sfn_provider.executions.arns import ExecutionArn
from sfn_provider.executions.aws_errors import AwsErrorKind, Backoff, aws_errors, classify_error, denial_message
from sfn_provider.executions.masking import masked_line
from sfn_provider.executions.statuses import RUNNING_STATUSES
from sfn_provider.waiting.aws_client import AwsClient, ClientSettings, HookFactory, shared_client
from sfn_provider.waiting.quotas import bucket_for
from sfn_provider.waiting.registry import LoopRegistry, RegistryLease
from sfn_provider.waiting.shared_poller import PollTarget, SharedPoller
from sfn_provider.waiting.status_queue import StatusListener, StatusQueueSettings

log = logging.getLogger(__name__)

PAGE_SIZE: Final = 1000
"""Maximum executions on a page of ListExecutions. Source: API_ListExecutions, ``maxResults``."""

LIST_CALL_COST: Final = 3
"""What a page costs, in DescribeExecution calls: the quotas are 5 pages and 15 descriptions a second."""

LIST_RETRY_DELAY: Final = 600.0
"""Seconds until ListExecutions is tried again where AWS has refused it."""

LIST_LAG_DELAY: float = 3.0
"""Seconds that ListExecutions, which is eventually consistent, is given to show new executions, if they are many."""

MAX_LIST_LAG_DELAYS: Final = 3
"""How often it is given them."""

CONFIRMATION_DELAY: float = 2.0
"""Seconds between two descriptions of an execution that has ended according to a message and still shows as running."""

MAX_CONFIRMATIONS: Final = 5

LISTED_STATUSES: Final = ("SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED")
"""In the order in which their lists are read."""


@dataclass(slots=True)
class ExecutionPollState:
    """What the poller knows about an execution.

    Args:
        listed: it was in the list of running executions once, so that its absence means something.
        lag_delays: how often it was given time to appear there.
        confirmations: descriptions left until a message that it has ended is taken for wrong.
        backoff: of DescribeExecution, while that does not know it.
    """

    listed: bool = False
    lag_delays: int = 0
    confirmations: int = 0
    backoff: Backoff | None = None

    @property
    def maybe_unlisted(self) -> bool:
        """May it be too young for the list?"""
        return not self.listed and self.lag_delays < MAX_LIST_LAG_DELAYS


class ExecutionPoller(SharedPoller[str]):
    """Finds out which executions of a state machine have ended, in as few calls as possible.

    One ListExecutions of the running ones, 1,000 a page, answers for all that it shows. Those that it does not show are
    looked up: many in the lists of ended executions, newest first, few by DescribeExecution, at the rate of the quota.
    That a list lacks an execution never means that it has ended: lists lag behind, and that of the running ones lacks
    those in PENDING_REDRIVE. Reading a list stops where descriptions are cheaper, and is not tried for fewer than three
    executions. Where listing is not permitted, every execution is described.

    A finding is AWS's status.

    Args:
        settings: settings of the client.
        machine: an execution of the state machine, or any of its children in Map Runs: these are only described.
        make_hook: makes the hook, in a thread.
        queue: the queue with events of the executions' ends, if there is one. Each event is confirmed by a description.
    """

    def __init__(
        self,
        settings: ClientSettings,
        machine: ExecutionArn,
        make_hook: HookFactory,
        queue: StatusQueueSettings | None = None,
    ) -> None:
        super().__init__()
        self._settings, self._machine, self._make_hook, self._status_queue = settings, machine, make_hook, queue
        self._describe_bucket = bucket_for("describe_execution", machine.account, machine.region)
        self._list_bucket = bucket_for("list_executions", machine.account, machine.region)
        self._client: AwsClient
        self._min_to_list: float = LIST_CALL_COST
        self._list_not_before = float("inf") if machine.of_map_run else float("-inf")
        self._permission_checked = False

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Hold the client, and have the queue read."""
        async with AsyncExitStack() as stack:
            self._client = await stack.enter_async_context(shared_client(self._settings, self._make_hook))
            if self._status_queue is not None:
                reader = await stack.enter_async_context(self._status_queue.shared_reader())
                stack.enter_context(reader.notify(StatusListener(self.on_status_change, self.fail_all)))
            yield

    async def poll(self, due: Sequence[PollTarget]) -> None:
        """List what can be listed, and queue the rest to be described."""
        arns = [target.name for target in due]
        unconfirmed = [arn for arn in arns if self._state(arn).confirmations]
        listable = set(arns).difference(unconfirmed)
        if len(listable) < self._min_to_list or self._now() < self._list_not_before:
            self._min_to_list = max(LIST_CALL_COST, self._min_to_list * 0.9)
            self._describe_soon(arns)
            return
        self._describe_soon(unconfirmed)
        if not self._permission_checked:  # one is described, whatever the list says: a missing permission shows at once
            self._permission_checked = True
            self._describe_soon(arns[:1])
        try:
            missing = await self._read_lists(listable)
        except aws_errors() as error:  # not a transient one: not permitted, or the state machine is deleted
            log.warning("Cannot list executions, so each one is described: %s", masked_line(error))
            self._list_not_before = self._now() + LIST_RETRY_DELAY
            missing = listable
        self._postpone_or_describe(missing)

    async def poll_one(self, name: str) -> None:
        """Describe one execution."""
        if name not in self.targets:
            return
        state = self._state(name)
        try:
            answer = await self._client.call(
                "describe_execution", self._describe_bucket, executionArn=name, includedData="METADATA_ONLY"
            )
        except aws_errors() as error:
            if classify_error(error) is AwsErrorKind.DENIED:  # very likely the others, too; no list helps then
                self._list_not_before = self._now() + LIST_RETRY_DELAY
                self._describe_soon(self.targets)
                raise AirflowFailException(denial_message(error)) from error
            state.backoff = state.backoff or Backoff()
            self.postpone(name, state.backoff.next_delay(error))
            return
        state.backoff = None
        self.report(name, answer["status"])
        if state.confirmations and answer["status"] in RUNNING_STATUSES:
            state.confirmations -= 1
            self.postpone(name, CONFIRMATION_DELAY)

    def on_status_change(self, arn: str) -> bool:
        """Describe an execution at once, since a message says that it has ended. Tells whether it is waited for."""
        if arn not in self.targets:
            return False
        self._state(arn).confirmations = MAX_CONFIRMATIONS
        self._describe_soon([arn])
        return True

    async def _read_lists(self, due: set[str]) -> set[str]:
        """Report all that the lists show. Gives the executions that must be described."""
        running, complete = await self._read_running(due)
        # A complete list lacks all that have ended, due or not; a partial one says nothing of those that are not due.
        missing = (set(self.targets) if complete else due) - running
        await self._read_ended(missing)
        return missing

    async def _read_running(self, due: set[str]) -> tuple[set[str], bool]:
        """Read the list of running executions. Gives those found, and whether it was read to its end."""
        found: set[str] = set()
        token, pages, go_on = None, 0, True
        while go_on:
            arns, token = await self._read_page("RUNNING", token)
            pages += 1
            found |= arns
            for arn in arns:
                self._report_running(arn)
            go_on = token is not None and pages * LIST_CALL_COST < len(due - found)
        complete = token is None
        self._min_to_list = LIST_CALL_COST if complete or len(found) > pages else 2 * len(due)
        return found, complete

    async def _read_ended(self, missing: set[str]) -> None:
        """Read the lists of ended executions, newest first, while that is cheaper than to describe each.

        Removes those found from ``missing``.
        """
        pages = 0
        for status in LISTED_STATUSES:
            token, go_on = None, True
            while go_on and (pages + 1) * LIST_CALL_COST <= len(missing):
                arns, token = await self._read_page(status, token)
                pages += 1
                found = arns & missing
                missing -= found
                for arn in found:
                    self.report(arn, status)
                go_on = token is not None and len(found) > PAGE_SIZE / 2

    async def _read_page(self, status: str, token: str | None) -> tuple[set[str], str | None]:
        """Read a page of a list. Gives what is waited for on it, and the next page's token."""
        answer = await self._client.call(
            "list_executions",
            self._list_bucket,
            stateMachineArn=self._machine.state_machine_arn,
            statusFilter=status,
            maxResults=PAGE_SIZE,
            **({"nextToken": token} if token else {}),
        )
        arns = {row["executionArn"] for row in answer["executions"]} & self.targets.keys()
        return arns, answer.get("nextToken")

    def _report_running(self, arn: str) -> None:
        state = self._state(arn)
        state.listed = True
        if not state.confirmations:
            self.queue.discard(arn)
        self.report(arn, "RUNNING")

    def _postpone_or_describe(self, missing: Collection[str]) -> None:
        missing = [arn for arn in missing if arn in self.targets]
        young = [arn for arn in missing if self._state(arn).maybe_unlisted]
        if len(young) > LIST_CALL_COST and self._now() >= self._list_not_before:
            for arn in young:
                self._state(arn).lag_delays += 1
                self.postpone(arn, LIST_LAG_DELAY)
            missing = set(missing).difference(young)
        self._describe_soon(missing)

    def _describe_soon(self, arns: Collection[str]) -> None:
        for arn in arns:
            self.queue.add(arn)

    def _state(self, arn: str) -> ExecutionPollState:
        target = self.targets[arn]
        target.state = target.state or ExecutionPollState()
        return cast("ExecutionPollState", target.state)

    def _now(self) -> float:
        return asyncio.get_running_loop().time()


_POLLERS: Final[LoopRegistry[tuple[object, ...], ExecutionPoller]] = LoopRegistry()


def shared_execution_poller(
    settings: ClientSettings, machine: ExecutionArn, make_hook: HookFactory, queue: StatusQueueSettings | None = None
) -> RegistryLease[tuple[object, ...], ExecutionPoller]:
    """Lease the poller of a state machine's executions. Enter the result with ``async with``."""
    key = (settings, machine, queue.url if queue else None)
    return _POLLERS.lease(key, lambda: ExecutionPoller(settings, machine, make_hook, queue))
