"""What the API server does with the records of waits: it has Airflow's database, and others write at the same time.

A record is changed only from the text that was read, and a worker of an activity takes one by renaming it, so that of
two answers, or of two workers, one wins on every database.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sfn_provider._compat import TaskInstanceRow, TriggerEvent, TriggerRow, VariableRow, create_session
from sfn_provider.callbacks.task_tokens import TaskInstanceKey, TokenClaim
from sfn_provider.callbacks.wait_records import (
    MIN_DEFERRAL_SECONDS,
    ActivityTask,
    WaitRecord,
    activity_key_prefix,
    variable_key,
)
from sfn_provider.callbacks.worker_requests import ApiError, WorkerAnswer

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

_MAX_UPDATE_TRIES: Final = 5
"""How often a record is read anew that another answer, or a heartbeat, has changed in between."""

_MAX_CANDIDATES: Final = 50
"""Waits of an activity that a worker's request looks at, at most."""

_ENDED_STATES: Final = frozenset({"success", "failed", "skipped", "upstream_failed", "removed"})

DagPermission = Callable[[str], bool]
"""May who asks answer the tasks of a DAG, by its id?"""


@dataclass(frozen=True, slots=True)
class _Row:
    """A record, and the text of its row."""

    key: str
    text: str
    wait: WaitRecord


def store_answer(claim: TokenClaim, answer: WorkerAnswer, now: float, may: DagPermission) -> None:
    """Write an answer into the record of its wait, and let the task go on.

    Args:
        claim: what the task token says.
        answer: the answer.
        now: the time, seconds since the epoch.
        may: who asks.

    Raises:
        Refusal: ``TaskTimedOut``: the wait is over, or was answered before; ``TaskDoesNotExist``: its DAG run is gone;
            ``InvalidToken``; ``AccessDeniedException``.
    """
    for _ in range(_MAX_UPDATE_TRIES):
        with create_session() as session:
            row = _find_row(session, variable_key(claim.id))
            if row is None or not hmac.compare_digest(row.wait.waiter.digest, claim.digest):
                raise _timed_out()
            if not may(row.wait.waiter.dag_id):
                raise ApiError("AccessDeniedException", "Not authorized to answer this task", 403)
            refusal = _rejection(session, row, now)
            taken = refusal is None and _replace(session, row, row.key, row.wait.take(answer, now))
        if refusal is not None or taken:
            break
    else:
        raise ApiError("ServiceUnavailableException", "Too many answers at once", 503)
    # The answer is committed before the task's state is read: a task that defers meanwhile finds it when it does. A
    # repeated answer wakes the task as well: the first one may have been cut short here.
    if row.wait.answer is not None or (taken and answer.action != "SendTaskHeartbeat"):
        _wake(row.wait.waiter, now)
    if refusal is not None:
        raise refusal


def claim_activity_task(activity_arn: str, now: float, may: DagPermission) -> ActivityTask | None:
    """Give the work that has waited longest for a worker of an activity to this one, and to no other.

    Args:
        activity_arn: the activity.
        now: the time, seconds since the epoch.
        may: who asks.
    """
    with create_session() as session:
        for row in _unclaimed_rows(session, activity_key_prefix(activity_arn)):
            if row.wait.work is None or not may(row.wait.waiter.dag_id):
                continue
            if _rejection(session, row, now, taken=False) is not None:
                _delete_row(session, row)
            elif _replace(session, row, variable_key(row.wait.id), row.wait.begin(now)):
                return row.wait.work
    return None


def _find_row(session: Session, key: str) -> _Row | None:
    found = session.query(VariableRow).filter(VariableRow.key == key).one_or_none()
    return _row(found) if found is not None else None


def _row(found: Any) -> _Row | None:
    text = found.get_val()
    return _Row(found.key, found._val, WaitRecord.from_text(text)) if text is not None else None


def _unclaimed_rows(session: Session, prefix: str) -> list[_Row]:
    query = session.query(VariableRow).filter(VariableRow.key.startswith(prefix, autoescape=True))
    rows = query.order_by(VariableRow.id).limit(_MAX_CANDIDATES).all()
    return [row for found in rows if (row := _row(found)) is not None]


def _replace(session: Session, row: _Row, key: str, wait: WaitRecord) -> bool:
    """Change a record; False where somebody else has changed it first."""
    table = VariableRow.__table__
    made: Any = VariableRow(key=key, val=wait.to_text())  # type: ignore[no-untyped-call]
    changed: Any = session.execute(
        table.update()
        .where(table.c.key == row.key, table.c.val == row.text)
        .values(key=key, val=made._val, is_encrypted=made.is_encrypted)
    )
    return bool(changed.rowcount)


def _delete_row(session: Session, row: _Row) -> None:
    table = VariableRow.__table__
    session.execute(table.delete().where(table.c.key == row.key))


def _timed_out() -> ApiError:
    return ApiError("TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'")


def _rejection(session: Session, row: _Row, now: float, *, taken: bool = True) -> ApiError | None:
    """Why a wait takes no answer, if it takes none. A record that no task will ever look at goes."""
    wait = row.wait
    if wait.answer is not None or now > (wait.deadline if taken else wait.expires):
        return _timed_out()
    task = _task_instance(session, wait.waiter)
    if task is None:
        _delete_row(session, row)
        return ApiError("TaskDoesNotExist", "Task does not exist anymore")
    if task.state in _ENDED_STATES or not _is_awaited(session, task, wait.id):
        _delete_row(session, row)
        return _timed_out()
    return None


def _task_instance(session: Session, waiter: TaskInstanceKey) -> Any:
    return (
        session.query(TaskInstanceRow)
        .filter(
            TaskInstanceRow.dag_id == waiter.dag_id,
            TaskInstanceRow.run_id == waiter.run_id,
            TaskInstanceRow.task_id == waiter.task_id,
            TaskInstanceRow.map_index == waiter.map_index,
        )
        .one_or_none()
    )


def _is_awaited(session: Session, task: Any, identity: str) -> bool:
    """Does a deferred task wait for this token? One that was cleared and has come to wait again has another one."""
    if task.state != "deferred" or task.trigger_id is None:
        return True
    trigger = session.query(TriggerRow).filter(TriggerRow.id == task.trigger_id).one_or_none()
    return trigger is None or identity in str(trigger.kwargs)


def _wake(waiter: TaskInstanceKey, now: float) -> None:
    """End the deferral of the task instance, if it is deferred and has settled: before, its trigger will look."""
    with create_session() as session:
        task = _task_instance(session, waiter)
        if task is None or task.state != "deferred" or task.trigger_id is None:
            return
        trigger = session.query(TriggerRow).filter(TriggerRow.id == task.trigger_id).one_or_none()
        if trigger is not None and now - trigger.created_date.timestamp() >= MIN_DEFERRAL_SECONDS:
            event = TriggerEvent({"status": "look"})  # type: ignore[no-untyped-call]
            TriggerRow.submit_event(task.trigger_id, event, session=session)
