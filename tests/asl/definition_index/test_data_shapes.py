from __future__ import annotations

from sfn_provider.asl.definition_index.data_shapes import (
    EMPTY,
    ERROR_OUTPUT,
    MAX_LEVELS,
    UNKNOWN,
    DataShape,
    MissingMember,
    Work,
    follow_members,
    shape_of_template,
    shape_of_value,
    union_of_shapes,
    write_member,
)

OPEN = DataShape({"a": EMPTY})


def test_shapes_merge_to_what_either_may_have() -> None:
    left, right = shape_of_value({"a": 1, "b": {"c": 1}}), shape_of_value({"b": {"d": 1}})
    merged = union_of_shapes(left, right, Work())
    assert set(merged.members) == {"a", "b"} and merged.closed
    assert set(merged.members["b"].members) == {"c", "d"}
    assert union_of_shapes(left, UNKNOWN, Work()) == UNKNOWN == union_of_shapes(UNKNOWN, left, Work())
    assert union_of_shapes(OPEN, shape_of_value({"b": 1}), Work()).members == {"a": EMPTY, "b": UNKNOWN}


def test_shapes_find() -> None:
    assert follow_members(ERROR_OUTPUT, ["Cause"]) == shape_of_value("")
    assert follow_members(ERROR_OUTPUT, ["cause"]) == MissingMember("cause", ERROR_OUTPUT)
    assert follow_members(OPEN, ["b", "c"]) == UNKNOWN


def test_shapes_put() -> None:
    assert follow_members(write_member(EMPTY, ["a", "b"], shape_of_value(1)), ["a", "b"]) == shape_of_value(1)
    assert write_member(UNKNOWN, ["a"], EMPTY) == DataShape({"a": EMPTY}, False, "an object")
    assert write_member(OPEN, [], EMPTY) == EMPTY


def test_shapes_stay_small() -> None:
    shape = UNKNOWN
    for _ in range(50):
        shape = shape_of_template({"last.$": "$"}, write_member(shape, ["x"], shape))
    assert shape.depth <= MAX_LEVELS + 2
    assert shape_of_value({str(n): n for n in range(1000)}) == UNKNOWN
