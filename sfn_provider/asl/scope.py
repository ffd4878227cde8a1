"""Defines the data that an expression may read while a state runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

Json = Any
"""A JSON value: None, bool, int, float, str, list of Json, or dict of str to Json."""


class _Missing:
    """The type of MISSING."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = _Missing()
"""Marks a missing value, where None would mean JSON null."""


@dataclass(slots=True)
class Scope:
    """The data that an expression can read.

    Args:
        input: what ``$`` means in JSONPath (the field's own input, for ResultSelector the raw result) and
            ``$states.input`` in JSONata (always the state's input).
        context: the context object: ``$$`` and ``$states.context``.
        variables: values of ``$name`` by name without the dollar sign.
        result: ``$states.result``; MISSING where the field has none.
        error_output: ``$states.errorOutput``; MISSING outside of a Catch.
    """

    input: Json
    context: Mapping[str, Json] = field(default_factory=dict)
    variables: Mapping[str, Json] = field(default_factory=dict)
    result: Json = MISSING
    error_output: Json = MISSING


class TracedJson:
    """Base of JSON values that are known by identity: expressions that only name a value return it uncopied."""

    __slots__ = ()
