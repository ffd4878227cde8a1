"""Finds the start task, the join task and the inner tasks of a Parallel or Map task group."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sfn_provider.runtime.flow.check import flow_of
from sfn_provider.runtime.flow.graph import mapped_by
from sfn_provider.runtime.state_task import GroupStartTask, StateTask

if TYPE_CHECKING:
    from sfn_provider.runtime.flow.graph import Flow


def find_start_task(task: StateTask) -> GroupStartTask:
    """Return the start task of a join task, or of a task that runs child executions; a start task itself."""
    if isinstance(task, GroupStartTask):
        return task
    flow = flow_of(task.dag)
    start = next(flow.starts_around(task.task_id)) if task.role == "children" else _start_of_join(flow, task)
    if not isinstance(start, GroupStartTask):
        raise TypeError(f"{task.task_id!r} is no part of a task group")
    return start


def _start_of_join(flow: Flow, join: StateTask) -> StateTask:
    return flow.states[flow.homes[join.state_name]]


def find_join_task(start: GroupStartTask) -> StateTask:
    """Return the join task of a start task."""
    flow = flow_of(start.dag)
    return flow.states[flow.joins[start.state_name]]


def start_tasks_around(task: StateTask) -> Iterator[GroupStartTask]:
    """Yields the start tasks of the Parallels and Maps that a task is in, the innermost first."""
    return flow_of(task.dag).starts_around(task.task_id)


def tasks_in_group(start: GroupStartTask) -> list[StateTask]:
    """Return the tasks between a start task and its join, also those of Parallels and Maps within."""
    flow = flow_of(start.dag)
    return [
        flow.states[task_id]
        for task_id in flow.places
        if any(around.task_id == start.task_id for around in flow.starts_around(task_id))
    ]


def task_ids_in_group(start: GroupStartTask) -> list[str]:
    """Return the ids of the tasks between a start task and its join."""
    return [task.task_id for task in tasks_in_group(start)]


def first_task_of_map(start: GroupStartTask) -> StateTask:
    """Return the task of a Map's mapped group that runs first for each item."""
    flow = flow_of(start.dag)
    return flow.states[flow.after[start.task_id][0]]


def other_tasks_before_join(start: GroupStartTask) -> list[str]:
    """Return the ids of the tasks without states that a join, and the tasks in its group, wait for in any state."""
    flow = flow_of(start.dag)
    if not flow.has_other_tasks:
        return []
    waiting, found = [flow.joins[start.state_name], *task_ids_in_group(start)], set[str]()
    while waiting:
        others = flow.tasks[waiting.pop()].upstream_task_ids - flow.states.keys() - found
        found |= others
        waiting += others
    return sorted(found)


def other_tasks_before_states(start: GroupStartTask, index: int) -> list[str]:
    """Return the ids of the tasks without states that lead to a state in a branch of a Parallel, or in a Map's items.

    Args:
        start: the start task.
        index: the index of the branch.
    """
    flow = flow_of(start.dag)
    if not flow.has_other_tasks:
        return []
    first = flow.homes[start.branches[index]] if start.branches is not None else first_task_of_map(start).task_id
    waiting = [task_id for task_id, place in flow.places.items() if place == (start.task_id, first)]
    found: set[str] = set()
    while waiting:
        others = flow.tasks[waiting.pop()].upstream_task_ids - flow.states.keys() - found
        found |= others
        waiting += others
    return sorted(found)


def other_tasks_of_items(start: GroupStartTask) -> list[str]:
    """Return the ids of the tasks without states that run for each item of a Map."""
    flow = flow_of(start.dag)
    others = flow.tasks.keys() - flow.states.keys()
    return sorted(task_id for task_id in others if mapped_by(flow.tasks[task_id]) == start.task_id)
