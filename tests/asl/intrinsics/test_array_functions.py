from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfn_provider.asl.scope import Json
from sfn_provider.exceptions import StatesError
from tests.asl.intrinsics.intrinsic_calls import Case, evaluate

ANSWERS = {
    "partition": Case("States.ArrayPartition($, 2)", ["a", "b", "c"], [["a", "b"], ["c"]]),
    "partition into one": Case("States.ArrayPartition($, 9)", [1, 2], [[1, 2]]),
    "partition of nothing": Case("States.ArrayPartition($, 3)", [], []),
    "partition cuts fractions off": Case("States.ArrayPartition($, 1.9)", [1, 2], [[1], [2]]),
    "contains": Case("States.ArrayContains($, 'b')", ["a", "b"], True),
    "contains not": Case("States.ArrayContains($, 'B')", ["a", "b"], False),
    "contains null": Case("States.ArrayContains($, null)", [None], True),
    "contains an array": Case("States.ArrayContains($.all, $.one)", {"all": [[1, 2], 3], "one": [1, 2]}, True),
    "contains an object": Case("States.ArrayContains($.all, $.one)", {"all": [{"k": 1}], "one": {"k": 1}}, True),
    "contains compares the order of keys": Case(
        "States.ArrayContains($.all, $.one)", {"all": [{"k": 1, "l": 2}], "one": {"l": 2, "k": 1}}, False
    ),
    "contains takes a number for its text": Case("States.ArrayContains($, 7)", ["7"], True),
    "contains takes true for its text": Case("States.ArrayContains($, true)", ["true"], True),
    "contains does not take true for one": Case("States.ArrayContains($, true)", [1], False),
    "range": Case("States.ArrayRange(2, 8, 3)", None, [2, 5, 8]),
    "range that misses its end": Case("States.ArrayRange(2, 9, 3)", None, [2, 5, 8]),
    "range down": Case("States.ArrayRange(3, -3, -3)", None, [3, 0, -3]),
    "range of one": Case("States.ArrayRange(5, 5, -1)", None, [5]),
    "range in the other direction": Case("States.ArrayRange(5, 1, 1)", None, []),
    "range cuts fractions off": Case("States.ArrayRange(1.9, 3.9, 1.9)", None, [1, 2, 3]),
    "range cuts fractions off towards zero": Case("States.ArrayRange(1, -1.9, -1)", None, [1, 0, -1]),
    "item": Case("States.ArrayGetItem($, 1)", ["a", {"b": 1}], {"b": 1}),
    "item at a fraction": Case("States.ArrayGetItem($, 1.9)", ["a", "b", "c"], "b"),
    "item of an empty array": Case("States.ArrayGetItem($, 0)", [], None),
    "item far beyond an empty array": Case("States.ArrayGetItem($, 99)", [], None),
    "length": Case("States.ArrayLength($)", [[1, 2], [3]], 2),
    "length of nothing": Case("States.ArrayLength($)", [], 0),
    "unique": Case("States.ArrayUnique($)", [2, 1, 2], [1, 2]),
    "unique in the order of a hash table": Case(
        "States.ArrayUnique($)", ["pear", "fig", "pear", "apple"], ["apple", "pear", "fig"]
    ),
    "unique of nothing": Case("States.ArrayUnique($)", [], []),
}


@pytest.mark.parametrize("case", ANSWERS.values(), ids=ANSWERS)
def test_answer(case: Case) -> None:
    found = evaluate(case.call, case.input)
    assert found == case.value
    assert type(found) is type(case.value)


REFUSED = {
    "partition of text": Case("States.ArrayPartition($, 2)", "abc"),
    "partition into nothing": Case("States.ArrayPartition($, 0)", [1]),
    "partition into less than one": Case("States.ArrayPartition($, 0.9)", [1]),
    "partition by text": Case("States.ArrayPartition($, '2')", [1]),
    "partition by true": Case("States.ArrayPartition($, true)", [1]),
    "contains in text": Case("States.ArrayContains($, 'a')", "abc"),
    "range from text": Case("States.ArrayRange('1', 2, 1)", None),
    "range with null": Case("States.ArrayRange(1, null, 1)", None),
    "range without a step": Case("States.ArrayRange(1, 2, 0)", None),
    "range with a step below one": Case("States.ArrayRange(1, 2, 0.9)", None),
    "range of 1001": Case("States.ArrayRange(0, 1000, 1)", None),
    "range of 1001 down": Case("States.ArrayRange(1000, 0, -1)", None),
    "range of very many": Case("States.ArrayRange(0, 2147483647, 1)", None),
    "item of text": Case("States.ArrayGetItem($, 0)", "abc"),
    "item at the end": Case("States.ArrayGetItem($, 2)", [1, 2]),
    "item before the start": Case("States.ArrayGetItem($, -1)", [1, 2]),
    "item at text": Case("States.ArrayGetItem($, '0')", [1, 2]),
    "length of an object": Case("States.ArrayLength($)", {"a": 1}),
    "length of text": Case("States.ArrayLength($)", "abc"),
    "unique of text": Case("States.ArrayUnique($)", "aab"),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED)
def test_refusal(case: Case) -> None:
    with pytest.raises(StatesError, match=r"Invalid arguments in States\.Array"):
        evaluate(case.call, case.input)


def test_a_range_has_at_most_1000_items() -> None:
    assert len(evaluate("States.ArrayRange(1, 1000, 1)", None)) == 1000


@given(st.lists(st.integers()), st.integers(1, 9))
def test_partition_keeps_every_item_in_order(items: list[int], size: int) -> None:
    parts = evaluate(f"States.ArrayPartition($, {size})", items)
    assert [item for part in parts for item in part] == items
    assert all(len(part) == size for part in parts[:-1])


@given(st.lists(st.integers(-9, 9) | st.sampled_from(["a", "b", None, True])))
def test_unique_keeps_each_value_once(items: list[Json]) -> None:
    found = evaluate("States.ArrayUnique($)", items)
    assert sorted(map(repr, found)) == sorted({repr(item) for item in items})
