"""Writes a plan as a Python file that an Airflow engineer reads top to bottom."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

from sfn_provider.translate import literals, naming
from sfn_provider.translate.literals import INDENT, WIDTH
from sfn_provider.translate.plan import DagPlan, TaskPlan

START = "datetime(2025, 1, 1, tzinfo=UTC)"
"""A fixed start_date: with catchup off it only has to lie in the past, and the same input gives the same file."""


def emit(plan: DagPlan) -> str:
    """Write a plan as the text of a DAG file, formatted as ruff and black would."""
    ids = task_ids(plan)
    variables = naming.unique(ids, {key: naming.variable(task) for key, task in ids.items()})
    tasks = "\n".join(_task(task, ids, variables) for task in plan.tasks)
    return f"{_docstring(plan)}\n{_imports(plan)}\n{_dag(plan)}{tasks}{_edges(plan, variables)}"


def task_ids(plan: DagPlan) -> dict[str, str]:
    """The id of each task, by the first of its states."""
    keys = [task.states[0] for task in plan.tasks]
    return naming.unique(keys, {task.states[0]: naming.task_id(task.title) for task in plan.tasks})


def _docstring(plan: DagPlan) -> str:
    summary = literals.prose(plan.description or "") or f"The state machine {plan.dag_id}."
    origin = f" of {literals.prose(plan.origin)}" if plan.origin else ""
    about = (
        f"An Airflow DAG that does what the AWS Step Functions state machine{origin} does. "
        "Each task is one state. A task chooses the one that comes next; the others are skipped. "
        "Trigger it with the execution's input as the run's configuration."
    )
    lines = [*textwrap.wrap(summary, WIDTH - 4), "", *textwrap.wrap(about, WIDTH)]
    opening = '""" ' if summary.startswith('"') else '"""'
    return opening + "\n".join(lines) + '\n"""\n'


def _imports(plan: DagPlan) -> str:
    dates = ["UTC", "datetime"]
    if plan.timeout is not None or (plan.schedule and plan.schedule.interval):
        dates.append("timedelta")
    by_module: dict[str, set[str]] = {}
    for task in plan.tasks:
        module, _, name = task.operator.rpartition(".")
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


def _dag(plan: DagPlan) -> str:
    arguments = {"dag_id": literals.string(plan.dag_id)}
    if plan.description:
        arguments["description"] = literals.string(plan.description)
    arguments["schedule"] = _schedule(plan)
    arguments |= {"start_date": START, "catchup": "False"}
    if plan.timeout is not None:
        arguments["dagrun_timeout"] = f"timedelta(seconds={plan.timeout})"
    if plan.params:
        arguments["params"] = literals.argument("params", dict(plan.params), "")
    arguments["tags"] = '["step-functions"]'
    return f"with {literals.call('DAG', arguments, '')}:\n"


def _schedule(plan: DagPlan) -> str:
    if plan.schedule is None:
        return "None"
    if plan.schedule.cron is not None:
        return literals.string(plan.schedule.cron)
    unit, value = plan.schedule.interval or ("days", 1)
    return f"timedelta({unit}={value})"


def _task(task: TaskPlan, ids: Mapping[str, str], variables: Mapping[str, str]) -> str:
    key = task.states[0]
    given: dict[str, object] = {"task_id": ids[key]}
    if task.title != ids[key]:
        given["task_display_name"] = task.title
    if len(task.states) == 1 and key != ids[key]:
        given["state_name"] = key
    given |= task.arguments
    arguments = {name: literals.argument(name, value, INDENT) for name, value in given.items()}
    operator = task.operator.rpartition(".")[2]
    comment = "".join(f"{INDENT}# {line}\n" for line in _comment(task))
    return f"{comment}{INDENT}{variables[key]} = {literals.call(operator, arguments, INDENT)}\n"


def _comment(task: TaskPlan) -> list[str]:
    return textwrap.wrap(literals.prose(task.comment or ""), WIDTH - len(INDENT) - 2)


def _edges(plan: DagPlan, variables: Mapping[str, str]) -> str:
    lines = []
    for task in plan.tasks:
        targets = list(dict.fromkeys(variables[plan.task_of(name).states[0]] for name in task.targets))
        if targets:
            lines.append(literals.shift(variables[task.states[0]], targets, INDENT))
    return "\n" + "".join(lines) if lines else ""
