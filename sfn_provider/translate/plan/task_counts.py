"""Counts the tasks of a planned DAG: all, those of the longest way, and those for each item of a Map."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sfn_provider.engine.limits import CHILDREN_PER_TASK
from sfn_provider.translate.plan.model import DagPlan, GroupPlan, Node, tasks_of


@dataclass(frozen=True, slots=True)
class TaskCounts:
    """How many task instances a run has.

    Args:
        tasks: the tasks in the DAG.
        run: task instances of a run on the way with most of them, where each Map has one item.
        in_a_row: how many of these can only run one after the other.
        per_item: task instances for each further item of all Maps on that way together.
    """

    tasks: int
    run: int
    in_a_row: int
    per_item: float


_Weight = tuple[int, int, float]
"""Task instances of a run, those in a row, and those for each item."""


def count_tasks(plan: DagPlan) -> TaskCounts:
    """Count the tasks of a DAG. A loop counts as one task, which it is, and is deferred where it waits."""
    run, in_a_row, per_item = _longest_way(plan.start_at, plan.tasks)
    return TaskCounts(len(tasks_of(plan.tasks)), run, in_a_row, per_item)


def count_on_a_way(plan: DagPlan, count: Callable[[Node], int]) -> int:
    """Return the largest sum of counts on a way through a DAG.

    Args:
        plan: the plan of the DAG.
        count: counts something of a task, or of a task group.
    """
    return _longest_way(plan.start_at, plan.tasks, lambda node: (count(node), 0, 0.0))[0]


def _longest_way(start_at: str, nodes: tuple[Node, ...], weigh: Callable[[Node], _Weight] | None = None) -> _Weight:
    """Return the largest weights of the ways through a scope, whose nodes are in topological order."""
    weigh = weigh or _weight
    home = {name: node.states[0] for node in nodes for name in node.states}
    best: dict[str, _Weight] = {}
    for node in reversed(nodes):
        behind = _largest(best[home[target]] for target in node.targets)
        own = weigh(node)
        best[node.states[0]] = (own[0] + behind[0], own[1] + behind[1], own[2] + behind[2])
    return best[home[start_at]]


def _largest(weights: Iterable[_Weight]) -> _Weight:
    run, in_a_row, per_item = 0, 0, 0.0
    for weight in weights:
        run, in_a_row, per_item = max(run, weight[0]), max(in_a_row, weight[1]), max(per_item, weight[2])
    return run, in_a_row, per_item


def _weight(node: Node) -> _Weight:
    """Return the weight of a node; a task group has a task before and one behind its branches."""
    if not isinstance(node, GroupPlan):
        return 1, 1, 0.0
    if node.children is not None:
        size = node.start.arguments.get("batch_size", CHILDREN_PER_TASK)
        return 3, 3, 1 / size
    inside = [_longest_way(branch.start_at, branch.tasks) for branch in node.branches]
    run = sum(weight[0] for weight in inside)
    per_item = float(run) if node.mapped else sum(weight[2] for weight in inside)
    return 2 + run, 2 + max(weight[1] for weight in inside), per_item
