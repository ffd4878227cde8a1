"""Finds mistakes in the fields of a DAG's states by the linter, for tasks that have some.

Imported only for states that `sfn_provider.runtime.flow.valid_fields` does not recognize.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from sfn_provider.asl.diagnostics import split_pointer
from sfn_provider.asl.document import Document
from sfn_provider.runtime.flow.task_problems import SCOPES, TaskProblem, own_fields, runs_region

if TYPE_CHECKING:
    from sfn_provider.exceptions import Diagnostic
    from sfn_provider.runtime.state_task import StateTask

Json = Any

_TRANSITIONS = ("MISSING_TRANSITION_TARGET", "MISSING_END_STATE")
_STAND_IN = {"StartAt": "Inside", "States": {"Inside": {"Type": "Pass", "End": True}}}
"""What stands for the states of a task group, which other tasks run."""


def lint_fields(task: StateTask) -> Iterator[TaskProblem]:
    """Yields the linter's errors in the fields of a task's states, but for transitions to other tasks."""
    states = task.states if runs_region(task) else {task.state_name: _whole_state(task)}
    made = {name: _with_language(_as_json(state), task.query_language) for name, state in states.items()}
    definition = {"StartAt": next(iter(made)), "States": made}
    for found in Document.open(definition).diagnostics:
        parts = split_pointer(found.location)
        if found.level == "error" and not _is_of_flow(found, parts):
            yield _problem(task, found, parts)


def _whole_state(task: StateTask) -> dict[str, Json]:
    """Return the fields of a task as those of a state that has all that it needs."""
    if task.role == "state":
        return task.state_fields
    fields = {**own_fields(task), **({} if "Next" in task.state_fields else {"End": True})}
    if task.role == "children":
        return {**task.state_fields, **fields}
    if task.state_type == "Parallel":
        return {**fields, "Branches": [_STAND_IN]}
    return {**fields, "ItemProcessor": _STAND_IN}


def _as_json(value: Json) -> Json:
    """Return a value with lists for tuples, as it reaches the engine."""
    if isinstance(value, dict):
        return {name: _as_json(item) for name, item in value.items()}
    return [_as_json(item) for item in value] if isinstance(value, (list, tuple)) else value


def _with_language(state: Json, language: str) -> Json:
    """Return a state with the task's query language, and so the states inside of it."""
    if not isinstance(state, dict):
        return state
    made = {"QueryLanguage": language, **state}
    for name in SCOPES:
        if isinstance(made.get(name), dict):
            made[name] = _scope_with_language(made[name], language)
        elif isinstance(made.get(name), list):
            made[name] = [_scope_with_language(scope, language) for scope in made[name]]
    return made


def _scope_with_language(scope: Json, language: str) -> Json:
    if not isinstance(scope, dict) or not isinstance(scope.get("States"), dict):
        return scope
    # A task's arguments have the machine's language in a scope; in a definition states alone have one.
    fields = {name: value for name, value in scope.items() if name != "QueryLanguage"}
    language = scope.get("QueryLanguage", language)
    return {**fields, "States": {name: _with_language(state, language) for name, state in scope["States"].items()}}


def _is_of_flow(found: Diagnostic, parts: list[str]) -> bool:
    """Return True for a transition to another task, which is no state of the definition that the linter reads."""
    return found.code in _TRANSITIONS and not any(part in SCOPES for part in parts[2:])


def _problem(task: StateTask, found: Diagnostic, parts: list[str]) -> TaskProblem:
    state, inside = (parts[1] if len(parts) > 1 else None), parts[2:]
    if not inside:
        return TaskProblem(found.message, state if runs_region(task) else None)
    if runs_region(task):
        return TaskProblem(f"{_place(inside[0], inside[1:])}: {found.message}", state)
    return TaskProblem(f"{_place(_argument(inside[0]), inside[1:])}: {found.message}")


def _argument(field: str) -> str:
    """Return the name of an operator's argument: ``result_path`` for ``ResultPath``."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in field).removeprefix("_")


def _place(first: str, rest: list[str]) -> str:
    return first + "".join(f"[{part}]" if part.isdigit() else f'["{part}"]' for part in rest)
