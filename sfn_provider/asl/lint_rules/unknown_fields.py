"""Rules: objects have only known fields, none of them null; and messages for errors of the models.

The models define which fields an object has.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from sfn_provider.asl.comparison_operators import COMPARISONS
from sfn_provider.asl.definition_index.index import DefinitionIndex, Fields, PlacedState, is_placeholder
from sfn_provider.asl.diagnostics import MAX_PROBLEMS, Diagnostic, pointer, split_pointer
from sfn_provider.asl.json_values.json_checks import kind_of
from sfn_provider.asl.lint_rules.reporting import error, join_words
from sfn_provider.asl.scope import Json
from sfn_provider.asl.suggestions import Suggestions, did_you_mean

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError
    from pydantic_core import ErrorDetails

_PART_TYPES = (
    # part of a state, name in messages, model
    ("Retry/*", "a retrier", "Retrier"),
    ("Catch/*", "a catcher", "Catcher"),
    ("ItemReader", "ItemReader", "ItemReader"),
    ("ItemReader/ReaderConfig", "ReaderConfig", "ReaderConfig"),
    ("ItemBatcher", "ItemBatcher", "ItemBatcher"),
    ("ResultWriter", "ResultWriter", "ResultWriter"),
    ("ResultWriter/WriterConfig", "WriterConfig", "WriterConfig"),
)
_MODEL_NAMES = ("StateMachine", "Branch", "ProcessorConfig", "ChoiceRule", *(model for _, _, model in _PART_TYPES))
_REFUSED_FIELDS: dict[str, set[str]] = {
    # Measured with ValidateStateMachineDefinition: what the models share, but AWS refuses in these.
    "Succeed": {"Assign"},
    "Map": {"Arguments"},
    "Branch": {"QueryLanguage"},
    "ChoiceRule": {"Comparison", "Operand"},  # names of the model alone
}
_NOUNS = {
    "Retry": "a retrier",
    "Catch": "a catcher",
    "Choices": "a choice rule",
    "And": "a choice rule",
    "Or": "a choice rule",
    "Not": "a choice rule",
    "Branches": "a branch",
    "States": "a state",
}
_EXPECTED = {
    "string_type": "a string",
    "string_unicode": "a string of valid characters",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "list_type": "a list",
    "dict_type": "an object",
    "model_type": "an object",
    "model_attributes_type": "an object",
    "dict_attributes_type": "an object",
}


@dataclass(frozen=True, slots=True)
class _ObjectType:
    """A type of object: the names of its fields, and which of them cannot be null."""

    names: frozenset[str]
    not_null: frozenset[str]


@dataclass(frozen=True, slots=True)
class _TypedObject:
    """An object of a definition: its pointer, its fields, its name in messages, and its type."""

    at: str
    fields: Fields
    noun: str
    kind: _ObjectType


def unknown_fields(definition: DefinitionIndex) -> Iterator[Diagnostic]:
    """An object has only the fields of its type."""
    suggestions = Suggestions()
    for place in _objects(definition):
        for name in place.fields:
            if name not in place.kind.names:
                known = sorted(place.kind.names)
                hint = suggestions.did_you_mean(name, known)
                message = f"{place.noun} has no field {name!r}{hint}; it takes {', '.join(known)}"
                yield error(message, place.at + pointer(name))
    for state in definition.states:
        if "Type" not in state.fields and "type" in state.fields:  # which the models take by its name in Python
            message = "a state has no field 'type'; did you mean 'Type'?"
            yield error(message, state.at + "/type")


def has_field(state_type: str, name: str) -> bool:
    """Return whether states of a type have a field, in either query language; True for unknown types."""
    kind = _object_types().get(state_type)
    return kind is None or name in kind.names


def null_fields(definition: DefinitionIndex) -> Iterator[Diagnostic]:
    """A field is not null unless its type allows it."""
    for place in _objects(definition):
        for name, value in place.fields.items():
            if value is None and name in place.kind.not_null:
                yield error(f"{name} cannot be null; leave it out", place.at + pointer(name))


def _objects(definition: DefinitionIndex) -> Iterator[_TypedObject]:
    kinds = _object_types()
    yield _TypedObject("", definition.fields, "the state machine", kinds["StateMachine"])
    for group in definition.groups[1:]:
        is_branch = group.kind == "Branches"
        yield _TypedObject(group.at, group.fields, "a branch" if is_branch else group.kind, kinds[group.kind])
        config = group.fields.get("ProcessorConfig")
        if isinstance(config, dict):
            yield _TypedObject(group.at + "/ProcessorConfig", config, "ProcessorConfig", kinds["ProcessorConfig"])
    for state in definition.states:
        if state.type in kinds:
            yield _TypedObject(state.at, state.fields, f"a {state.type} state", kinds[state.type])
            yield from _parts_of_state(state, kinds)


def _parts_of_state(state: PlacedState, kinds: dict[str, _ObjectType]) -> Iterator[_TypedObject]:
    for part, noun, kind in _PART_TYPES:
        for at, fields in state.parts.get(part, ()):
            yield _TypedObject(at, fields, noun, kinds[kind])
    for at, rule, _ in state.rules:
        yield _TypedObject(at, rule, "a choice rule", kinds["ChoiceRule"])


@cache
def _object_types() -> dict[str, _ObjectType]:
    """Derive the types of objects from the models."""
    from sfn_provider.asl import model

    models = (*model.STATE_TYPES.values(), *(getattr(model, name) for name in _MODEL_NAMES))
    kinds = {kind.__name__: _object_type_of_model(kind) for kind in models}
    rule, branch = kinds["ChoiceRule"], kinds["Branch"]
    return kinds | {
        "ChoiceRule": _ObjectType(rule.names | COMPARISONS.keys(), rule.not_null),
        "ItemProcessor": branch,
        "Iterator": branch,
        "Branches": _ObjectType(branch.names - {"ProcessorConfig"}, branch.not_null),
    }


def _object_type_of_model(kind: type[BaseModel]) -> _ObjectType:
    from pydantic import JsonValue

    anything: object = JsonValue
    names = {field.alias or name: field for name, field in kind.model_fields.items()}
    not_null = {name for name, field in names.items() if field.default is None and field.annotation is not anything}
    return _ObjectType(frozenset(names) - _REFUSED_FIELDS.get(kind.__name__, set()), frozenset(not_null))


def type_problems(problem: ValidationError, value: Fields) -> list[Diagnostic]:
    """Translate the errors of pydantic into diagnostics.

    Args:
        problem: from ``StateMachine.model_validate(value)``.
        value: the definition.

    Returns:
        One diagnostic for each of the first `MAX_PROBLEMS` places; unknown fields are left to `unknown_fields`.
    """
    places: dict[str, list[ErrorDetails]] = {}
    for detail in problem.errors(include_url=False, include_input=False):
        if detail["type"] != "extra_forbidden":
            location = _location_of(detail, value)
            if location not in places and len(places) == MAX_PROBLEMS:
                break
            places.setdefault(location, []).append(detail)
    return [_problem_at(location, details, value) for location, details in places.items()]


def _location_of(detail: ErrorDetails, value: Json) -> str:
    """Translate pydantic's location into a JSON pointer: it contains tags of unions, which are no fields."""
    parts: list[str | int] = []
    for part in detail["loc"]:
        if part in _members(value):
            parts.append(part)
            value = value[part]
    return pointer(*parts)


def _members(value: Json) -> Container[str | int]:
    """Return the names or indices of the values in a value."""
    return value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()


def _value_at(value: Json, location: str) -> Json:
    for name in split_pointer(location):
        value = value[int(name)] if isinstance(value, list) else value[name]
    return value


def _problem_at(location: str, details: list[ErrorDetails], value: Fields) -> Diagnostic:
    found = _value_at(value, location)
    kind = details[0]["type"]
    if kind not in _MESSAGES:
        expected = dict.fromkeys(_EXPECTED.get(detail["type"], detail["msg"]) for detail in details)
        if "a number" in expected:
            expected.pop("a whole number", None)
        hint = "; a placeholder within quotes stays a text when it is replaced" if is_placeholder(found) else ""
        return error(f"expected {join_words(expected, 'or')}, not {_describe(found)}{hint}", location)
    message = _MESSAGES[kind](details, location, found)
    at_type = kind.startswith("union_tag") and isinstance(found, dict) and "Type" in found
    return error(message, location + "/Type" if at_type else location)


def _missing_fields_message(details: list[ErrorDetails], location: str, found: Json) -> str:
    names = [str(detail["loc"][-1]) for detail in details if detail["type"] == "missing"]
    words = f"the field {names[0]!r} is" if len(names) == 1 else f"the fields {join_words(map(repr, names))} are"
    return f"{words} required in {_noun(location, found)}"


def _noun(location: str, found: Json) -> str:
    parts = location.split("/")
    if not location:
        return "the state machine"
    if len(parts) > 2 and parts[-2] == "States" and isinstance(found, dict):
        return f"a {found.get('Type')} state"
    return next((_NOUNS[part] for part in reversed(parts[-2:]) if part in _NOUNS), parts[-1])


def _state_type_message(details: list[ErrorDetails], location: str, found: Json) -> str:
    from sfn_provider.asl.model import STATE_TYPES

    if not isinstance(found, dict):
        return f"expected an object, not {_describe(found)}"
    types = ", ".join(STATE_TYPES)
    if "Type" not in found:
        return f"the field 'Type' is required in a state: one of {types}"
    name = found["Type"]
    hint = did_you_mean(name, STATE_TYPES) if isinstance(name, str) else ""
    return f"state type {name!r} does not exist{hint or f'; the types are {types}'}"


def _literal_message(details: list[ErrorDetails], location: str, found: Json) -> str:
    expected = str(details[0].get("ctx", {}).get("expected", ""))
    known = [word.strip("'") for word in expected.replace(" or ", ", ").split(", ")]
    hint = did_you_mean(found, known) if isinstance(found, str) else ""
    return f"{_describe(found)} is not one of {join_words(known)}{hint}"


def _pydantic_words(details: list[ErrorDetails], location: str, found: Json) -> str:
    return details[0]["msg"].removeprefix("Value error, ")


_MESSAGES: dict[str, Callable[[list[Any], str, Json], str]] = {
    "missing": _missing_fields_message,
    "union_tag_invalid": _state_type_message,
    "union_tag_not_found": _state_type_message,
    "literal_error": _literal_message,
    "value_error": _pydantic_words,
}


def _describe(value: Json) -> str:
    """Return a short value as text, the JSON type of a long one."""
    if isinstance(value, (dict, list)) or value is None:
        return kind_of(value)
    text = repr(value) if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)
    return text if len(text) < 60 else kind_of(value)
