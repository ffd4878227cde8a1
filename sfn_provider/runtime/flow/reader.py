"""Reads which states the tasks of a DAG name; finds where that and the edges disagree.

Imported at every parse of a DAG file: nothing heavy at module level.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from typing import TYPE_CHECKING

from sfn_provider.runtime.flow.graph import Flow, mapped_by, state_tasks, states_behind
from sfn_provider.runtime.flow.task_problems import (
    TaskProblem,
    describe_task,
    group_arguments,
    late_arguments,
    own_fields,
    runs_region,
    suggest_name,
    task_problems,
)
from sfn_provider.runtime.flow.transitions import Transition, transitions
from sfn_provider.runtime.flow.valid_fields import is_plain_state
from sfn_provider.runtime.state_task import GroupStartTask

if TYPE_CHECKING:
    from sfn_provider._compat import DAG
    from sfn_provider.runtime.state_task import StateTask


class FlowReader:
    """Reads the flow of a DAG, without the places of its tasks.

    Args:
        dag: the DAG, with all its tasks and edges.

    Attributes:
        flow: the flow; whole where there are no problems.
        problems: what is wrong, a sentence or two each.
        unnamed_edges: the same about edges to states that no argument names.
    """

    def __init__(self, dag: DAG) -> None:
        states = state_tasks(dag)
        self.flow = Flow(dag.task_dict, states, before={task_id: [] for task_id in states})
        self.problems: list[str] = []
        self.unnamed_edges: list[str] = []
        self._read_names()
        if not self.problems:
            self._read_successors()

    def _read_names(self) -> None:
        flow = self.flow
        for task_id, task in flow.states.items():
            problems = _field_problems(task)
            for problem in problems or task_problems(task):
                self._add(task, problem.text, problem.state)
            if task.role == "join":
                self._read_name(task_id, task, task.state_name, flow.joins)
            elif task.role != "children":
                for name in task.states if runs_region(task) and not problems else (task.state_name,):
                    self._read_name(task_id, task, name, flow.homes)

    def _read_name(self, task_id: str, task: StateTask, name: str, homes: dict[str, str]) -> None:
        other = homes.setdefault(name, task_id)
        if other != task_id:
            self._add(
                task,
                f"task {other!r} runs a state {name!r}, too: names are unique in a DAG; rename one (state_name, or the "
                "task_id where it has none)",
            )

    def _read_successors(self) -> None:
        flow = self.flow
        for task_id, task in flow.states.items():
            flow.behind[task_id] = states_behind(flow.tasks, flow.states, task_id)
            if task.role == "start" and task.branches is None:
                after = self._first_tasks_of_map(task)
            else:
                after = self._named_tasks(task_id, task)
            flow.after[task_id] = after
            for target in after:
                flow.before[target].append(task_id)

    def _first_tasks_of_map(self, start: StateTask) -> list[str]:
        first = [near for near in self.flow.behind[start.task_id] if mapped_by(self.flow.states[near]) == start.task_id]
        if len(first) != 1:
            found = f"{', '.join(map(repr, sorted(first)))} follow it" if first else "none follows it"
            self._add(
                start,
                "exactly one state must be the first of each item, in a MapTaskGroup whose items are this task; "
                f"{found}. Correct the edges in the group, or move what is in the wrong group",
            )
        elif isinstance(start, GroupStartTask):
            self._check_items(start, self.flow.states[first[0]])
        self._check_edges(start, first, "the first state of its MapTaskGroup")
        return first

    def _check_items(self, start: GroupStartTask, first: StateTask) -> None:
        """Check that the items are run by the kind of task for which the start task lists them."""
        expected = start.items_strategy
        if first.strategy == expected or (expected is None and first.role != "children"):
            return
        self._add(
            start,
            f"{type(start).__name__} does not list its items for {first.task_id!r}, which is a "
            f"{type(first).__name__}: take the start operator that belongs to it, or correct the edges in the group",
        )

    def _named_tasks(self, task_id: str, task: StateTask) -> list[str]:
        """Return the tasks of the states that a task names, each once."""
        behind, homes = self.flow.behind[task_id], self.flow.homes
        named: list[str] = []
        unknown: list[tuple[str | None, Transition]] = []
        for state, found in named_states(task):
            target = homes.get(found.state) if isinstance(found.state, str) else None
            if target is None:
                unknown.append((state, found))
            elif target not in behind:
                self._add(task, self._missing_edge(task, target, state, found), state)
            elif target not in named:
                named.append(target)
            elif task.role == "start":
                self._add(task, f"{found.argument} is {found.state!r} again: each branch starts at a state of its own")
        for state, found in unknown:
            self._add(task, self._unknown_state(task, named, state, found), state)
        if not unknown and len(named) < len(behind):  # an unknown name explains the edge
            self._check_edges(task, named, "branches" if task.role == "start" else "next, choices, default or catch")
        return named

    def _missing_edge(self, task: StateTask, target: str, state: str | None, found: Transition) -> str:
        field = str(found) if state is not None else found.argument
        if found.state == task.state_name and not runs_region(task):
            return f"{field} is its own state: a cycle is one LoopOperator"
        return (
            f"{field} is {found.state!r}, but no edge leads to its task: add {task.task_id} >> {target}, or correct "
            "the name"
        )

    def _unknown_state(self, task: StateTask, named: Container[str], state: str | None, found: Transition) -> str:
        field, name = str(found) if state is not None else found.argument, found.state
        if not isinstance(name, str):
            return f"{field} names no state: give it the name of the state to go to"
        other = self.flow.tasks.get(name)
        if other is not None and name not in self.flow.states:
            return (
                f"{field} is {name!r}, but that task runs no state (it is of {type(other).__name__}): name the state "
                "behind it, and let the edges lead through it"
            )
        unnamed = sorted(self._unnamed(task, named))
        near = self.flow.states[unnamed[0]].states if len(unnamed) == 1 else self.flow.homes
        hint = suggest_name(name, near)
        if not hint and len(unnamed) == 1:
            hint = f"; did you mean {next(iter(near))!r}, to which an edge leads?"
        return f"{field} is {name!r}, but no task of the DAG runs that state{hint or ': correct the name'}"

    def _unnamed(self, task: StateTask, named: Container[str]) -> Iterator[str]:
        """Yields the tasks of states to which an edge leads from a task that does not name them."""
        for target, direct in self.flow.behind[task.task_id].items():
            if direct and target not in named and self.flow.states[target].role != "join":
                yield target

    def _check_edges(self, task: StateTask, named: Container[str], fields: str) -> None:
        for target in sorted(self._unnamed(task, named)):
            self.unnamed_edges.append(
                f"{describe_task(task)}: an edge leads to {describe_task(self.flow.states[target])}, which is not "
                f"named by {fields}: remove {task.task_id} >> {target}, or name the state"
            )

    def _add(self, task: StateTask, problem: str, state: str | None = None) -> None:
        inside = f", state {state!r}" if state is not None else ""
        self.problems.append(f"{describe_task(task)}{inside}: {problem}")


def _field_problems(task: StateTask) -> list[TaskProblem]:
    """Return what is wrong with the fields of a task's states, other than the states that they go to."""
    found = [*late_arguments(task), *group_arguments(task)]
    if found:
        return found
    if runs_region(task):
        plain = all(is_plain_state(state, task.query_language) for state in task.states.values())
    elif task.role in ("start", "join"):
        plain = is_plain_state(own_fields(task), task.query_language, whole=False)
    else:
        plain = is_plain_state(task.state_fields, task.query_language)
    if plain:
        return []
    from sfn_provider.runtime.flow.field_lint import lint_fields

    return list(lint_fields(task))


def named_states(task: StateTask) -> Iterator[tuple[str | None, Transition]]:
    """Yields the states of other tasks that a task names, each with the state of a loop or segment that names it."""
    if task.role == "start":
        for number, name in enumerate(task.branches or ()):
            yield None, Transition(f"branches[{number}]", None, name)
    elif task.role == "children":
        return
    elif runs_region(task):
        for state, fields in task.states.items():
            for found in transitions(fields):
                if not isinstance(found.state, str) or found.state not in task.states:
                    yield state, found
    else:
        for found in transitions(task.state_fields):
            yield None, found
