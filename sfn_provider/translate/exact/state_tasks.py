"""One task for one state, by the state's type."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import BaseModel
from pydantic.alias_generators import to_pascal

from sfn_provider.asl.model import (
    STATE_TYPES,
    Choice,
    Fail,
    Map,
    Parallel,
    Pass,
    State,
    StateMachine,
    Succeed,
    Task,
    Wait,
)
from sfn_provider.translate.plan.graph import successors
from sfn_provider.translate.plan.model import OPERATORS, TaskPlan

Planner = Callable[[str, Any, str], TaskPlan]

_FIRST = (
    "query_language",
    "resource",
    "credentials",
    "input_path",
    "parameters",
    "arguments",
    "items_path",
    "items",
    "item_reader",
    "item_selector",
    "item_processor",
    "iterator",
    "branches",
)
"""Fields that read best at the start: what the state works on and with."""

_LAST = ("assign", "output", "output_path", "retry", "catch", "choices", "default", "next", "end")
"""Fields that read best at the end: what comes after the state's work."""

_ELSEWHERE = frozenset({"type", "comment"})
"""Fields that are no arguments: the operator's class and a comment in the file say them."""


def plan_state(name: str, state: State, language: str) -> TaskPlan:
    """Plan the task for a state.

    Args:
        name: the state's name.
        state: the state.
        language: the machine's query language.
    """
    planner = PLANNERS.get(type(state))
    if planner is None:
        raise TypeError(f"no planner for a state of type {type(state).__name__}")
    return planner(name, state, language)


def _operator(class_name: str) -> Planner:
    def plan(name: str, state: State, language: str) -> TaskPlan:
        return TaskPlan(
            states=(name,),
            operator=f"{OPERATORS}.{class_name}",
            arguments=arguments(state, language),
            targets=successors(state),
            comment=state.comment,
            title=name,
        )

    return plan


PLANNERS: dict[type[BaseModel], Planner] = {
    Task: _operator("TaskStateOperator"),
    Pass: _operator("PassStateOperator"),
    Choice: _operator("ChoiceStateOperator"),
    Wait: _operator("WaitStateOperator"),
    Succeed: _operator("SucceedStateOperator"),
    Fail: _operator("FailStateOperator"),
    Parallel: _operator("ParallelStateOperator"),
    Map: _operator("MapStateOperator"),
}


def arguments(state: State, language: str) -> dict[str, Any]:
    """The fields of a state as arguments of its operator: names in snake case, values as in the definition."""
    written = as_written(state)
    given = {
        name: written[str(field.alias)] for name, field in type(state).model_fields.items() if field.alias in written
    }
    own_language = given.pop("query_language", language)
    if own_language != "JSONPath":
        given["query_language"] = own_language
    if own_language != language:
        _keep_language(given, language)
    middle = [name for name in given if name not in (*_FIRST, *_LAST, *_ELSEWHERE)]
    return {name: given[name] for name in (*_FIRST, *middle, *_LAST) if name in given}


def _keep_language(given: dict[str, Any], language: str) -> None:
    """A state's own QueryLanguage is not that of the states inside of it: these keep the machine's."""
    inside = [*given.get("branches", ()), given.get("item_processor"), given.get("iterator")]
    for branch in inside:
        if branch is not None:
            branch.setdefault("QueryLanguage", language)


def as_written(state: BaseModel) -> dict[str, Any]:
    """A state as the definition writes it, its fields in the order in which they read best."""
    return _in_order(state.model_dump(mode="json", by_alias=True, exclude_unset=True))


def _in_order(state: dict[str, Any]) -> dict[str, Any]:
    inside: dict[str, Callable[[Any], Any]] = {"Branches": _branches, "ItemProcessor": _branch, "Iterator": _branch}
    first = ["Type", "Comment", *map(to_pascal, _FIRST)]
    last = [to_pascal(name) for name in _LAST]
    names = [*first, *(name for name in state if name not in (*first, *last)), *last]
    return {name: inside.get(name, _unchanged)(state[name]) for name in names if name in state}


def _branches(branches: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [_branch(branch) for branch in branches]


def _branch(branch: dict[str, Any]) -> dict[str, Any]:
    states = {name: _in_order(state) for name, state in branch["States"].items()}
    about = {name: branch[name] for name in ("Comment", "QueryLanguage", "ProcessorConfig") if name in branch}
    return about | {"StartAt": branch["StartAt"], "States": states}


def _unchanged(value: Any) -> Any:
    return value


def plan_states(machine: StateMachine) -> tuple[TaskPlan, ...]:
    """Plan a task for each state of a machine."""
    return tuple(plan_state(name, state, machine.query_language) for name, state in machine.states.items())


assert set(PLANNERS) == set(STATE_TYPES.values())
