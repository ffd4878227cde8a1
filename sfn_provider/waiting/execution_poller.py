"""The poller that looks after all waits for executions of one state machine."""

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
from sfn_provider.executions.statuses import RUNNING_STATUSES
from sfn_provider.waiting.aws_client import AwsClient, ClientSettings, HookFactory, shared_client
from sfn_provider.waiting.quotas import bucket_for
from sfn_provider.waiting.registry import LoopRegistry, RegistryLease
from sfn_provider.waiting.shared_poller import PollTarget, SharedPoller
from sfn_provider.waiting.status_queue import QueueAddress, StatusListener

log = logging.getLogger(__name__)

PAGE_SIZE: Final = 1000
"""Executions on a page of ListExecutions, at most. Source: API_ListExecutions, ``maxResults``."""

LIST_CALL_COST: Final = 3
"""What a page costs, in descriptions: the quotas are 5 pages and 15 descriptions a second."""

LIST_RETRY_DELAY: Final = 600.0
"""Seconds after which ListExecutions is tried again where AWS has refused it."""

LIST_LAG_DELAY: float = 3.0
"""Seconds that ListExecutions, which is eventually consistent, is given to know new executions, if they are many."""

MAX_LIST_LAG_DELAYS: Final = 3
"""How often it is given them."""

CONFIRMATION_DELAY: float = 2.0
"""Seconds between two looks at an execution that is said to have ended and still shows as running."""

MAX_CONFIRMATIONS: Final = 5

END_STATUSES: Final = ("SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED")


@dataclass(slots=True)
class ExecutionPollState:
    """What is known of an execution.

    Args:
        listed: it was in the list of running executions once, so that its absence means something.
        settlings: how often it was given time to appear there.
        rumours: looks left until a message that it has ended is taken for wrong.
        patience: with DescribeExecution, while that does not know it.
    """

    listed: bool = False
    settlings: int = 0
    rumours: int = 0
    patience: Backoff | None = None

    @property
    def unknown(self) -> bool:
        """May it be too young for the list?"""
        return not self.listed and self.settlings < MAX_LIST_LAG_DELAYS


class ExecutionPoller(SharedPoller[str]):
    """Finds out which executions of a state machine have ended, in as few calls as it takes.

    One ListExecutions of the running ones, 1,000 a page, answers for all that it shows. Those that it does not show are
    looked up: many in the lists of ended executions, newest first, few by DescribeExecution, at the pace of the quota.
    An execution is never taken to have ended because a list lacks it: lists lag behind, and that of the running ones
    lacks those in PENDING_REDRIVE. Reading a list stops where descriptions are cheaper, and is not tried for fewer than
    three executions. Where listing is not permitted, every execution is described.

    A finding is AWS's status.

    Args:
        access: how AWS is reached.
        machine: an execution of the state machine, or any of its children in Map Runs: these are only described.
        make_hook: makes the hook, in a thread.
        queue: the queue with events of the executions' ends, if there is one. Each event is confirmed by a description.
    """

    def __init__(
        self, access: ClientSettings, machine: ExecutionArn, make_hook: HookFactory, queue: QueueAddress | None = None
    ) -> None:
        super().__init__()
        self._queue = queue
        self._access, self._machine, self._make_hook = access, machine, make_hook
        self._describing = bucket_for("describe_execution", machine.account, machine.region)
        self._listing = bucket_for("list_executions", machine.account, machine.region)
        self._client: AwsClient
        self._worth_listing: float = LIST_CALL_COST
        self._list_at = float("inf") if machine.of_map_run else float("-inf")
        self._tried = False

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Hold the client, and have the queue read."""
        async with AsyncExitStack() as held:
            self._client = await held.enter_async_context(shared_client(self._access, self._make_hook))
            if self._queue is not None:
                reader = await held.enter_async_context(self._queue.shared_reader())
                held.enter_context(reader.read_by(StatusListener(self.hint, self._fail_all)))
            yield

    async def look(self, due: Sequence[PollTarget]) -> None:
        """List what can be listed, and queue the rest to be described."""
        names = [subject.name for subject in due]
        rumoured = [name for name in names if self._notes(name).rumours]
        listable = set(names).difference(rumoured)
        if len(listable) < self._worth_listing or self._now() < self._list_at:
            self._worth_listing = max(LIST_CALL_COST, self._worth_listing * 0.9)
            self._describe_soon(names)
            return
        self._describe_soon(rumoured)
        if not self._tried:  # one is described, whatever the list says: a missing permission shows at once
            self._tried = True
            self._describe_soon(names[:1])
        try:
            missing = await self._look_at_lists(listable)
        except aws_errors() as error:  # no waiting mends it: not permitted, or the state machine is gone
            log.warning("Cannot list executions, so each one is described: %s", error)
            self._list_at = self._now() + LIST_RETRY_DELAY
            missing = listable
        self._settle_or_describe(missing)

    async def look_at(self, name: str) -> None:
        """Describe one execution."""
        if name not in self.subjects:
            return
        notes = self._notes(name)
        try:
            answer = await self._client.call(
                "describe_execution", self._describing, executionArn=name, includedData="METADATA_ONLY"
            )
        except aws_errors() as error:
            if classify_error(error) is AwsErrorKind.DENIED:  # very likely the others, too; no list is of use then
                self._list_at = self._now() + LIST_RETRY_DELAY
                self._describe_soon(self.subjects)
                raise AirflowFailException(denial_message(error)) from error
            notes.patience = notes.patience or Backoff()
            self.postpone(name, notes.patience.next_delay(error))
            return
        notes.patience = None
        self.tell(name, answer["status"])
        if notes.rumours and answer["status"] in RUNNING_STATUSES:
            notes.rumours -= 1
            self.postpone(name, CONFIRMATION_DELAY)

    def hint(self, name: str) -> bool:
        """Have an execution described at once: a message says that it has ended. Gives whether it is waited for."""
        if name not in self.subjects:
            return False
        self._notes(name).rumours = MAX_CONFIRMATIONS
        self._describe_soon([name])
        return True

    def _fail_all(self, error: Exception) -> None:
        for name in self.subjects:
            self.fail(name, error)

    async def _look_at_lists(self, wanted: set[str]) -> set[str]:
        """Tell of all that the lists show. Gives the executions that have to be described."""
        running, complete = await self._read_running(wanted)
        # A list read to its end lacks what has ended, whoever has asked; one read in part says nothing of others.
        missing = (set(self.subjects) if complete else wanted) - running
        await self._read_ends(missing)
        return missing

    async def _read_running(self, wanted: set[str]) -> tuple[set[str], bool]:
        """Read the list of running executions. Gives those found, and whether it was read to its end."""
        found: set[str] = set()
        token, pages, go_on = None, 0, True
        while go_on:
            names, token = await self._page("RUNNING", token)
            pages += 1
            found |= names
            for name in names:
                self._tell_running(name)
            go_on = token is not None and pages * LIST_CALL_COST < len(wanted - found)
        complete = token is None
        self._worth_listing = LIST_CALL_COST if complete or len(found) > pages else 2 * len(wanted)
        return found, complete

    async def _read_ends(self, missing: set[str]) -> None:
        """Read the lists of ended executions, newest first, while that is cheaper than to describe each.

        Takes those found out of ``missing``.
        """
        pages = 0
        for status in END_STATUSES:
            token, go_on = None, True
            while go_on and (pages + 1) * LIST_CALL_COST <= len(missing):
                names, token = await self._page(status, token)
                pages += 1
                found = names & missing
                missing -= found
                for name in found:
                    self.tell(name, status)
                go_on = token is not None and len(found) > PAGE_SIZE / 2

    async def _page(self, status: str, token: str | None) -> tuple[set[str], str | None]:
        """Read a page of a list. Gives what is waited for on it, and the next page's token."""
        answer = await self._client.call(
            "list_executions",
            self._listing,
            stateMachineArn=self._machine.state_machine_arn,
            statusFilter=status,
            maxResults=PAGE_SIZE,
            **({"nextToken": token} if token else {}),
        )
        names = {row["executionArn"] for row in answer["executions"]} & self.subjects.keys()
        return names, answer.get("nextToken")

    def _tell_running(self, name: str) -> None:
        notes = self._notes(name)
        notes.listed = True
        if not notes.rumours:
            self.backlog.discard(name)
        self.tell(name, "RUNNING")

    def _settle_or_describe(self, missing: Collection[str]) -> None:
        missing = [name for name in missing if name in self.subjects]
        unknown = [name for name in missing if self._notes(name).unknown]
        if len(unknown) > LIST_CALL_COST and self._now() >= self._list_at:
            for name in unknown:
                self._notes(name).settlings += 1
                self.postpone(name, LIST_LAG_DELAY)
            missing = set(missing).difference(unknown)
        self._describe_soon(missing)

    def _describe_soon(self, names: Collection[str]) -> None:
        for name in names:
            self.backlog.add(name)

    def _notes(self, name: str) -> ExecutionPollState:
        subject = self.subjects[name]
        subject.notes = subject.notes or ExecutionPollState()
        return cast("ExecutionPollState", subject.notes)

    def _now(self) -> float:
        return asyncio.get_running_loop().time()


_POLLERS: Final[LoopRegistry[tuple[object, ...], ExecutionPoller]] = LoopRegistry()


def shared_execution_poller(
    access: ClientSettings, machine: ExecutionArn, make_hook: HookFactory, queue: QueueAddress | None = None
) -> RegistryLease[tuple[object, ...], ExecutionPoller]:
    """Use the poller of a state machine's executions. Enter the result with ``async with``."""
    key = (access, machine, queue.url if queue else None)
    return _POLLERS.use(key, lambda: ExecutionPoller(access, machine, make_hook, queue))
