"""Formats, hashes and orders JSON values as Java does.

Step Functions evaluates JSONPath and intrinsic functions in Java, on plain maps, lists and boxed numbers, which is
visible: ``States.Format`` prints an object as ``{a=1}``, ``States.ArrayUnique`` answers in the order of a HashSet.
Source: recorded executions, and Java's own documentation of ``hashCode`` (String, List, Map, Double) and HashMap.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Hashable, Iterable, Sequence
from decimal import Decimal

from sfn_provider.asl.scope import Json

_INT_BITS = 32
_INT_MASK = 0xFFFFFFFF
_LONG_MASK = 0xFFFFFFFFFFFFFFFF
_INT_MIN, _INT_MAX = -(2**31), 2**31 - 1
_LONG_MIN, _LONG_MAX = -(2**63), 2**63 - 1
_TRUE_HASH, _FALSE_HASH = 1231, 1237
_SMALLEST_TABLE = 16
_LOAD_FACTOR = 0.75
_PLAIN_FROM, _PLAIN_BELOW = 1e-3, 1e7

_quote: Callable[[str], str] = json.JSONEncoder(ensure_ascii=False).encode


def compact_json(value: Json) -> str:
    """Format a value as AWS does in causes: JSON without spaces, no escapes for non-ASCII text, doubles as Java's."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{_quote(key)}:{compact_json(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(compact_json, value)) + "]"
    return _quote(value) if isinstance(value, str) else java_text(value)


def unquoted_json(value: Json) -> str:
    """Format a value that a cause shows by itself: text as it is, all else as JSON."""
    return value if isinstance(value, str) else compact_json(value)


def java_text(value: Json) -> str:
    """Format a value as Java's ``String.valueOf`` does: ``{a=1, b=[x, null]}``, text without quotes."""
    if isinstance(value, str):
        return value
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _double_text(value)
    if isinstance(value, list):
        return "[" + ", ".join(map(java_text, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}={java_text(item)}" for key, item in value.items()) + "}"
    return str(value)


def _double_text(number: float) -> str:
    """Format a double: ``1.0``, but ``1.0E7`` from ten million on and ``1.0E-4`` below a thousandth."""
    if number == 0 or _PLAIN_FROM <= abs(number) < _PLAIN_BELOW:
        return repr(number)
    sign, digits, _ = Decimal(repr(number)).normalize().as_tuple()
    rest = "".join(map(str, digits[1:])) or "0"
    return f"{'-' if sign else ''}{digits[0]}.{rest}E{Decimal(repr(number)).adjusted()}"


def utf16_units(text: str) -> bytes:
    """Return a text's units of UTF-16, by which Java and JavaScript order text: U+1F600 comes before U+FF5E."""
    return text.encode("utf-16-be", "surrogatepass")


def java_distinct(values: Sequence[Json]) -> list[Json]:
    """Drop repeated values and return the rest in the order of ``new HashSet<>(values)``.

    Equal means equal to Java: 1 and 1.0 differ, true and 1 differ, objects are equal whatever the order of their keys.
    Small whole numbers and short strings mostly come out sorted, larger values in an order that looks random. The size
    of the hash table depends on the number of values, repeated ones included.
    """
    first: dict[Hashable, Json] = {}
    for value in values:
        first.setdefault(_identity(value), value)
    table = _table_size(len(values))
    return sorted(first.values(), key=lambda value: _bucket(value, table))


def _identity(value: Json) -> Hashable:
    """Return a key that is equal for two values exactly where Java's ``equals`` is true."""
    if isinstance(value, list):
        return ("list", tuple(map(_identity, value)))
    if isinstance(value, dict):
        return ("dict", frozenset((key, _identity(item)) for key, item in value.items()))
    if isinstance(value, float):
        return ("float", struct.pack(">d", value))
    return (type(value).__name__, value)


def _table_size(count: int) -> int:
    min_size = max(int(count / _LOAD_FACTOR) + 1, _SMALLEST_TABLE)
    return 1 << (min_size - 1).bit_length()


def _bucket(value: Json, table: int) -> int:
    code = java_hash(value) & _INT_MASK
    return (code ^ (code >> 16)) & (table - 1)


def java_hash(value: Json) -> int:
    """Compute Java's ``hashCode`` of a value, a signed 32-bit number."""
    return _signed(_hash(value))


def _signed(bits: int) -> int:
    bits &= _INT_MASK
    return bits - (1 << _INT_BITS) if bits > _INT_MAX else bits


def _hash(value: Json) -> int:
    if value is None:
        return 0
    if isinstance(value, bool):
        return _TRUE_HASH if value else _FALSE_HASH
    if isinstance(value, int):
        return _integer_hash(value)
    if isinstance(value, float):
        bits = struct.unpack(">Q", struct.pack(">d", value))[0]
        return int(bits ^ (bits >> _INT_BITS))
    if isinstance(value, str):
        units = utf16_units(value)
        return _polynomial([high << 8 | low for high, low in zip(units[::2], units[1::2], strict=True)], 0)
    if isinstance(value, list):
        return _polynomial(map(_hash, value), 1)
    if isinstance(value, dict):
        return sum(_hash(key) & _INT_MASK ^ _hash(item) & _INT_MASK for key, item in value.items())
    raise TypeError(f"{type(value).__name__} is not a JSON value: {value!r}")


def _integer_hash(value: int) -> int:
    """Hash an Integer, a Long or a BigInteger, whichever the number needs."""
    if _INT_MIN <= value <= _INT_MAX:
        return value
    if _LONG_MIN <= value <= _LONG_MAX:
        bits = value & _LONG_MASK
        return bits ^ (bits >> _INT_BITS)
    size = -(-value.bit_length() // _INT_BITS)
    words = [abs(value) >> _INT_BITS * index & _INT_MASK for index in reversed(range(size))]
    return _polynomial(words, 0) * (1 if value > 0 else -1)


def _polynomial(parts: Iterable[int], start: int) -> int:
    code = start
    for part in parts:
        code = (31 * code + part) & _INT_MASK
    return code
