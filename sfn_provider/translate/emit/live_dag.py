"""Makes the live DAG of a definition: the other back end of a plan, beside `sfn_provider.translate.emit.python_file`.

Airflow is imported when a DAG is made.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sfn_provider.exceptions import InvalidDefinition, UsageError
from sfn_provider.translate.definitions import read_definition
from sfn_provider.translate.emit.python_file import about
from sfn_provider.translate.from_file import translate_definition
from sfn_provider.translate.plan.layout import LayoutNode, lay_out
from sfn_provider.translate.plan.model import GROUPS, DagPlan

if TYPE_CHECKING:
    from sfn_provider._compat import DAG

START = datetime(2025, 1, 1, tzinfo=UTC)
"""The start_date that emitted files have."""


def build_dag(
    path: str | Path,
    dag_id: str | None = None,
    schedule: str | None = None,
    substitutions: Mapping[str, str] | None = None,
    **dag_arguments: Any,
) -> DAG:
    """Make the DAG of a definition, for a DAG file that keeps the definition as its source.

    ::

        # The Airflow DAG of pipeline.asl.json.
        from sfn_provider.translate import build_dag
        dag = build_dag("pipeline.asl.json", schedule="cron(0 2 * * ? *)")

    Airflow reads a file only where the words ``dag`` and ``airflow`` stand in it: keep the comment.

    Args:
        path: ``FILE`` or ``FILE#Name``, as `sfn_provider.translate.definitions.read_definition` takes it; a relative
            path starts at the folder of the calling file.
        dag_id: the DAG's id; by default made from the machine's or the file's name.
        schedule: when it runs: EventBridge's ``cron(...)`` or ``rate(...)``, or Airflow's cron text; by default what
            the file says.
        substitutions: values for ``${Name}`` in the definition.
        dag_arguments: arguments of Airflow's DAG, such as ``default_args`` and ``tags``; they go before what the
            definition says.

    Raises:
        UsageError: where the definition cannot be read or is invalid; the message has file, line and JSON pointer.
    """
    caller = _calling_file()
    reference = str(path) if str(path).startswith("arn:") else str(caller.parent / path)
    definition = read_definition(reference, substitutions)
    try:
        plan = translate_definition(definition, dag_id=dag_id, schedule=schedule).plan
    except InvalidDefinition as error:
        raise UsageError(_told(error, definition.file)) from None
    dag = live_dag(plan, **dag_arguments)
    dag.fileloc = str(caller)
    return dag


def _calling_file() -> Path:
    """The file that calls `build_dag`."""
    frame = inspect.currentframe()
    while frame is not None and frame.f_code.co_filename == __file__:
        frame = frame.f_back
    return Path(frame.f_code.co_filename if frame is not None else "").absolute()


def _told(error: InvalidDefinition, file: str) -> str:
    lines = []
    for found in error.diagnostics:
        if found.level == "error":
            place = ":".join(str(part) for part in (file, found.line, found.column) if part is not None)
            lines.append(f"{place}: {found.code} {found.location or '/'}: {found.message}")
    return "\n".join(lines)


def live_dag(plan: DagPlan, **dag_arguments: Any) -> DAG:
    """Make the DAG of a plan: the same as the file that `emit` writes of it.

    Args:
        plan: the plan.
        dag_arguments: arguments of Airflow's DAG that go before those of the plan.
    """
    from airflow import DAG

    dag: DAG
    with DAG(**{**_dag_arguments(plan), **dag_arguments}) as dag:
        _fill(lay_out(plan), {})
    return dag


def _fill(group: LayoutNode, made: dict[str, Any]) -> None:
    """Make what is in a group, whose context is open, and its edges; keep all by their variables."""
    for item in group.children:
        if item.task is not None:
            made[item.variable] = _class(item.task.operator)(**item.arguments())
            continue
        with _class(f"{GROUPS}.{item.group}")(**_group_arguments(item, made)) as task_group:
            _fill(item, made)
        made[item.variable] = task_group
    for edges in group.edges:
        rights = [made[right.variable] for right in edges.rights]
        made[edges.left.variable].set_downstream(rights)
        if edges.last is not None:
            made[edges.last.variable].set_upstream(rights)


def _group_arguments(item: LayoutNode, made: Mapping[str, Any]) -> dict[str, Any]:
    given = dict(item.group_arguments())
    return given | ({"items": made[item.items.variable]} if item.items is not None else {})


def _dag_arguments(plan: DagPlan) -> dict[str, Any]:
    given: dict[str, Any] = {
        "dag_id": plan.dag_id,
        "description": plan.description or None,
        "doc_md": about(plan),
        "schedule": _schedule(plan),
        "start_date": START,
        "catchup": False,
        "dagrun_timeout": timedelta(seconds=plan.timeout) if plan.timeout is not None else None,
        "tags": ["step-functions"],
    }
    return given | ({"params": dict(plan.params)} if plan.params else {})


def _schedule(plan: DagPlan) -> str | timedelta | None:
    if plan.schedule is None or plan.schedule.interval is None:
        return plan.schedule.cron if plan.schedule is not None else None
    unit, value = plan.schedule.interval
    return timedelta(**{unit: value})


def _class(path: str) -> Any:
    module, _, name = path.rpartition(".")
    return getattr(import_module(module), name)
