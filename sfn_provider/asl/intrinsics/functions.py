"""The 18 intrinsic functions as a table.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html and recorded executions. Where the
two differ the recordings win: only MathAdd rounds its arguments, the array functions and MathRandom cut the fraction
off; ArrayContains compares what Java prints; ArrayUnique answers in the order of a Java HashSet.
"""

from __future__ import annotations

import base64
import hashlib
import json
import random
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, NoReturn

from sfn_provider.asl.intrinsics.arguments import InvalidArguments, array, mapping, number, rounded, text, truncated
from sfn_provider.asl.intrinsics.formatting import split_template
from sfn_provider.asl.java_values import compact_json, java_distinct, java_text
from sfn_provider.asl.scope import Json

Call = Callable[[Sequence[Json], random.Random], Json]

LONGEST_RANGE: Final = 1000
LONGEST_TEXT: Final = 10_000
_UUID_BITS = 128
_BASE64_ALPHABET = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
_ALGORITHMS = {"MD5": "md5", "SHA-1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512"}


@dataclass(frozen=True, slots=True)
class Function:
    """An intrinsic function.

    Args:
        name: as written in a definition, for example ``States.MathAdd``.
        call: takes the evaluated arguments and the source of randomness; raises InvalidArguments.
        fewest: the least number of arguments.
        most: the largest number of arguments; None where there is no limit.
        takes_template: True where the first argument is a template, whose escapes the function reads itself.
    """

    name: str
    call: Call
    fewest: int
    most: int | None
    takes_template: bool = False

    def accepts(self, count: int) -> bool:
        """Tell whether the function can be called with so many arguments."""
        return self.fewest <= count and (self.most is None or count <= self.most)


def _array(arguments: Sequence[Json], _entropy: random.Random) -> Json:
    return list(arguments)


def _array_partition(arguments: Sequence[Json], _entropy: random.Random) -> Json:
    items, size = array(arguments[0]), truncated(arguments[1])
    if size < 1:
        raise InvalidArguments
    return [items[start : start + size] for start in range(0, len(items), size)]


def _array_contains(arguments: Sequence[Json], _entropy: random.Random) -> Json:
    # Recorded: true is found in ["true"], and {"a": 1, "b": 2} is not found in [{"b": 2, "a": 1}].
    wanted = java_text(arguments[1])
    return any(java_text(item) == wanted for item in array(arguments[0]))


def _array_range(arguments: Sequence[Json], _entropy: random.Random) -> Json:
    first, last, step = map(truncated, arguments)
    if step == 0:
        raise InvalidArguments
    found = range(first, last + (1 if step > 0 else -1), step)
    if len(found) > LONGEST_RANGE:
        raise InvalidArguments
    return list(found)


def _array_get_item(arguments: Sequence[Json], _entropy: random.Random) -> Json:
    items, index = array(arguments[0]), truncated(arguments[1])
    if not items:
        return None  # recorded: an empty array has null at every index
    if not 0 <= index < len(items):
        raise InvalidArguments
    return items[index]


def _array_length(arguments: Sequence[Json], _entropy: random.Random) -> Json:
    return len(array(arguments[0]))


def _array_unique(arguments: Sequence[Json], _entropy: random.Random) -> Json:
    return java_distinct(array(arguments[0]))


def _base64_encode(arguments: Sequence[Json], _entropy: random.Random) -> Json:
    return base64.b64encode(_utf8(text(arguments[0], LONGEST_TEXT))).decode("ascii")


def _base64_decode(arguments: Sequence[Json], _entropy: random.Random) -> Json:
    # Recorded: what is not of the alphabet is skipped, missing padding is no error, '=' ends the text.
    given = text(arguments[0], LONGEST_TEXT).split("=", 1)[0].replace("-", "+").replace("_", "/")
    kept = "".join(char for char in given if char in _BASE64_ALPHABET)
    whole = kept[:-1] if len(kept) % 4 == 1 else kept
    return base64.b64decode(whole + "=" * (-len(whole) % 4)).decode("utf-8", "replace")


def _hash(arguments: Sequence[Json], _entropy: random.Random) -> Json:
    algorithm = _ALGORITHMS.get(text(arguments[1]))
    data = text(java_text(arguments[0]), LONGEST_TEXT)
    if algorithm is None:
        raise InvalidArguments
    return hashlib.new(algorithm, _utf8(data), usedforsecurity=False).hexdigest()


def _utf8(value: str) -> bytes:
    return value.encode("utf-8", "replace")


def _json_merge(arguments: Sequence[Json], _entropy: random.Random) -> Json:
    left, right, deep = arguments
    if deep is True:
        raise InvalidArguments  # documented: the only mode is the shallow one
    return mapping(left) | mapping(right)


def _string_to_json(arguments: Sequence[Json], _entropy: random.Random) -> Json:
    given = text(arguments[0])
    if not given.strip():
        return None  # recorded: for '' and ' '
    try:
        return json.loads(given, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise InvalidArguments from error


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _json_to_string(arguments: Sequence[Json], _entropy: random.Random) -> Json:
    return compact_json(arguments[0])


def _math_random(arguments: Sequence[Json], entropy: random.Random) -> Json:
    """Draw a whole number from start up to, not including, end.

    The same seed gives the same number, as on AWS, but not the number that AWS draws: its generator is not documented.
    """
    start, end = truncated(arguments[0]), truncated(arguments[1])
    if start >= end:
        raise InvalidArguments
    source = random.Random(int(number(arguments[2]))) if arguments[2:] else entropy
    return source.randrange(start, end)


def _math_add(arguments: Sequence[Json], _entropy: random.Random) -> Json:
    return truncated(rounded(arguments[0]) + rounded(arguments[1]))


def _string_split(arguments: Sequence[Json], _entropy: random.Random) -> Json:
    given, separators = text(arguments[0]), text(arguments[1])
    for separator in separators[1:]:
        given = given.replace(separator, separators[0])
    pieces = given.split(separators[0]) if separators else [given]
    return [piece for piece in pieces if piece]


def _uuid(_arguments: Sequence[Json], entropy: random.Random) -> Json:
    return str(uuid.UUID(int=entropy.getrandbits(_UUID_BITS), version=4))


def _format(arguments: Sequence[Json], _entropy: random.Random) -> Json:
    pieces = split_template(text(arguments[0]))
    if len(pieces) != len(arguments):
        counts = "number of arguments do not match the occurrences of {}."
        raise InvalidArguments(f"Invalid arguments in States.Format: {counts}")
    result = pieces[0]
    for value, piece in zip(arguments[1:], pieces[1:], strict=True):
        result += (value if isinstance(value, str) else java_text(value)) + piece
    return result


_TABLE = (
    Function("States.Array", _array, 0, None),
    Function("States.ArrayPartition", _array_partition, 2, 2),
    Function("States.ArrayContains", _array_contains, 2, 2),
    Function("States.ArrayRange", _array_range, 3, 3),
    Function("States.ArrayGetItem", _array_get_item, 2, 2),
    Function("States.ArrayLength", _array_length, 1, 1),
    Function("States.ArrayUnique", _array_unique, 1, 1),
    Function("States.Base64Encode", _base64_encode, 1, 1),
    Function("States.Base64Decode", _base64_decode, 1, 1),
    Function("States.Hash", _hash, 2, 2),
    Function("States.JsonMerge", _json_merge, 3, 3),
    Function("States.StringToJson", _string_to_json, 1, 1),
    Function("States.JsonToString", _json_to_string, 1, 1),
    Function("States.MathRandom", _math_random, 2, 3),
    Function("States.MathAdd", _math_add, 2, 2),
    Function("States.StringSplit", _string_split, 2, 2),
    Function("States.UUID", _uuid, 0, None),  # recorded: arguments are ignored
    Function("States.Format", _format, 1, None, takes_template=True),
)

FUNCTIONS: Final[dict[str, Function]] = {function.name: function for function in _TABLE}
"""Every intrinsic function by its name."""
