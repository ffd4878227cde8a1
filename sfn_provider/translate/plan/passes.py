"""What happens to a plan before it is written: functions from plan to plan, in order.

The states of a branch, or of what a Map runs for each item, are planned as a machine of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sfn_provider.asl.model import Branch, Map, Parallel, StateMachine
from sfn_provider.translate.exact.state_tasks import as_written, plan_states
from sfn_provider.translate.exact.task_groups import becomes_task_group, distributed_group, map_group, parallel_group
from sfn_provider.translate.plan.graph import flow_order, loops
from sfn_provider.translate.plan.model import OPERATORS, BranchPlan, DagPlan, Node, TaskPlan

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


def open_groups(plan: DagPlan, machine: StateMachine) -> DagPlan:
    """Make a task group of each Parallel and Map, so that each state inside is a task."""
    return replace(plan, tasks=tuple(_opened(node, plan, machine) for node in plan.tasks))


def _opened(node: Node, plan: DagPlan, machine: StateMachine) -> Node:
    state = machine.states[node.states[0]]
    if not isinstance(node, TaskPlan) or not becomes_task_group(node, state):
        return node
    if isinstance(state, Parallel):
        branches = enumerate(state.branches, start=1)
        return parallel_group(node, [_inside(branch, f"branch {n}", PASSES, plan, machine) for n, branch in branches])
    if isinstance(state, Map) and state.distributed:
        return distributed_group(node)
    if isinstance(state, Map):
        # Airflow cannot map within what is mapped: there, a Parallel or Map stays one task.
        passes = tuple(change for change in PASSES if change is not open_groups)
        return map_group(node, state, _inside(state.body, "item", passes, plan, machine))
    raise TypeError(f"a {type(state).__name__} has no branches")


def _inside(branch: Branch, title: str, passes: tuple[Pass, ...], plan: DagPlan, machine: StateMachine) -> BranchPlan:
    inner = StateMachine.model_construct(
        start_at=branch.start_at,
        states=branch.states,
        query_language=branch.query_language or machine.query_language,
    )
    planned = DagPlan(dag_id=plan.dag_id, start_at=inner.start_at, tasks=plan_states(inner))
    for change in passes:
        planned = change(planned, inner)
    return BranchPlan(planned.start_at, planned.tasks, title)


def order_by_flow(plan: DagPlan, machine: StateMachine) -> DagPlan:
    """Order the tasks as the flow reads."""
    home = {name: task.states[0] for task in plan.tasks for name in task.states}
    tasks = {task.states[0]: task for task in plan.tasks}
    edges = {key: tuple(dict.fromkeys(home[target] for target in task.targets)) for key, task in tasks.items()}
    order = flow_order(home[plan.start_at], edges)
    return replace(plan, tasks=tuple(tasks[key] for key in order))


PASSES: tuple[Pass, ...] = (collapse_loops, open_groups, order_by_flow)
