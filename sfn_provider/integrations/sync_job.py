"""The type of an integration's job (``.sync``): how to describe, poll (how often) and stop it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from sfn_provider.asl.scope import Json
from sfn_provider.integrations.json_templates import CallTemplate, get_path
from sfn_provider.integrations.value_shapes import Values

JobState = Literal["running", "succeeded", "failed"]

CallOperation = Callable[[str, Values], Values]
"""Calls an operation of the job's service; raises what botocore raises."""


def unchanged_response(values: Values) -> Json:
    """Return the response as the result."""
    return values


@dataclass(frozen=True, slots=True)
class PollInterval:
    """Seconds between two polls of a job: they grow by half with each poll, from ``first`` up to ``maximum``."""

    first: float
    maximum: float

    def after(self, polls: int) -> float:
        """Return the seconds until the next poll after so many polls."""
        return min(self.maximum, self.first * 1.5 ** min(polls, 40))


@dataclass(frozen=True, slots=True)
class BatchDescribe:
    """An operation that describes several jobs.

    Args:
        operation: the operation: ``DescribeJobs``.
        ids: its field that takes the ids of jobs; None where it lists all jobs, newest first.
        limit: maximum number of jobs of one call.
        items: path to the jobs in the response.
        item: path to the job in the response of the operation that describes one.
        id: path to the job's id in the parameters of that operation; their other fields are equal for a whole batch.
        id_of: path to the id in a job of the response.
        others: further parameters.
    """

    operation: str
    ids: str | None
    limit: int
    items: str
    item: str
    id: str
    id_of: str
    others: Values = field(default_factory=dict)

    def shared(self, describe: Values) -> Values:
        """Return the parameters that all jobs of a batch share, of those that describe one."""
        id_field = self.id.partition(".")[0]
        return {name: value for name, value in describe.items() if name != id_field}

    def parameters(self, jobs: Sequence[Values]) -> Values:
        """Make the parameters for a batch, of those that describe each job."""
        ids = {self.ids: [get_path(job, self.id) for job in jobs]} if self.ids is not None else {}
        return self.shared(jobs[0]) | ids | self.others

    def found(self, response: Values) -> dict[Json, Json]:
        """Return the jobs of a response by their ids."""
        return {get_path(job, self.id_of): job for job in get_path(response, self.items) or ()}


@dataclass(frozen=True, slots=True)
class SyncJob:
    """How a job is followed to its end.

    Args:
        describe: the call that describes the job.
        status: path to the status in the description.
        succeeded: statuses of a job that has succeeded.
        failed: statuses of a job that has failed; with every other status it is running.
        interval: seconds between two polls.
        result: makes the result of the description; a failure's cause is its JSON text.
        stop: the call that stops the job; None where Step Functions does not stop it.
        check_submission: raises StatesError where the response to the submission says that nothing was started.
        check_success: tells the state of a job with one of the statuses in ``succeeded``, where that is not enough.
        include_submission: whether the response to the submission is part of the result, too.
        batch: how several jobs are described by one call; None where each needs a call.
        status_only: further parameters of ``describe`` where only the status is needed.
        succeeds_when_gone: whether a job that its service no longer knows has succeeded: what is waited for is its
            deletion. Its result is then the response to the submission.
    """

    describe: CallTemplate
    status: str
    succeeded: frozenset[str]
    failed: frozenset[str]
    interval: PollInterval
    result: Callable[[Values], Json] = unchanged_response
    stop: CallTemplate | None = None
    check_submission: Callable[[Values], None] | None = None
    check_success: Callable[[Values, CallOperation], JobState] | None = None
    include_submission: bool = False
    succeeds_when_gone: bool = False
    batch: BatchDescribe | None = None
    status_only: Values = field(default_factory=dict)

    @property
    def ended(self) -> frozenset[str]:
        """The statuses of a job that has ended."""
        return self.succeeded | self.failed

    @property
    def status_of_item(self) -> str:
        """Path to the status in a job of a batch."""
        return self.status.removeprefix(f"{self.batch.item}.") if self.batch is not None else self.status

    def state(self, description: Values, call: CallOperation) -> JobState | None:
        """Return the state of a job; None where the description does not contain it."""
        status = get_path(description, self.status)
        if status is None:
            return None
        if status in self.succeeded:
            return self.check_success(description, call) if self.check_success is not None else "succeeded"
        return "failed" if status in self.failed else "running"
