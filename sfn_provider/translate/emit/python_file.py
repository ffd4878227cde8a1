"""Emits a plan as the Python text of a DAG file."""

from __future__ import annotations

from datetime import datetime

from sfn_provider.translate.emit import literals
from sfn_provider.translate.emit.literals import INDENT, WIDTH
from sfn_provider.translate.plan.granularity import TasksName
from sfn_provider.translate.plan.layout import Edges, LayoutNode, lay_out, walk
from sfn_provider.translate.plan.model import GROUPS, DagPlan
from sfn_provider.translate.plan.schedule import Schedule

START = "datetime(2025, 1, 1, tzinfo=UTC)"
"""A fixed start_date, so that the same input makes the same file; without catchup it only has to be in the past."""

TIMETABLE = "airflow.timetables.trigger.CronTriggerTimetable"
"""The timetable of a cron text with a time zone, a start or an end; every version of Airflow has it there."""


_FLOW = (
    "A task chooses the one that comes next by its name; the others are skipped. Where the names and the edges "
    "disagree, Airflow refuses the file and shows why."
)
_GRANULARITIES: dict[TasksName, str] = {
    "state": f"Each task is one state. {_FLOW}",
    "segment": f"Each task is one state, or several that follow one another. {_FLOW}",
    "machine": "One task runs all states, and is deferred where they wait.",
}


def emit(plan: DagPlan) -> str:
    """Return the text of a DAG file, formatted as ruff and black would."""
    layout = lay_out(plan)
    return f'"""{doc_md(plan)}"""\n\n{_imports(plan, layout)}\n{_dag_block(plan, layout)}'


def doc_md(plan: DagPlan) -> str:
    """Return the documentation of a DAG: the docstring of the file, and ``doc_md`` in Airflow."""
    summary = literals.prose(plan.description or "") or f"The state machine {plan.dag_id}."
    origin = f" of {literals.prose(plan.origin)}" if plan.origin else ""
    explanation = (
        f"An Airflow DAG that does what the AWS Step Functions state machine{origin} does. "
        f"{_GRANULARITIES[plan.granularity.tasks]} "
        "Trigger it with the execution's input as the run's configuration."
    )
    lines = [*literals.wrap(summary, WIDTH - 4), "", *literals.wrap(explanation, WIDTH)]
    return (" " if summary.startswith('"') else "") + "\n".join(lines) + "\n"


def date_names(plan: DagPlan) -> list[str]:
    """Return the names that the arguments of the DAG need from ``datetime``."""
    uses_timedelta = plan.timeout is not None or bool(plan.schedule and plan.schedule.interval)
    return ["UTC", "datetime", *(["timedelta"] if uses_timedelta else [])]


def _imports(plan: DagPlan, layout: LayoutNode) -> str:
    dates = date_names(plan)
    by_module: dict[str, set[str]] = {}
    for item in walk(layout):
        module, _, name = item.task.operator.rpartition(".") if item.task else (GROUPS, "", str(item.group))
        by_module.setdefault(module, set()).add(name)
    imports = [import_statement(module, sorted(found)) for module, found in sorted(by_module.items())]
    # Ruff and isort may take this package for first party or third party: `split` is right for both.
    module, _, name = TIMETABLE.rpartition(".")
    timetable = f"from {module} import {name}\n" if plan.schedule and plan.schedule.has_timetable else ""
    head = f"from datetime import {', '.join(dates)}\n\nfrom airflow import DAG\n{timetable}\n# isort: split\n"
    return head + "".join(imports)


def import_statement(module: str, found: list[str], width: int = WIDTH) -> str:
    """Return the line, or lines, that import names from a module."""
    flat = f"from {module} import {', '.join(found)}\n"
    if len(flat) <= width + 1:
        return flat
    return f"from {module} import (\n" + "".join(f"{INDENT}{name},\n" for name in found) + ")\n"


def _dag_block(plan: DagPlan, layout: LayoutNode) -> str:
    """Return the DAG with its content. If that is one group, both are in one ``with``, as linters require."""
    if len(layout.children) > 1 or layout.children[0].group is None:
        return f"with {_dag(plan, '')}:\n{_body(layout, INDENT)}"
    group = layout.children[0]
    head = f"{_comment(group, '')}with (\n{INDENT}{_dag(plan, INDENT)},\n{_group_head(group, INDENT)},\n):\n"
    return head + _body(group, INDENT)


def _dag(plan: DagPlan, indent: str) -> str:
    return literals.call("DAG", dag_arguments(plan, indent), indent)


def dag_arguments(plan: DagPlan, indent: str, width: int = literals.WIDTH) -> dict[str, str]:
    """Return the text of the arguments of the DAG by name.

    Args:
        plan: the plan.
        indent: blanks at the start of the line of the call.
        width: columns of a line.
    """
    arguments = {"dag_id": literals.string(plan.dag_id)}
    if plan.description:
        arguments["description"] = literals.argument("description", literals.Wrapped(plan.description), indent, width)
    arguments["doc_md"] = "__doc__"
    arguments["schedule"] = _schedule(plan, indent + INDENT)
    arguments |= _dates(plan)
    arguments["catchup"] = "False"
    if plan.timeout is not None:
        arguments["dagrun_timeout"] = f"timedelta(seconds={plan.timeout})"
    if plan.params:
        arguments["params"] = literals.argument("params", dict(plan.params), indent)
    arguments["tags"] = '["step-functions"]'
    return arguments


def _schedule(plan: DagPlan, indent: str) -> str:
    if plan.schedule is None:
        return "None"
    if plan.schedule.has_timetable:
        return _timetable(plan.schedule, indent)
    if plan.schedule.cron is not None:
        return literals.string(plan.schedule.cron)
    unit, value = plan.schedule.interval or ("days", 1)
    return f"timedelta({unit}={value})"


def _timetable(schedule: Schedule, indent: str) -> str:
    name = TIMETABLE.rpartition(".")[2]
    cron, zone = literals.string(str(schedule.cron)), literals.string(schedule.period.timezone or "UTC")
    flat = f"{name}({cron}, timezone={zone})"
    if literals.columns(f"{indent}schedule={flat},") <= WIDTH:
        return flat
    return f"{name}(\n{indent}{INDENT}{cron},\n{indent}{INDENT}timezone={zone},\n{indent})"


def _dates(plan: DagPlan) -> dict[str, str]:
    """Return start_date, and end_date where the schedule has an end."""
    start, end = (plan.schedule.period.start, plan.schedule.period.end) if plan.schedule else (None, None)
    dates = {"start_date": _datetime(start) if start else START}
    return dates | ({"end_date": _datetime(end)} if end else {})


def _datetime(time: datetime) -> str:
    """Return the text of a time in UTC."""
    parts = [time.year, time.month, time.day, time.hour, time.minute, time.second]
    while len(parts) > 3 and not parts[-1]:
        parts.pop()
    return f"datetime({', '.join(map(str, parts))}, tzinfo=UTC)"


def _body(group: LayoutNode, indent: str) -> str:
    """Return the content of the DAG or of a task group with the edges."""
    blocks = [_comment(item, indent) + _item(item, indent) for item in group.children]
    edges = "".join(_edges(edges, indent) for edges in group.edges)
    return "\n".join([*blocks, edges] if edges else blocks)


def _edges(edges: Edges, indent: str) -> str:
    rights = [right.variable for right in edges.rights]
    if edges.last is None:
        return literals.edge(edges.left.variable, rights, indent)
    middle = rights[0] if len(rights) == 1 else f"[{', '.join(rights)}]"
    line = f"{indent}{edges.left.variable} >> {middle} >> {edges.last.variable}"
    if len(line) <= WIDTH:
        return f"{line}\n"
    ends = [literals.edge(right, [edges.last.variable], indent) for right in rights]
    return "".join([literals.edge(edges.left.variable, rights, indent), *ends])


def _comment(item: LayoutNode, indent: str) -> str:
    lines = literals.wrap(literals.prose(item.comment or ""), WIDTH - len(indent) - 2)
    return "".join(f"{indent}# {line}\n" for line in lines)


def _item(item: LayoutNode, indent: str) -> str:
    if item.task is None:
        return _group(item, indent)
    arguments = {name: literals.argument(name, value, indent) for name, value in item.arguments().items()}
    operator = item.task.operator.rpartition(".")[2]
    return f"{indent}{item.variable} = {literals.call(operator, arguments, indent)}\n"


def _group(item: LayoutNode, indent: str) -> str:
    head = _group_head(item, indent)
    return f"{indent}with {head.removeprefix(indent)}:\n{_body(item, indent + INDENT)}"


def _group_head(item: LayoutNode, indent: str) -> str:
    """Return a group's call with its variable, on one line if it fits after ``with``."""
    arguments = {name: literals.argument(name, value, indent) for name, value in item.group_arguments().items()}
    if item.items is not None:
        arguments["items"] = item.items.variable
    flat = ", ".join(f"{name}={text}" for name, text in arguments.items())
    line = f"{indent}{item.group}({flat}) as {item.variable}"
    if literals.columns(f"with {line}:") <= WIDTH:
        return line
    return f"{indent}{literals.call(str(item.group), arguments, indent)} as {item.variable}"
