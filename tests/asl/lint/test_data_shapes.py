from __future__ import annotations

from sfn_provider.asl.lint.data_shapes import (
    EMPTY,
    ERROR_OUTPUT,
    MOST_LEVELS,
    UNKNOWN,
    DataShape,
    Missing,
    depth_of,
    fill,
    find,
    merge,
    put,
    shape_of,
)

OPEN = DataShape({"a": EMPTY})


def test_shapes_merge_to_what_either_may_have() -> None:
    left, right = shape_of({"a": 1, "b": {"c": 1}}), shape_of({"b": {"d": 1}})
    merged = merge(left, right)
    assert set(merged.members) == {"a", "b"} and merged.closed
    assert set(merged.members["b"].members) == {"c", "d"}
    assert merge(left, UNKNOWN) == UNKNOWN == merge(UNKNOWN, left)
    assert merge(OPEN, shape_of({"b": 1})).members == {"a": EMPTY, "b": UNKNOWN}


def test_shapes_find() -> None:
    assert find(ERROR_OUTPUT, ["Cause"]) == shape_of("")
    assert find(ERROR_OUTPUT, ["cause"]) == Missing("cause", ERROR_OUTPUT)
    assert find(OPEN, ["b", "c"]) == UNKNOWN


def test_shapes_put() -> None:
    assert find(put(EMPTY, ["a", "b"], shape_of(1)), ["a", "b"]) == shape_of(1)
    assert put(UNKNOWN, ["a"], EMPTY) == DataShape({"a": EMPTY}, False, "an object")
    assert put(OPEN, [], EMPTY) == EMPTY


def test_shapes_stay_small() -> None:
    shape = UNKNOWN
    for _ in range(50):
        shape = fill({"last.$": "$"}, put(shape, ["x"], shape))
    assert depth_of(shape) <= MOST_LEVELS + 2
    assert shape_of({str(n): n for n in range(1000)}) == UNKNOWN
