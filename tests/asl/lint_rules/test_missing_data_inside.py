from __future__ import annotations

from typing import Any

import pytest

from tests.asl.lint_rules.test_missing_data import AT, CALL, catch, handle, warned


def branch(state: dict[str, Any]) -> dict[str, Any]:
    return {"StartAt": "In", "States": {"In": state}}


READ = {"Type": "Pass", "InputPath": "$.b", "End": True}


@pytest.mark.parametrize(
    "outer, expected",
    [
        ({"Type": "Parallel", "Branches": [branch(READ)]}, []),
        ({"Type": "Parallel", "Branches": [branch(READ)], "Parameters": {"b": 1}}, []),
        (
            {"Type": "Parallel", "Branches": [branch(READ)], "Parameters": {"a": 1}},
            ["A/Branches/0/States/In/InputPath"],
        ),
        ({"Type": "Map", "ItemProcessor": branch(READ)}, []),
        ({"Type": "Map", "ItemProcessor": branch(READ), "ItemSelector": {"b.$": "$$.Map.Item.Value"}}, []),
        (
            {"Type": "Map", "ItemProcessor": branch(READ), "ItemSelector": {"a.$": "$$.Map.Item.Value"}},
            ["A/ItemProcessor/States/In/InputPath"],
        ),
        ({"Type": "Map", "Iterator": branch(READ), "Parameters": {"a.$": "$.b"}}, ["A/Iterator/States/In/InputPath"]),
    ],
)
def test_inner_states(outer: dict[str, Any], expected: list[str]) -> None:
    assert warned({"A": {**outer, "End": True}}) == expected


def test_distributed_map_is_left_alone() -> None:
    body = {**branch(READ), "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}
    each = {"Type": "Map", "ItemProcessor": body, "ItemSelector": {"a": 1}, "End": True}
    assert warned({"A": each}) == []


def test_items_path_beside_a_reader_is_not_looked_at() -> None:
    body = {**branch({"Type": "Succeed"}), "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}
    each = {"Type": "Map", "ItemProcessor": body, "ItemsPath": "$.x", "End": True}
    first = {"Type": "Pass", "Result": {"Bucket": "b"}, "Next": "M"}
    reader = {"Resource": "arn:aws:states:::s3:getObject", "Parameters": {"Bucket.$": "$.Bucket", "Key.$": "$.Key"}}
    assert warned({"A": first, "M": each}) == ["M/ItemsPath"]
    assert warned({"A": first, "M": {**each, "ItemReader": reader}}) == ["M/ItemReader/Parameters/Key.$"]


def test_jsonata_states_hand_on_what_they_can() -> None:
    first = {**CALL, "QueryLanguage": "JSONata", "Catch": catch("B"), "End": True}
    between = {"Type": "Pass", "QueryLanguage": "JSONata", "Next": "Handle"}
    assert warned({"A": first, "B": between, "Handle": handle("$.error")}) == [AT]
    built = {**between, "Output": {"error": "{% $states.input %}"}}
    assert warned({"A": first, "B": built, "Handle": handle("$.error.x")}) == []
    assert warned({"A": first, "B": built, "Handle": handle("$.Error")}) == [AT]
    whole = {**between, "Output": "{% $states.input %}"}
    assert warned({"A": first, "B": whole, "Handle": handle("$.error")}) == []
