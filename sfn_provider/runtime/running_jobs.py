"""The jobs that a task waits for: when to look at each, and how to stop them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from sfn_provider.engine.requests import Event, TaskFailed, TaskSucceeded
from sfn_provider.exceptions import StatesError, UsageError
from sfn_provider.integrations import Caller, Submitted

Json = Any


class RunningJobs:
    """The jobs that were submitted and have not ended, by the ids of their calls.

    Args:
        caller: calls AWS.
        log: is told of jobs that are stopped.
    """

    def __init__(self, caller: Caller, log: Any) -> None:
        self._caller = caller
        self._log = log
        self.jobs: dict[str, dict[str, Json]] = {}
        self.polls: dict[str, float] = {}

    def keep(self, identity: str, submitted: Submitted) -> None:
        """Wait for a job, or go on to wait for it."""
        self.jobs[identity] = submitted.job
        self.polls[identity] = time.time() + submitted.poll_after

    def look(self, now: float) -> Iterator[Event]:
        """Look at the jobs for which it is time; give what has become of those that have ended."""
        for identity, at in sorted(self.polls.items(), key=lambda poll: poll[1]):
            if at <= now and (event := self._poll(identity)) is not None:
                yield event

    def _poll(self, identity: str) -> Event | None:
        try:
            outcome = self._caller.poll(self.jobs[identity])
        except StatesError as error:
            self._forget(identity)
            return TaskFailed(identity, error.error, error.cause, time.time())
        if isinstance(outcome, Submitted):
            self.keep(identity, outcome)
            return None
        self._forget(identity)
        return TaskSucceeded(identity, outcome.result, time.time())

    def stop(self, identity: str) -> None:
        """Stop a job, if there is one of this id, and wait for it no more."""
        job = self.jobs.get(identity)
        self._forget(identity)
        if job is not None:
            self.stop_one(job)

    def stop_one(self, job: dict[str, Json]) -> None:
        """Stop a job, whoever waits for it."""
        self._log.info("Cancelling %s", job)
        try:
            self._caller.cancel(job)
        except (StatesError, UsageError) as error:
            # Step Functions, too, goes on where it cannot stop a job; the outcome of the execution is the same.
            self._log.warning("Could not cancel %s: %s", job, error)

    def woken(self, event: dict[str, Json]) -> None:
        """Take up what the trigger says of the jobs: see `sfn_provider.triggers.jobs.JobsTrigger`."""
        for identity, counters in event["jobs"].items():
            self.jobs[identity] = self.jobs[identity] | counters
        self.polls |= dict.fromkeys(event["over"], time.time()) | event["polls"]

    def restore(self, jobs: dict[str, dict[str, Json]], polls: dict[str, float]) -> None:
        """Take up the jobs and the times of looks that another process had."""
        self.jobs, self.polls = dict(jobs), dict(polls)

    def _forget(self, identity: str) -> None:
        self.jobs.pop(identity, None)
        self.polls.pop(identity, None)
