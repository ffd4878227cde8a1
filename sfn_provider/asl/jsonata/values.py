"""Converts between JSON and the evaluator's values, and formats values as text."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any, Final

from sfn_provider.asl.json_values.json_checks import is_number
from sfn_provider.asl.jsonata.library import NULL, Functions, Jsonata, Sequence
from sfn_provider.asl.jsonata.normalized_json import INT64_LIMIT, normalize_number, to_double
from sfn_provider.asl.scope import Json

INTEGRAL_FLOAT_LIMIT: Final = 10**15
"""Up to here a double that is whole becomes an int; beyond, an int means an exact integer of the input."""

_SURROGATE: Final = re.compile("[\ud800-\udfff]")


class UnsupportedResult(Exception):
    """The result holds a function, which JSON cannot."""


def to_value(value: Json) -> Any:
    """Copy JSON into values of the evaluator: null is NULL, whole numbers are ints.

    Raises:
        TypeError: value holds something that is no JSON.
    """
    kind = type(value)
    if kind is str or kind is bool:
        return value
    if value is None:
        return NULL
    if kind is int or kind is float:
        return _number(value)
    if isinstance(value, dict):
        return {str(key): to_value(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_value(item) for item in value]
    for base in (str, int, float):  # a subclass, for example a member of an enum
        if isinstance(value, base):
            return to_value(base(value))
    raise TypeError(f"a JSON value was expected, not {kind.__name__}: {value!r}")


def _number(value: int | float) -> int | float:
    if isinstance(value, int):
        return value if -INT64_LIMIT <= value < INT64_LIMIT else to_double(value)
    return int(value) if value.is_integer() and abs(value) < INT64_LIMIT else value


def join_surrogates(text: str, errors: str = "surrogatepass") -> str:
    r"""Make one character of each surrogate pair, as ``"\ud83d" & "\ude00"`` makes one in JavaScript.

    Args:
        text: a text of the evaluator.
        errors: what becomes of a surrogate without its other half: ``surrogatepass`` leaves it, ``replace`` makes it
            U+FFFD, as there is none in UTF-8.
    """
    if not _SURROGATE.search(text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", errors)


def from_value(value: Any) -> Json:
    """Copy a result of the evaluator into plain JSON.

    Raises:
        UnsupportedResult: it holds a function.
    """
    kind = type(value)
    if kind is str:
        return value if value.isascii() else join_surrogates(value, "replace")
    if kind is bool:
        return value
    if value is NULL or value is None:
        return None
    if kind is int or kind is float:
        return normalize_number(value)
    if isinstance(value, list):
        return [from_value(item) for item in value]
    if isinstance(value, dict):
        return {
            key if key.isascii() else join_surrogates(key, "replace"): from_value(item) for key, item in value.items()
        }
    raise UnsupportedResult(kind.__name__)


def is_function(value: Any) -> bool:
    """Return whether a value is a built-in function, a lambda or a regular expression."""
    return isinstance(value, Jsonata.JFunctionCallable) or Functions.is_lambda(value)


def float_to_int(value: Any) -> Any:
    """Return a whole float as an int, as far as floats are exact to the digit; any other value unchanged."""
    if isinstance(value, float) and -INTEGRAL_FLOAT_LIMIT < value < INTEGRAL_FLOAT_LIMIT and value.is_integer():
        return int(value)
    return value


def make_sequence(items: Iterable[Any]) -> Any:
    """Create a JSONata sequence: one item equals the item itself, no item is undefined."""
    made = Sequence(items)
    made.sequence = True
    return made


def format_js_number(value: int | float) -> str:
    """Write a finite number as JavaScript does: 1e+21 from 1e21 on, 1e-7 below 1e-6, else digits."""
    if isinstance(value, int):
        return str(value)
    if value == 0:
        return "0"
    sign, digits, exponent = Decimal(repr(value)).as_tuple()
    text = "".join(map(str, digits)).rstrip("0")
    point = len(digits) + int(exponent)
    lead = "-" if sign else ""
    if 0 < point <= 21:
        whole, fraction = text[:point].ljust(point, "0"), text[point:]
        return f"{lead}{whole}.{fraction}" if fraction else f"{lead}{whole}"
    if -6 < point <= 0:
        return f"{lead}0.{'0' * -point}{text}"
    mantissa = f"{text[0]}.{text[1:]}" if len(text) > 1 else text
    return f"{lead}{mantissa}e{point - 1:+d}"


def format_rounded_number(value: int | float) -> str:
    """Write a number as ``$string`` does: doubles to 15 significant digits."""
    return format_js_number(value if isinstance(value, int) else float(f"{value:.15g}"))


def to_json(value: Any) -> str:
    """Write a value as compact JSON, as it appears in messages; doubles with all their digits."""
    return write_json(value, format_js_number)


def write_json(value: Any, number: Callable[[int | float], str], indent: int = 0, level: int = 0) -> str:
    """Write a value as JSON text.

    Args:
        value: a value of the evaluator; functions become empty texts.
        number: how to write a finite number.
        indent: spaces for each level, 0 for one line.
        level: how deep this value is.
    """
    if isinstance(value, str):
        return _quote(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if is_number(value):
        return number(value) if math.isfinite(value) else "null"
    if isinstance(value, list):
        return _bracket("[]", [write_json(item, number, indent, level + 1) for item in value], indent, level)
    if isinstance(value, dict):
        colon = ": " if indent else ":"
        pairs = [_quote(key) + colon + write_json(item, number, indent, level + 1) for key, item in value.items()]
        return _bracket("{}", pairs, indent, level)
    return '""' if is_function(value) else "null"


def _quote(text: str) -> str:
    """Write a text as JSON, a surrogate without its other half as an escape, as JavaScript does."""
    quoted = json.dumps(text, ensure_ascii=False)
    if quoted.isascii():
        return quoted
    return _SURROGATE.sub(lambda found: f"\\u{ord(found.group()):04x}", join_surrogates(quoted))


def _bracket(pair: str, items: list[str], indent: int, level: int) -> str:
    if not items or not indent:
        return pair[0] + ",".join(items) + pair[1]
    inner, outer = "\n" + " " * indent * (level + 1), "\n" + " " * indent * level
    return pair[0] + inner + f",{inner}".join(items) + outer + pair[1]
