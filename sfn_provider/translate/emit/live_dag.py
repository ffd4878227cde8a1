"""Makes an Airflow DAG at parse time, of a plan or of the text of a native file.

Airflow is imported when a DAG is made.
"""

from __future__ import annotations

import ast
import linecache
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import TYPE_CHECKING, Any

from sfn_provider.translate.emit.python_file import TIMETABLE, doc_md
from sfn_provider.translate.plan.layout import LayoutNode, lay_out
from sfn_provider.translate.plan.model import GROUPS, DagPlan

if TYPE_CHECKING:
    from sfn_provider._compat import DAG

START = datetime(2025, 1, 1, tzinfo=UTC)
"""The start_date of emitted files."""


def live_dag(plan: DagPlan, **dag_arguments: Any) -> DAG:
    """Make the DAG of a plan; it equals that of the file that `emit` returns.

    Args:
        plan: the plan.
        dag_arguments: arguments of Airflow's DAG that override those of the plan.
    """
    from airflow import DAG

    dag: DAG
    with DAG(**{**_dag_arguments(plan), **dag_arguments}) as dag:
        _add_nodes(lay_out(plan), {})
    return dag


def live_native_dag(source: str, file_name: str, **dag_arguments: Any) -> DAG:
    """Make the DAG of a native file's text.

    Args:
        source: the text.
        file_name: names the text in tracebacks.
        dag_arguments: arguments of Airflow's DAG that override those in the text.
    """
    made: list[DAG] = []

    def make_dag(**arguments: Any) -> DAG:
        from airflow import DAG

        made.append(DAG(**{**arguments, **dag_arguments}))
        return made[-1]

    linecache.cache[file_name] = (len(source), None, source.splitlines(keepends=True), file_name)
    tree = _NamedDags().visit(ast.parse(source, file_name))
    exec(compile(tree, file_name, "exec"), {"__name__": "native_dag", _MAKE_DAG: make_dag})
    [dag] = made
    return dag


_MAKE_DAG = "__make_dag"


class _NamedDags(ast.NodeTransformer):
    """Lets the text call a function where it makes its DAG."""

    def visit_With(self, node: ast.With) -> ast.AST:
        """Change ``with DAG(...)``; the name of the method is that of the node's class."""
        for item in node.items:
            made = item.context_expr
            if isinstance(made, ast.Call) and isinstance(made.func, ast.Name) and made.func.id == "DAG":
                made.func.id = _MAKE_DAG
        return node


def _add_nodes(group: LayoutNode, nodes: dict[str, Any]) -> None:
    """Make the content of a group inside its open context, with the edges; add it to ``nodes`` by variable."""
    for item in group.children:
        if item.task is not None:
            nodes[item.variable] = _import_class(item.task.operator)(**item.arguments())
            continue
        with _import_class(f"{GROUPS}.{item.group}")(**_group_arguments(item, nodes)) as task_group:
            _add_nodes(item, nodes)
        nodes[item.variable] = task_group
    for edges in group.edges:
        rights = [nodes[right.variable] for right in edges.rights]
        nodes[edges.left.variable].set_downstream(rights)
        if edges.last is not None:
            nodes[edges.last.variable].set_upstream(rights)


def _group_arguments(item: LayoutNode, nodes: Mapping[str, Any]) -> dict[str, Any]:
    return item.group_arguments() | ({"items": nodes[item.items.variable]} if item.items is not None else {})


def _dag_arguments(plan: DagPlan) -> dict[str, Any]:
    arguments: dict[str, Any] = {
        "dag_id": plan.dag_id,
        "description": plan.description or None,
        "doc_md": doc_md(plan),
        "schedule": _schedule(plan),
        "start_date": (plan.schedule and plan.schedule.period.start) or START,
        "end_date": plan.schedule and plan.schedule.period.end,
        "catchup": False,
        "dagrun_timeout": timedelta(seconds=plan.timeout) if plan.timeout is not None else None,
        "tags": ["step-functions"],
    }
    return arguments | ({"params": dict(plan.params)} if plan.params else {})


def _schedule(plan: DagPlan) -> Any:
    if plan.schedule is not None and plan.schedule.has_timetable:
        return _import_class(TIMETABLE)(plan.schedule.cron, timezone=plan.schedule.period.timezone or "UTC")
    if plan.schedule is None or plan.schedule.interval is None:
        return plan.schedule.cron if plan.schedule is not None else None
    unit, value = plan.schedule.interval
    return timedelta(**{unit: value})


def _import_class(path: str) -> Any:
    module, _, name = path.rpartition(".")
    return getattr(import_module(module), name)
