from __future__ import annotations

import pytest

from sfn_provider.asl.json_values.java_values import compact_json, java_distinct, java_hash, java_text
from sfn_provider.asl.scope import Json

TEXTS: dict[str, tuple[Json, str]] = {
    "null": (None, "null"),
    "true": (True, "true"),
    "false": (False, "false"),
    "integer": (-17, "-17"),
    "beyond long": (2**70, "1180591620717411303424"),
    "text": ("a 'b'", "a 'b'"),
    "object": ({"a": 1, "b": [None, "x"]}, "{a=1, b=[null, x]}"),
    "empty": ([{}, []], "[{}, []]"),
    "fraction": (0.1, "0.1"),
    "whole double": (3.0, "3.0"),
    "zero": (0.0, "0.0"),
    "smallest plain": (0.001, "0.001"),
    "small": (0.00012, "1.2E-4"),
    "largest plain": (9999999.5, "9999999.5"),
    "large": (10000000.0, "1.0E7"),
    "large with digits": (-123456789.25, "-1.2345678925E8"),
    "huge": (1e300, "1.0E300"),
}


@pytest.mark.parametrize(("value", "text"), TEXTS.values(), ids=TEXTS)
def test_java_text(value: Json, text: str) -> None:
    assert java_text(value) == text


HASHES: dict[str, tuple[Json, int]] = {
    "null": (None, 0),
    "true": (True, 1231),
    "false": (False, 1237),
    "int": (-5, -5),
    "long": (2**40, 256),
    "negative long": (-(2**40), -256),
    "big integer": (2**70, 61504),
    "negative big integer": (-(2**70), -61504),
    "double": (1.5, 1073217536),
    "empty text": ("", 0),
    "text": ("hello", 99162322),
    "text that overflows": ("States.Format", 355698019),
    "list": ([1, 2], 994),
    "object": ({"a": 1}, 96),
    "object in another order": ({"b": 2, "a": 1}, 192),
}


@pytest.mark.parametrize(("value", "code"), HASHES.values(), ids=HASHES)
def test_java_hash(value: Json, code: int) -> None:
    assert java_hash(value) == code


def test_java_hash_of_something_else() -> None:
    with pytest.raises(TypeError, match="set is not a JSON value"):
        java_hash({1, 2})


DISTINCT: dict[str, tuple[list[Json], list[Json]]] = {
    "nothing": ([], []),
    "repeated": ([3, 3, 3], [3]),
    "small numbers come out in order": ([9, 4, 9, 1], [1, 4, 9]),
    "sixteen is after zero": ([17, 16, 1, 0], [16, 0, 17, 1]),
    "false before true": ([True, False, True], [False, True]),
    "numbers by type": ([1, 1.0], [1.0, 1]),
    "true is not one": ([True, 1], [1, True]),
    "objects in any order of keys": ([{"a": 1, "b": 2}, {"b": 2, "a": 1}], [{"a": 1, "b": 2}]),
    "null is first": ([7, None], [None, 7]),
}


@pytest.mark.parametrize(("values", "expected"), DISTINCT.values(), ids=DISTINCT)
def test_java_distinct(values: list[Json], expected: list[Json]) -> None:
    found = java_distinct(values)
    assert found == expected
    assert list(map(type, found)) == list(map(type, expected))


def test_java_distinct_has_a_larger_table_for_more_values() -> None:
    assert java_distinct([40, 8]) == [40, 8]
    assert java_distinct([40, 8] * 12) == [8, 40]


def test_compact_json() -> None:
    assert compact_json({"a": [1, "ü", None, True]}) == '{"a":[1,"ü",null,true]}'
    assert compact_json({'"': ["\n", {}, []]}) == '{"\\"":["\\n",{},[]]}'


def test_compact_json_writes_doubles_as_java_does() -> None:
    assert compact_json([1.5, 12345678.5, 1e-5, {"large": 1e30}]) == '[1.5,1.23456785E7,1.0E-5,{"large":1.0E30}]'
