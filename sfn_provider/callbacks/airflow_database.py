"""Reads and changes wait records in Airflow's database, from within the API server or webserver.

Others write at the same time: a record is changed only if its text is still the one that was read, and a worker of an
activity claims one by renaming it, so that of two answers, or of two workers, one wins on every database.
"""

from __future__ import annotations

import hmac
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sfn_provider._compat import TaskInstanceRow, TriggerEvent, TriggerRow, VariableRow, create_session
from sfn_provider.callbacks.api_messages import ApiError
from sfn_provider.callbacks.authorization import DagPermission
from sfn_provider.callbacks.task_tokens import TaskInstanceKey, TokenClaim
from sfn_provider.callbacks.wait_records import (
    MIN_DEFERRAL_SECONDS,
    VARIABLE_PREFIX,
    ActivityTask,
    WaitRecord,
    activity_key_prefix,
    variable_key,
)
from sfn_provider.callbacks.worker_requests import WorkerAnswer

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

log = logging.getLogger(__name__)

_MAX_UPDATE_TRIES: Final = 5
"""How often a record is read again that another answer, or a heartbeat, has changed in between."""

_MAX_CANDIDATES: Final = 50
"""Waits of an activity that one GetActivityTask reads, at most."""

_MAX_RUNS_IN_QUERY: Final = 200
"""DAG runs that one query asks for: databases bound the parameters of a statement."""

_ENDED_STATES: Final = frozenset({"success", "failed", "skipped", "upstream_failed", "removed"})


@dataclass(frozen=True, slots=True)
class _Row:
    """The row of a record: its key, its stored text (which may be encrypted) and the record."""

    key: str
    text: str
    wait: WaitRecord


def store_answer(claim: TokenClaim, answer: WorkerAnswer, now: float, is_permitted: DagPermission) -> None:
    """Write an answer into the record of its wait, and resume the task.

    Args:
        claim: of the task token.
        answer: the answer.
        now: the time, seconds since the epoch.
        is_permitted: tells which DAGs the request may answer.

    Raises:
        ApiError: ``TaskTimedOut``: the wait is over, or was answered before; ``TaskDoesNotExist``: its DAG run is gone;
            ``InvalidToken``; ``AccessDeniedException``.
    """
    for _ in range(_MAX_UPDATE_TRIES):
        with create_session() as session:
            row = _find_row(session, variable_key(claim.id))
            if row is None or not hmac.compare_digest(row.wait.waiter.digest, claim.digest):
                raise _timed_out()
            if not is_permitted(row.wait.waiter.dag_id):
                raise ApiError("AccessDeniedException", "Not authorized to answer this task", 403)
            rejection = _rejection(session, row, now)
            stored = rejection is None and _replace(session, row, row.key, row.wait.with_answer(answer, now))
        if rejection is not None or stored:
            break
    else:
        raise ApiError("ServiceUnavailableException", "Too many answers at once", 503)
    # The answer is committed before the task's state is read: a task that defers meanwhile finds it when it does. A
    # repeated answer wakes the task as well: the first one may have been cut short here.
    if row.wait.answer is not None or (stored and answer.action != "SendTaskHeartbeat"):
        _wake(row.wait.waiter, now)
    if rejection is not None:
        raise rejection


def claim_activity_task(activity_arn: str, now: float, is_permitted: DagPermission) -> ActivityTask | None:
    """Claim the task that has waited longest for a worker of an activity; no other worker gets it.

    Args:
        activity_arn: the activity.
        now: the time, seconds since the epoch.
        is_permitted: tells which DAGs the request may answer.
    """
    with create_session() as session:
        for row in _unclaimed_rows(session, activity_key_prefix(activity_arn)):
            if row.wait.work is None or not is_permitted(row.wait.waiter.dag_id):
                continue
            if _rejection(session, row, now, claimed=False) is not None:
                _delete_row(session, row)
            elif _replace(session, row, variable_key(row.wait.id), row.wait.with_worker(now)):
                return row.wait.work
    return None


def list_waits(now: float, dag_id: str | None = None, run_id: str | None = None) -> list[WaitRecord]:
    """Return the waits for answers to task tokens, the oldest first; without those of activities.

    Left out are those whose task has ended, or is gone with its run: their records stay until somebody answers.

    Args:
        now: the time, seconds since the epoch: waits that are over by then are left out.
        dag_id: the DAG that they are of; None for all.
        run_id: its run that they are of; None for all.
    """
    with create_session() as session:
        query = session.query(VariableRow).filter(VariableRow.key.startswith(VARIABLE_PREFIX, autoescape=True))
        if dag_id is not None:
            # Values are encrypted, descriptions are not: see `sfn_provider.callbacks.wait_records.describe`.
            query = query.filter(VariableRow.description.startswith(f"{dag_id}, ", autoescape=True))
        waits = [row.wait for found in query.order_by(VariableRow.id) if (row := _row(found)) is not None]
        waits = [
            wait
            for wait in waits
            if dag_id in (None, wait.waiter.dag_id)
            and run_id in (None, wait.waiter.run_id)
            and wait.work is None
            and wait.answer is None
            and now <= wait.deadline
        ]
        unfinished = _unfinished_tasks(session, {(wait.waiter.dag_id, wait.waiter.run_id) for wait in waits})
    return [wait for wait in waits if wait.waiter in unfinished]


def _unfinished_tasks(session: Session, runs: Iterable[tuple[str, str]]) -> set[TaskInstanceKey]:
    """Return the task instances of some DAG runs that have not ended."""
    row = TaskInstanceRow
    columns: Any = (row.dag_id, row.run_id, row.task_id, row.map_index)
    ordered = sorted(runs)
    found: set[TaskInstanceKey] = set()
    for start in range(0, len(ordered), _MAX_RUNS_IN_QUERY):
        part = ordered[start : start + _MAX_RUNS_IN_QUERY]
        query = session.query(*columns).filter(
            TaskInstanceRow.dag_id.in_({dag_id for dag_id, _ in part}),
            TaskInstanceRow.run_id.in_({run_id for _, run_id in part}),
            TaskInstanceRow.state.is_(None) | TaskInstanceRow.state.not_in(_ENDED_STATES),
        )
        found |= {TaskInstanceKey(*key) for key in query}
    return found


def _find_row(session: Session, key: str) -> _Row | None:
    found = session.query(VariableRow).filter(VariableRow.key == key).one_or_none()
    return _row(found) if found is not None else None


def _row(found: Any) -> _Row | None:
    """Return the row of a record; None for a Variable that cannot be decrypted, or that somebody else has written."""
    text = found.get_val()
    if text is None:
        return None
    try:
        return _Row(found.key, found._val, WaitRecord.from_text(text))
    except (ValueError, TypeError, KeyError):
        log.warning("The Variable %r is no record of a wait: nobody can answer it", found.key)
        return None


def _unclaimed_rows(session: Session, prefix: str) -> list[_Row]:
    query = session.query(VariableRow).filter(VariableRow.key.startswith(prefix, autoescape=True))
    rows = query.order_by(VariableRow.id).limit(_MAX_CANDIDATES).all()
    return [row for found in rows if (row := _row(found)) is not None]


def _replace(session: Session, row: _Row, key: str, wait: WaitRecord) -> bool:
    """Change a record; False where another process has changed it first."""
    table = VariableRow.__table__
    row_values: Any = VariableRow(key=key, val=wait.to_text())  # type: ignore[no-untyped-call]
    result: Any = session.execute(
        table.update()
        .where(table.c.key == row.key, table.c.val == row.text)
        .values(key=key, val=row_values._val, is_encrypted=row_values.is_encrypted)
    )
    return bool(result.rowcount)


def _delete_row(session: Session, row: _Row) -> None:
    table = VariableRow.__table__
    session.execute(table.delete().where(table.c.key == row.key))


def _timed_out() -> ApiError:
    return ApiError("TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'")


def _rejection(session: Session, row: _Row, now: float, *, claimed: bool = True) -> ApiError | None:
    """Why a wait accepts no answer, if it does not. A record that no task will read again is deleted."""
    wait = row.wait
    if wait.answer is not None or now > (wait.deadline if claimed else wait.expires):
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


def _is_awaited(session: Session, task: Any, wait_id: str) -> bool:
    """Does a deferred task wait for this token? One that was cleared and has deferred again waits for another one."""
    if task.state != "deferred" or task.trigger_id is None:
        return True
    trigger = session.query(TriggerRow).filter(TriggerRow.id == task.trigger_id).one_or_none()
    return trigger is None or wait_id in str(trigger.kwargs)


def _wake(waiter: TaskInstanceKey, now: float) -> None:
    """End a task instance's deferral if it has lasted long enough; before that, its trigger reads the record."""
    with create_session() as session:
        task = _task_instance(session, waiter)
        if task is None or task.state != "deferred" or task.trigger_id is None:
            return
        trigger = session.query(TriggerRow).filter(TriggerRow.id == task.trigger_id).one_or_none()
        if trigger is not None and now - trigger.created_date.timestamp() >= MIN_DEFERRAL_SECONDS:
            event = TriggerEvent({"status": "look"})  # type: ignore[no-untyped-call]
            TriggerRow.submit_event(task.trigger_id, event, session=session)
