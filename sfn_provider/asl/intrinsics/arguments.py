"""Checks the types of arguments of intrinsic functions."""

from __future__ import annotations

import math
from typing import Final

from sfn_provider.asl.scope import Json

INT_MIN: Final = -(2**31)
INT_MAX: Final = 2**31 - 1


class InvalidArguments(ValueError):
    """A function refuses its arguments.

    Args:
        detail: the sentence for the cause; without one it is AWS's ``Invalid arguments in States.<name>``.
    """

    def __init__(self, detail: str | None = None) -> None:
        self.detail = detail
        super().__init__(detail)


def expect_array(value: Json) -> list[Json]:
    """Return the value if it is an array."""
    if isinstance(value, list):
        return value
    raise InvalidArguments


def expect_object(value: Json) -> dict[str, Json]:
    """Return the value if it is an object."""
    if isinstance(value, dict):
        return value
    raise InvalidArguments


def expect_string(value: Json, max_length: int | None = None) -> str:
    """Return the value if it is a string of at most max_length characters."""
    if isinstance(value, str) and (max_length is None or len(value) <= max_length):
        return value
    raise InvalidArguments


def expect_number(value: Json) -> int | float:
    """Return the value if it is a finite number; true and false are none."""
    if isinstance(value, float) and math.isfinite(value):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise InvalidArguments


def truncate_to_int(value: Json) -> int:
    """Return a number without its fraction."""
    return _int32(math.trunc(expect_number(value)))


def round_half_up(value: Json) -> int:
    """Round a number half up, as Java's ``Math.round``: 1.5 to 2, -1.5 to -1 (recorded executions)."""
    checked = expect_number(value)
    if isinstance(checked, int):
        return _int32(checked)
    below = math.floor(checked)
    return _int32(below + (checked - below >= 0.5))


def _int32(value: int) -> int:
    if INT_MIN <= value <= INT_MAX:
        return value
    raise InvalidArguments
