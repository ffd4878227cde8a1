"""Reads the branch that each task of a DAG is in, and checks its way to the join task.

Imported at every parse of a DAG file: nothing heavy at module level.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sfn_provider.runtime.flow.graph import Flow, TaskBranch, mapped_by
from sfn_provider.runtime.flow.reader import named_states
from sfn_provider.runtime.flow.task_problems import describe_task, region_kind, runs_region
from sfn_provider.runtime.flow.transitions import may_end, unreached

if TYPE_CHECKING:
    from sfn_provider.runtime.state_task import StateTask


def read_places(flow: Flow) -> str | None:
    """Set the branch of each task of a flow that has its successors.

    Returns:
        What is wrong; None where nothing is.
    """
    first = [
        task_id for task_id, before in flow.before.items() if not before and flow.states[task_id].role in _ENTERED_ROLES
    ]
    if len(first) > 1:
        names = " and ".join(describe_task(flow.states[task_id]) for task_id in first)
        return (
            f"no state leads to {names}: an execution starts at one state. Name the others in next, choices, default "
            "or catch of a state before them, with an edge; or remove them"
        )
    waiting: list[tuple[str, TaskBranch]] = [(task_id, None) for task_id in first]
    while waiting:
        task_id, place = waiting.pop()
        if task_id in flow.places:
            if flow.places[task_id] != place:
                return _crossing(flow, task_id)
            continue
        flow.places[task_id] = place
        if flow.states[task_id].role != "start":
            waiting += [(target, place) for target in flow.after[task_id]]
            continue
        join = flow.joins.get(flow.states[task_id].state_name)
        if join is None:
            return _problem(flow.states[task_id], "no join task has the same state: add it, or correct state_name")
        waiting.append((join, place))
        waiting += [(target, (task_id, target)) for target in flow.after[task_id]]
    for task_id, task in flow.states.items():
        if task_id not in flow.places:
            return _problem(task, "no start task has the same state: add it, or correct state_name")
    return None


_ENTERED_ROLES = ("state", "start")


def _crossing(flow: Flow, task_id: str) -> str:
    before = ", ".join(map(repr, sorted(flow.before[task_id])))
    return _problem(
        flow.states[task_id],
        f"the tasks that lead to it ({before}) are not in the same branch: no transition leaves or enters a branch of "
        "a Parallel or the items of a Map. Correct the name in one of them, and its edge",
    )


def place_problems(flow: Flow) -> Iterator[str]:
    """Yields what is wrong with the places of tasks, in a flow that has them."""
    for task_id, task in flow.states.items():
        if flow.joins:
            yield from _join_problems(flow, task_id, task)
        yield from _mapping_problems(flow, task_id, task)
        if runs_region(task) and len(task.states) > 1:
            yield from _region_problems(flow, task_id, task)


def _join_problems(flow: Flow, task_id: str, task: StateTask) -> Iterator[str]:
    behind, join = flow.behind[task_id], flow.join_around(task_id)
    ends = join is not None and _ends(task)
    if task.role == "children" and join is not None and task.state_name != flow.states[join].state_name:
        yield _problem(task, f"it is a part of the Map {flow.states[join].state_name!r}: correct state_name")
    if join is not None and ends and join not in behind:
        yield _problem(task, f"its branch ends with it, but no edge leads to the join task: add {task_id} >> {join}")
    # A loop that is never left is the last task of its group, from which an edge leads to the join.
    is_last = ends or (join is not None and not flow.after[task_id])
    for target, direct in sorted(behind.items()):
        if direct and flow.states[target].role == "join" and not (is_last and target == join):
            yield _problem(
                task,
                f"an edge leads to the join task {target!r}, but no branch before that ends with this task: remove "
                f"{task_id} >> {target}, or set end=True",
            )


def _ends(task: StateTask) -> bool:
    """Return True where the branch of a task may end with it."""
    if task.role == "state":
        return any(map(may_end, task.states.values()))
    return task.role == "children" or (task.role == "join" and may_end(task.state_fields))


def _mapping_problems(flow: Flow, task_id: str, task: StateTask) -> Iterator[str]:
    """Checks that a task is mapped over the items of the Map that it is in, and over nothing else."""
    start = next((start for start in flow.starts_around(task_id) if start.branches is None), None)
    if mapped_by(task) == (start.task_id if start is not None else None):
        return
    if start is None:
        yield _problem(task, "it is in a mapped task group, and would run for each item: move it out of the group")
    else:
        yield _problem(
            task,
            f"it belongs to the items of the Map {start.state_name!r}, but is not in the MapTaskGroup whose items are "
            f"{start.task_id!r}: move it there",
        )


def _region_problems(flow: Flow, task_id: str, task: StateTask) -> Iterator[str]:
    before = [flow.states[near] for near in flow.before[task_id]]
    named = {found.state for near in before for _, found in named_states(near)}
    entries, first = [name for name in task.states if name in named], next(iter(task.states))
    if not before or before[0].role == "start":
        if entries and entries != [first]:
            yield _problem(task, f"its branch starts at {entries[0]!r}: put that state first in states")
        entries = [first]
    for name in unreached(entries, task.states):
        yield _problem(
            task,
            f"no way leads to its state {name!r} from where the {region_kind(task)} is entered: correct a transition, "
            "or remove it",
        )


def _problem(task: StateTask, text: str) -> str:
    return f"{describe_task(task)}: {text}"
