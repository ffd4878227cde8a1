"""Polls the jobs of all tasks of a triggerer, several with one call where possible."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from weakref import WeakKeyDictionary

from sfn_provider._compat import AirflowFailException
from sfn_provider.exceptions import UsageError
from sfn_provider.executions.arns import parse_execution_arn, parse_region
from sfn_provider.executions.aws_errors import aws_errors
from sfn_provider.executions.statuses import RUNNING_STATUSES
from sfn_provider.integrations.clients import Clients
from sfn_provider.integrations.jobs.job_polling import BatchJobPoller, ClientKey, PollOutcome, client_key
from sfn_provider.telemetry.metrics import change_waits
from sfn_provider.waiting.aws_client import ClientSettings
from sfn_provider.waiting.executions.execution_poller import shared_execution_poller
from sfn_provider.waiting.executions.execution_targets import ExecutionFinding
from sfn_provider.waiting.token_bucket import AdaptiveTokenBucket

if TYPE_CHECKING:
    from sfn_provider.hooks.step_function import StepFunctionHook

log = logging.getLogger(__name__)

Job = dict[str, Any]

CLIENT_CONFIG: Final[dict[str, Any]] = {
    "connect_timeout": 10,
    "read_timeout": 20,
    "retries": {"total_max_attempts": 1},  # the group repeats what fails, and slows down for all where AWS throttles
}

MAX_CALLS_PER_SECOND: float = 10.0
"""Of a group: below the quotas that AWS documents for describing jobs."""

MAX_CONCURRENT_CALLS: Final = 4

EXECUTION_POLL_INTERVAL: float = 10.0
"""Seconds between two polls of a nested execution."""

IDLE_GROUP_SECONDS: Final = 300.0
"""Seconds for which a group without jobs, and its client, is retained."""

EARLY_POLL_SHARE: Final = 0.3
"""The share of its delay by which a job's poll may come early where a call for another job can include it."""


class JobConnection(NamedTuple):
    """The connection of a task's calls: the region is the connection's for None; roles may ask for the machine."""

    aws_conn_id: str | None
    region_name: str | None
    machine_arn: str


@dataclass(eq=False, slots=True)
class PendingJob:
    """A job that a task waits for.

    Args:
        job: the job, as its last poll left it.
        next_poll: when to poll it next, in seconds since the epoch.
        finished: set when the wait is over.
        delay: seconds from the last poll to the next.
        needs_worker: the worker must poll it: it has ended, or cannot be polled here.
    """

    job: Job
    next_poll: float
    finished: asyncio.Event
    delay: float = 0.0
    needs_worker: bool = False

    def update(self, outcome: PollOutcome) -> None:
        """Apply the outcome of a poll."""
        if outcome is None:
            self.needs_worker = True
            self.finished.set()
        else:
            self.job, self.delay = outcome.job, outcome.poll_after
            self.next_poll = time.time() + outcome.poll_after


class JobGroup:
    """Polls all jobs of one client, as long as there are any.

    Args:
        poller: polls jobs with that client.
    """

    def __init__(self, poller: BatchJobPoller) -> None:
        self._poller = poller
        self._jobs: dict[PendingJob, None] = {}
        self._bucket = AdaptiveTokenBucket(MAX_CALLS_PER_SECOND, MAX_CALLS_PER_SECOND)
        self._calls = asyncio.Semaphore(MAX_CONCURRENT_CALLS)
        self._joined = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def join(self, job: PendingJob) -> None:
        """Add a job."""
        self._jobs[job] = None
        self._joined.set()
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())

    def leave(self, job: PendingJob) -> None:
        """Remove a job."""
        self._jobs.pop(job, None)
        if self.idle and self._task is not None:
            self._task.cancel()
            self._task = None

    @property
    def idle(self) -> bool:
        """Are there no jobs?"""
        return not self._jobs

    async def _run(self) -> None:
        try:
            while True:
                self._joined.clear()
                due = self._due()
                if due:
                    await self._poll(due)
                else:
                    await self._sleep()
        finally:
            # However this ended: no trigger may wait for a group that does not poll.
            for job in self._jobs:
                job.update(None)

    async def _sleep(self) -> None:
        polls = [job.next_poll for job in self._jobs if not job.needs_worker]
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, min(polls) - time.time()) if polls else None):
                await self._joined.wait()

    def _due(self) -> dict[str, PendingJob]:
        now = time.time()
        running = [job for job in self._jobs if not job.needs_worker]
        due = [job for job in running if job.next_poll <= now]
        if due:
            soon = (job for job in running if now < job.next_poll <= now + EARLY_POLL_SHARE * job.delay)
            due += [job for job in soon if self._poller.can_batch(job.job)]
        return {str(index): job for index, job in enumerate(due)}

    async def _poll(self, due: dict[str, PendingJob]) -> None:
        from asgiref.sync import sync_to_async

        try:
            # Airflow gives connections to this thread alone.
            await sync_to_async(self._poller.open)()
        except Exception:  # of whatever kind: the worker meets it as well, and logs it for the task
            for job in due.values():
                job.update(None)
            return
        calls = self._poller.batches({name: job.job for name, job in due.items()})
        async with asyncio.TaskGroup() as tasks:
            for names in calls:
                tasks.create_task(self._call([due[name] for name in names]))

    async def _call(self, jobs: Sequence[PendingJob]) -> None:
        async with self._calls:
            await self._bucket.acquire()
            outcomes = await asyncio.to_thread(self._poller.poll, [job.job for job in jobs])
        for job, outcome in zip(jobs, outcomes, strict=True):
            job.update(outcome)
        if any(outcome is not None and outcome.job["errors"] for outcome in outcomes):
            self._bucket.on_throttled()
        else:
            self._bucket.on_success()


GroupKey = tuple[JobConnection, ClientKey]

_GROUPS: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[GroupKey, JobGroup]] = WeakKeyDictionary()


@contextmanager
def watch_jobs(connection: JobConnection, jobs: Iterable[PendingJob]) -> Iterator[None]:
    """Poll jobs on this event loop while the block runs."""
    with ExitStack() as stack:
        for job in jobs:
            client = client_key(job.job, _clients(connection))
            is_execution = client.service == "stepfunctions" and client.role_arn is None
            stack.enter_context((_watch_execution if is_execution else _watch_in_group)(connection, client, job))
        yield


@contextmanager
def _watch_in_group(connection: JobConnection, client: ClientKey, job: PendingJob) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    groups = _GROUPS.setdefault(loop, {})
    # A role's trust policy may require the state machine as external id; calls without a role do not show it.
    key = (connection if client.role_arn else connection._replace(machine_arn="")), client
    if key not in groups:
        groups[key] = JobGroup(BatchJobPoller(_clients(key[0]), client))
    groups[key].join(job)
    change_waits(+1)
    try:
        yield
    finally:
        change_waits(-1)
        groups[key].leave(job)
        loop.call_later(IDLE_GROUP_SECONDS, _remove_if_idle, groups, key)


@contextmanager
def _watch_execution(connection: JobConnection, client: ClientKey, job: PendingJob) -> Iterator[None]:
    """Wait for a nested execution with the poller of all executions of its state machine."""

    async def wait() -> None:
        try:
            arn, region = job.job["describe"]["ExecutionArn"], client.region or connection.region_name
            await _wait_for_execution(arn, connection.aws_conn_id, region)
        except (AirflowFailException, UsageError):
            pass  # the worker meets it as well
        except aws_errors() as error:
            log.debug("The worker polls the execution: %s", error)
        finally:
            job.update(None)

    waiting = asyncio.create_task(wait())
    try:
        yield
    finally:
        waiting.cancel()
        job.next_poll = max(job.next_poll, time.time() + EXECUTION_POLL_INTERVAL)


async def _wait_for_execution(execution_arn: str, aws_conn_id: str | None, region_name: str | None) -> None:
    settings = ClientSettings.from_arguments("stepfunctions", aws_conn_id, region_name or parse_region(execution_arn))
    make_hook = partial(_make_hook, execution_arn, aws_conn_id, region_name)
    poller = shared_execution_poller(settings, parse_execution_arn(execution_arn), make_hook)
    wait = poller.wait_for(execution_arn, EXECUTION_POLL_INTERVAL, _EndStatus())
    try:
        await wait
    finally:
        await poller.leave(wait)


class _EndStatus:
    """Ends a wait when the execution has ended."""

    def evaluate(self, finding: ExecutionFinding, polls: float) -> str | None:
        return None if finding.status in RUNNING_STATUSES else finding.status


def _make_hook(execution_arn: str, aws_conn_id: str | None, region_name: str | None) -> StepFunctionHook:
    from sfn_provider.hooks.step_function import StepFunctionHook

    return StepFunctionHook(arn=execution_arn, aws_conn_id=aws_conn_id, region_name=region_name)


def _remove_if_idle(groups: dict[GroupKey, JobGroup], key: GroupKey) -> None:
    if key in groups and groups[key].idle:
        del groups[key]


def _clients(connection: JobConnection) -> Clients:
    return Clients(
        connection.aws_conn_id, connection.region_name, external_id=connection.machine_arn, config=CLIENT_CONFIG
    )
