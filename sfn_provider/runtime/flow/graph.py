"""Defines the flow of a DAG's states: which task leads to which.

Imported at every parse of a DAG file: nothing heavy at module level.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeGuard

from sfn_provider._compat import MappedTaskGroup
from sfn_provider.runtime.state_task import GroupStartTask, StateTask

if TYPE_CHECKING:
    from sfn_provider._compat import DAG

Tasks = Mapping[str, Any]
"""The tasks of a DAG by id."""

TaskBranch = tuple[str, str] | None
"""The branch that a task is in: the ids of the start task of its Parallel or Map, and of the branch's first task. None
outside of them all."""


@dataclass(slots=True)
class Flow:
    """The tasks of a DAG that run states, and which of them leads to which. Tasks are named by their ids.

    Args:
        tasks: all tasks of the DAG.
        states: those that run states.
        homes: the task that runs a state, or that starts its Parallel or Map, by the state's name.
        joins: the join task of a Parallel or Map by the state's name.
        behind: the tasks of states behind each task: see `states_behind`.
        after: the tasks that each task may choose: that of each state it names, the first tasks of the branches behind
            a start task. Without join tasks.
        before: the tasks that may choose each task.
        places: the branch that each task is in.
    """

    tasks: Tasks
    states: dict[str, StateTask]
    homes: dict[str, str] = field(default_factory=dict)
    joins: dict[str, str] = field(default_factory=dict)
    behind: dict[str, dict[str, bool]] = field(default_factory=dict)
    after: dict[str, list[str]] = field(default_factory=dict)
    before: dict[str, list[str]] = field(default_factory=dict)
    places: dict[str, TaskBranch] = field(default_factory=dict)

    @property
    def has_other_tasks(self) -> bool:
        """True where the DAG has tasks that run no states."""
        return len(self.tasks) > len(self.states)

    def join_around(self, task_id: str) -> str | None:
        """Return the join task of the branch that a task is in; None outside of a branch."""
        place = self.places.get(task_id)
        return self.joins[self.states[place[0]].state_name] if place is not None else None

    def starts_around(self, task_id: str) -> Iterator[GroupStartTask]:
        """Yields the start tasks of the Parallels and Maps that a task is in, the innermost first."""
        place = self.places.get(task_id)
        while place is not None:
            start = self.states[place[0]]
            if not isinstance(start, GroupStartTask):
                raise TypeError(f"{start.task_id!r} has branches, but starts none")
            yield start
            place = self.places.get(start.task_id)


def states_behind(tasks: Tasks, states: Container[str], task_id: str) -> dict[str, bool]:
    """Return the tasks behind a task that run states, directly or through tasks that run none.

    Args:
        tasks: the tasks of the DAG.
        states: those that run states.
        task_id: the task; of either kind.

    Returns:
        True by the id of a task where an edge leads straight to it.
    """
    found: dict[str, bool] = {}
    waiting = []
    for near in tasks[task_id].downstream_task_ids:
        if near in states:
            found[near] = True
        else:
            waiting.append(near)
    seen: set[str] = set()
    while waiting:
        other = waiting.pop()
        if other in seen:
            continue
        seen.add(other)
        for near in tasks[other].downstream_task_ids:
            if near in states:
                found.setdefault(near, False)
            else:
                waiting.append(near)
    return found


def mapped_by(task: Any) -> str | None:
    """Return the id of the start task whose items a task is mapped over; None where it is not mapped.

    A task that is mapped over something else has an empty text.
    """
    group = task.task_group
    while group is not None:
        if isinstance(group, MappedTaskGroup):
            return getattr(group, "items_task_id", "")
        group = group.parent_group
    return None


def state_tasks(dag: DAG) -> dict[str, StateTask]:
    """Return the tasks of a DAG that run states to which tokens lead, by id."""
    return {task_id: task for task_id, task in dag.task_dict.items() if is_routed(task)}


def is_routed(task: Any) -> TypeGuard[StateTask]:
    """Return whether a task runs states, and tokens decide which."""
    return isinstance(task, StateTask) and task.routes_by_token


def rule_of(task: Any) -> str:
    """Return a task's trigger rule as text."""
    return str(getattr(task.trigger_rule, "value", task.trigger_rule))
