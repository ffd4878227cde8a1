"""Finds the start task, the join task and the inner tasks of a Parallel or Map task group."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from sfn_provider._compat import AirflowFailException
from sfn_provider.runtime.state_task import GroupStartTask, StateTask


def find_start_task(task: StateTask) -> GroupStartTask:
    """Return the start task of a join task, or of a task that runs child executions; a start task itself.

    Raises:
        AirflowFailException: where it was removed from the DAG.
    """
    if isinstance(task, GroupStartTask):
        return task
    for start in start_tasks_before(task):
        if start.state_name == task.state_name:
            return start
    raise AirflowFailException(f"{task.task_id!r} has no start task of state {task.state_name!r} before it")


def find_join_task(start: GroupStartTask) -> StateTask:
    """Return the join task of a start task.

    Raises:
        AirflowFailException: where it was removed from the DAG.
    """
    for task in _walk(start, upstream=False):
        if _is_join(task, start.state_name):
            return task
    raise AirflowFailException(f"{start.task_id!r} has no join task of state {start.state_name!r} behind it")


def start_tasks_before(task: StateTask) -> Iterator[GroupStartTask]:
    """Yields the start tasks upstream of a task, the nearest first."""
    return (start for start in _walk(task, upstream=True) if isinstance(start, GroupStartTask))


def tasks_in_group(start: GroupStartTask) -> list[StateTask]:
    """Return the tasks between a start task and its join, also those of Parallels and Maps within."""
    return list(_walk(start, upstream=False, until=start.state_name))


def task_ids_in_group(start: GroupStartTask) -> list[str]:
    """Return the ids of the tasks between a start task and its join."""
    return [task.task_id for task in tasks_in_group(start)]


def _walk(task: StateTask, *, upstream: bool, until: str | None = None) -> Iterator[StateTask]:
    """Yields the tasks before or after one, the nearest first; the walk stops at the join of the state ``until``."""
    queue = deque([task])
    seen = {task.task_id}
    while queue:
        for relative in queue.popleft().get_direct_relatives(upstream=upstream):
            if relative.task_id in seen or not isinstance(relative, StateTask) or _is_join(relative, until):
                continue
            seen.add(relative.task_id)
            queue.append(relative)
            yield relative


def _is_join(task: StateTask, state: str | None) -> bool:
    return task.role == "join" and task.state_name == state
