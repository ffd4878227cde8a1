"""Writes a plan as a Python file that an Airflow engineer reads top to bottom."""

from __future__ import annotations

import textwrap

from sfn_provider.translate.emit import literals
from sfn_provider.translate.emit.literals import INDENT, WIDTH
from sfn_provider.translate.plan.layout import Edges, LayoutNode, lay_out, walk
from sfn_provider.translate.plan.model import GROUPS, DagPlan

START = "datetime(2025, 1, 1, tzinfo=UTC)"
"""A fixed start_date: with catchup off it only has to lie in the past, and the same input gives the same file."""


def emit(plan: DagPlan) -> str:
    """Write a plan as the text of a DAG file, formatted as ruff and black would."""
    layout = lay_out(plan)
    return f"{_docstring(plan)}\n{_imports(plan, layout)}\n{_with(plan, layout)}"


def task_ids(plan: DagPlan) -> dict[str, str]:
    """The id of each task and task group, with those of the groups around, by the first of its states."""
    return {item.states[0]: item.path for item in walk(lay_out(plan)) if item.states}


def _docstring(plan: DagPlan) -> str:
    return f'"""{about(plan)}"""\n'


def about(plan: DagPlan) -> str:
    """What a DAG is and where it comes from: the file's docstring, and the DAG's documentation in Airflow."""
    summary = literals.prose(plan.description or "") or f"The state machine {plan.dag_id}."
    origin = f" of {literals.prose(plan.origin)}" if plan.origin else ""
    told = (
        f"An Airflow DAG that does what the AWS Step Functions state machine{origin} does. "
        "Each task is one state. A task chooses the one that comes next; the others are skipped. "
        "Trigger it with the execution's input as the run's configuration."
    )
    lines = [*textwrap.wrap(summary, WIDTH - 4), "", *textwrap.wrap(told, WIDTH)]
    return (" " if summary.startswith('"') else "") + "\n".join(lines) + "\n"


def _imports(plan: DagPlan, layout: LayoutNode) -> str:
    dates = ["UTC", "datetime"]
    if plan.timeout is not None or (plan.schedule and plan.schedule.interval):
        dates.append("timedelta")
    by_module: dict[str, set[str]] = {}
    for item in walk(layout):
        module, _, name = item.task.operator.rpartition(".") if item.task else (GROUPS, "", str(item.group))
        by_module.setdefault(module, set()).add(name)
    imports = [_import(module, sorted(found)) for module, found in sorted(by_module.items())]
    # To ruff and isort this package is a first party here and a third party there: `split` suits both.
    head = f"from datetime import {', '.join(dates)}\n\nfrom airflow import DAG\n\n# isort: split\n"
    return head + "".join(imports)


def _import(module: str, found: list[str]) -> str:
    flat = f"from {module} import {', '.join(found)}\n"
    if len(flat) <= WIDTH + 1:
        return flat
    return f"from {module} import (\n" + "".join(f"{INDENT}{name},\n" for name in found) + ")\n"


def _with(plan: DagPlan, layout: LayoutNode) -> str:
    """The DAG with what is in it. Where that is one group, both stand in one ``with``, as linters want it."""
    if len(layout.children) > 1 or layout.children[0].group is None:
        return f"with {_dag(plan, '')}:\n{_body(layout, INDENT)}"
    group = layout.children[0]
    head = f"{_comment(group, '')}with (\n{INDENT}{_dag(plan, INDENT)},\n{_group_head(group, INDENT)},\n):\n"
    return head + _body(group, INDENT)


def _dag(plan: DagPlan, indent: str) -> str:
    arguments = {"dag_id": literals.string(plan.dag_id)}
    if plan.description:
        arguments["description"] = literals.string(plan.description)
    arguments["doc_md"] = "__doc__"
    arguments["schedule"] = _schedule(plan)
    arguments |= {"start_date": START, "catchup": "False"}
    if plan.timeout is not None:
        arguments["dagrun_timeout"] = f"timedelta(seconds={plan.timeout})"
    if plan.params:
        arguments["params"] = literals.argument("params", dict(plan.params), indent)
    arguments["tags"] = '["step-functions"]'
    return literals.call("DAG", arguments, indent)


def _schedule(plan: DagPlan) -> str:
    if plan.schedule is None:
        return "None"
    if plan.schedule.cron is not None:
        return literals.string(plan.schedule.cron)
    unit, value = plan.schedule.interval or ("days", 1)
    return f"timedelta({unit}={value})"


def _body(group: LayoutNode, indent: str) -> str:
    """What is in the DAG or in a task group, and the edges between that."""
    blocks = [_comment(item, indent) + _item(item, indent) for item in group.children]
    edges = "".join(_edges(edges, indent) for edges in group.edges)
    return "\n".join([*blocks, edges] if edges else blocks)


def _edges(edges: Edges, indent: str) -> str:
    rights = [right.variable for right in edges.rights]
    if edges.last is None:
        return literals.shift(edges.left.variable, rights, indent)
    middle = rights[0] if len(rights) == 1 else f"[{', '.join(rights)}]"
    line = f"{indent}{edges.left.variable} >> {middle} >> {edges.last.variable}"
    if len(line) <= WIDTH:
        return f"{line}\n"
    ends = [literals.shift(right, [edges.last.variable], indent) for right in rights]
    return "".join([literals.shift(edges.left.variable, rights, indent), *ends])


def _comment(item: LayoutNode, indent: str) -> str:
    lines = textwrap.wrap(literals.prose(item.comment or ""), WIDTH - len(indent) - 2)
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
    """A group's call with its variable, on one line if it fits there beside ``with``."""
    arguments = {name: literals.argument(name, value, indent) for name, value in item.group_arguments().items()}
    if item.items is not None:
        arguments["items"] = item.items.variable
    flat = ", ".join(f"{name}={text}" for name, text in arguments.items())
    line = f"{indent}{item.group}({flat}) as {item.variable}"
    if literals.columns(f"with {line}:") <= WIDTH:
        return line
    return f"{indent}{literals.call(str(item.group), arguments, indent)} as {item.variable}"
