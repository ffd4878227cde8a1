"""Parses JSON texts as the standard has them: Python's parser takes NaN and infinite numbers, too."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any, Final, NoReturn


class InvalidConstant(ValueError):
    """A text has a number that JSON lacks.

    Args:
        word: ``NaN``, ``Infinity`` or ``-Infinity``.
    """

    def __init__(self, word: str) -> None:
        super().__init__(f"{word} is no JSON value")
        self.word = word


def _refuse_constant(word: str) -> NoReturn:
    raise InvalidConstant(word)


def _finite_float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text[:40]} is too large for a number")
    return value


def parse_strict_json(
    text: str,
    *,
    finite: bool = True,
    object_pairs_hook: Callable[[list[tuple[str, Any]]], Any] | None = None,
) -> Any:
    """Parse JSON.

    Args:
        text: the text.
        finite: refuse numbers that are too large for a double, too: Python reads infinity, which has no JSON text.
        object_pairs_hook: as for `json.loads`.

    Raises:
        ValueError: it is no JSON; an InvalidConstant where it has a number that JSON lacks.
        RecursionError: objects and lists lie too deep in one another.
    """
    return json.loads(
        text,
        object_pairs_hook=object_pairs_hook,
        parse_constant=_refuse_constant,
        parse_float=_finite_float if finite else None,
    )


STRICT_DECODER: Final = json.JSONDecoder(parse_constant=_refuse_constant, parse_float=_finite_float)
"""Does the same, also at a place in a text."""
