"""Plans the tasks of a workflow that runs states by this package's operator, from a code package.

No task is skipped: one that is not chosen ends at once. So no trigger rule is needed, and none is relied upon.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from sfn_provider.translate.exact.passes import collapse_loops, order_by_flow
from sfn_provider.translate.exact.segments import merge_machine, merge_segments
from sfn_provider.translate.exact.state_tasks import dump_state, plan_states
from sfn_provider.translate.plan.granularity import TasksName
from sfn_provider.translate.plan.layout import task_ids
from sfn_provider.translate.plan.model import DagPlan, Node
from sfn_provider.translate.serverless.workflow import Block, WorkflowTask

OPERATOR: Final = "sfn_provider.operators.serverless.WorkflowStatesOperator"
"""The operator of all tasks."""

_PASSES: Final[dict[TasksName, tuple[Callable[[DagPlan], DagPlan], ...]]] = {
    "state": (collapse_loops, order_by_flow),
    "segment": (collapse_loops, merge_segments, order_by_flow),
    "machine": (merge_machine,),
}
"""The passes by what one task runs: a Parallel and a Map are one task, as there are neither groups nor mapped tasks."""


def plan_workflow(plan: DagPlan) -> DagPlan:
    """Return the plan of a DAG with the tasks that it has as a workflow.

    Args:
        plan: the plan of the DAG.
    """
    plan = replace(plan, tasks=plan_states(plan.machine))
    for change in _PASSES[plan.granularity.tasks]:
        plan = change(plan)
    return plan


def make_tasks(plan: DagPlan) -> tuple[WorkflowTask, ...]:
    """Make the tasks of a workflow.

    Args:
        plan: what `plan_workflow` has returned.
    """
    ids = task_ids(plan)
    homes = {name: ids[node.states[0]] for node in plan.tasks for name in node.states}
    before: dict[str, dict[str, None]] = {ids[node.states[0]]: {} for node in plan.tasks}
    for node in plan.tasks:
        for target in node.targets:
            before[homes[target]][ids[node.states[0]]] = None
    return tuple(_task(node, plan, ids[node.states[0]], tuple(before[ids[node.states[0]]])) for node in plan.tasks)


def _task(node: Node, plan: DagPlan, task_id: str, previous: tuple[str, ...]) -> WorkflowTask:
    states = {name: dump_state(model) for name, model in zip(node.states, node.models, strict=True)}
    arguments: dict[str, Any] = {"states": Block(write_states(states))}
    if plan.machine.query_language == "JSONata":
        arguments["query_language"] = "JSONata"
    if previous:
        arguments["previous_tasks"] = list(previous)
    if plan.timeout is not None:
        arguments["timeout_seconds"] = plan.timeout
    return WorkflowTask(task_id, OPERATOR, arguments, previous)


def write_states(states: dict[str, Any]) -> str:
    """Return states as JSON text, a line each, without what the loader of a workflow would change.

    Args:
        states: the states by name.
    """
    lines = [f"{_json(name)}: {_json(state)}" for name, state in states.items()]
    return "{\n" + ",\n".join(lines) + "\n}"


def _json(value: Any) -> str:
    # In JSON text both can only stand in a string.
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=True)
    return text.replace("$", "\\u0024").replace("\x7f", "\\u007f")
