"""The trigger that waits for the jobs of Task states, of every service, in the triggerer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Coroutine
from typing import Any

from sfn_provider._compat import BaseTrigger, TriggerEvent
from sfn_provider.callbacks.answer_waits import wait_for_answer
from sfn_provider.exceptions import StatesError, UsageError
from sfn_provider.waiting.cancellation import finish_despite_cancellation
from sfn_provider.xcom_json import decode_xcom, encode_xcom

Job = dict[str, Any]

POLL_COUNTERS = ("looks", "errors", "missing")
"""What looks change in a job."""


class JobsTrigger(BaseTrigger):
    """Wait until one of several jobs has ended, or until a time.

    The one event is ``{"over": [names], "polls": {name: time}, "jobs": {name: counters}}``: the jobs that the worker
    must look at, because they have ended or cannot be looked at here; and for all others when to look at them next.
    What has become of a job is left to the worker to read.

    Args:
        jobs: the jobs by name, as `sfn_provider.integrations.Submitted` has them; ``kept`` is not needed.
        polls: when to look at each next, in seconds since the epoch.
        moment: when the wait ends at the latest, in seconds since the epoch; None for no such time.
        aws_conn_id: the Airflow connection; None for boto3's own search for credentials.
        region_name: the region, in place of the connection's.
        execution_arn: the execution that waits, for the names of sessions.
        machine_arn: its state machine, for roles that ask for it.
        waits: the task's waits for workers outside, as `CallbackTrigger` takes them: an answer ends the wait as well.
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
        """Give the class's path and the arguments that make this trigger again."""
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

        news = asyncio.Event()
        watched = {name: PendingJob(job, self.polls[name], news) for name, job in self.jobs.items()}
        with watch_jobs(JobConnection(self.aws_conn_id, self.region_name, self.machine_arn), watched.values()):
            try:
                async with asyncio.timeout(None if self.moment is None else max(0.0, self.moment - time.time())):
                    await _first_completed(news.wait(), *([wait_for_answer(self.waits)] if self.waits else []))
            except TimeoutError:
                self.log.debug("A time has come that the task waits for")
        over = [name for name, one in watched.items() if one.over]
        event = {
            "over": over,
            "polls": {name: one.at for name, one in watched.items() if not one.over},
            "jobs": {name: {counter: one.job[counter] for counter in POLL_COUNTERS} for name, one in watched.items()},
        }
        yield TriggerEvent(event)  # type: ignore[no-untyped-call]

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
                self.log.warning("Could not cancel %s: %s", job, error)
            else:
                self.log.info("Cancelled %s", job)


async def _first_completed(*ends: Coroutine[Any, Any, Any]) -> None:
    """Wait for the first of several things."""
    tasks = [asyncio.ensure_future(end) for end in ends]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
    for task in done:
        task.result()
