"""Who looks at jobs in a triggerer: one group for all jobs that the same client reaches, whichever task waits."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Final, NamedTuple
from weakref import WeakKeyDictionary

from sfn_provider.integrations.clients import Clients
from sfn_provider.integrations.job_polling import BatchJobPoller, ClientKey, PollOutcome, client_key
from sfn_provider.waiting.token_bucket import AdaptiveTokenBucket

Job = dict[str, Any]

CLIENT_CONFIG: Final[dict[str, Any]] = {"connect_timeout": 10, "read_timeout": 20, "retries": {"total_max_attempts": 1}}
"""Of a client that looks at jobs: the group repeats what fails, and slows down for all where AWS throttles."""

MAX_CALLS_PER_SECOND: float = 10.0
"""Calls a second that a group makes at most, below the quotas that AWS documents for describing jobs."""

MAX_CONCURRENT_CALLS: Final = 4

EXECUTION_POLL_INTERVAL: float = 10.0
"""Seconds between two looks at a nested execution."""

IDLE_GROUP_SECONDS: Final = 300.0
"""Seconds for which a group keeps its client when there is nothing to look at."""

EARLY_POLL_SHARE: Final = 0.3
"""The share of a pause that is left out where a call for another job can take the job along."""


class JobConnection(NamedTuple):
    """Where a task's calls come from: its connection, its region (the connection's for None), its state machine."""

    aws_conn_id: str | None
    region_name: str | None
    machine_arn: str


@dataclass(eq=False, slots=True)
class PendingJob:
    """A job that somebody waits for.

    Args:
        job: the job, as its last look left it.
        at: when to look next, in seconds since the epoch.
        news: set when the wait is over.
        pause: seconds from the last look to the next.
        over: the worker must look: the job has ended, or cannot be looked at here.
    """

    job: Job
    at: float
    news: asyncio.Event
    pause: float = 0.0
    over: bool = False

    def take(self, outcome: PollOutcome) -> None:
        """Note what a look has shown."""
        if outcome is None:
            self.over = True
            self.news.set()
        else:
            self.job, self.pause = outcome.job, outcome.poll_after
            self.at = time.time() + outcome.poll_after


class JobGroup:
    """Looks at all jobs that one client reaches, as long as there are any.

    Args:
        looks: looks at them.
    """

    def __init__(self, looks: BatchJobPoller) -> None:
        self._looks = looks
        self._watched: dict[PendingJob, None] = {}
        self._pace = AdaptiveTokenBucket(MAX_CALLS_PER_SECOND, MAX_CALLS_PER_SECOND)
        self._calls = asyncio.Semaphore(MAX_CONCURRENT_CALLS)
        self._joined = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def join(self, watched: PendingJob) -> None:
        """Begin to look at a job."""
        self._watched[watched] = None
        self._joined.set()
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())

    def leave(self, watched: PendingJob) -> None:
        """Look at a job no more."""
        self._watched.pop(watched, None)
        if self.idle and self._task is not None:
            self._task.cancel()
            self._task = None

    @property
    def idle(self) -> bool:
        """Is there no job to look at?"""
        return not self._watched

    async def _run(self) -> None:
        try:
            while True:
                self._joined.clear()
                due = self._due()
                if due:
                    await self._round(due)
                else:
                    await self._pause()
        finally:
            # Whatever ended this: nobody may wait for a group that looks no more.
            for watched in self._watched:
                watched.take(None)

    async def _pause(self) -> None:
        waiting = [watched.at for watched in self._watched if not watched.over]
        try:
            async with asyncio.timeout(max(0.0, min(waiting) - time.time()) if waiting else None):
                await self._joined.wait()
        except TimeoutError:
            return

    def _due(self) -> dict[str, PendingJob]:
        now = time.time()
        going_on = [watched for watched in self._watched if not watched.over]
        due = [watched for watched in going_on if watched.at <= now]
        if due:
            soon = (watched for watched in going_on if now < watched.at <= now + EARLY_POLL_SHARE * watched.pause)
            due += [watched for watched in soon if self._looks.takes_along(watched.job)]
        return {str(place): watched for place, watched in enumerate(due)}

    async def _round(self, due: dict[str, PendingJob]) -> None:
        from asgiref.sync import sync_to_async

        try:
            # Airflow gives connections to this thread alone.
            await sync_to_async(self._looks.open)()
        except Exception:  # of whatever kind: the worker meets it as well, and tells it in the task's log
            for watched in due.values():
                watched.take(None)
            return
        calls = self._looks.calls({name: watched.job for name, watched in due.items()})
        async with asyncio.TaskGroup() as tasks:
            for names in calls:
                tasks.create_task(self._call([due[name] for name in names]))

    async def _call(self, jobs: Sequence[PendingJob]) -> None:
        async with self._calls:
            await self._pace.take()
            outcomes = await asyncio.to_thread(self._looks.look, [watched.job for watched in jobs])
        for watched, outcome in zip(jobs, outcomes, strict=True):
            watched.take(outcome)
        if any(outcome is not None and outcome.job["errors"] for outcome in outcomes):
            self._pace.throttled()
        else:
            self._pace.answered()


GroupKey = tuple[JobConnection, ClientKey]

_GROUPS: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[GroupKey, JobGroup]] = WeakKeyDictionary()


@contextmanager
def watch_jobs(origin: JobConnection, jobs: Iterable[PendingJob]) -> Iterator[None]:
    """Have jobs looked at on this event loop, as long as the context lasts.

    Args:
        origin: where the task's calls come from.
        jobs: the jobs.
    """
    with ExitStack() as stack:
        for watched in jobs:
            client = client_key(watched.job, _clients(origin))
            is_execution = client.service == "stepfunctions" and client.role_arn is None
            stack.enter_context((_watch_execution if is_execution else _watch_in_group)(origin, client, watched))
        yield


@contextmanager
def _watch_in_group(origin: JobConnection, client: ClientKey, watched: PendingJob) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    groups = _GROUPS.setdefault(loop, {})
    # A role may ask for the state machine in its trust policy; calls without a role do not show it.
    key = (origin if client.role_arn else origin._replace(machine_arn="")), client
    if key not in groups:
        groups[key] = JobGroup(BatchJobPoller(_clients(key[0]), client))
    groups[key].join(watched)
    try:
        yield
    finally:
        groups[key].leave(watched)
        loop.call_later(IDLE_GROUP_SECONDS, _remove_if_idle, groups, key)


@contextmanager
def _watch_execution(origin: JobConnection, client: ClientKey, watched: PendingJob) -> Iterator[None]:
    """Wait for a nested execution as for any other: those waits have a poller of their own."""
    from sfn_provider.triggers.step_function import StepFunctionsExecutionCompleteTrigger

    trigger = StepFunctionsExecutionCompleteTrigger(
        execution_arn=watched.job["describe"]["ExecutionArn"],
        waiter_delay=EXECUTION_POLL_INTERVAL,
        aws_conn_id=origin.aws_conn_id,
        region_name=client.region or origin.region_name,
    )

    async def follow() -> None:
        try:
            async for _ in trigger.run():
                pass
        finally:
            watched.take(None)

    following = asyncio.create_task(follow())
    try:
        yield
    finally:
        following.cancel()
        watched.at = max(watched.at, time.time() + EXECUTION_POLL_INTERVAL)


def _remove_if_idle(groups: dict[GroupKey, JobGroup], key: GroupKey) -> None:
    if key in groups and groups[key].idle:
        del groups[key]


def _clients(origin: JobConnection) -> Clients:
    return Clients(origin.aws_conn_id, origin.region_name, external_id=origin.machine_arn, config=CLIENT_CONFIG)
