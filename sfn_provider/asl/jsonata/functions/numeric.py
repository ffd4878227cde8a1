"""Implements the built-in functions on numbers and truth values."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import Any, Final

from sfn_provider.asl.json_values.json_checks import is_number
from sfn_provider.asl.jsonata.errors import JsonataError
from sfn_provider.asl.jsonata.library import NULL, Functions
from sfn_provider.asl.jsonata.regular_expressions import RegexFunction
from sfn_provider.asl.jsonata.values import is_function

_NUMBER: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?([Ee][-+]?[0-9]+)?")
_RADIX_LITERAL: Final = re.compile(r"0([xX][0-9A-Fa-f]+|[oO][0-7]+|[bB][01]+)")
_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"


def is_finite_number(value: Any) -> bool:
    """Return whether a value is a number that JSON can hold.

    Raises:
        JsonataError: D1001 for infinity, as the reference does whenever it meets one.
    """
    if not is_number(value):
        return False
    if isinstance(value, float) and math.isinf(value):
        raise JsonataError("D1001", value=value)
    return not math.isnan(value)


def to_number(value: Any) -> int | float:
    """``$number``: of a text in JSON's, hexadecimal, octal or binary notation, or of a truth value.

    Raises:
        JsonataError: D3030 for anything else.
    """
    if is_number(value):
        return value
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, str) and _NUMBER.fullmatch(value) and math.isfinite(float(value)):
        return float(value)
    if isinstance(value, str) and _RADIX_LITERAL.fullmatch(value):
        return float(int(value, 0))
    raise JsonataError("D3030", value=value)


def round_half_even(value: int | float, precision: int | float | None = None) -> int | float:
    """``$round``: ties go to the even digit, of the number's shortest decimal form."""
    if not math.isfinite(value):
        return value
    if not precision:
        return round(value)
    if precision != int(precision):
        return math.nan  # as the reference, which reads "1e1.5"
    shifted = float(Decimal(repr(value)).scaleb(int(precision)))
    if not math.isfinite(shifted):
        return math.nan
    return float(Decimal(repr(float(round(shifted)))).scaleb(-int(precision)))


def floor(value: int | float) -> int | float:
    """``$floor``."""
    return math.floor(value) if math.isfinite(value) else value


def ceil(value: int | float) -> int | float:
    """``$ceil``."""
    return math.ceil(value) if math.isfinite(value) else value


def power(base: int | float, exponent: int | float | None) -> float:
    """``$power``.

    Raises:
        JsonataError: D3061 where the result is no finite number.
    """
    try:
        result = math.pow(base, exponent) if exponent is not None else math.nan
    except (OverflowError, ValueError):
        result = math.nan
    if not math.isfinite(result):
        raise JsonataError("D3061", value=base, exp=exponent)
    return result


def format_base(value: int | float, radix: int | float | None) -> str:
    """``$formatBase``: a whole number in base 2 to 36.

    Raises:
        JsonataError: D3100 for another base.
    """
    base = 10 if radix is None else round_half_even(radix)
    if not isinstance(base, int) or not 2 <= base <= 36:
        raise JsonataError("D3100", value=base)
    remaining, digits = abs(round(value)), ""
    while remaining:
        remaining, digit = divmod(remaining, base)
        digits = _DIGITS[digit] + digits
    return ("-" if value < 0 and digits else "") + (digits or "0")


def sum_numbers(values: list[Any]) -> int | float:
    """``$sum``: added one after the other, as the reference; Python's sum compensates for rounding."""
    result: int | float = 0
    for value in values:
        result += value
    return result


def average(values: list[Any]) -> int | float | None:
    """``$average``."""
    return sum_numbers(values) / len(values) if values else None


def to_boolean(value: Any) -> bool | None:
    """``$boolean``: the truth value; None for undefined."""
    if value is None:
        return None
    if isinstance(value, list):
        return any(to_boolean(item) for item in value)
    if is_number(value):
        return is_finite_number(value) and value != 0
    if value is NULL or is_function(value):
        return False
    return bool(value)


def type_name(value: Any) -> str | None:
    """``$type``: ``null``, ``number``, ``string``, ``boolean``, ``array``, ``object``, ``function``, or None."""
    return "function" if isinstance(value, RegexFunction) else Functions.type(value)


def is_javascript_truthy(value: Any) -> bool:
    """Return whether a value is true in JavaScript, as the reference tests a comparator's result."""
    if value is None or value is NULL:
        return False
    if is_number(value):
        return value != 0 and not math.isnan(value)
    return value if isinstance(value, bool) else value != ""
