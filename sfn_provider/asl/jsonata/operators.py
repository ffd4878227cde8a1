"""The operators on numbers and texts, as JavaScript calculates and compares."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any, Final

from sfn_provider.asl.jsonata.errors import MAX_ITEMS, MEMORY, Failure
from sfn_provider.asl.jsonata.functions.numeric import is_finite_number
from sfn_provider.asl.jsonata.result_values import as_double
from sfn_provider.asl.jsonata.values import EXACT, is_number, tidy

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
        Failure: T2001 or T2002 where a side is no number, D1001 where it is infinite.
    """
    if lhs is not None and not is_finite_number(lhs):
        raise Failure("T2001", token=op, value=lhs)
    if rhs is not None and not is_finite_number(rhs):
        raise Failure("T2002", token=op, value=rhs)
    if lhs is None or rhs is None:
        return None
    found = _ARITHMETIC[op](lhs, rhs)
    if isinstance(found, int) and abs(found) >= EXACT:
        return as_double(found)
    return tidy(found)


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
    """Compare two numbers or two texts; None where a side is undefined.

    Raises:
        Failure: T2010 for another type, T2009 for a number and a text.
    """
    for value in (lhs, rhs):
        if value is not None and not (isinstance(value, str) or is_number(value)):
            raise Failure("T2010", token=op, value=value)
    if lhs is None or rhs is None:
        return None
    if isinstance(lhs, str) != isinstance(rhs, str):
        raise Failure("T2009", value=lhs, value2=rhs, token=op)
    return _COMPARISONS[op](lhs, rhs)


def whole_range(lhs: Any, rhs: Any) -> list[int] | None:
    """Count from one whole number to another; None where that is backwards or a side is undefined.

    Raises:
        Failure: T2003 or T2004 where a side is no whole number, D2014 or no code where the range is too long.
    """
    if lhs is not None and not _is_whole(lhs):
        raise Failure("T2003", value=lhs)
    if rhs is not None and not _is_whole(rhs):
        raise Failure("T2004", value=rhs)
    if lhs is None or rhs is None or lhs > rhs:
        return None
    items = range(int(lhs), int(rhs) + 1)
    if len(items) > _MAX_RANGE:
        raise Failure("D2014", value=len(items))
    if len(items) > MAX_ITEMS:
        raise Failure(None, MEMORY)
    return list(items)


def _is_whole(value: Any) -> bool:
    return is_number(value) and math.isfinite(value) and value == math.floor(value)
