"""What happens to a plan before it is written: functions from plan to plan, in order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sfn_provider.asl.model import StateMachine
from sfn_provider.translate.graph import flow_order, loops
from sfn_provider.translate.plan import OPERATORS, DagPlan, TaskPlan
from sfn_provider.translate.planners import as_written

Pass = Callable[[DagPlan, StateMachine], DagPlan]


def collapse_loops(plan: DagPlan, machine: StateMachine) -> DagPlan:
    """Put states that lead back to one another into one task: Airflow's graph has no way back."""
    edges = {name: task.targets for task in plan.tasks for name in task.states}
    tasks = list(plan.tasks)
    for found in loops(edges):
        # The operator of an execution's first task starts at the first of its states.
        names = tuple(sorted(found, key=lambda name: name != plan.start_at))
        place = min(number for number, task in enumerate(tasks) if set(task.states) & set(names))
        loop = _loop(names, machine, edges)
        tasks = [task for task in tasks if not set(task.states) & set(names)]
        tasks.insert(place, loop)
    return replace(plan, tasks=tuple(tasks))


def _loop(names: tuple[str, ...], machine: StateMachine, edges: dict[str, tuple[str, ...]]) -> TaskPlan:
    arguments: dict[str, Any] = {"states": {name: as_written(machine.states[name]) for name in names}}
    if machine.query_language != "JSONPath":
        arguments = {"query_language": machine.query_language, **arguments}
    leaves_to = dict.fromkeys(target for name in names for target in edges[name] if target not in names)
    return TaskPlan(
        states=names,
        operator=f"{OPERATORS}.LoopOperator",
        arguments=arguments,
        targets=tuple(leaves_to),
        comment=f"Loop of {', '.join(names)}",
        title=f"{names[0]} loop",
    )


def order_by_flow(plan: DagPlan, machine: StateMachine) -> DagPlan:
    """Order the tasks as the flow reads."""
    home = {name: task.states[0] for task in plan.tasks for name in task.states}
    tasks = {task.states[0]: task for task in plan.tasks}
    edges = {key: tuple(dict.fromkeys(home[target] for target in task.targets)) for key, task in tasks.items()}
    order = flow_order(home[plan.start_at], edges)
    return replace(plan, tasks=tuple(tasks[key] for key in order))


PASSES: tuple[Pass, ...] = (collapse_loops, order_by_flow)
