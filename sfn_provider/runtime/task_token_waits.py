"""The waits of one task for workers outside: its open task tokens, from the call that gives them away to the answer."""

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
from sfn_provider.runtime.idempotency import idempotency_key

if TYPE_CHECKING:
    from sfn_provider._compat import Context
    from sfn_provider.callbacks.worker_requests import WorkerAnswer
    from sfn_provider.runtime.state_operator import StateOperator

Json = Any

PAUSE = 2.0
"""Seconds between two looks at the records, where the task waits in the worker."""


@dataclass
class _Open:
    """A wait as its task keeps it over a deferral.

    Args:
        id: the id of its record.
        accepted: the call that gives the token away has been answered.
        beat: the last heartbeat that the engine knows of.
        heartbeat: seconds between heartbeats, None where none are asked for.
        activity: its activity's ARN; None for a task token.
    """

    id: str
    accepted: bool
    beat: float
    heartbeat: float | None
    activity: str | None


class TaskTokenWaits:
    """Opens waits, looks for their answers, and closes them.

    Args:
        operator: the task's operator.
        context: the task's context.
    """

    def __init__(self, operator: StateOperator, context: Context) -> None:
        self._operator = operator
        self._context = context
        self._open: dict[str, _Open] = {}
        self._answered: list[_Open] = []
        self._next_look = 0.0

    def token(self, place: str) -> str:
        """Make the task token of a call.

        All tries of one attempt of the task get the same one, so that a try after a lost worker still takes the answer
        to the call that the lost one has made.

        Args:
            place: what tells the call from all others of the task.

        Raises:
            UsageError: this Airflow has no secret key.
        """
        entry = f"{idempotency_key(self._operator, self._context)}/{place}"
        return TokenSigner.from_configuration().sign(self._waiter, entry)

    @property
    def _waiter(self) -> TaskInstanceKey:
        index = self._context["ti"].map_index
        run_id = self._context["dag_run"].run_id
        return TaskInstanceKey(
            self._operator.dag.dag_id, run_id, self._operator.task_id, -1 if index is None else index
        )

    def open(self, call: CallTask, now: float) -> None:
        """Keep a record of the wait that a call begins, before anybody can see its token.

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
        # The worker of a try that was lost may have answered, or have taken the work, already.
        if before is None or (before.answer is None and work is None):
            records.write_record(WaitRecord(claim.id, self._waiter, expires, call.heartbeat, now, work=work))
        self._open[call.id] = _Open(claim.id, activity is not None, now, call.heartbeat, activity)
        self._next_look = 0.0

    def accept(self, request: str) -> None:
        """The service has taken the call: from now on answers count."""
        self._open[request].accepted = True
        self._next_look = 0.0

    def holds(self, request: str) -> bool:
        """Does the request wait for a worker?"""
        return request in self._open

    def close(self, request: str) -> None:
        """Forget a wait, if the request has one."""
        known = self._open.pop(request, None)
        if known is not None:
            records.delete_record(known.id, known.activity)

    def settle(self) -> None:
        """Forget the waits whose answers the task has taken: it is kept, or its end, that it has."""
        for known in self._answered:
            records.delete_record(known.id, known.activity)
        self._answered.clear()

    def close_all(self) -> None:
        """Forget all waits."""
        for request in tuple(self._open):
            self.close(request)
        self.settle()

    def pause(self, now: float) -> float:
        """Seconds until it is time to look again."""
        return max(0.0, self._next_look - now) if self._open else float("inf")

    def look(self, now: float, *, alone: bool = False) -> Iterator[Event]:
        """Look for answers and heartbeats, if it is time to.

        Args:
            now: the time, seconds since the epoch.
            alone: no triggerer reads the queue of answers for this task.
        """
        if now < self._next_look:
            return
        if alone and self._open and queue.queue_url():
            queue.drain_queue([known.id for known in self._open.values()])
        for request, known in tuple(self._open.items()):
            if known.accepted and request in self._open:
                yield from self._look_at(request, known, now)
        self._next_look = now + max(PAUSE, 0.05 * len(self._open))

    def _look_at(self, request: str, known: _Open, now: float) -> Iterator[Event]:
        wait = records.read_record(known.id)
        if wait is None:
            if known.activity is not None and known.heartbeat is not None and known.beat + known.heartbeat <= now:
                # AWS: an activity's heartbeats count from when a worker has taken the task.
                known.beat = now
                yield TaskHeartbeat(request, now)
            return
        if wait.beat > known.beat:
            known.beat = wait.beat
            yield TaskHeartbeat(request, wait.beat)
        if wait.answer is not None:
            # Its record stays for the task's next try, until this one's progress is kept.
            self._answered.append(self._open.pop(request))
            yield _event(request, wait.answer, now)

    # Deferral --------------------------------------------------------------------------------------------------------

    def heartbeats(self) -> set[float]:
        """When the engine's heartbeat timers of the waits are due, seconds since the epoch."""
        return {known.beat + known.heartbeat for known in self._open.values() if known.heartbeat is not None}

    def to_watch(self) -> list[dict[str, Json]]:
        """What the trigger must know of the waits."""
        return [
            {"id": known.id, "beat": known.beat, "heartbeat": known.heartbeat, "activity": known.activity is not None}
            for known in self._open.values()
        ]

    def to_json(self) -> dict[str, Json]:
        """What another process needs to go on."""
        return {request: asdict(known) for request, known in self._open.items()}

    def restore(self, kept: dict[str, Json]) -> None:
        """Take up what `to_json` gave."""
        self._open = {request: _Open(**known) for request, known in kept.items()}


def is_activity(call: CallTask) -> bool:
    """Is the call's resource an activity, which a worker asks for, so that there is nothing to call?"""
    return parse_resource(call.resource).kind == "activity"


def _event(request: str, answer: WorkerAnswer, now: float) -> Event:
    if answer.action == "SendTaskSuccess":
        return TaskSucceeded(request, answer.result, now)
    return TaskFailed(request, answer.error, answer.cause, now)
