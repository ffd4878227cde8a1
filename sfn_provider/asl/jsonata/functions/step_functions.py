"""Implements the functions that Step Functions adds to JSONata.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html. Missing, wrong and
fractional arguments are treated as observed on AWS: numbers are cut towards zero, several cases are undefined.
"""

from __future__ import annotations

import hashlib
import uuid
from typing import Any, Final

from sfn_provider.asl.json_values.json_checks import is_number
from sfn_provider.asl.jsonata.errors import JsonataError
from sfn_provider.asl.jsonata.limits import MEMORY_LIMIT
from sfn_provider.asl.jsonata.values import make_sequence, to_value
from sfn_provider.strict_json import parse_strict_json

MAX_RANGE_ITEMS: Final = 360_145
"""AWS refuses a longer ``$range`` for its memory."""

_ALGORITHMS: Final = {"SHA-1": "sha1", "SHA-384": "sha384", "SHA-256": "sha256", "SHA-512": "sha512", "MD5": "md5"}
_MULTIPLIER, _INCREMENT, _BITS = 0x5DEECE66D, 0xB, 48


def _wrong_argument(name: str, position: int) -> JsonataError:
    return JsonataError("T0410", index=position, token=name)


def _integer(name: str, position: int, value: Any) -> int:
    if not is_number(value) or value - value != 0:
        raise _wrong_argument(name, position)
    return int(value)


def partition(array: Any = None, size: Any = None) -> list[list[Any]] | None:
    """``$partition(array, size)``: the last part holds what remains.

    Raises:
        JsonataError: T0412 for no array, T0410 for a size that is no number, D3137 for a negative size.
    """
    if array is None:
        return None
    if not isinstance(array, list):
        raise JsonataError("T0412", index=1, token="partition")
    if not array:
        return None
    if size is None:
        return [list(array)]
    count = _integer("partition", 2, size)
    if count < 0:
        raise JsonataError("D3137", "Second argument must be zero or greater")
    return [array[start : start + count] for start in range(0, len(array), count)] if count else None


def range_(first: Any = None, last: Any = None, step: Any = None) -> Any:
    """``$range(first, last, step)``: undefined for a step that leads away, the number itself for a range of one.

    Raises:
        JsonataError: T0410 where an argument is no number; no code where the range is too long.
    """
    start, stop = _integer("range", 1, first), _integer("range", 2, last)
    by = 0 if step is None else _integer("range", 3, step)
    if by == 0:
        return None
    if start == stop:
        return start
    items = range(start, stop + (1 if by > 0 else -1), by)
    if len(items) > MAX_RANGE_ITEMS:
        raise JsonataError(None, MEMORY_LIMIT)
    return make_sequence(items)


def hash_(text: Any = None, algorithm: Any = None) -> str | None:
    """``$hash(text, algorithm)``: hexadecimal digest of the text's UTF-8 bytes.

    Raises:
        JsonataError: T0410 for a wrong type, D3137 for another algorithm.
    """
    if not isinstance(text, str):
        raise _wrong_argument("hash", 1)
    if algorithm is None:
        return None
    if not isinstance(algorithm, str):
        raise _wrong_argument("hash", 2)
    if algorithm not in _ALGORITHMS:
        raise JsonataError("D3137", f"Hash algorithm '{algorithm}' must be one of {', '.join(_ALGORITHMS)}")
    return hashlib.new(_ALGORITHMS[algorithm], text.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()


def random_(evaluator: Any, seed: Any = None) -> float:
    """``$random(seed?)``: from 0 to below 1; the same for the same seed.

    With a seed, AWS answers what ``java.util.Random`` gives first: 0.7275636800328681 for 42.

    Raises:
        JsonataError: T0410 for a seed that is no number.
    """
    if seed is None:
        return float(evaluator.entropy.random())
    state = (_integer("random", 1, seed) ^ _MULTIPLIER) % 2**_BITS
    bits = 0
    for count in (26, 27):
        state = (state * _MULTIPLIER + _INCREMENT) % 2**_BITS
        bits = (bits << count) + (state >> (_BITS - count))
    return bits / 2**53


def uuid_(evaluator: Any) -> str:
    """``$uuid()``: version 4."""
    return str(uuid.UUID(int=evaluator.entropy.getrandbits(128), version=4))


def parse(text: Any = None) -> Any:
    """``$parse(text)``: the value of a JSON text.

    Raises:
        JsonataError: T0410 where it is no text, D3137 where it is no JSON; also for a repeated key.
    """
    if text is None:
        return None
    if not isinstance(text, str):
        raise _wrong_argument("parse", 1)
    try:
        found = parse_strict_json(text, object_pairs_hook=_object_without_duplicates)
    except (ValueError, RecursionError) as error:
        raise JsonataError("D3137", "Invalid JSON") from error
    return to_value(found)


def _object_without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is repeated")
    return found
