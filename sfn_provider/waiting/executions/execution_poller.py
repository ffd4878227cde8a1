"""Polls all awaited executions of a state machine, mostly by ListExecutions."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from math import ceil
from typing import Any, Final
from weakref import WeakKeyDictionary

from sfn_provider._compat import AirflowFailException
from sfn_provider.executions.arns import ExecutionArn
from sfn_provider.executions.aws_errors import AwsErrorKind, Backoff, aws_errors, classify_error, denial_message
from sfn_provider.executions.statuses import FAILURE_STATUSES, RUNNING_STATUSES
from sfn_provider.secret_masking import masked_line
from sfn_provider.waiting.aws_client import AwsClient, ClientSettings, HookFactory, shared_client
from sfn_provider.waiting.executions.execution_targets import ExecutionFinding, ExecutionTarget
from sfn_provider.waiting.poll_waits import PollWait
from sfn_provider.waiting.quotas import bucket_for, list_gap
from sfn_provider.waiting.shared_poller import FIRST_POLL_DELAY, SharedPoller
from sfn_provider.waiting.status_queue.queue_reader import StatusListener, StatusQueue, StatusQueueSettings
from sfn_provider.waiting.status_queue.status_messages import StatusChange

log = logging.getLogger(__name__)

PAGE_SIZE: Final = 1000
"""Maximum executions on a page of ListExecutions. Source: API_ListExecutions, ``maxResults``."""

LIST_CALL_COST: Final = 3
"""What a page costs, in DescribeExecution calls: the quotas are 5 pages and 15 descriptions a second."""

LIST_RETRY_DELAY: Final = 600.0
"""Seconds until ListExecutions is tried again where AWS has refused it."""

LIST_LAG_DELAY: float = 3.0
"""Seconds that ListExecutions, which is eventually consistent, is given to show new executions, if they are many."""

CONFIRMATION_DELAY: float = 2.0
"""Seconds between two descriptions of an execution that has ended according to a message, and not according to AWS."""

MAX_CONFIRMATIONS: Final = 5

QUEUE_FIRST_POLL_DELAY: float = 2.0
"""Seconds from a wait's begin to its first poll where a message may end it: waits that begin meanwhile share a poll."""

LATE_MESSAGE_SECONDS: Final = 60.0
"""Seconds after an execution's end from which on it is remarkable that no message about it has arrived."""

MAX_CLOCK_SKEW: Final = 900.0
"""Seconds by which this host's clock may be slow: AWS refuses calls that are dated differently."""

MAX_ENDED: Final = 10_000
"""For how many ended executions a poller remembers their end, in milliseconds, to recognize messages that come later
or twice. AWS rounds dates in some places and cuts them in others."""

LISTED_STATUSES: Final = ("SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED")
"""In the order in which their lists are read."""


_RUNNING: Final = ExecutionFinding("RUNNING")


class ExecutionPoller(SharedPoller[ExecutionFinding, ExecutionTarget]):
    """Finds out which executions of a state machine have ended, in as few calls as possible.

    One ListExecutions of the running ones, 1,000 a page, answers for all that it shows. Those that it does not show are
    looked up: many in the lists of ended executions, newest first, few by DescribeExecution, at the rate of the quota.
    That a list lacks an execution never means that it has ended: lists lag behind, and that of the running ones lacks
    those in PENDING_REDRIVE. Reading a list stops where descriptions are cheaper, and is not tried for fewer than three
    executions. Where listing is not permitted, every execution is described.

    With a queue, a message that an execution has ended ends the wait, unless the end may be an earlier one: that, and
    what a message lacks, is found out by DescribeExecution.

    Args:
        settings: settings of the client.
        machine: an execution of the state machine, or any of its children in Map Runs: these are only described.
        make_hook: makes the hook, in a thread.
        queue: the queue with events of the executions' ends, if there is one.
        on_close: called when the last wait has left.
    """

    def __init__(
        self,
        settings: ClientSettings,
        machine: ExecutionArn,
        make_hook: HookFactory,
        queue: StatusQueueSettings | None = None,
        on_close: Callable[[], object] = lambda: None,
    ) -> None:
        super().__init__(FIRST_POLL_DELAY if queue is None else QUEUE_FIRST_POLL_DELAY)
        self._settings, self._machine, self._make_hook, self._status_queue = settings, machine, make_hook, queue
        self._describe_bucket = bucket_for("describe_execution", machine.account, machine.region)
        self._list_bucket = bucket_for("list_executions", machine.account, machine.region)
        self._client: AwsClient
        self._min_to_list: float = LIST_CALL_COST
        self._list_not_before = float("inf") if machine.of_map_run else float("-inf")
        self._permission_checked = False
        self._ended: dict[str, int] = {}
        self._warned = False
        self._reader: StatusQueue | None = None
        self._on_close = on_close

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Hold the client, and have the queue read."""
        async with AsyncExitStack() as stack:
            self._client = await stack.enter_async_context(shared_client(self._settings, self._make_hook))
            if self._status_queue is not None:
                self._reader = await stack.enter_async_context(self._status_queue.shared_reader())
                stack.enter_context(self._reader.notify(StatusListener(self.on_change, self.fail_all)))
            yield

    def new_target(self, name: str) -> ExecutionTarget:
        """Make the target of a first wait."""
        return ExecutionTarget(name, time.time() * 1000)

    def join(self, wait: PollWait) -> None:
        """Add a wait."""
        if (target := self.targets.get(wait.name)) is not None:  # it may have been redriven since the wait before
            target.awaited_since, target.listed, target.lag_delays = time.time() * 1000, False, 0
        super().join(wait)
        if self._reader is not None:
            self._reader.start()  # it may have ended by an error that ended the waits of that time

    async def aclose(self) -> None:
        """End the task, and have the next wait make another poller."""
        self._on_close()
        await super().aclose()

    async def poll(self, due: Sequence[ExecutionTarget]) -> None:
        """List what can be listed, and queue the rest to be described."""
        self.round_gap = list_gap(ceil(len(due) / PAGE_SIZE), self._machine.region)
        arns = [target.name for target in due]
        unconfirmed = [target.name for target in due if target.confirmations]
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

    async def poll_one(self, target: ExecutionTarget) -> None:
        """Describe one execution."""
        name = target.name
        try:
            answer = await self._client.call(
                "describe_execution", self._describe_bucket, executionArn=name, includedData="METADATA_ONLY"
            )
        except aws_errors() as error:
            if classify_error(error) is AwsErrorKind.DENIED:  # very likely the others, too; no list helps then
                self._list_not_before = self._now() + LIST_RETRY_DELAY
                self._describe_soon(self.targets)
                raise AirflowFailException(denial_message(error)) from error
            target.backoff = target.backoff or Backoff()
            self.postpone(name, target.backoff.next_delay(error))
            return
        target.backoff = None
        if self.targets.get(name) is not target:
            return
        if target.is_outdated(answer):
            self.postpone(name, CONFIRMATION_DELAY)
        elif answer["status"] not in RUNNING_STATUSES:
            self._report_ended(answer)
        else:
            self.report(name, ExecutionFinding(answer["status"]))
            if target.confirmations:
                target.confirmations -= 1
                self.postpone(name, CONFIRMATION_DELAY)

    def on_change(self, change: StatusChange) -> bool:
        """Take a message. Tells whether it is about an execution that is waited for, or whose end is known already."""
        arn = change.execution_arn
        if arn not in self.targets:
            return change.stopped is not None and abs(change.stopped - self._ended.get(arn, 0)) <= 1
        state = self.targets[arn]
        is_current = state.is_current(change)
        has_ended = change.status == "SUCCEEDED" or (is_current and change.status in FAILURE_STATUSES)
        if has_ended and change.stopped is not None and change.stopped < (time.time() + MAX_CLOCK_SKEW) * 1000:
            self._remember_end(arn, change.stopped)
            self.report(arn, ExecutionFinding(change.status, change.description() if is_current else None))
        elif change.status != "RUNNING":
            state.confirmations = MAX_CONFIRMATIONS
            self._describe_soon([arn])
        return True

    async def _read_lists(self, due: set[str]) -> set[str]:
        """Report all that the lists show. Gives the executions that must be described."""
        awaited = set(self.targets)  # not those that begin to be awaited while lists are read
        running, complete = await self._read_running(due)
        # A complete list lacks all that have ended, due or not; a partial one says nothing of those that are not due.
        missing = (awaited if complete else due) - running
        await self._read_ended(missing)
        return missing

    async def _read_running(self, due: set[str]) -> tuple[set[str], bool]:
        """Read the list of running executions. Gives those found, and whether it was read to its end."""
        found: set[str] = set()
        token, pages, go_on = None, 0, True
        while go_on:
            rows, token = await self._read_page("RUNNING", token)
            pages += 1
            found |= rows.keys()
            for arn in rows:
                self._report_running(arn)
            go_on = token is not None and pages * LIST_CALL_COST < len(due - found)
        complete = token is None
        self.round_gap = max(self.round_gap, list_gap(pages, self._machine.region))
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
                rows, token = await self._read_page(status, token)
                pages += 1
                found = rows.keys() & missing
                for arn in found:
                    # One that was redriven just before the wait shows its first end, while the list lags behind.
                    if status == "SUCCEEDED" or not self.targets[arn].maybe_unlisted:
                        missing.discard(arn)
                        self._report_ended(rows[arn])
                go_on = token is not None and len(found) > LIST_CALL_COST

    async def _read_page(self, status: str, token: str | None) -> tuple[dict[str, Any], str | None]:
        """Read a page of a list. Gives the rows of what is waited for, by ARN, and the next page's token."""
        answer = await self._client.call(
            "list_executions",
            self._list_bucket,
            stateMachineArn=self._machine.state_machine_arn,
            statusFilter=status,
            maxResults=PAGE_SIZE,
            **({"nextToken": token} if token else {}),
        )
        await asyncio.sleep(0)  # others run between parsing a page and reporting 1,000 executions
        awaited = [row for row in answer["executions"] if row["executionArn"] in self.targets]
        rows = {row["executionArn"]: row for row in awaited if not self.targets[row["executionArn"]].is_outdated(row)}
        return rows, answer.get("nextToken")

    def _report_running(self, arn: str) -> None:
        state = self.targets[arn]
        state.listed = True
        if not state.confirmations:
            self.queue.discard(arn)
        self.report(arn, _RUNNING)

    def _report_ended(self, row: dict[str, Any]) -> None:
        """Report an end that a list or a description shows."""
        arn = row["executionArn"]
        if "stopDate" in row:
            stopped = row["stopDate"].timestamp()
            self._remember_end(arn, round(stopped * 1000))
            self._warn_of_missing_message(arn, stopped)
        self.report(arn, ExecutionFinding(row["status"]))

    def _warn_of_missing_message(self, arn: str, stopped: float) -> None:
        """Warn, once, where an execution has ended and its message should have arrived long ago."""
        queue, late = self._status_queue, time.time() - stopped
        if queue is None or self._warned or late < LATE_MESSAGE_SECONDS:
            return
        if stopped * 1000 > self.targets[arn].awaited_since:
            self._warned = True
            log.warning(
                "%s has no message that %s ended %.0f s ago: check the pattern of the EventBridge rule, the queue's "
                "policy, and what else receives from the queue. Waits without messages end by polling",
                queue.url,
                arn,
                late,
            )

    def _remember_end(self, arn: str, stopped: int) -> None:
        if self._status_queue is not None:
            self._ended[arn] = stopped
            if len(self._ended) > MAX_ENDED:
                del self._ended[next(iter(self._ended))]

    def _postpone_or_describe(self, missing: Collection[str]) -> None:
        missing = [arn for arn in missing if arn in self.targets]
        young = [arn for arn in missing if self.targets[arn].maybe_unlisted]
        if len(young) > LIST_CALL_COST and self._now() >= self._list_not_before:
            for arn in young:
                self.targets[arn].lag_delays += 1
                self.postpone(arn, LIST_LAG_DELAY)
            missing = set(missing).difference(young)
        self._describe_soon(missing)

    def _describe_soon(self, arns: Collection[str]) -> None:
        for arn in arns:
            self.queue.add(arn)

    def _now(self) -> float:
        return asyncio.get_running_loop().time()


_Key = tuple[object, ...]
_POLLERS: Final[WeakKeyDictionary[asyncio.AbstractEventLoop, dict[_Key, ExecutionPoller]]] = WeakKeyDictionary()


def shared_execution_poller(
    settings: ClientSettings, machine: ExecutionArn, make_hook: HookFactory, queue: StatusQueueSettings | None = None
) -> ExecutionPoller:
    """Return the poller of a state machine's executions: one for all waits on this event loop.

    Wait with it before the next ``await``: it is closed when the last wait has left, and then there is another one.
    """
    pollers = _POLLERS.setdefault(asyncio.get_running_loop(), {})
    key = (settings, machine, queue.url if queue else None)
    if (poller := pollers.get(key)) is None:
        poller = pollers[key] = ExecutionPoller(settings, machine, make_hook, queue, lambda: pollers.pop(key))
    return poller
