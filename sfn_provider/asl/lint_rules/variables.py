"""Rules: workflow variables have valid names, shadow no outer ones, and are assigned before use.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

from sfn_provider.asl.definition_index.compiled_expressions import compiled_expressions
from sfn_provider.asl.definition_index.expression_walk import path_uses
from sfn_provider.asl.definition_index.index import DefinitionIndex, Group, PlacedState, is_placeholder
from sfn_provider.asl.diagnostics import Diagnostic, pointer
from sfn_provider.asl.json_values.json_checks import kind_of
from sfn_provider.asl.jsonata.functions.names import BUILT_IN_FUNCTIONS
from sfn_provider.asl.jsonpath.syntax import parse_path
from sfn_provider.asl.lint_rules.reporting import error, warning
from sfn_provider.asl.scope import Json
from sfn_provider.asl.suggestions import Suggestions

MAX_NAME_LENGTH = 80
RESERVED = "states"
_ASSIGNING_PARTS = ("", "Catch/*", "Choices/*")

_EVAL = "eval"
"""Source: https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html"""


def _assign_fields(state: PlacedState) -> Iterator[tuple[str, Json]]:
    for part in _ASSIGNING_PARTS:
        for at, fields in state.parts.get(part, ()):
            if "Assign" in fields:
                yield at + "/Assign", fields["Assign"]


def assigned_variables(state: PlacedState) -> Iterator[tuple[str, str]]:
    """Yield the variables that a state assigns: name, pointer."""
    for at, names in _assign_fields(state):
        for key in names if isinstance(names, dict) else ():
            yield key.removesuffix(".$") if state.language == "JSONPath" else key, at + pointer(key)


def variable_names(definition: DefinitionIndex) -> Iterator[Diagnostic]:
    """Assign is an object whose names are identifiers."""
    for state in definition.states:
        for at, names in _assign_fields(state):
            if not isinstance(names, dict):
                yield error(f"Assign is an object of variables and their values, not {kind_of(names)}", at)
        for name, at in assigned_variables(state):
            if problem := _name_problem(name):
                # Both codes are AWS's, measured by others; its documentation does not list them.
                code = "RESERVED_VARIABLE_NAME" if name == RESERVED else "INVALID_VARIABLE_NAME"
                yield error(f"{name!r} is no name for a variable: {problem}", at, code)


def _name_problem(name: str) -> str:
    if name == RESERVED:
        return "Step Functions keeps $states for itself"
    if len(name) > MAX_NAME_LENGTH:
        return f"it has more than {MAX_NAME_LENGTH} characters"
    # Unicode's ID_Start, which the documentation asks for, has no underscore; Python's identifiers do.
    if not name.isidentifier() or name.startswith("_"):
        return "it must start with a letter and go on with letters, digits and underscores"
    return ""


def _variables_by_group(definition: DefinitionIndex) -> dict[str, dict[str, str]]:
    """Map each group's pointer to the variables its states assign, with the first place of each."""
    found: dict[str, dict[str, str]] = {group.at: {} for group in definition.groups}
    for state in definition.states:
        for name, at in assigned_variables(state):
            found[state.group.at].setdefault(name, at)
    return found


def _outer_groups(group: Group) -> Iterator[Group]:
    while group.parent is not None:
        group = group.parent.group
        yield group


def shadowed_variables(definition: DefinitionIndex) -> Iterator[Diagnostic]:
    """A branch or item processor cannot assign a variable that a group around it assigns."""
    own: dict[str, dict[str, str]] = {group.at: {} for group in definition.groups}
    for state in definition.states:
        for name, at in assigned_variables(state):
            # Recorded: a Parallel's Catch may assign what its branches assign.
            if not at.startswith(state.at + "/Catch/"):
                own[state.group.at].setdefault(name, at)
    for state in definition.states:
        for name, at in assigned_variables(state):
            outer = next((own[group.at][name] for group in _outer_groups(state.group) if name in own[group.at]), None)
            if outer is not None:
                message = f"the variable {name!r} is assigned outside too, at {outer}; rename one"
                yield error(message, at, "DUPLICATE_VARIABLE_NAME")


def undefined_variables(definition: DefinitionIndex) -> Iterator[Diagnostic]:
    """A variable that a state reads is assigned in its group or around it. AWS warns, too."""
    own, suggestions = _variables_by_group(definition), Suggestions()
    for state, at, name in _references(definition):
        visible = [own[group.at] for group in _visible_groups(state.group)]
        if not any(name in names for names in visible):
            message = _undefined(name, chain.from_iterable(visible), state.language, suggestions)
            yield warning("POSSIBLY_UNDEFINED_VARIABLE", message, at)


def _undefined(name: str, visible: Iterable[str], language: str, suggestions: Suggestions) -> str:
    if language == "JSONata" and name == _EVAL:
        return "JSONata's function $eval does not exist in Step Functions: write its expression here, or $parse JSON"
    functions = BUILT_IN_FUNCTIONS if language == "JSONata" else ()
    hint = suggestions.did_you_mean(name, chain(visible, sorted(functions)))
    return f"no state assigns the variable {name!r} where this state could see it{hint}"


def _visible_groups(group: Group) -> Iterator[Group]:
    """Yield the groups whose variables a group's states see: its own first."""
    yield group
    while group.parent is not None and not group.distributed:  # a distributed Map sees nothing from outside
        group = group.parent.group
        yield group


def _references(definition: DefinitionIndex) -> Iterator[tuple[PlacedState, str, str]]:
    for use in path_uses(definition):
        for path in use.paths if use.field != "ResultPath" else ():
            if name := _variable_of(path):
                yield use.state, use.at, name
    for jsonata, expression in compiled_expressions(definition).valid:
        for name in sorted(expression.references):
            yield jsonata.state, jsonata.at, name


def _variable_of(path: str) -> str | None:
    if path.startswith(("$.", "$[", "$$")) or path == "$" or is_placeholder(path):
        return None
    try:
        parsed = parse_path(path)
    except ValueError:
        return None
    return str(parsed.selectors[0]) if parsed.root == "variables" else None
