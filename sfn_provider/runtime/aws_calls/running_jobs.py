"""Polls and stops the jobs that a task waits for."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from sfn_provider.engine.requests import Event, TaskFailed, TaskSucceeded
from sfn_provider.exceptions import StatesError, UsageError
from sfn_provider.integrations import Caller, Submitted

Json = Any


class RunningJobs:
    """The jobs that were submitted and have not ended.

    Args:
        caller: calls AWS.
        log: the task's logger.

    Attributes:
        jobs: the jobs by the ids of the calls that submitted them.
        polls: when to poll each next, seconds since the epoch, by the same ids.
    """

    def __init__(self, caller: Caller, log: Any) -> None:
        self._caller = caller
        self._log = log
        self.jobs: dict[str, dict[str, Json]] = {}
        self.polls: dict[str, float] = {}

    def add(self, identity: str, submitted: Submitted) -> None:
        """Adds a job, or schedules its next poll."""
        self.jobs[identity] = submitted.job
        self.polls[identity] = time.time() + submitted.poll_after

    def poll_due(self, now: float) -> Iterator[Event]:
        """Polls the jobs that are due; yields the outcomes of those that have ended."""
        for identity, at in sorted(self.polls.items(), key=lambda poll: poll[1]):
            if at <= now and (event := self._poll(identity)) is not None:
                yield event

    def _poll(self, identity: str) -> Event | None:
        try:
            outcome = self._caller.poll(self.jobs[identity])
        except StatesError as error:
            self._remove(identity)
            return TaskFailed(identity, error.error, error.cause, time.time())
        if isinstance(outcome, Submitted):
            self.add(identity, outcome)
            return None
        self._remove(identity)
        return TaskSucceeded(identity, outcome.result, time.time())

    def stop(self, identity: str) -> None:
        """Stops and removes a job, if there is one of this id."""
        job = self.jobs.get(identity)
        self._remove(identity)
        if job is not None:
            self.stop_job(job)

    def stop_job(self, job: dict[str, Json]) -> None:
        """Stops any job."""
        self._log.info("Cancelling %s", job)
        try:
            self._caller.cancel(job)
        except (StatesError, UsageError) as error:
            # Step Functions, too, goes on where it cannot stop a job; the outcome of the execution is the same.
            self._log.warning("Could not cancel %s: %s", job, error)

    def apply_trigger_event(self, event: dict[str, Json]) -> None:
        """Applies the event of `sfn_provider.triggers.jobs.JobsTrigger`."""
        for identity, counters in event["jobs"].items():
            self.jobs[identity] = self.jobs[identity] | counters
        self.polls |= dict.fromkeys(event["over"], time.time()) | event["polls"]

    def restore(self, jobs: dict[str, dict[str, Json]], polls: dict[str, float]) -> None:
        """Restores the jobs and the times of polls of another process."""
        self.jobs, self.polls = dict(jobs), dict(polls)

    def _remove(self, identity: str) -> None:
        self.jobs.pop(identity, None)
        self.polls.pop(identity, None)
