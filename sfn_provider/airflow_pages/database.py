"""Reads DAGs, runs, task instances and routing tokens from Airflow's database, for the pages."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from sfn_provider._compat import (
    DagRunRow,
    DagTagRow,
    SerializedDagRow,
    TaskInstanceRow,
    XComRow,
    create_session,
)
from sfn_provider.airflow_pages.dag_structure import DagStructure, read_dag_structure
from sfn_provider.airflow_pages.run_paths import TaskRun
from sfn_provider.runtime.routing.routing_token import ERROR_KEY, TOKEN_KEY
from sfn_provider.xcom_json import decode_xcom

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

Json = Any

TAG: Final = "step-functions"
"""The tag of translated DAGs."""

MAX_TOKENS: Final = 5_000
"""Routing tokens that are read of a run, first those of tasks that are not mapped: each may hold 256 KiB of data."""

_MAX_RUNS: Final = 25
_MAX_TASKS: Final = 100_000
_EXECUTION_KEY: Final = "execution_arn"
"""XCom key of the execution that a task has started."""


@dataclass(frozen=True)
class RunSummary:
    """A DAG run.

    Args:
        run_id: its id.
        state: its state.
        started: when it started; None where it has not.
        ended: when it ended; None where it has not.
    """

    run_id: str
    state: str
    started: datetime | None
    ended: datetime | None


@dataclass(frozen=True)
class LoadedRun:
    """A DAG run with all that its page shows.

    Args:
        summary: the run.
        dag: the DAG as it was when the run started, where Airflow keeps that; else as it is.
        tasks: its task instances.
        executions: the ARNs of the executions that its tasks have started, by task id.
        has_more: whether there are more tokens or task instances than were read.
    """

    summary: RunSummary
    dag: DagStructure
    tasks: tuple[TaskRun, ...]
    executions: Mapping[str, str]
    has_more: bool


def load_dag(dag_id: str) -> DagStructure | None:
    """Return the latest version of a DAG; None where Airflow has none."""
    with create_session() as session:
        return _structure(session, dag_id, None)


def latest_runs(dag_id: str) -> list[RunSummary]:
    """Return the latest runs of a DAG, the last one first."""
    with create_session() as session:
        query = session.query(DagRunRow).filter(DagRunRow.dag_id == dag_id)
        return [_summary(row) for row in query.order_by(DagRunRow.id.desc()).limit(_MAX_RUNS)]


def load_run(dag_id: str, run_id: str) -> LoadedRun | None:
    """Return a run of a DAG; None where Airflow has none, or nothing of the DAG."""
    with create_session() as session:
        found = session.query(DagRunRow).filter(DagRunRow.dag_id == dag_id, DagRunRow.run_id == run_id).one_or_none()
        dag = _structure(session, dag_id, getattr(found, "created_dag_version_id", None)) if found is not None else None
        if found is None or dag is None:
            return None
        tokens = _tokens(session, dag_id, run_id)
        rows = _task_rows(session, dag_id, run_id)
        tasks = tuple(
            TaskRun(task, index, state, tokens.get((task, index, _KEYS.get(state)))) for task, index, state in rows
        )
        has_more = len(tokens) >= MAX_TOKENS or len(rows) >= _MAX_TASKS
        return LoadedRun(_summary(found), dag, tasks, _executions(session, dag_id, run_id, dag), has_more)


def tagged_dags(permitted: Collection[str]) -> list[str]:
    """Return the ids of those of some DAGs that are tagged as translated."""
    with create_session() as session:
        rows = session.query(DagTagRow.dag_id).filter(DagTagRow.name == TAG).all()
    return sorted(dag_id for (dag_id,) in rows if dag_id in permitted)


_KEYS: Final[Mapping[str | None, str]] = {"success": TOKEN_KEY, "failed": ERROR_KEY}
"""The XCom that says how a task has ended, by its state: those of an earlier try do not count."""


def _structure(session: Session, dag_id: str, version_id: Any) -> DagStructure | None:
    row: Any = None
    if version_id is not None:
        row = session.query(SerializedDagRow).filter_by(dag_version_id=version_id).one_or_none()
    row = row or SerializedDagRow.get(dag_id, session=session)
    return read_dag_structure(row.data) if row is not None and row.data is not None else None


def _summary(row: Any) -> RunSummary:
    return RunSummary(row.run_id, str(getattr(row.state, "value", row.state)), row.start_date, row.end_date)


def _task_rows(session: Session, dag_id: str, run_id: str) -> list[tuple[str, int, str | None]]:
    row = TaskInstanceRow
    columns: Any = (row.task_id, row.map_index, row.state, row.next_method)
    query = session.query(*columns).filter(TaskInstanceRow.dag_id == dag_id, TaskInstanceRow.run_id == run_id)
    rows = query.order_by(TaskInstanceRow.map_index, TaskInstanceRow.task_id).limit(_MAX_TASKS)
    return [(task, index, _state(state, next_method)) for task, index, state, next_method in rows]


def _state(state: Any, next_method: str | None) -> str | None:
    """Return a task instance's state; one that waits for its worker after a deferral is still deferred."""
    name = None if state is None else str(getattr(state, "value", state))
    return "deferred" if name in ("scheduled", "queued") and next_method else name


def _tokens(session: Session, dag_id: str, run_id: str) -> dict[tuple[str, int, str | None], Mapping[str, Json]]:
    columns: Any = (XComRow.task_id, XComRow.map_index, XComRow.key, XComRow.value)
    query = session.query(*columns).filter(XComRow.dag_id == dag_id, XComRow.run_id == run_id)
    query = query.filter(XComRow.key.in_((TOKEN_KEY, ERROR_KEY)))
    found: dict[tuple[str, int, str | None], Mapping[str, Json]] = {}
    for task_id, map_index, key, value in query.order_by(XComRow.map_index, XComRow.task_id).limit(MAX_TOKENS):
        content = _read_value(value)
        token = content.get("Token") if key == ERROR_KEY and isinstance(content, dict) else content
        if isinstance(token, dict):
            found[task_id, map_index, key] = token
    return found


def _executions(session: Session, dag_id: str, run_id: str, dag: DagStructure) -> dict[str, str]:
    driving = {task.task_id for task in dag.driving}
    if not driving:
        return {}
    query = session.query(XComRow.task_id, XComRow.value)
    query = query.filter(XComRow.dag_id == dag_id, XComRow.run_id == run_id, XComRow.key == _EXECUTION_KEY)
    found = ((task_id, _read_value(value)) for task_id, value in query)
    return {task_id: arn for task_id, arn in found if task_id in driving and isinstance(arn, str)}


def _read_value(value: Any) -> Json:
    """Return the value of an XCom's column: JSON text on Airflow 2, a value or such a text on Airflow 3.

    Of what an XCom backend has put there instead it returns anything: callers check what they take.
    """
    if isinstance(value, (str, bytes)):
        with suppress(ValueError):
            value = json.loads(value)
    return decode_xcom(value)
