"""Finds the state that a TestState request tests: a definition of its own, or a state of a machine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple, NoReturn

from sfn_provider.asl.diagnostics import Diagnostic
from sfn_provider.asl.document import Document
from sfn_provider.asl.model import Branch, ExecutionType, State, StateMachine
from sfn_provider.asl.scope import Json
from sfn_provider.asl.state_walk import inner_scopes, walk_states
from sfn_provider.engine.state_test.json_texts import refuse

STATE_NAME: Final = "StateName"
"""The name of a state whose definition stands alone (recorded in the context object)."""


class StateUnderTest(NamedTuple):
    """The state under test.

    Args:
        name: its name.
        model: its definition.
        region: a machine that has this state alone.
    """

    name: str
    model: Any
    region: StateMachine

    @property
    def inner_names(self) -> frozenset[str]:
        """The names of all states inside of it, at any depth."""
        return frozenset(names[-1] for _, names, _ in walk_states(self.region) if len(names) > 1)


def find_state(
    definition: str | dict[str, Any], state_name: str | None, execution_type: ExecutionType = "STANDARD"
) -> StateUnderTest:
    """Find the state under test.

    Args:
        definition: of a state, or of a machine where there is a ``state_name``: text, or the object.
        state_name: the state's name in the machine, at any depth; None for a state alone.
        execution_type: ``STANDARD`` or ``EXPRESS``.

    Raises:
        RequestRefused: if AWS refuses the definition, or it has no such state.
    """
    document = Document.open(definition, execution_type)
    value = document.value
    alone = _name_alone(value)
    if state_name is None and isinstance(value, dict):
        if "States" in value:
            _refuse_definition("The definition is of a state machine: stateName must name the state to test")
        document = Document.open(_as_machine(value, alone), execution_type)
    elif isinstance(value, dict) and "States" not in value:
        _refuse_definition("The definition must be of a state machine where stateName is specified")
    problems = [found for found in document.diagnostics if found.level == "error"]
    if problems:
        holder = f"/States/{alone}" if state_name is None else ""
        _refuse_definition(", ".join(_describe(found, holder) for found in problems))
    machine = document.machine
    for name, model, language in _walk(machine, machine.query_language):
        if name == (state_name or alone):
            name = state_name or STATE_NAME
            return StateUnderTest(name, model, _region(machine, name, model, language))
    refuse(f"State '{state_name}' does not exist in the state machine definition")


def state_names(machine: StateMachine) -> list[str]:
    """Return the names of a machine's states, at any depth."""
    return [names[-1] for _, names, _ in walk_states(machine)]


def _refuse_definition(problem: str) -> NoReturn:
    refuse(f"Invalid State Machine Definition: '{problem}'", "InvalidDefinition")


def _describe(found: Diagnostic, holder: str) -> str:
    location = found.location.removeprefix(holder)
    return f"{found.code}: {found.message} at {location or '/'}"


def _region(machine: StateMachine, name: str, model: State, language: str) -> StateMachine:
    alone = {"start_at": name, "states": {name: model}, "query_language": language, "timeout_seconds": None}
    return machine.model_copy(update=alone)


def _name_alone(state: Json) -> str:
    """Return a name for a state alone in the machine that it is checked in: none of the states that it goes to."""
    targets = set(_targets(state)) if isinstance(state, dict) else ()
    name = STATE_NAME
    while name in targets:
        name += "-"
    return name


def _as_machine(state: dict[str, Json], name: str) -> dict[str, Json]:
    """Make a machine of a state alone: the states that it goes to end the execution."""
    return {"StartAt": name, "States": {**{target: {"Type": "Succeed"} for target in _targets(state)}, name: state}}


def _targets(state: dict[str, Json]) -> Iterator[str]:
    rules = [rule for field in ("Choices", "Catch") for rule in _list(state.get(field)) if isinstance(rule, dict)]
    for target in (state.get("Next"), state.get("Default"), *(rule.get("Next") for rule in rules)):
        if isinstance(target, str):
            yield target


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def _walk(scope: StateMachine | Branch, language: str) -> Iterator[tuple[str, State, str]]:
    """Iterate over all states at any depth: name, state, query language around it."""
    for name, model in scope.states.items():
        yield name, model, language
        for _, branch in inner_scopes(model):
            yield from _walk(branch, branch.query_language or language)
