"""Implements the 18 intrinsic functions, in one table.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html and recorded executions. Where the
two differ the recordings win: only MathAdd rounds its arguments, the array functions and MathRandom cut the fraction
off; ArrayContains compares what Java prints; ArrayUnique answers in the order of a Java HashSet.
"""

from __future__ import annotations

import base64
import hashlib
import random
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from sfn_provider.asl.intrinsics.arguments import (
    InvalidArguments,
    expect_array,
    expect_number,
    expect_object,
    expect_string,
    round_half_up,
    truncate_to_int,
)
from sfn_provider.asl.intrinsics.format_template import split_template
from sfn_provider.asl.json_values.java_values import compact_json, java_distinct, java_text
from sfn_provider.asl.json_values.value_size import is_larger
from sfn_provider.asl.scope import Json, Randomness
from sfn_provider.strict_json import parse_strict_json

Call = Callable[[Sequence[Json], Randomness], Json]

MAX_RANGE_ITEMS: Final = 1000
MAX_STRING_LENGTH: Final = 10_000
_MAX_TEXT_LENGTH: Final = 2**24
"""How many characters a text may have that a function makes; what has more is far beyond a state's 256 KiB."""

_UUID_BITS = 128
_BASE64_ALPHABET = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
_ALGORITHMS = {"MD5": "md5", "SHA-1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512"}


@dataclass(frozen=True, slots=True)
class IntrinsicFunction:
    """An intrinsic function.

    Args:
        name: as written in a definition, for example ``States.MathAdd``.
        call: receives the evaluated arguments and the source of randomness; raises InvalidArguments.
        min_arguments: the smallest number of arguments.
        max_arguments: the largest number of arguments; None where there is no limit.
        takes_template: True where the first argument is a template, whose escapes the function reads itself.
    """

    name: str
    call: Call
    min_arguments: int
    max_arguments: int | None
    takes_template: bool = False

    def accepts(self, count: int) -> bool:
        """Return whether the function accepts this number of arguments."""
        return self.min_arguments <= count and (self.max_arguments is None or count <= self.max_arguments)


def _array(arguments: Sequence[Json], _entropy: Randomness) -> Json:
    return list(arguments)


def _array_partition(arguments: Sequence[Json], _entropy: Randomness) -> Json:
    items, size = expect_array(arguments[0]), truncate_to_int(arguments[1])
    if size < 1:
        raise InvalidArguments
    return [items[start : start + size] for start in range(0, len(items), size)]


def _array_contains(arguments: Sequence[Json], _entropy: Randomness) -> Json:
    # Recorded: true is found in ["true"], and {"a": 1, "b": 2} is not found in [{"b": 2, "a": 1}].
    _refuse_long(list(arguments))
    searched = java_text(arguments[1])
    return any(java_text(item) == searched for item in expect_array(arguments[0]))


def _array_range(arguments: Sequence[Json], _entropy: Randomness) -> Json:
    first, last, step = map(truncate_to_int, arguments)
    if step == 0:
        raise InvalidArguments
    found = range(first, last + (1 if step > 0 else -1), step)
    if len(found) > MAX_RANGE_ITEMS:
        raise InvalidArguments
    return list(found)


def _array_get_item(arguments: Sequence[Json], _entropy: Randomness) -> Json:
    items, index = expect_array(arguments[0]), truncate_to_int(arguments[1])
    if not items:
        return None  # recorded: an empty array has null at every index
    if not 0 <= index < len(items):
        raise InvalidArguments
    return items[index]


def _array_length(arguments: Sequence[Json], _entropy: Randomness) -> Json:
    return len(expect_array(arguments[0]))


def _array_unique(arguments: Sequence[Json], _entropy: Randomness) -> Json:
    items = expect_array(arguments[0])
    _refuse_long(items)
    return java_distinct(items)


def _base64_encode(arguments: Sequence[Json], _entropy: Randomness) -> Json:
    return base64.b64encode(_utf8(expect_string(arguments[0], MAX_STRING_LENGTH))).decode("ascii")


def _base64_decode(arguments: Sequence[Json], _entropy: Randomness) -> Json:
    # Recorded: what is not of the alphabet is skipped, missing padding is no error, '=' ends the text.
    encoded = expect_string(arguments[0], MAX_STRING_LENGTH).split("=", 1)[0].replace("-", "+").replace("_", "/")
    letters = "".join(char for char in encoded if char in _BASE64_ALPHABET)
    usable = letters[:-1] if len(letters) % 4 == 1 else letters
    return base64.b64decode(usable + "=" * (-len(usable) % 4)).decode("utf-8", "replace")


def _hash(arguments: Sequence[Json], _entropy: Randomness) -> Json:
    algorithm = _ALGORITHMS.get(expect_string(arguments[1]))
    _refuse_long(arguments[0])
    data = expect_string(java_text(arguments[0]), MAX_STRING_LENGTH)
    if algorithm is None:
        raise InvalidArguments
    return hashlib.new(algorithm, _utf8(data), usedforsecurity=False).hexdigest()


def _utf8(value: str) -> bytes:
    return value.encode("utf-8", "replace")


def _json_merge(arguments: Sequence[Json], _entropy: Randomness) -> Json:
    left, right, deep = arguments
    if deep is True:
        raise InvalidArguments  # documented: the only mode is the shallow one
    return expect_object(left) | expect_object(right)


def _string_to_json(arguments: Sequence[Json], _entropy: Randomness) -> Json:
    text = expect_string(arguments[0])
    if not text.strip():
        return None  # recorded: for '' and ' '
    try:
        return parse_strict_json(text)
    except (ValueError, RecursionError) as error:
        raise InvalidArguments from error


def _json_to_string(arguments: Sequence[Json], _entropy: Randomness) -> Json:
    _refuse_long(arguments[0])
    return compact_json(arguments[0])


def _math_random(arguments: Sequence[Json], entropy: Randomness) -> Json:
    """Draw a whole number from start up to, not including, end.

    The same seed gives the same number, as on AWS, but not the number that AWS draws: its generator is not documented.
    """
    start, end = truncate_to_int(arguments[0]), truncate_to_int(arguments[1])
    if start >= end:
        raise InvalidArguments
    source = random.Random(int(expect_number(arguments[2]))) if arguments[2:] else entropy
    return source.randrange(start, end)


def _math_add(arguments: Sequence[Json], _entropy: Randomness) -> Json:
    return truncate_to_int(round_half_up(arguments[0]) + round_half_up(arguments[1]))


def _string_split(arguments: Sequence[Json], _entropy: Randomness) -> Json:
    text, separators = expect_string(arguments[0]), expect_string(arguments[1])
    for separator in separators[1:]:
        text = text.replace(separator, separators[0])
    pieces = text.split(separators[0]) if separators else [text]
    return [piece for piece in pieces if piece]


def _uuid(_arguments: Sequence[Json], entropy: Randomness) -> Json:
    return str(uuid.UUID(int=entropy.getrandbits(_UUID_BITS), version=4))


def _format(arguments: Sequence[Json], _entropy: Randomness) -> Json:
    pieces = split_template(expect_string(arguments[0]))
    if len(pieces) != len(arguments):
        counts = "number of arguments do not match the occurrences of {}."
        raise InvalidArguments(f"Invalid arguments in States.Format: {counts}")
    _refuse_long(list(arguments))
    result = pieces[0]
    for value, piece in zip(arguments[1:], pieces[1:], strict=True):
        result += (value if isinstance(value, str) else java_text(value)) + piece
    return result


def _refuse_long(value: Json) -> None:
    """Refuse a value whose text would take much memory, as one that names a large value often does."""
    if is_larger(value, _MAX_TEXT_LENGTH, with_texts=True):
        raise InvalidArguments("The result of the intrinsic function is too large.")


_TABLE = (
    IntrinsicFunction("States.Array", _array, 0, None),
    IntrinsicFunction("States.ArrayPartition", _array_partition, 2, 2),
    IntrinsicFunction("States.ArrayContains", _array_contains, 2, 2),
    IntrinsicFunction("States.ArrayRange", _array_range, 3, 3),
    IntrinsicFunction("States.ArrayGetItem", _array_get_item, 2, 2),
    IntrinsicFunction("States.ArrayLength", _array_length, 1, 1),
    IntrinsicFunction("States.ArrayUnique", _array_unique, 1, 1),
    IntrinsicFunction("States.Base64Encode", _base64_encode, 1, 1),
    IntrinsicFunction("States.Base64Decode", _base64_decode, 1, 1),
    IntrinsicFunction("States.Hash", _hash, 2, 2),
    IntrinsicFunction("States.JsonMerge", _json_merge, 3, 3),
    IntrinsicFunction("States.StringToJson", _string_to_json, 1, 1),
    IntrinsicFunction("States.JsonToString", _json_to_string, 1, 1),
    IntrinsicFunction("States.MathRandom", _math_random, 2, 3),
    IntrinsicFunction("States.MathAdd", _math_add, 2, 2),
    IntrinsicFunction("States.StringSplit", _string_split, 2, 2),
    IntrinsicFunction("States.UUID", _uuid, 0, None),  # recorded: arguments are ignored
    IntrinsicFunction("States.Format", _format, 1, None, takes_template=True),
)

FUNCTIONS: Final[dict[str, IntrinsicFunction]] = {function.name: function for function in _TABLE}
"""Every intrinsic function by its name."""
