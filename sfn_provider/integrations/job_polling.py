"""Looks at many jobs with few calls: do they go on?

For who waits for many jobs and leaves their results to somebody else; `Caller.poll` gives the result of one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sfn_provider.asl.resources import parse_resource
from sfn_provider.asl.scope import Json
from sfn_provider.exceptions import StatesError
from sfn_provider.integrations.adapters.registry import ADAPTERS
from sfn_provider.integrations.api_operation import ApiOperation, ServiceAdapter, TaskCall, botocore_errors
from sfn_provider.integrations.call_outcomes import Submitted
from sfn_provider.integrations.clients import Clients
from sfn_provider.integrations.integration import BatchDescribe, SyncJob, get_path
from sfn_provider.integrations.job import Job, after_failed_poll, after_missing_job, after_running_job
from sfn_provider.integrations.resolver import find_integration

PollOutcome = Submitted | None
"""A job that goes on, with the time until the next look; None for one that `Caller.poll` must see: it has ended, or
cannot be looked at."""


class ClientKey(NamedTuple):
    """Which client looks at a job: boto3's name of its service, its region (the connection's for None), its role."""

    service: str
    region: str | None
    role_arn: str | None


def client_key(job: Job, clients: Clients) -> ClientKey:
    """Tell which client looks at a job."""
    task, _ = _task(job, clients)
    return ClientKey(task.integration.client, task.resource.region, task.role_arn)


class BatchJobPoller:
    """Looks at jobs that one client reaches.

    Args:
        clients: makes the client.
        which: the client.
    """

    def __init__(self, clients: Clients, which: ClientKey) -> None:
        self._clients = clients
        self._which = which
        self._client: Any = None
        self._expired = False
        self._denied: set[str] = set()

    def open(self) -> None:
        """Make the client, where there is none with good credentials.

        Raises:
            Exception: what the Airflow connection and botocore raise.
        """
        if self._client is None or self._expired:
            self._clients.forget()
            self._client = self._clients.get(*self._which)
            self._expired = False

    def takes_along(self, job: Job) -> bool:
        """Tell whether a call that looks at one job can look at others."""
        return self._batch(_task(job, self._clients)[1]) is not None

    def calls(self, jobs: Mapping[str, Job]) -> list[list[str]]:
        """Share jobs out among calls: the names of the jobs that one call looks at."""
        together: dict[str, list[str]] = {}
        limits: dict[str, int] = {}
        for name, job in jobs.items():
            batch = self._batch(_task(job, self._clients)[1])
            shared = name if batch is None else json.dumps([batch.operation, batch.shared(job["describe"])])
            together.setdefault(shared, []).append(name)
            limits[shared] = 1 if batch is None else batch.limit
        return [part for shared, names in together.items() for part in _chunks(names, limits[shared])]

    def look(self, jobs: Sequence[Job]) -> list[PollOutcome]:
        """Look at jobs that `calls` has put together; one by one where their batch does not tell of them.

        Call `open` before, each time: credentials may have expired. Errors that pass never end a job: it goes on, with
        longer pauses.
        """
        task, sync = _task(jobs[0], self._clients)
        batch = self._batch(sync)
        itself = batch is not None and batch.operation == sync.describe.operation
        if batch is None or (len(jobs) == 1 and not itself):
            return [self._one(job) for job in jobs]
        try:
            answer = self._link(task).ask(batch.operation, batch.parameters(_describe_parameters(jobs)))
        except botocore_errors() as error:
            return self._batch_failed(jobs, error, None if itself else batch)
        found = batch.found(answer)

        def missing(job: Job) -> PollOutcome:
            return _none_if_failed(after_missing_job, job) if itself else self._one(job)

        items = ((job, found.get(get_path(job["describe"], batch.id))) for job in jobs)
        return [
            _outcome(job, sync, get_path(item, sync.status_of_item)) if item else missing(job) for job, item in items
        ]

    def _one(self, job: Job) -> PollOutcome:
        task, sync = _task(job, self._clients)
        try:
            status = get_path(self._link(task).ask(sync.describe.operation, job["describe"] | sync.glance), sync.status)
        except botocore_errors() as error:
            return self._failed(job, error)
        return _none_if_failed(after_missing_job, job) if status is None else _outcome(job, sync, status)

    def _batch_failed(self, jobs: Sequence[Job], error: Exception, other: BatchDescribe | None) -> list[PollOutcome]:
        """Decide what the error of a batch means: where another call looks at one job, that one may be allowed."""
        from sfn_provider.executions.aws_errors import AwsErrorKind, classify_error

        fault = classify_error(error)
        if other is None or fault in (AwsErrorKind.TRANSIENT, AwsErrorKind.EXPIRED):
            return [self._failed(job, error) for job in jobs]
        if fault is AwsErrorKind.DENIED:
            self._denied.add(other.operation)
        return [self._one(job) for job in jobs]

    def _failed(self, job: Job, error: Exception) -> PollOutcome:
        from sfn_provider.executions.aws_errors import AwsErrorKind, classify_error

        fault = classify_error(error)
        self._expired = self._expired or fault is AwsErrorKind.EXPIRED
        if fault in (AwsErrorKind.TRANSIENT, AwsErrorKind.EXPIRED):
            return after_failed_poll(job)
        return _none_if_failed(after_missing_job, job) if fault is AwsErrorKind.MISSING else None

    def _batch(self, sync: SyncJob) -> BatchDescribe | None:
        return None if sync.batch is None or sync.batch.operation in self._denied else sync.batch

    def _link(self, task: TaskCall) -> ServiceAdapter:
        own = ADAPTERS.get(task.integration.wire)
        if own is not None:
            return own.open(task, self._clients)
        return ApiOperation(task, self._client, task.integration.operation, self._clients)


def _task(job: Job, clients: Clients) -> tuple[TaskCall, SyncJob]:
    resource = parse_resource(job["resource"])
    integration = find_integration(resource, clients)
    return TaskCall(job["state"], resource, job["role_arn"], integration), integration.syncs[resource.pattern]


def _outcome(job: Job, sync: SyncJob, status: Json) -> PollOutcome:
    return None if status in sync.ended else after_running_job(job, sync)


def _none_if_failed(next_look: Callable[[Job], Submitted], job: Job) -> PollOutcome:
    try:
        return next_look(job)
    except StatesError:
        return None


def _describe_parameters(jobs: Sequence[Job]) -> list[dict[str, Json]]:
    return [job["describe"] for job in jobs]


def _chunks(names: list[str], size: int) -> Iterator[list[str]]:
    return (names[start : start + size] for start in range(0, len(names), size))
