"""Rule: a path into the context object names a field that it has in its state.

Step Functions accepts such a definition, and the execution fails where it reads what is not there. Source:
https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Final

from sfn_provider.asl.definition_index.compiled_expressions import compiled_expressions
from sfn_provider.asl.definition_index.expression_walk import PathUse, path_uses
from sfn_provider.asl.definition_index.index import DefinitionIndex, PlacedState, is_placeholder
from sfn_provider.asl.diagnostics import Diagnostic
from sfn_provider.asl.jsonpath.syntax import parse_path
from sfn_provider.asl.lint_rules.reporting import join_words, warning
from sfn_provider.asl.resources import parse_resource
from sfn_provider.asl.suggestions import did_you_mean

_CODE = "CONTEXT_WITHOUT_FIELD"

_ALWAYS: Final[Mapping[str, tuple[str, ...]]] = {
    "Execution": ("Id", "Input", "Name", "RoleArn", "StartTime", "RedriveCount", "RedriveTime"),
    "State": ("Name", "EnteredTime", "RetryCount"),
    "StateMachine": ("Id", "Name"),
}
"""The fields that every state has, but for RetryCount."""

_ITEM = ("Index", "Value", "Key", "Source")

_RETRYING = ("Task", "Parallel", "Map")
"""Types of states with a RetryCount (recorded executions)."""

_SELECTING_FIELDS = ("ItemSelector", "Parameters")
"""Fields of a Map that see the item which an iteration is for."""


def context_paths(definition: DefinitionIndex) -> Iterator[Diagnostic]:
    """Paths that start with ``$$``, and ``$states.context``, name fields that the context object has."""
    presence_tests = _presence_tests(definition)
    for use in path_uses(definition):
        if use.field != "ResultPath" and not is_placeholder(use.value) and use.at not in presence_tests:
            for path in use.paths:
                yield from _problems(use.state, use.at, path, _names_of_path(path), _top_field(use))
    for jsonata, expression in compiled_expressions(definition).valid:
        for names in expression.context_paths:
            path = "$states.context." + ".".join(names)
            yield from _problems(jsonata.state, jsonata.at, path, names, jsonata.field)


def _top_field(use: PathUse) -> str:
    """Return the field of the state that a path is in."""
    return use.at.removeprefix(use.state.at + "/").partition("/")[0]


def _presence_tests(definition: DefinitionIndex) -> set[str]:
    """Return the JSON pointers of the Variables of all choice rules with IsPresent."""
    rules = chain.from_iterable(state.rules for state in definition.of_type("Choice"))
    return {f"{at}/Variable" for at, rule, _ in rules if "IsPresent" in rule}


def _names_of_path(path: str) -> Sequence[str]:
    """Return the names of a path into the context object, up to the first that is none; nothing for other paths."""
    if not path.startswith("$$"):
        return ()
    try:
        parsed = parse_path(path)
    except ValueError:
        return ()
    names: list[str] = []
    for selector in parsed.selectors if parsed.root == "context" else ():
        if not isinstance(selector, str):
            break
        names.append(selector)
    return names


def _problems(state: PlacedState, at: str, path: str, names: Sequence[str], field: str) -> Iterator[Diagnostic]:
    fields = _fields_of(state, field)
    if names and names[0] not in fields:
        why = _WHY.get(names[0], "")
        hint = why or did_you_mean(names[0], [*fields]) or f"; it has {join_words(fields)}"
        yield warning(_CODE, f"{path} finds nothing: the context object has no {names[0]} here{hint}", at)
    elif len(names) > 1 and (known := fields[names[0]]) and names[1] not in known:
        why = "; only a Task, a Parallel and a Map have one" if names[1] == "RetryCount" else ""
        hint = why or did_you_mean(names[1], known) or f"; it has {join_words(known)}"
        yield warning(_CODE, f"{path} finds nothing: there is no {names[1]} in {names[0]} here{hint}", at)
    elif [*names[:2]] == ["Map", "Item"] and len(names) > 2 and names[2] not in _ITEM:
        yield warning(_CODE, f"{path} finds nothing: Map.Item has {join_words(_ITEM)}", at)


_WHY: Final = {
    "Task": "; only a Task with .waitForTaskToken, or with .sync, has one",
    "Map": "; it is in the states of an inline Map's iterations, and in the ItemSelector of a Map",
}


def _fields_of(state: PlacedState, field: str) -> dict[str, tuple[str, ...]]:
    """Return the fields of the context object in a field of a state, each with the fields in it; () for any."""
    fields = dict(_ALWAYS)
    if state.type not in _RETRYING:
        fields["State"] = ("Name", "EnteredTime")
    if state.type == "Task" and _has_token(state):
        fields["Task"] = ("Token",)
    if _is_in_iteration(state) or (state.type == "Map" and field in _SELECTING_FIELDS):
        fields["Map"] = ("Item",)
    return fields


def _has_token(state: PlacedState) -> bool:
    resource = state.fields.get("Resource")
    if not isinstance(resource, str) or is_placeholder(resource):
        return True
    return parse_resource(resource).pattern != "request_response"


def _is_in_iteration(state: PlacedState) -> bool:
    group = state.group
    while group.parent is not None and not group.distributed:  # a child execution sees nothing of the Map around it
        if group.parent.type == "Map":
            return True
        group = group.parent.group
    return False
