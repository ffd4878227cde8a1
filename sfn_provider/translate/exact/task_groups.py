"""Plans the task groups of Parallel and Map states, and the fields that each operator takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sfn_provider.asl.model import Map, Parallel, State
from sfn_provider.translate.exact.state_tasks import NO_ARGUMENTS
from sfn_provider.translate.plan.model import DISTRIBUTED, GROUPS, BranchPlan, GroupPlan, TaskPlan

_INPUT = ("query_language", "input_path", "parameters", "arguments", "items_path", "items", "item_selector")
_OUTPUT = (
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
_GROUP = ("branches", "item_processor", "iterator", "max_concurrency")
"""Fields that the groups and the tasks in them stand for."""

_CHILDREN_INPUT = (
    *_INPUT,
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
MAP_ITEMS = f"{GROUPS}.MapItemsOperator"
"""The operator of a task that runs a batch of the items of an inline Map."""

FIELDS: dict[str, tuple[str, ...]] = {
    "ParallelStartOperator": _INPUT,
    "ParallelJoinOperator": _OUTPUT,
    "MapStartOperator": _INPUT,
    "MapBatchStartOperator": (*_INPUT, "max_concurrency"),
    "MapItemsOperator": ("query_language", "item_processor", "iterator"),
    "MapJoinOperator": _OUTPUT,
    "DistributedMapStartOperator": _CHILDREN_INPUT,
    "ChildExecutionsOperator": ("query_language", "item_processor", "iterator"),
    "DistributedMapJoinOperator": (*_OUTPUT, "result_writer"),
}
"""The fields of the state that the operators in task groups take as arguments."""


def becomes_task_group(state: State) -> bool:
    """Whether a task group can do what a state does.

    Not with Retry: that restarts all branches, and Airflow runs a task once. Not an inline Map of one item at a time,
    nor with a limit from the data: Airflow limits the running instances of a task, not of a group, and only by a number
    in the file.
    """
    fields = state.model_fields_set - NO_ARGUMENTS
    if isinstance(state, Map) and state.distributed:
        return "retry" not in fields
    if not fields <= {*_INPUT, *_OUTPUT, *_GROUP}:
        return False
    if isinstance(state, Map):
        limit = state.max_concurrency
        return limit is None or (isinstance(limit, int) and limit != 1)
    return isinstance(state, Parallel)


def parallel_group(task: TaskPlan, branches: Sequence[BranchPlan]) -> GroupPlan:
    """Plan the task group of a Parallel from its task and its branches."""
    return GroupPlan(
        states=task.states,
        start=_part(task, "ParallelStartOperator", {"branches": [branch.start_at for branch in branches]}),
        branches=tuple(branches),
        join=_part(task, "ParallelJoinOperator"),
    )


def map_group(task: TaskPlan, state: Map, body: BranchPlan) -> GroupPlan:
    """Plan the task group of an inline Map from its task and its item processor."""
    limit = state.max_concurrency if isinstance(state.max_concurrency, int) else None
    return GroupPlan(
        states=task.states,
        start=_part(task, "MapStartOperator"),
        branches=(body,),
        join=_part(task, "MapJoinOperator"),
        mapped=True,
        max_concurrency=limit or None,
    )


def batch_group(task: TaskPlan, state: Map, size: int) -> GroupPlan:
    """Plan the task group of an inline Map whose items run in batches.

    Args:
        task: the Map's task.
        state: the Map.
        size: how many items one task runs.
    """
    limit = state.max_concurrency if isinstance(state.max_concurrency, int) else 0
    return GroupPlan(
        states=task.states,
        start=_part(task, "MapBatchStartOperator", {"batch_size": size}),
        branches=(),
        join=_part(task, "MapJoinOperator"),
        mapped=True,
        children=_part(task, "MapItemsOperator"),
        max_concurrency=_batches_at_once(limit, size) if limit else None,
        inner_ids=("batch", "items"),
    )


def _batches_at_once(limit: int, size: int) -> int:
    """Return how many batches of as many items may run at once: they share the limit, and use as much of it as can be.

    Args:
        limit: MaxConcurrency.
        size: how many items a batch has.
    """
    choices = (max(1, limit // size), -(-limit // size))
    return max(choices, key=lambda number: number * min(size, limit // number))


def distributed_group(task: TaskPlan) -> GroupPlan:
    """Plan the task group of a distributed Map from its task."""
    operators = ("DistributedMapStartOperator", "ChildExecutionsOperator", "DistributedMapJoinOperator")
    start, children, join = (_part(task, operator, module=DISTRIBUTED) for operator in operators)
    return GroupPlan(task.states, start, (), join, mapped=True, children=children)


def _part(task: TaskPlan, operator: str, arguments: dict[str, Any] | None = None, module: str = GROUPS) -> TaskPlan:
    return replace(task, operator=f"{module}.{operator}", arguments=arguments or {})
