"""Makes a task's AWS calls in threads: submits, collects outcomes, resubmits lost calls."""

from __future__ import annotations

import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import asdict
from typing import Any

from sfn_provider.engine.requests import CallTask
from sfn_provider.exceptions import StatesError
from sfn_provider.integrations import Caller, Completed, Submitted
from sfn_provider.integrations.jobs.job_recovery import Resubmission, is_recoverable
from sfn_provider.runtime.aws_calls.running_jobs import RunningJobs
from sfn_provider.runtime.aws_calls.task_token_waits import TaskTokenWaits, is_activity
from sfn_provider.runtime.display.task_log import TaskLog

Json = Any
CallFuture = Future[Completed | Submitted]


class RunningCalls:
    """The calls that the engine has requested and that have no outcome yet.

    Args:
        caller: calls AWS.
        jobs: stops the jobs that cancelled calls start.
        token_waits: the task's waits for workers outside; a call that passes a task token on begins one.
        key: the task's idempotency key.
        log: the task's log.
    """

    def __init__(self, caller: Caller, jobs: RunningJobs, token_waits: TaskTokenWaits, key: str, log: TaskLog) -> None:
        self._caller = caller
        self._jobs = jobs
        self._token_waits = token_waits
        self._key = key
        self._log = log
        self._requested: dict[str, CallTask] = {}
        self._requested_at: dict[str, float] = {}
        self._submitted: dict[CallFuture, CallTask] = {}
        self._resubmissions: dict[str, Resubmission] = {}
        self._cancelled: set[str] = set()
        self._stopped: set[str] = set()
        self._repeated: set[str] = set()

    @property
    def submitted(self) -> list[str]:
        """The ids of the calls that were submitted."""
        return [call.id for call in self._submitted.values()]

    @property
    def any_is_recoverable(self) -> bool:
        """True where after a lost worker the service is searched for a job that a requested call may have started."""
        return any(is_recoverable(call.resource) for call in self._requested.values())

    def request(self, call: CallTask) -> None:
        """Takes a call of the engine, for the next `submit_requested`."""
        self._requested[call.id] = call
        self._requested_at.setdefault(call.id, time.time())

    def submit_requested(self, pool: ThreadPoolExecutor) -> None:
        """Submits the requested calls. An activity's call is none: a worker asks for it."""
        for identity in list(self._requested):
            call = self._requested.pop(identity)
            if call.purpose != "task":
                if call.position is None:  # of a large object once, not for each chunk
                    self._log.transferred(call)
            elif identity in self._repeated:
                self._repeated.discard(identity)
                self._log.repeated(call)
            self._token_waits.open(call, time.time())
            if is_activity(call):
                self._log.awaits_answer(call)
            else:
                key, lost = f"{self._key}/{call.place}", self._resubmissions.pop(call.id, None)
                self._submitted[pool.submit(self._caller.submit, call, idempotency_key=key, resubmission=lost)] = call

    def next_outcome(self, timeout: float) -> tuple[CallTask, CallFuture] | None:
        """Waits for the outcome of a call; returns None where there is none after as many seconds."""
        done, _ = wait(self._submitted, timeout=timeout, return_when=FIRST_COMPLETED)
        for future in done:
            call = self._submitted.pop(future)
            self._log_outcome(call, future, time.time() - self._requested_at.pop(call.id, time.time()))
            return call, future
        return None

    def _log_outcome(self, call: CallTask, future: CallFuture, seconds: float) -> None:
        error = future.exception()
        if error is not None:
            self._log.failed(call, error.error if isinstance(error, StatesError) else type(error).__name__, seconds)
        elif isinstance(outcome := future.result(), Completed) and call.purpose == "task":
            self._log.answered(call, outcome.result, seconds)

    def cancel(self, identity: str) -> None:
        """Gives up a call: a job that it starts meanwhile is stopped as soon as the call has returned."""
        self._requested.pop(identity, None)
        for future, call in self._submitted.items():
            if call.id == identity and identity not in self._cancelled:
                self._cancelled.add(identity)
                # In the thread of the call: it returns even where the task is ended meanwhile.
                future.add_done_callback(self._stop_started_job)

    def stop_all(self) -> None:
        """Stops the jobs that the submitted calls start, when they have returned; `to_json` still has the calls."""
        for future, call in [*self._submitted.items()]:
            if call.id not in self._cancelled | self._stopped:
                self._stopped.add(call.id)
                future.add_done_callback(self._stop_started_job)

    def is_cancelled(self, identity: str) -> bool:
        """Return True for a call that was given up."""
        return identity in self._cancelled

    def _stop_started_job(self, future: CallFuture) -> None:
        outcome = future.result() if future.exception() is None else None
        if isinstance(outcome, Submitted):
            self._jobs.stop_job(outcome.job)

    def join(self) -> None:
        """Waits until all submitted calls have returned."""
        wait(self._submitted)
        self._submitted.clear()

    def to_json(self) -> list[Json]:
        """Return the calls, for `restore` in another process."""
        return [
            {"call": asdict(call), "asked": self._requested_at[call.id]}
            for call in (*self._submitted.values(), *self._requested.values())
            if call.id not in self._cancelled
        ]

    def restore(self, calls: list[Json], *, jobs_stopped: bool = False) -> list[CallTask]:
        """Restores the calls from `to_json`; returns them, to be requested again. The jobs are restored before.

        Args:
            calls: the calls.
            jobs_stopped: True where the jobs that they may have started were stopped: none is searched for.
        """
        if not jobs_stopped:
            self._requested_at = {saved["call"]["id"]: saved["asked"] for saved in calls}
            known = tuple(self._jobs.jobs.values())
            self._resubmissions = {identity: Resubmission(at, known) for identity, at in self._requested_at.items()}
        self._repeated = {saved["call"]["id"] for saved in calls}
        return [CallTask(**saved["call"]) for saved in calls]
