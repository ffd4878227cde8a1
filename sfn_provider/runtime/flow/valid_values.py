"""Recognizes values of fields that are surely valid: paths, calls, payload templates, numbers, times.

Imported at every parse of a DAG file: nothing heavy at module level.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

Json = Any
Check = Callable[[Json], bool]

_CALLED = "States."
_NAMES = (
    "Array ArrayPartition ArrayContains ArrayRange ArrayGetItem ArrayLength ArrayUnique Base64Encode Base64Decode Hash "
    "JsonMerge StringToJson JsonToString MathRandom MathAdd StringSplit UUID Format"
)
_FUNCTIONS = frozenset(_NAMES.split())
_WORDS = frozenset(("true", "false", "null"))


def is_plain_path(text: str, steps: tuple[str, ...] = ("*",)) -> bool:
    """Return True for a path of names and indexes, such as ``$.orders[0].price``, ``$$.Execution.Id``, ``$name.x``.

    Args:
        text: what may be a path.
        steps: what may stand in brackets besides an index.
    """
    if text == "$":
        return True
    root, *names = text.split(".")
    root, opened, rest = root.partition("[")
    if root not in ("$", "$$") and not (root[:1] == "$" and root[1:].isidentifier() and root.isascii()):
        return False
    if opened and not _are_steps(rest, steps):
        return False
    for part in names:
        name, opened, rest = part.partition("[")
        if not (name.isascii() and name.replace("_", "a").replace("-", "a").isalnum()):
            return False
        if opened and not _are_steps(rest, steps):
            return False
    return True


def _are_steps(text: str, steps: tuple[str, ...]) -> bool:
    """Return True for what stands behind the first bracket of ``[0][1]``."""
    if text[-1:] != "]":
        return False
    return all(step in steps or (step.isascii() and step.isdecimal()) for step in text[:-1].split("]["))


def is_plain_reference(text: str) -> bool:
    """Return True for a path to one value."""
    return is_plain_path(text, ())


def is_plain_call(text: str) -> bool:
    """Return True for a call of intrinsic functions that exist, with plain paths, texts, numbers and calls."""
    if "\\" in text or not text.startswith(_CALLED):
        return False
    parts = text.split("'")
    if len(parts) % 2 == 0:
        return False
    code = "0".join(parts[::2])  # a text is an argument like a number
    while True:
        before, found, call = code.rpartition(_CALLED)
        if not found:
            return code == "0"
        name, opened, rest = call.partition("(")
        arguments, closed, rest = rest.partition(")")
        if not (opened and closed and name in _FUNCTIONS):
            return False
        if arguments and not arguments.isspace() and not all(map(_is_argument, arguments.split(","))):
            return False
        code = f"{before}0{rest}"


def _is_argument(text: str) -> bool:
    text = text.strip(" ")
    return text in _WORDS or text.removeprefix("-").isdecimal() or (text[:1] == "$" and is_plain_path(text))


def is_plain_template(value: Json) -> bool:
    """Return True for a payload template in JSONPath whose members that end in ``.$`` are surely valid."""
    kind = type(value)
    if kind is dict:
        for name, item in value.items():
            if type(name) is not str:
                return False
            if name.endswith(".$"):
                if type(item) is not str or not (is_plain_path(item) if item[:1] == "$" else is_plain_call(item)):
                    return False
            elif type(item) is not str and not is_plain_template(item):
                return False
        return True
    if kind is list or kind is tuple:
        return all(map(is_plain_template, value))
    return _is_plain_value(value)


def is_plain_value(value: Json) -> bool:
    """Return True for a JSON value without, or with whole, JSONata expressions in it."""
    kind = type(value)
    if kind is dict:
        return all(type(name) is str and is_plain_value(item) for name, item in value.items())
    if kind is list or kind is tuple:
        return all(map(is_plain_value, value))
    if kind is str:
        return bool(value.startswith("{%") == value.endswith("%}"))
    return _is_plain_value(value)


def _is_plain_value(value: Json) -> bool:
    kind = type(value)
    if kind is float:
        return bool(value - value == 0)  # neither infinite nor nan
    return kind is str or kind is bool or value is None or (kind is int and -(2**53) < value < 2**53)


# Fields ---------------------------------------------------------------------------------------------------------------


def is_text(value: Json) -> bool:
    """Return True for a text."""
    return isinstance(value, str)


def is_constant(value: Json) -> bool:
    """Return True for a text that is no part of a JSONata expression."""
    return isinstance(value, str) and not value.endswith("%}")


def is_truth(value: Json) -> bool:
    """Return True for true and false."""
    return value is True or value is False


def number(minimum: float = 0, maximum: float = float("inf")) -> Check:
    """Return the check of whole numbers from a minimum to a maximum."""
    return lambda value: type(value) is int and minimum <= value <= maximum


def is_plain_number(value: Json) -> bool:
    """Return True for a number that JSON has."""
    return (type(value) is int or type(value) is float) and bool(value - value == 0)


def is_path_or_null(value: Json) -> bool:
    """Return True for null, and for a path to any number of values."""
    return value is None or (isinstance(value, str) and is_plain_path(value))


def is_reference(value: Json) -> bool:
    """Return True for a path to one value."""
    return isinstance(value, str) and is_plain_reference(value)


def is_path_into_input(value: Json) -> bool:
    """Return True for a path to one value that is not in the context object."""
    return is_reference(value) and not value.startswith("$$")


def is_result_path(value: Json) -> bool:
    """Return True for null, and for a path to one place in the input."""
    return value is None or (is_reference(value) and value[1:2] in ("", ".", "["))


def is_path_or_call(value: Json) -> bool:
    """Return True for a path and for a call of intrinsic functions."""
    return isinstance(value, str) and (is_plain_path(value) or is_plain_call(value))


def is_timestamp(value: Json) -> bool:
    """Return True for a time such as ``2030-01-31T12:00:00Z``."""
    if not (isinstance(value, str) and len(value) == len("2030-01-31T12:00:00Z") and value.isascii()):
        return False
    if (value[4], value[7], value[10], value[13], value[16], value[19]) != ("-", "-", "T", ":", ":", "Z"):
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def are_texts(value: Json) -> bool:
    """Return True for a list of at least one text."""
    return isinstance(value, (list, tuple)) and len(value) > 0 and all(map(is_text, value))


def are_credentials(value: Json) -> bool:
    """Return True for an object with a RoleArn and nothing else."""
    if not isinstance(value, dict) or len(value) != 1 or not all(map(is_text, value.values())):
        return False
    return "RoleArn" in value or ("RoleArn.$" in value and is_plain_template(value))
