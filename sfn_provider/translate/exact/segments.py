"""Finds segments: runs of states that one task holds without losing what Airflow gives.

A segment is entered at its first state alone. A state belongs to the segment of the states before it where these are
all in one segment, so that a Choice and all that its ways have in common are inside. It begins a new one where it
waits, starts a job, hands out a task token or fans out: such a state has a task from its beginning, which shows how
long it takes, and is what a user clears. Loops and task groups are no part of a segment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sfn_provider.asl.model import Map, Parallel, State, Task, Wait
from sfn_provider.asl.resources import parse_resource
from sfn_provider.translate.exact.task_groups import becomes_task_group
from sfn_provider.translate.plan.graph import flow_order
from sfn_provider.translate.plan.model import OPERATORS, DagPlan, TaskPlan

SEGMENT = f"{OPERATORS}.SegmentOperator"
"""The operator of a task that runs several states without being a loop."""

_MAX_TITLE = 200
"""Upper limit of characters of the names of states in a title; Airflow's column has 2,000."""


def begins_segment(state: State) -> bool:
    """Whether a state begins a new segment: it waits, starts a job, hands out a task token, or fans out."""
    if isinstance(state, Task):
        resource = parse_resource(state.resource)
        return resource.kind == "activity" or resource.pattern != "request_response"
    return isinstance(state, Wait | Parallel | Map)


def stands_alone(task: TaskPlan) -> bool:
    """Whether a task is no part of a segment: a loop, or a Parallel or Map that becomes a task group."""
    return len(task.states) > 1 or becomes_task_group(task.models[0])


def merge_segments(plan: DagPlan) -> DagPlan:
    """Merge the tasks of each segment into one."""
    tasks = [task for task in plan.tasks if isinstance(task, TaskPlan)]
    segments = find_segments(plan.start_at, tasks)
    return replace(plan, tasks=tuple(_merged(segment) for segment in segments))


def merge_machine(plan: DagPlan) -> DagPlan:
    """Merge all tasks of a machine, or of a Map's body, into one that begins at its first state."""
    tasks = [task for task in plan.tasks if isinstance(task, TaskPlan)]
    return replace(plan, tasks=(_merged(sorted(tasks, key=lambda task: task.states[0] != plan.start_at)),))


def find_segments(start_at: str, tasks: Sequence[TaskPlan]) -> list[list[TaskPlan]]:
    """Find the segments of a scope.

    Args:
        start_at: name of the first state.
        tasks: a task for each state and each loop, without cycles.

    Returns:
        The tasks of each segment in topological order.
    """
    home = {name: task.states[0] for task in tasks for name in task.states}
    by_key = {task.states[0]: task for task in tasks}
    edges = {key: tuple(dict.fromkeys(home[name] for name in task.targets)) for key, task in by_key.items()}
    before = _predecessors(edges)
    found: list[list[TaskPlan]] = []
    segment_of: dict[str, int] = {}
    for key in flow_order(home[start_at], edges):
        task = by_key[key]
        near = {segment_of[other] for other in before[key] if other in segment_of}
        number = near.pop() if len(near) == 1 else len(found)
        if number == len(found) or not _continues(found[number], task):
            number = len(found)
            found.append([])
        found[number].append(task)
        segment_of[key] = number
    return found


def _predecessors(edges: dict[str, tuple[str, ...]]) -> dict[str, list[str]]:
    before: dict[str, list[str]] = {key: [] for key in edges}
    for key, targets in edges.items():
        for target in targets:
            before[target].append(key)
    return before


def _continues(segment: list[TaskPlan], task: TaskPlan) -> bool:
    return not (stands_alone(segment[0]) or stands_alone(task) or begins_segment(task.models[0]))


def _merged(tasks: Sequence[TaskPlan]) -> TaskPlan:
    """Return the task that runs the states of others; the only one as it is."""
    if len(tasks) == 1:
        return tasks[0]
    names = tuple(name for task in tasks for name in task.states)
    targets = dict.fromkeys(target for task in tasks for target in task.targets if target not in names)
    return TaskPlan(
        states=names,
        operator=SEGMENT,
        arguments={},
        targets=tuple(targets),
        title=_title(names),
        named_after=names[0],
        models=tuple(model for task in tasks for model in task.models),
    )


def _title(names: Sequence[str]) -> str:
    """Return the display name of a segment: its states, as many as there is room for."""
    count, room = 0, _MAX_TITLE
    while count < len(names) and (room := room - len(names[count]) - 2) >= 0:
        count += 1
    shown = ", ".join(names[: max(count, 1)])
    rest = len(names) - max(count, 1)
    return f"{shown} and {rest} more" if rest else shown
