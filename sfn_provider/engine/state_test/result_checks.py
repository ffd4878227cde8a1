"""Checks a mocked result against the model of the API that the task calls: fieldValidationMode.

Source: https://docs.aws.amazon.com/step-functions/latest/apireference/API_MockInput.html; words and limits are recorded
ones for texts, numbers and minimum lengths.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Final, Literal, Protocol

from sfn_provider.asl.json_values.json_checks import is_number
from sfn_provider.asl.resources import Resource
from sfn_provider.asl.scope import Json
from sfn_provider.engine.state_test.json_texts import refuse

ShapeKind = Literal["structure", "map", "list", "string", "number", "boolean", "any"]


class ResultShape(Protocol):
    """The shape of a result or of a part of it, with fields as Step Functions names them."""

    @property
    def kind(self) -> ShapeKind:
        """The JSON type: ``string`` for times and binary data too, ``any`` for what is not checked."""

    @property
    def required(self) -> Collection[str]:
        """The fields that a structure must have."""

    @property
    def limits(self) -> tuple[float | None, float | None]:
        """The least and the greatest length of a text, list or map, or value of a number; None where there is none."""

    @property
    def values(self) -> Collection[str]:
        """The texts that are allowed; empty where all are."""

    def field(self, name: str) -> ResultShape | None:
        """Return the shape of a structure's field; None where it has no such field."""

    def entry(self) -> ResultShape:
        """Return the shape of a list's entries or of a map's values."""


ShapeSource = Callable[[Resource], ResultShape | None]
"""Returns the shape of a task's result; None where it may be any JSON value.

Raises UsageError where there is no model of it.
"""

_TYPES: Final[dict[ShapeKind, tuple[str, Callable[[Json], bool]]]] = {
    "structure": ("an object", lambda value: isinstance(value, dict)),
    "map": ("an object", lambda value: isinstance(value, dict)),
    "list": ("an array", lambda value: isinstance(value, list)),
    "string": ("a string", lambda value: isinstance(value, str)),
    "number": ("a number", is_number),
    "boolean": ("a boolean", lambda value: isinstance(value, bool)),
}
"""What a value must be, for messages, and a test for it."""


def check_result(result: Json, shape: ResultShape, *, strict: bool) -> None:
    """Refuse a mocked result that is not of the API's shape. Fields that the API lacks are allowed (recorded).

    Args:
        result: the mocked result.
        shape: the shape of the API's result.
        strict: True for STRICT, where required fields must be present.

    Raises:
        RequestRefused: with the first problem.
    """
    if shape.kind == "structure" and not isinstance(result, dict):
        refuse("Mocked result must be a JSON object.")
    _check(result, shape, "result", strict=strict)


def _check(value: Json, shape: ResultShape, name: str, *, strict: bool) -> None:
    if shape.kind == "any":
        return
    expected, is_expected = _TYPES[shape.kind]
    if not is_expected(value):
        _refuse_field(name, f"must be {expected}")
    _check_limits(value, shape, name)
    if shape.kind == "structure":
        _check_fields(value, shape, strict=strict)
    elif shape.kind in ("list", "map"):
        for entry in value.values() if isinstance(value, dict) else value:
            _check(entry, shape.entry(), name, strict=strict)


def _check_fields(value: dict[str, Json], shape: ResultShape, *, strict: bool) -> None:
    # Null is what the clients of AWS's SDKs have for a field that the service left out.
    present = {name: item for name, item in value.items() if item is not None}
    missing = [name for name in shape.required if name not in present] if strict else []
    if missing:
        _refuse_field(missing[0], "is required but was missing")
    for name, item in present.items():
        field = shape.field(name)
        if field is not None:
            _check(item, field, name, strict=strict)


def _check_limits(value: Json, shape: ResultShape, name: str) -> None:
    least, greatest = shape.limits
    if shape.kind == "number":
        if least is not None and value < least:
            _refuse_field(name, "is less than the minimum value")
        if greatest is not None and value > greatest:
            _refuse_field(name, "exceeds the maximum value")
    elif shape.kind in ("string", "list", "map"):
        if least is not None and len(value) < least:
            _refuse_field(name, "is smaller than the minimum length")
        if greatest is not None and len(value) > greatest:
            _refuse_field(name, "exceeds the maximum length")
    if shape.values and value not in shape.values:
        _refuse_field(name, f"must be one of the values [{', '.join(shape.values)}]")


def _refuse_field(name: str, problem: str) -> None:
    refuse(f"Mock result schema validation error: Field '{name}' {problem}")
