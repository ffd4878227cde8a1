"""Finds what is wrong with one state task alone: Airflow's and late arguments, Next and End.

Imported at every parse of a DAG file: nothing heavy at module level.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from sfn_provider.runtime.flow.graph import mapped_by, rule_of
from sfn_provider.runtime.flow.transitions import end_problem, inner_problems

if TYPE_CHECKING:
    from sfn_provider.runtime.state_task import StateTask


SCOPES = ("Branches", "ItemProcessor", "Iterator")
"""The fields that hold states."""


class TaskProblem(NamedTuple):
    """What is wrong with a task.

    Args:
        text: what is wrong and what to do.
        state: the state of a loop or segment that it is about; None where that is the task's own.
    """

    text: str
    state: str | None = None


def own_fields(task: StateTask) -> dict[str, Any]:
    """Return the fields of a start or join task without the states that other tasks run."""
    return {name: value for name, value in task.state_fields.items() if name not in SCOPES}


def late_arguments(task: StateTask) -> Iterator[TaskProblem]:
    """Yields the arguments that were set as attributes of a task, where nothing reads them."""
    values = task.__dict__
    for name in (*task.fields, "next", "end", "comment"):
        if name in values and name != "branches":
            made = f"{type(task).__name__}(...)"
            yield TaskProblem(f"{name} was set after the task was made, and is not read: make it an argument of {made}")


def group_arguments(task: StateTask) -> Iterator[TaskProblem]:
    """Yields what is wrong with the states of a loop or segment, or the names of the branches of a Parallel."""
    if runs_region(task):
        if not isinstance(task.states, dict):
            kind = type(task.states).__name__
            states = f"the states of the {region_kind(task)}"
            yield TaskProblem(f"states is a {kind}: give it {states} by name, as in a definition")
    elif task.role == "start" and getattr(task, "batch_size", None) is not None:
        yield from _batch_size_problems(task)
    elif task.role == "start" and task.state_type == "Parallel":
        names = task.branches
        if not isinstance(names, (list, tuple)):
            yield TaskProblem(f"branches is {names!r}: give it a list of the names of the branches' first states")
        elif not names:
            yield TaskProblem("branches is empty: name the first state of each branch")
        elif [*names] != [branch["StartAt"] for branch in task.state_fields["Branches"]]:
            yield TaskProblem("branches was set after the task was made, and not all reads it: make it an argument")


def _batch_size_problems(task: StateTask) -> Iterator[TaskProblem]:
    size = getattr(task, "batch_size", None)
    if not isinstance(size, int) or isinstance(size, bool) or size < 1:
        yield TaskProblem(f"batch_size is {size!r}: give it how many items one task runs, a number from 1")


def task_problems(task: StateTask) -> list[TaskProblem]:
    """Return what is wrong with a task alone, whose fields are valid."""
    found = _airflow_problems(task)
    if task.role in ("state", "join"):
        if runs_region(task):
            return [*found, *_region_problems(task), *_misplaced(task, f"the states of the {region_kind(task)}")]
        if problem := end_problem(task.state_fields, "next", "end=True"):
            found.append(TaskProblem(problem))
        return found + _inside(task.state_fields, None) if task.role == "state" else found
    owner = "the join task" if task.role == "start" else "the states inside"
    return [*found, *_misplaced(task, owner), *(_inside(task.state_fields, None) if task.role == "children" else ())]


def _airflow_problems(task: StateTask) -> list[TaskProblem]:
    found = []
    rule = task.flow_trigger_rule
    if task.is_teardown:
        found.append(TaskProblem("a state is no teardown: the run would be green where it fails. Remove as_teardown()"))
    # The tasks of a mapped group have another rule.
    elif task.trigger_rule != rule and not (task.trigger_rule == "all_done" and mapped_by(task) is not None):
        found.append(
            TaskProblem(
                f"trigger_rule is {rule_of(task)!r}: Airflow would skip the task although its state was chosen, run it "
                f"too early, or take a failed run for a green one. This task's rule is {str(rule)!r}: remove the "
                "argument"
            )
        )
    if not task.do_xcom_push:
        found.append(TaskProblem("do_xcom_push is False, but the next task reads its output from an XCom: remove it"))
    return found


def _region_problems(task: StateTask) -> Iterator[TaskProblem]:
    if not task.states:
        yield TaskProblem(f"states is empty: give it the states of the {region_kind(task)}")
    for name, fields in task.states.items():
        if not isinstance(fields, dict) or "Type" not in fields:
            yield TaskProblem("it is no object with a Type", name)
            continue
        if problem := end_problem(fields):
            yield TaskProblem(problem, name)
        yield from _inside(fields, name)


def _misplaced(task: StateTask, owner: str) -> Iterator[TaskProblem]:
    for name in ("Next", "End", "Catch"):
        if name in task.state_fields:
            yield TaskProblem(f"{name.lower()} is no argument of this task, but of {owner}: move it there")


def _inside(fields: Mapping[str, Any], state: str | None) -> list[TaskProblem]:
    """Return what is wrong with the states inside of a Parallel or Map that is one task."""
    if fields["Type"] not in ("Parallel", "Map"):
        return []
    found = []
    for problem in inner_problems(fields):
        hint = suggest_name(problem.unknown, problem.known) if problem.unknown is not None else ""
        found.append(TaskProblem(problem.text + hint, state))
    return found


def runs_region(task: StateTask) -> bool:
    """Return True for the task of a loop or a segment, whose states are an argument."""
    return task.state_fields["Type"] in ("Loop", "Segment")


def region_kind(task: StateTask) -> str:
    """Return how messages name what such a task runs."""
    return str(task.state_fields["Type"]).lower()


def describe_task(task: StateTask) -> str:
    """Return how messages name a task: by its state, and by its id where that is another text."""
    if runs_region(task) or task.state_name == task.task_id:
        return f"task {task.task_id!r}"
    return f"state {task.state_name!r} (task {task.task_id!r})"


def suggest_name(word: str, known: Iterable[str]) -> str:
    """Return ``; did you mean 'Poll'?`` for the most similar name; an empty text where none is similar."""
    from sfn_provider.asl.suggestions import did_you_mean  # only for a DAG that does not import

    return did_you_mean(word, known)
