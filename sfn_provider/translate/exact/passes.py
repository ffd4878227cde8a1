"""The passes of the exact style: collapse loops, merge segments, open groups, order tasks.

The states of a branch or of an item processor are planned as a machine of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from sfn_provider.asl.model import Branch, Map, Parallel, StateMachine
from sfn_provider.translate.exact.segments import SEGMENT, merge_machine, merge_segments
from sfn_provider.translate.exact.state_tasks import dump_state, plan_states, state_arguments
from sfn_provider.translate.exact.task_groups import (
    FIELDS,
    batch_group,
    becomes_task_group,
    distributed_group,
    map_group,
    parallel_group,
)
from sfn_provider.translate.plan.granularity import TasksName
from sfn_provider.translate.plan.graph import flow_order, loops
from sfn_provider.translate.plan.model import OPERATORS, BranchPlan, DagPlan, GroupPlan, Node, TaskPlan

Pass = Callable[[DagPlan], DagPlan]

_LOOP = f"{OPERATORS}.LoopOperator"


def collapse_loops(plan: DagPlan) -> DagPlan:
    """Merge the states of each cycle into one task: Airflow's graph has no cycles."""
    edges = {name: task.targets for task in plan.tasks for name in task.states}
    tasks = list(plan.tasks)
    for cycle in loops(edges):
        # The operator of a run's first task starts at the first of its states.
        names = tuple(sorted(cycle, key=lambda name: name != plan.start_at))
        place = min(number for number, task in enumerate(tasks) if set(task.states) & set(names))
        tasks = [task for task in tasks if not set(task.states) & set(names)]
        tasks.insert(place, _loop(names, plan.machine, edges))
    return replace(plan, tasks=tuple(tasks))


def _loop(names: tuple[str, ...], machine: StateMachine, edges: dict[str, tuple[str, ...]]) -> TaskPlan:
    exits = dict.fromkeys(target for name in names for target in edges[name] if target not in names)
    return TaskPlan(
        states=names,
        operator=_LOOP,
        arguments={},
        targets=tuple(exits),
        comment=f"Loop of {', '.join(names)}",
        title=f"{names[0]} loop",
        models=tuple(machine.states[name] for name in names),
    )


def open_groups(plan: DagPlan) -> DagPlan:
    """Replace each Parallel and Map by a task group where that is possible, so that each state inside is a task."""
    return replace(plan, tasks=tuple(_open_group(node, plan) for node in plan.tasks))


def _open_group(node: Node, plan: DagPlan) -> Node:
    if not isinstance(node, TaskPlan) or len(node.states) > 1 or not becomes_task_group(node.models[0]):
        return node
    state = node.models[0]
    if isinstance(state, Parallel):
        branches = enumerate(state.branches, start=1)
        passes = PASSES[plan.granularity.tasks]
        return parallel_group(node, [_plan_branch(branch, f"branch {n}", passes, plan) for n, branch in branches])
    if isinstance(state, Map) and state.distributed:
        return distributed_group(node)
    if isinstance(state, Map) and plan.granularity.map_batch is not None:
        return batch_group(node, state, plan.granularity.map_batch)
    if isinstance(state, Map):
        return map_group(node, state, _plan_branch(state.body, "item", ITEM_PASSES[plan.granularity.tasks], plan))
    raise TypeError(f"a {type(state).__name__} has no branches")


def _plan_branch(branch: Branch, title: str, passes: tuple[Pass, ...], plan: DagPlan) -> BranchPlan:
    inner = StateMachine.model_construct(
        start_at=branch.start_at,
        states=branch.states,
        query_language=branch.query_language or plan.machine.query_language,
    )
    planned = DagPlan(dag_id=plan.dag_id, machine=inner, tasks=plan_states(inner), granularity=plan.granularity)
    for change in passes:
        planned = change(planned)
    return BranchPlan(planned.start_at, planned.tasks, title)


def add_arguments(plan: DagPlan) -> DagPlan:
    """Make the operators' arguments of all tasks in the scope from the models of their states."""
    language = plan.machine.query_language
    return replace(plan, tasks=tuple(_with_arguments(node, language) for node in plan.tasks))


def _with_arguments(node: Node, language: str) -> Node:
    if isinstance(node, GroupPlan):
        children = _task_with_arguments(node.children, language) if node.children is not None else None
        start, join = (_task_with_arguments(task, language) for task in (node.start, node.join))
        return replace(node, start=start, children=children, join=join)
    return _task_with_arguments(node, language)


def _task_with_arguments(task: TaskPlan, language: str) -> TaskPlan:
    if task.operator in (_LOOP, SEGMENT):
        states = {name: dump_state(model) for name, model in zip(task.states, task.models, strict=True)}
        return replace(
            task, arguments=({"query_language": language} if language != "JSONPath" else {}) | {"states": states}
        )
    names = FIELDS.get(task.operator.rpartition(".")[2])
    return replace(task, arguments={**state_arguments(task.models[0], language, names), **task.arguments})


def order_by_flow(plan: DagPlan) -> DagPlan:
    """Sort the tasks topologically."""
    home = {name: task.states[0] for task in plan.tasks for name in task.states}
    tasks = {task.states[0]: task for task in plan.tasks}
    edges = {key: tuple(dict.fromkeys(home[target] for target in task.targets)) for key, task in tasks.items()}
    order = flow_order(home[plan.start_at], edges)
    return replace(plan, tasks=tuple(tasks[key] for key in order))


PASSES: dict[TasksName, tuple[Pass, ...]] = {
    "state": (collapse_loops, open_groups, add_arguments, order_by_flow),
    "segment": (collapse_loops, merge_segments, open_groups, add_arguments, order_by_flow),
    "machine": (merge_machine, add_arguments),
}
"""The passes of a machine, and of the branches of a Parallel, by what one task runs."""

ITEM_PASSES: dict[TasksName, tuple[Pass, ...]] = {
    # Airflow cannot map inside a mapped group: there, a Parallel or Map stays one task.
    "state": tuple(change for change in PASSES["state"] if change is not open_groups),
    "segment": PASSES["machine"],
}
"""The passes of the body of a Map."""
