"""Plans a task for each state by its type, and makes the operators' arguments from the models."""

from __future__ import annotations

from collections.abc import Callable, Collection
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

Planner = Callable[[str, Any], TaskPlan]

_LEADING_FIELDS = (
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
"""Fields at the start of the arguments: what the state runs, and its input."""

_TRAILING_FIELDS = ("assign", "output", "output_path", "retry", "catch", "choices", "default", "next", "end")
"""Fields at the end of the arguments: output, error handling and transitions."""

_FIRST_NAMES = ("Type", "Comment", *map(to_pascal, _LEADING_FIELDS))
_LAST_NAMES = tuple(map(to_pascal, _TRAILING_FIELDS))
"""The same fields as written in ASL."""

NO_ARGUMENTS = frozenset({"type", "comment"})
"""Fields that are not arguments: the operator's class stands for the type; comments are handled apart."""


def plan_states(machine: StateMachine) -> tuple[TaskPlan, ...]:
    """Plan a task for each state of a machine, without arguments."""
    return tuple(plan_state(name, state) for name, state in machine.states.items())


def plan_state(name: str, state: State) -> TaskPlan:
    """Plan the task for a state, without arguments.

    Args:
        name: the state's name.
        state: the state.
    """
    planner = PLANNERS.get(type(state))
    if planner is None:
        raise TypeError(f"no planner for a state of type {type(state).__name__}")
    return planner(name, state)


def _planner(class_name: str) -> Planner:
    def plan(name: str, state: State) -> TaskPlan:
        return TaskPlan(
            states=(name,),
            operator=f"{OPERATORS}.{class_name}",
            arguments={},
            targets=successors(state),
            comment=state.comment,
            title=name,
            models=(state,),
        )

    return plan


PLANNERS: dict[type[BaseModel], Planner] = {
    Task: _planner("TaskStateOperator"),
    Pass: _planner("PassStateOperator"),
    Choice: _planner("ChoiceStateOperator"),
    Wait: _planner("WaitStateOperator"),
    Succeed: _planner("SucceedStateOperator"),
    Fail: _planner("FailStateOperator"),
    Parallel: _planner("ParallelStateOperator"),
    Map: _planner("MapStateOperator"),
}


assert set(PLANNERS) == set(STATE_TYPES.values())


def state_arguments(state: State, language: str, names: Collection[str] | None = None) -> dict[str, Any]:
    """Return fields of a state as arguments of an operator: names in snake case, values as in the definition.

    Args:
        state: the state.
        language: the machine's query language.
        names: the fields, by their names in the model; None for all.
    """
    written = dump_state(state, names)
    found = {
        name: written[str(field.alias)] for name, field in type(state).model_fields.items() if field.alias in written
    }
    own_language = found.pop("query_language", language)
    if own_language != "JSONPath":
        found["query_language"] = own_language
    if own_language != language:
        _set_inner_language(found, language)
    middle = [name for name in found if name not in (*_LEADING_FIELDS, *_TRAILING_FIELDS, *NO_ARGUMENTS)]
    return {name: found[name] for name in (*_LEADING_FIELDS, *middle, *_TRAILING_FIELDS) if name in found}


def _set_inner_language(arguments: dict[str, Any], language: str) -> None:
    """Set the machine's language on branches: a state's own QueryLanguage does not apply to the states inside it."""
    for branch in (*arguments.get("branches", ()), arguments.get("item_processor"), arguments.get("iterator")):
        if branch is not None:
            branch.setdefault("QueryLanguage", language)


def dump_state(state: BaseModel, names: Collection[str] | None = None) -> dict[str, Any]:
    """Return a state as JSON object with the fields of it and of the states inside in reading order.

    Args:
        state: the state.
        names: the fields, by their names in the model; None for all.
    """
    include = None if names is None else set(names)
    return _sort_fields(state.model_dump(mode="json", by_alias=True, exclude_unset=True, include=include))


def _sort_fields(state: dict[str, Any]) -> dict[str, Any]:
    middle = [name for name in state if name not in _FIRST_NAMES and name not in _LAST_NAMES]
    names = (*_FIRST_NAMES, *middle, *_LAST_NAMES)
    return {name: _sort_inner(name, state[name]) for name in names if name in state}


def _sort_inner(name: str, value: Any) -> Any:
    if name == "Branches":
        return [_sort_branch(branch) for branch in value]
    return _sort_branch(value) if name in ("ItemProcessor", "Iterator") else value


def _sort_branch(branch: dict[str, Any]) -> dict[str, Any]:
    head = {name: branch[name] for name in ("Comment", "QueryLanguage", "ProcessorConfig") if name in branch}
    states = {name: _sort_fields(state) for name, state in branch["States"].items()}
    return head | {"StartAt": branch["StartAt"], "States": states}
