"""Normalizes the numbers in JSON values to the form in which AWS returns them."""

from __future__ import annotations

import math
from typing import Any, Final

from sfn_provider.asl.scope import Json

INT64_LIMIT: Final = 2**63
"""AWS keeps an integer exact while it fits into 64 bits and turns it into a double beyond."""

_BASES: Final[tuple[type[Any], ...]] = (str, int, float, dict, list)


def normalize_json(value: Json) -> Json:
    """Copy a JSON value, with numbers in the form in which AWS returns them.

    Args:
        value: any JSON value.

    Returns:
        The same value: dicts and lists copied, 2.0 as 2, integers beyond 64 bits as floats, and the numbers that JSON
        cannot hold as the texts ``Infinity``, ``-Infinity`` and ``NaN`` (what AWS answers for ``1/0``).

    Raises:
        TypeError: value holds something that is no JSON.
    """
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return value
    if kind is dict:
        return {key: normalize_json(item) for key, item in value.items()}
    if kind is list or kind is tuple:
        return [normalize_json(item) for item in value]
    if kind is int or kind is float:
        return normalize_number(value)
    for base in _BASES:
        if isinstance(value, base):  # a subclass, for example a member of an enum
            return normalize_json(base(value))
    raise TypeError(f"a JSON value was expected, not {kind.__name__}: {value!r}")


def normalize_number(value: int | float) -> int | float | str:
    """Return a number in the form AWS gives it; see ``normalize_json``."""
    if isinstance(value, int):
        return value if -INT64_LIMIT <= value < INT64_LIMIT else normalize_number(to_double(value))
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return int(value) if value.is_integer() and abs(value) < INT64_LIMIT else value


def to_double(value: int) -> float:
    """Return an integer as a double; infinity where it is too large for one."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf
