"""Finds values of a wrong type in the parameters of calls, by the tables of AWS's actions.

Step Functions reads parameters leniently: an object or a list in a text field is sent as JSON text, as published
definitions have it for messages, events and inputs, and flags may be texts. Any other type ends the execution before
the task starts: ``The value for the field '...' must be a STRING`` (reported).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from sfn_provider.asl.aws_actions.service_actions import ServiceActions, service_actions
from sfn_provider.asl.diagnostics import pointer
from sfn_provider.asl.json_values.json_checks import is_number, is_whole_number
from sfn_provider.asl.resources import Resource
from sfn_provider.asl.scope import Json


@dataclass(frozen=True, slots=True)
class WrongType:
    """A value of a wrong type.

    Args:
        at: its JSON pointer, from the parameters.
        field: the field, or the key, that it is the value of.
        expected: the type in AWS's words: ``a STRING``.
    """

    at: str
    field: str
    expected: str


def actions_of(resource: Resource) -> ServiceActions | None:
    """Return the actions of a resource's service, among which is its own; None where the tables do not have it."""
    if resource.kind not in ("optimized", "http:invoke", "aws-sdk"):
        return None
    actions = service_actions("aws-sdk" if resource.kind == "aws-sdk" else "optimized", str(resource.service))
    return actions if actions is not None and resource.action in actions.lines else None


def type_at(resource: Resource, steps: Iterable[str]) -> str:
    """Return the type of a place in the parameters of a call, as the tables have it; ``""`` where it is not known.

    Args:
        resource: what is called.
        steps: the members and indices that lead there; a member may end in ``.$``.
    """
    actions = actions_of(resource)
    if actions is None:
        return ""
    kind = str(resource.action)
    for step in steps:
        if kind[:1] in ("l", "m") and kind not in actions.lines:
            kind = kind[1:]
        elif kind in actions.lines:
            kind = actions.structure(kind).values.get(step.removesuffix(".$"), "")
        else:
            return ""
    return "t" if kind.isdecimal() and _is_attribute(actions, kind) else kind


def _is_attribute(actions: ServiceActions, structure: str) -> bool:
    """Whether a structure is a value of DynamoDB, which may be written as a text in place of ``{"S": text}``."""
    fields = actions.structure(structure).values
    return "S" in fields and "SS" in fields


def _is_text(value: Json) -> bool:
    return isinstance(value, str | dict | list)


def _is_flag(value: Json) -> bool:
    return isinstance(value, bool) or value in ("true", "false")


def _is_time(value: Json) -> bool:
    return isinstance(value, str) or is_number(value)


_ARRAY, _OBJECT = "an ARRAY", "an OBJECT"

_LETTERS: Final[dict[str, tuple[str, Callable[[Json], bool]]]] = {
    "t": ("a STRING", _is_text),
    "i": ("an INTEGER", is_whole_number),
    "n": ("a NUMBER", is_number),
    "b": ("a BOOLEAN", _is_flag),
    "d": ("a TIMESTAMP", _is_time),
    "o": (_OBJECT, lambda value: isinstance(value, dict)),
    "a": ("", lambda value: True),
}
"""The types of the tables in AWS's words, and what is of each."""


def _is_never_dynamic(_field: str, _value: Json) -> bool:
    return False


def find_wrong_types(
    actions: ServiceActions,
    structure: str,
    value: Json,
    is_dynamic: Callable[[str, Json], bool] = _is_never_dynamic,
) -> Iterator[WrongType]:
    """Find the values of wrong types in an object. Fields that are unknown or null are left out.

    Args:
        actions: the actions of the service.
        structure: the action, or the number of a structure inside.
        value: the parameters, or the object inside.
        is_dynamic: tells of a field and its value whether these are known at run time alone.
    """
    if isinstance(value, dict):
        yield from _in_structure(actions, structure, value, "", is_dynamic)


_Dynamic = Callable[[str, Json], bool]


def _in_structure(
    actions: ServiceActions, structure: str, value: dict[str, Json], at: str, is_dynamic: _Dynamic
) -> Iterator[WrongType]:
    types = actions.structure(structure).values
    for field, entry in value.items():
        if kind := types.get(field):
            yield from _in_value(actions, kind, entry, (at + pointer(field), field), is_dynamic)


def _in_value(
    actions: ServiceActions, kind: str, value: Json, place: tuple[str, str], is_dynamic: _Dynamic
) -> Iterator[WrongType]:
    at, field = place
    if value is None or is_dynamic(field, value):
        return
    if kind.startswith("l"):
        if not isinstance(value, list):
            yield WrongType(at, field, _ARRAY)
            return
        for index, entry in enumerate(value):
            yield from _in_value(actions, kind[1:], entry, (at + pointer(index), field), is_dynamic)
    elif kind.startswith("m") or kind.isdecimal():
        if not isinstance(value, dict):
            if not (isinstance(value, str) and kind.isdecimal() and _is_attribute(actions, kind)):
                yield WrongType(at, field, _OBJECT)
        elif kind.isdecimal():
            yield from _in_structure(actions, kind, value, at, is_dynamic)
        else:
            for key, entry in value.items():
                yield from _in_value(actions, kind[1:], entry, (at + pointer(key), key), is_dynamic)
    elif kind:
        expected, fits = _LETTERS[kind]
        if not fits(value):
            yield WrongType(at, field, expected)
