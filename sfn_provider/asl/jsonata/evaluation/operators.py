"""Implements the operators on numbers and strings, with JavaScript's arithmetic and comparison."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any, Final

from sfn_provider.asl.json_values.java_values import utf16_units
from sfn_provider.asl.json_values.json_checks import is_number, is_whole_number
from sfn_provider.asl.jsonata.errors import JsonataError
from sfn_provider.asl.jsonata.functions.numeric import is_finite_number
from sfn_provider.asl.jsonata.limits import MAX_ARRAY_ITEMS, MEMORY_LIMIT
from sfn_provider.asl.jsonata.normalized_json import to_double
from sfn_provider.asl.jsonata.values import INTEGRAL_FLOAT_LIMIT, float_to_int

_MAX_RANGE: Final = 10**7
"""The reference refuses a longer range."""


def calculate(lhs: Any, rhs: Any, op: str) -> Any:
    """Calculate with doubles: dividing by zero gives infinity, the remainder has fractions.

    Args:
        lhs: a number, or None for undefined.
        rhs: the same.
        op: ``+``, ``-``, ``*``, ``/`` or ``%``.

    Returns:
        A number; None where a side is undefined.

    Raises:
        JsonataError: T2001 or T2002 where a side is no number, D1001 where it is infinite.
    """
    if not (type(lhs) is int and type(rhs) is int):
        if lhs is not None and not is_finite_number(lhs):
            raise JsonataError("T2001", token=op, value=lhs)
        if rhs is not None and not is_finite_number(rhs):
            raise JsonataError("T2002", token=op, value=rhs)
        if lhs is None or rhs is None:
            return None
    found = _ARITHMETIC[op](lhs, rhs)
    if isinstance(found, int) and abs(found) >= INTEGRAL_FLOAT_LIMIT:
        return to_double(found)
    return float_to_int(found)


def _divide(lhs: Any, rhs: Any) -> float:
    if rhs == 0:
        return math.nan if lhs == 0 else math.copysign(math.inf, lhs) * math.copysign(1, rhs)
    return float(lhs) / float(rhs)


def _remainder(lhs: Any, rhs: Any) -> float:
    return math.fmod(lhs, rhs) if rhs else math.nan


_ARITHMETIC: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _divide,
    "%": _remainder,
}

_COMPARISONS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def compare(lhs: Any, rhs: Any, op: str) -> bool | None:
    """Compare two numbers, or two texts by their units of UTF-16; None where a side is undefined.

    Raises:
        JsonataError: T2010 for another type, T2009 for a number and a text.
    """
    if type(lhs) is int and type(rhs) is int:
        return _COMPARISONS[op](lhs, rhs)
    for value in (lhs, rhs):
        if value is not None and not (isinstance(value, str) or is_number(value)):
            raise JsonataError("T2010", token=op, value=value)
    if lhs is None or rhs is None:
        return None
    if isinstance(lhs, str) != isinstance(rhs, str):
        raise JsonataError("T2009", value=lhs, value2=rhs, token=op)
    if isinstance(lhs, str):
        lhs, rhs = utf16_units(lhs), utf16_units(rhs)
    return _COMPARISONS[op](lhs, rhs)


def make_range(lhs: Any, rhs: Any) -> list[int] | None:
    """Return the integers from one to another; None where the range is empty or a side is undefined.

    Raises:
        JsonataError: T2003 or T2004 where a side is no whole number, D2014 or no code where the range is too long.
    """
    if lhs is not None and not is_whole_number(lhs):
        raise JsonataError("T2003", value=lhs)
    if rhs is not None and not is_whole_number(rhs):
        raise JsonataError("T2004", value=rhs)
    if lhs is None or rhs is None or lhs > rhs:
        return None
    items = range(int(lhs), int(rhs) + 1)
    if len(items) > _MAX_RANGE:
        raise JsonataError("D2014", value=len(items))
    if len(items) > MAX_ARRAY_ITEMS:
        raise JsonataError(None, MEMORY_LIMIT)
    return list(items)
