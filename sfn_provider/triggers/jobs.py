"""The trigger that waits for the jobs of Task states, of every service, in the triggerer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Collection, Coroutine
from typing import Any

from sfn_provider._compat import BaseTrigger, TriggerEvent
from sfn_provider.callbacks.answer_waits import wait_for_answer
from sfn_provider.exceptions import StatesError, UsageError
from sfn_provider.executions.wait_messages import end_line, list_some
from sfn_provider.links.console_pages import job_label
from sfn_provider.secret_masking import masked_line, quote
from sfn_provider.waiting.cancellation import finish_despite_cancellation
from sfn_provider.xcom_json import decode_xcom, encode_xcom

Job = dict[str, Any]

POLL_COUNTERS = ("polls", "errors", "missing")
"""The keys of a job that polls change."""


class JobsTrigger(BaseTrigger):
    """Wait until one of several jobs has ended, or until a time.

    The one event is ``{"over": [names], "polls": {name: time}, "jobs": {name: counters}}``: the jobs that the worker
    must poll, because they have ended or cannot be polled here; and for all others when to poll them next. The worker
    reads the results of jobs.

    Args:
        jobs: the jobs by name, as `sfn_provider.integrations.Submitted` has them; ``known_result`` is not needed.
        polls: when to poll each next, in seconds since the epoch.
        moment: when the wait ends at the latest, in seconds since the epoch; None for no such time.
        aws_conn_id: the Airflow connection; None for boto3's default credentials.
        region_name: the region, in place of the connection's.
        execution_arn: the execution of the task, for session names of assumed roles.
        machine_arn: its state machine, the external id of assumed roles.
        waits: the task's waits for task tokens, as `CallbackTrigger` takes them: an answer ends the wait as well.
    """

    def __init__(
        self,
        *,
        jobs: dict[str, Job],
        polls: dict[str, float],
        moment: float | None = None,
        aws_conn_id: str | None = None,
        region_name: str | None = None,
        execution_arn: str = "",
        machine_arn: str = "",
        waits: list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.jobs: dict[str, Job] = decode_xcom(jobs)
        self.polls = polls
        self.moment = moment
        self.aws_conn_id = aws_conn_id
        self.region_name = region_name
        self.execution_arn = execution_arn
        self.machine_arn = machine_arn
        self.waits = waits or []

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return the class path and the arguments that recreate this trigger."""
        return f"{type(self).__module__}.{type(self).__qualname__}", {
            "jobs": encode_xcom(self.jobs),
            "polls": self.polls,
            "moment": self.moment,
            "aws_conn_id": self.aws_conn_id,
            "region_name": self.region_name,
            "execution_arn": self.execution_arn,
            "machine_arn": self.machine_arn,
            "waits": self.waits,
        }

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Wait, then yield the one event."""
        from sfn_provider.waiting.job_poller import JobConnection, PendingJob, watch_jobs

        begin, time_limit = time.monotonic(), False
        finished = asyncio.Event()
        pending = {name: PendingJob(job, self.polls[name], finished) for name, job in self.jobs.items()}
        with watch_jobs(JobConnection(self.aws_conn_id, self.region_name, self.machine_arn), pending.values()):
            try:
                async with asyncio.timeout(None if self.moment is None else max(0.0, self.moment - time.time())):
                    await _first_completed(finished.wait(), *([wait_for_answer(self.waits)] if self.waits else []))
            except TimeoutError:
                time_limit = True
        over = [name for name, job in pending.items() if job.needs_worker]
        self.log.info("%s", end_line(self._outcome(over, time_limit), time.monotonic() - begin))
        event = {
            "over": over,
            "polls": {name: job.next_poll for name, job in pending.items() if not job.needs_worker},
            "jobs": {name: {key: job.job[key] for key in POLL_COUNTERS} for name, job in pending.items()},
        }
        yield TriggerEvent(event)  # type: ignore[no-untyped-call]

    def _outcome(self, over: Collection[str], time_limit: bool) -> str:
        """Return why the wait has ended, for the log."""
        if over:
            return f"The worker continues with {list_some([_label(self.jobs[name]) for name in over])}"
        if time_limit:
            return "A time limit of the task is reached"
        return "A task token was answered, or a heartbeat was missed"

    async def on_kill(self) -> None:
        """Stop the jobs, because a user acted on the deferred task. Called by Airflow 3.3 and later."""
        from asgiref.sync import sync_to_async

        await finish_despite_cancellation(sync_to_async(self._stop_jobs)())

    def _stop_jobs(self) -> None:
        from sfn_provider.integrations import Caller

        caller = Caller(
            aws_conn_id=self.aws_conn_id,
            region_name=self.region_name,
            execution_arn=self.execution_arn,
            machine_arn=self.machine_arn,
        )
        for job in self.jobs.values():
            try:
                caller.cancel(job)
            except (StatesError, UsageError) as error:
                self.log.warning("Could not cancel %s: %s", _label(job), masked_line(error))
            else:
                self.log.info("Cancelled %s", _label(job))


def _label(job: Job) -> str:
    return f"state {quote(job['state'])}, {job_label(job)}"


async def _first_completed(*coroutines: Coroutine[Any, Any, Any]) -> None:
    """Wait for the first of several coroutines, and cancel the others."""
    tasks = [asyncio.ensure_future(each) for each in coroutines]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
    for task in done:
        task.result()
