"""Polls and stops the jobs that a task waits for."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any

from sfn_provider.engine.requests import CallTask, Event, TaskFailed, TaskSucceeded
from sfn_provider.exceptions import StatesError, UsageError
from sfn_provider.integrations import Caller, Completed, Submitted
from sfn_provider.runtime.display.task_log import TaskLog, shown_error

Json = Any


class RunningJobs:
    """The jobs that were submitted and have not ended.

    Args:
        caller: calls AWS.
        log: the task's log.

    Attributes:
        jobs: the jobs by the ids of the calls that submitted them.
        polls: when to poll each next, seconds since the epoch, by the same ids.
        calls: the calls that submitted them, as JSON, by the same ids: a try after one that was killed repeats them.
    """

    def __init__(self, caller: Caller, log: TaskLog) -> None:
        self._caller = caller
        self._log = log
        self._stopped = False
        self._stopped_jobs: set[str] = set()
        self.jobs: dict[str, dict[str, Json]] = {}
        self.polls: dict[str, float] = {}
        self.calls: dict[str, Json] = {}

    def add(self, call: CallTask, submitted: Submitted) -> None:
        """Adds the job that a call has submitted."""
        self.calls[call.id] = {"call": asdict(call), "asked": time.time()}
        page = self._log.started(call, submitted.job, submitted.output)
        job = submitted.job if page is None else submitted.job | {"page": list(page)}
        self._update(call.id, replace(submitted, job=job))

    def _update(self, identity: str, submitted: Submitted) -> None:
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
            if self._stopped:
                return None  # it has failed because it was stopped
            self._log_end(identity, f"failed with {shown_error(error.error)}")
            self._remove(identity)
            return TaskFailed(identity, error.error, error.cause, time.time())
        if isinstance(outcome, Submitted):
            self._update(identity, outcome)
            return None
        self._log_end(identity, "succeeded")
        self._remove(identity)
        return TaskSucceeded(identity, outcome.result, time.time())

    def _log_end(self, identity: str, outcome: str) -> None:
        started = self.calls.get(identity)
        if started is not None:
            seconds = time.time() - started["asked"]
            self._log.ended(started["call"], self.jobs[identity], outcome, seconds)

    def stop(self, identity: str) -> None:
        """Stops and removes a job, if there is one of this id."""
        job = self.jobs.get(identity)
        self._remove(identity)
        if job is not None:
            self.stop_job(job)

    def stop_all(self) -> None:
        """Stops all jobs, each once. None is removed: a snapshot that is saved meanwhile has them."""
        self._stopped = True
        for identity, job in [*self.jobs.items()]:
            if identity not in self._stopped_jobs:
                self._stopped_jobs.add(identity)
                self.stop_job(job)

    def stop_job(self, job: dict[str, Json]) -> None:
        """Stops any job."""
        self._log.cancelled(job)
        try:
            self._caller.cancel(job)
        except (StatesError, UsageError) as error:
            # Step Functions, too, goes on where it cannot stop a job; the outcome of the execution is the same.
            self._log.not_cancelled(job, error)

    def apply_trigger_event(self, event: dict[str, Json]) -> None:
        """Applies the event of `sfn_provider.triggers.jobs.JobsTrigger`."""
        for identity, counters in event["jobs"].items():
            self.jobs[identity] = self.jobs[identity] | counters
        self.polls |= dict.fromkeys(event["over"], time.time()) | event["polls"]

    def to_json(self) -> dict[str, Json]:
        """Return the jobs, for `restore` in another process."""
        return {"jobs": self.jobs, "polls": self.polls, "job_calls": self.calls}

    def restore(self, snapshot: dict[str, Json]) -> None:
        """Restores the jobs from `to_json`."""
        self.jobs, self.polls = dict(snapshot["jobs"]), dict(snapshot["polls"])
        self.calls = dict(snapshot.get("job_calls", {}))

    def remove_stopped(self) -> list[CallTask]:
        """Removes the jobs that have not succeeded, after all were stopped; returns the calls that start them again."""
        stopped = [identity for identity, job in self.jobs.items() if not self._has_succeeded(job)]
        calls = [CallTask(**self.calls[identity]["call"]) for identity in stopped]
        for identity in stopped:
            self._remove(identity)
        self.polls = dict.fromkeys(self.polls, time.time())
        return calls

    def _has_succeeded(self, job: dict[str, Json]) -> bool:
        try:
            return isinstance(self._caller.poll(job), Completed)
        except StatesError:
            return False

    def _remove(self, identity: str) -> None:
        self.jobs.pop(identity, None)
        self.polls.pop(identity, None)
        self.calls.pop(identity, None)
