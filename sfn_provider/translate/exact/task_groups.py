"""A Parallel or Map as a task group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sfn_provider.asl.model import Map, Parallel, State
from sfn_provider.translate.plan.model import DISTRIBUTED, GROUPS, BranchPlan, GroupPlan, TaskPlan

_BEFORE = ("query_language", "input_path", "parameters", "arguments", "items_path", "items", "item_selector")
"""Arguments of the task before the branches."""

_AFTER = (
    "query_language",
    "result_selector",
    "result_path",
    "output_path",
    "assign",
    "output",
    "catch",
    "next",
    "end",
)
"""Arguments of the task after the branches."""

_INSIDE = ("branches", "item_processor", "iterator", "max_concurrency")
"""Arguments that the groups and the tasks in them stand for."""

_BEFORE_CHILDREN = (
    *_BEFORE,
    "item_reader",
    "item_batcher",
    "max_concurrency",
    "max_concurrency_path",
    "tolerated_failure_count",
    "tolerated_failure_count_path",
    "tolerated_failure_percentage",
    "tolerated_failure_percentage_path",
    "label",
)
"""Arguments of the task before the child executions of a distributed Map."""

_CHILDREN = ("query_language", "item_processor", "iterator")
"""Arguments of the task that runs them."""

_AFTER_CHILDREN = (*_AFTER, "result_writer")
"""Arguments of the task after them."""


def becomes_task_group(task: TaskPlan, state: State) -> bool:
    """Can a task group do what a state does?

    Not with Retry: it starts all branches anew, and Airflow runs a task once. Not an inline Map of one item at a time,
    nor with a limit that stands in the data: Airflow limits how many instances of a task run at once, not of a group,
    and by a number in the file.

    Args:
        task: the state as one task.
        state: the state.
    """
    if isinstance(state, Map) and state.distributed:
        return "retry" not in task.arguments
    if not set(task.arguments) <= {*_BEFORE, *_AFTER, *_INSIDE}:
        return False
    if isinstance(state, Map):
        limit = state.max_concurrency
        return limit is None or (isinstance(limit, int) and limit != 1)
    return isinstance(state, Parallel)


def parallel_group(task: TaskPlan, branches: Sequence[BranchPlan]) -> GroupPlan:
    """Make a task group of a Parallel, given as one task and as branches."""
    starts = {"branches": [branch.start_at for branch in branches]}
    return GroupPlan(
        states=task.states,
        start=_boundary(task, "ParallelStartOperator", {**_some(task, _BEFORE), **starts}),
        branches=tuple(branches),
        join=_boundary(task, "ParallelJoinOperator", _some(task, _AFTER)),
    )


def map_group(task: TaskPlan, state: Map, body: BranchPlan) -> GroupPlan:
    """Make a task group of a Map, given as one task, and what runs for each item."""
    limit = state.max_concurrency if isinstance(state.max_concurrency, int) else None
    return GroupPlan(
        states=task.states,
        start=_boundary(task, "MapStartOperator", _some(task, _BEFORE)),
        branches=(body,),
        join=_boundary(task, "MapJoinOperator", _some(task, _AFTER)),
        mapped=True,
        max_concurrency=limit or None,
    )


def distributed_group(task: TaskPlan) -> GroupPlan:
    """Make a task group of a distributed Map, given as one task."""
    start, children, join = (
        _boundary(task, operator, _some(task, names), DISTRIBUTED)
        for operator, names in (
            ("DistributedMapStartOperator", _BEFORE_CHILDREN),
            ("ChildExecutionsOperator", _CHILDREN),
            ("DistributedMapJoinOperator", _AFTER_CHILDREN),
        )
    )
    return GroupPlan(task.states, start, (), join, mapped=True, children=children)


def _boundary(task: TaskPlan, operator: str, arguments: dict[str, Any], module: str = GROUPS) -> TaskPlan:
    return replace(task, operator=f"{module}.{operator}", arguments=arguments)


def _some(task: TaskPlan, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for name, value in task.arguments.items() if name in names}
