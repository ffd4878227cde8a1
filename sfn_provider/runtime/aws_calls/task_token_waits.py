"""Tracks the open task tokens of one task, from the call that passes them on until the answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from sfn_provider.asl.resources import parse_resource
from sfn_provider.callbacks import sqs_queue as queue
from sfn_provider.callbacks import wait_records as records
from sfn_provider.callbacks.task_tokens import TaskInstanceKey, TokenSigner
from sfn_provider.callbacks.wait_records import DEFAULT_TIMEOUT, ActivityTask, WaitRecord
from sfn_provider.engine.requests import CallTask, Event, TaskFailed, TaskHeartbeat, TaskSucceeded

if TYPE_CHECKING:
    from sfn_provider._compat import Context
    from sfn_provider.callbacks.worker_requests import WorkerAnswer
    from sfn_provider.runtime.state_task import StateTask

Json = Any

POLL_INTERVAL = 2.0
"""Seconds between two polls of the records, where the task waits in the worker."""


@dataclass
class _OpenWait:
    """A wait as a snapshot of its task contains it.

    Args:
        id: the id of its record.
        accepted: True once the call that passes the token has returned.
        beat: when the last heartbeat came that the engine knows of, seconds since the epoch.
        heartbeat: seconds between heartbeats, None where none are required.
        activity: its activity's ARN; None for a task token.
    """

    id: str
    accepted: bool
    beat: float
    heartbeat: float | None
    activity: str | None


class TaskTokenWaits:
    """Opens waits for workers outside of Airflow, polls for their answers, and closes them.

    A wait is identified by the id of the engine's request. Its record is where the worker's answer is stored.

    Args:
        task: the task.
        context: the task's context.
        key: the task's idempotency key.
    """

    def __init__(self, task: StateTask, context: Context, key: str) -> None:
        self._task = task
        self._context = context
        self._key = key
        self._open: dict[str, _OpenWait] = {}
        self._answered: list[_OpenWait] = []
        self._next_poll = 0.0

    def make_token(self, place: str) -> str:
        """Return the task token of a call.

        It is the same for all tries of the task until it is cleared, so that a try after a lost worker still receives
        the answer to the call that the lost one has made.

        Args:
            place: text that identifies the call within the task.

        Raises:
            UsageError: this Airflow has no secret key.
        """
        return TokenSigner.from_configuration().sign(self._waiter, f"{self._key}/{place}")

    @property
    def _waiter(self) -> TaskInstanceKey:
        index = self._context["ti"].map_index
        run_id = self._context["dag_run"].run_id
        return TaskInstanceKey(self._task.dag.dag_id, run_id, self._task.task_id, -1 if index is None else index)

    def open(self, call: CallTask, now: float) -> None:
        """Writes the record of the wait that a call begins, before the call passes the token on.

        Args:
            call: the request of the engine.
            now: the time, seconds since the epoch.
        """
        if call.token is None:
            return
        claim = TokenSigner.from_configuration().verify(call.token)
        activity = call.resource if is_activity(call) else None
        work = ActivityTask(activity, call.token, json.dumps(call.arguments)) if activity is not None else None
        expires = now + (call.timeout if call.timeout is not None else DEFAULT_TIMEOUT)
        before = records.read_record(claim.id)
        # A worker may have answered a try that was lost, or have taken its work, already.
        if before is None or (before.answer is None and work is None):
            wait = WaitRecord(claim.id, self._waiter, expires, call.heartbeat, now, None, work, call.state, since=now)
            records.write_record(wait)
        self._open[call.id] = _OpenWait(claim.id, activity is not None, now, call.heartbeat, activity)
        self._next_poll = 0.0

    def accept(self, request: str) -> None:
        """Marks the call as returned: from now on answers count."""
        self._open[request].accepted = True
        self._next_poll = 0.0

    def has(self, request: str) -> bool:
        """Return True where the request waits for a worker."""
        return request in self._open

    def close(self, request: str) -> None:
        """Deletes a wait, if the request has one."""
        wait = self._open.pop(request, None)
        if wait is not None:
            records.delete_record(wait.id, wait.activity)

    def delete_answered(self) -> None:
        """Deletes the answered waits, once a snapshot, or the task's end, has their answers."""
        for wait in self._answered:
            records.delete_record(wait.id, wait.activity)
        self._answered.clear()

    def close_all(self) -> None:
        """Deletes all waits."""
        for request in tuple(self._open):
            self.close(request)
        self.delete_answered()

    def until_next_poll(self, now: float) -> float:
        """Return the seconds until the next poll is due."""
        return max(0.0, self._next_poll - now) if self._open else float("inf")

    def poll(self, now: float, *, without_triggerer: bool = False) -> Iterator[Event]:
        """Polls for answers and heartbeats, if that is due.

        Args:
            now: the time, seconds since the epoch.
            without_triggerer: True where no triggerer reads the queue of answers for this task.
        """
        if now < self._next_poll:
            return
        if without_triggerer and self._open and queue.queue_url():
            queue.drain_queue([wait.id for wait in self._open.values()])
        for request, wait in tuple(self._open.items()):
            if wait.accepted and request in self._open:
                yield from self._poll(request, wait, now)
        self._next_poll = now + max(POLL_INTERVAL, 0.05 * len(self._open))

    def _poll(self, request: str, wait: _OpenWait, now: float) -> Iterator[Event]:
        record = records.read_record(wait.id)
        if record is None:
            if wait.activity is not None and wait.heartbeat is not None and wait.beat + wait.heartbeat <= now:
                # AWS: an activity's heartbeats count from when a worker has taken the task.
                wait.beat = now
                yield TaskHeartbeat(request, now)
            return
        if record.beat > wait.beat:
            wait.beat = record.beat
            yield TaskHeartbeat(request, record.beat)
        if record.answer is not None:
            # Its record stays for the task's next try, until this one's progress is saved.
            self._answered.append(self._open.pop(request))
            yield _event(request, record.answer, now)

    # Deferral --------------------------------------------------------------------------------------------------------

    def heartbeats(self) -> set[float]:
        """Return when the engine's heartbeat timers of the waits are due, seconds since the epoch."""
        return {wait.beat + wait.heartbeat for wait in self._open.values() if wait.heartbeat is not None}

    def for_trigger(self) -> list[dict[str, Json]]:
        """Return the waits as `sfn_provider.triggers.callback.CallbackTrigger` takes them."""
        return [
            {"id": wait.id, "beat": wait.beat, "heartbeat": wait.heartbeat, "activity": wait.activity is not None}
            for wait in self._open.values()
        ]

    def to_json(self) -> dict[str, Json]:
        """Return the waits, for `restore` in another process."""
        return {request: asdict(wait) for request, wait in self._open.items()}

    def restore(self, waits: dict[str, Json]) -> None:
        """Restores the waits from `to_json`."""
        self._open = {request: _OpenWait(**wait) for request, wait in waits.items()}


def is_activity(call: CallTask) -> bool:
    """Return True where the resource is an activity: a worker polls for its work, so there is nothing to call."""
    return parse_resource(call.resource).kind == "activity"


def _event(request: str, answer: WorkerAnswer, now: float) -> Event:
    if answer.action == "SendTaskSuccess":
        return TaskSucceeded(request, answer.result, now)
    return TaskFailed(request, answer.error, answer.cause, now)
