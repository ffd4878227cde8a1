"""Polls many jobs with few calls, to find those that have ended.

`Caller.poll` reads the result of one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sfn_provider.asl.scope import Json
from sfn_provider.exceptions import StatesError
from sfn_provider.integrations.adapters.table import ADAPTERS
from sfn_provider.integrations.api_operation import ApiOperation, ServiceAdapter, TaskCall, botocore_errors
from sfn_provider.integrations.call_outcomes import Submitted
from sfn_provider.integrations.clients import Clients
from sfn_provider.integrations.jobs.job import Job, after_error, after_missing_job, after_running_job, task_of_job
from sfn_provider.integrations.json_templates import get_path
from sfn_provider.integrations.sync_job import BatchDescribe, SyncJob

PollOutcome = Submitted | None
"""A job that still runs, with the time until the next poll; None for one that `Caller.poll` must see: it has ended, or
cannot be polled here."""


class ClientKey(NamedTuple):
    """The client of a job: boto3's name of its service, its region (the connection's for None), the role it assumes."""

    service: str
    region: str | None
    role_arn: str | None


def client_key(job: Job, clients: Clients) -> ClientKey:
    """Return the client that polls a job."""
    task, _ = task_of_job(job, clients)
    return ClientKey(task.integration.client, task.resource.region, task.role_arn)


class BatchJobPoller:
    """Polls jobs with one client.

    Args:
        clients: makes the client.
        key: the client.
    """

    def __init__(self, clients: Clients, key: ClientKey) -> None:
        self._clients = clients
        self._key = key
        self._client: Any = None
        self._expired = False
        self._denied: set[str] = set()

    def open(self) -> None:
        """Make the client, where there is none with valid credentials.

        Raises:
            Exception: what the Airflow connection and botocore raise.
        """
        if self._client is None or self._expired:
            self._clients.forget()
            self._client = self._clients.get(*self._key)
            self._expired = False

    def can_batch(self, job: Job) -> bool:
        """Can a call that describes this job describe others?"""
        return self._batch(task_of_job(job, self._clients)[1]) is not None

    def batches(self, jobs: Mapping[str, Job]) -> list[list[str]]:
        """Group the names of jobs that one call describes."""
        groups: dict[str, list[str]] = {}
        limits: dict[str, int] = {}
        for name, job in jobs.items():
            batch = self._batch(task_of_job(job, self._clients)[1])
            shared = name if batch is None else json.dumps([batch.operation, batch.shared(job["describe"])])
            groups.setdefault(shared, []).append(name)
            limits[shared] = 1 if batch is None else batch.limit
        return [chunk for shared, names in groups.items() for chunk in _chunks(names, limits[shared])]

    def poll(self, jobs: Sequence[Job]) -> list[PollOutcome]:
        """Poll jobs that `batches` has grouped; one by one those that the batch's answer lacks.

        Call `open` before, each time: credentials may have expired. Transient errors never end a job: its next poll is
        delayed longer.
        """
        task, sync = task_of_job(jobs[0], self._clients)
        batch = self._batch(sync)
        same_operation = batch is not None and batch.operation == sync.describe.operation
        if batch is None or (len(jobs) == 1 and not same_operation):
            return [self._poll_one(job) for job in jobs]
        try:
            parameters = batch.parameters([job["describe"] for job in jobs])
            answer = self._open(task).call(batch.operation, parameters)
        except botocore_errors() as error:
            return self._after_batch_error(jobs, error, None if same_operation else batch)
        found = batch.found(answer)

        def outcome(job: Job) -> PollOutcome:
            item = found.get(get_path(job["describe"], batch.id))
            if item:
                return _outcome(job, sync, get_path(item, sync.status_of_item))
            return _none_if_failed(after_missing_job, job) if same_operation else self._poll_one(job)

        return [outcome(job) for job in jobs]

    def _poll_one(self, job: Job) -> PollOutcome:
        task, sync = task_of_job(job, self._clients)
        try:
            answer = self._open(task).call(sync.describe.operation, job["describe"] | sync.status_only)
        except botocore_errors() as error:
            return self._after_error(job, error)
        status = get_path(answer, sync.status)
        return _none_if_failed(after_missing_job, job) if status is None else _outcome(job, sync, status)

    def _after_batch_error(
        self, jobs: Sequence[Job], error: Exception, other: BatchDescribe | None
    ) -> list[PollOutcome]:
        """Handle a batch's error: where another operation describes a single job, that one may be permitted."""
        from sfn_provider.executions.aws_errors import AwsErrorKind, classify_error

        kind = classify_error(error)
        if other is None or kind in (AwsErrorKind.TRANSIENT, AwsErrorKind.EXPIRED):
            return [self._after_error(job, error) for job in jobs]
        if kind is AwsErrorKind.DENIED:
            self._denied.add(other.operation)
        return [self._poll_one(job) for job in jobs]

    def _after_error(self, job: Job, error: Exception) -> PollOutcome:
        from sfn_provider.executions.aws_errors import AwsErrorKind, classify_error

        self._expired = self._expired or classify_error(error) is AwsErrorKind.EXPIRED
        return _none_if_failed(after_error, job, error)

    def _batch(self, sync: SyncJob) -> BatchDescribe | None:
        return None if sync.batch is None or sync.batch.operation in self._denied else sync.batch

    def _open(self, task: TaskCall) -> ServiceAdapter:
        adapter = ADAPTERS.get(task.integration.adapter)
        if adapter is not None:
            return adapter(task, self._clients)
        return ApiOperation(task, self._client, task.integration.operation, self._clients)


def _outcome(job: Job, sync: SyncJob, status: Json) -> PollOutcome:
    return None if status in sync.ended else after_running_job(job, sync)


def _none_if_failed(next_poll: Callable[..., PollOutcome], job: Job, *error: Exception) -> PollOutcome:
    try:
        return next_poll(job, *error)
    except StatesError:
        return None


def _chunks(names: list[str], size: int) -> Iterator[list[str]]:
    return (names[start : start + size] for start in range(0, len(names), size))
