"""Checks the parameters of tasks that no botocore model describes.

The sentences are those of Step Functions for all parameters (recorded for API Gateway's ``Headers``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

from sfn_provider.asl.json_values.json_checks import is_object_of_text_lists
from sfn_provider.asl.scope import Json

FLAG_VALUES: Final = (True, False, "true", "false")
"""The values of a flag: published definitions write ``"true"`` in LogOptions."""

Kind = Literal["text", "object", "lists of text", "flag", "anything"]


@dataclass(frozen=True, slots=True)
class ParameterField:
    """A field that a task's parameters may have.

    Args:
        kind: what its value must be.
        required: whether it must be there.
        values: the permitted texts; empty for any.
        fits: tells whether a text has the right format.
    """

    kind: Kind = "text"
    required: bool = False
    values: tuple[str, ...] = ()
    fits: Callable[[str], bool] | None = None


def find_problems(fields: dict[str, ParameterField], parameters: Json) -> Iterator[str]:
    """Return the problems of a task's parameters, one sentence each.

    Args:
        fields: the fields by name.
        parameters: the task's parameters.
    """
    if not isinstance(parameters, dict):
        yield "The Parameters must be an OBJECT"
        return
    for name in parameters:
        if name not in fields:
            yield f"The field '{name}' is not supported by Step Functions"
    for name, field in fields.items():
        if name in parameters and parameters[name] is not None:
            yield from _wrong(name, field, parameters[name])
        elif field.required:
            yield f"The field '{name}' is required but was missing"


def _wrong(name: str, field: ParameterField, value: Json) -> Iterator[str]:
    problem, is_valid = _KINDS[field.kind]
    if not is_valid(value):
        yield problem.format(name=name)
    elif field.values and value not in field.values:
        yield f"The value for the field '{name}' must be one of {', '.join(field.values)}"
    elif field.fits is not None and not field.fits(value):
        yield _FORMAT.format(name=name)


_FORMAT: Final = "The value of the field '{name}' has an invalid format"
_KINDS: Final[dict[Kind, tuple[str, Callable[[Json], bool]]]] = {
    "text": ("The value for the field '{name}' must be a STRING", lambda value: isinstance(value, str)),
    "object": ("The value for the field '{name}' must be an OBJECT", lambda value: isinstance(value, dict)),
    "lists of text": (_FORMAT, is_object_of_text_lists),
    "flag": ("The value for the field '{name}' must be a BOOLEAN", lambda value: value in FLAG_VALUES),
    "anything": ("", lambda value: True),
}
