from __future__ import annotations

import math
from typing import Any

import pytest

from sfn_provider.asl.json_values.json_checks import (
    is_jsonata,
    is_number,
    is_object_of_text_lists,
    is_whole_number,
)


@pytest.mark.parametrize(
    ("value", "number", "whole"),
    [
        (1, True, True),
        (10**400, True, True),
        (1.0, True, True),
        (1.5, True, False),
        (math.inf, True, False),
        (math.nan, True, False),
        (True, False, False),
        ("1", False, False),
        (None, False, False),
    ],
)
def test_numbers(value: Any, number: bool, whole: bool) -> None:
    assert (is_number(value), is_whole_number(value)) == (number, whole)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("{% 1 %}", True),
        ("{%%}", True),
        ("{%}", False),
        (" {% 1 %}", False),
        ("{% 1 %} ", False),
        (["{% 1 %}"], False),
    ],
)
def test_what_is_a_jsonata_expression(value: Any, expected: bool) -> None:
    assert is_jsonata(value) is expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({}, True),
        ({"a": [], "b": ["c"]}, True),
        ({"a": "b"}, False),
        ({"a": [1]}, False),
        ([["a"]], False),
    ],
)
def test_objects_of_lists_of_text(value: Any, expected: bool) -> None:
    assert is_object_of_text_lists(value) is expected
