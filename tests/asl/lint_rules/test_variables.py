from __future__ import annotations

from typing import Any

import pytest

from sfn_provider.asl import lint

SCHEMA = "SCHEMA_VALIDATION_FAILED"
CALL = {"Type": "Task", "Resource": "arn:aws:lambda:eu-west-1:123456789012:function:f"}


def check(states: dict[str, Any], **machine: Any) -> list[tuple[str, str, str]]:
    found = lint({**machine, "StartAt": next(iter(states)), "States": states})
    return [(item.level, item.code, item.location) for item in found]


@pytest.mark.parametrize(
    "name, right",
    [
        ("total", True),
        ("größe2", True),
        ("変数", True),
        ("a_b", True),
        ("a" * 80, True),
        ("a" * 81, False),
        ("", False),
        ("2nd", False),
        ("_x", False),
        ("a-b", False),
        ("a b", False),
        ("$a", False),
        ("states", False),
    ],
)
@pytest.mark.parametrize("language, suffix", [("JSONPath", ""), ("JSONPath", ".$"), ("JSONata", "")])
def test_names(name: str, right: bool, language: str, suffix: str) -> None:
    value = "$" if suffix else 1
    states = {"A": {"Type": "Pass", "Assign": {name + suffix: value}, "End": True}}
    code = "RESERVED_VARIABLE_NAME" if name == "states" else "INVALID_VARIABLE_NAME"
    expected = [] if right else [("error", code, f"/States/A/Assign/{name}{suffix}")]
    assert check(states, QueryLanguage=language) == expected


@pytest.mark.parametrize("assign", [[], "x", None, 1])
def test_assign_is_an_object(assign: Any) -> None:
    states = {"A": {"Type": "Pass", "Assign": assign, "End": True}}
    assert check(states) == [("error", SCHEMA, "/States/A/Assign")]


def around(inner_assign: dict[str, Any], **outer: Any) -> dict[str, Any]:
    inner = {"Type": "Pass", "Assign": inner_assign, "End": True}
    branch = {"StartAt": "In", "States": {"In": inner}}
    return {"A": {"Type": "Parallel", "Branches": [branch], **outer, "Next": "Z"}, "Z": {"Type": "Succeed"}}


def test_a_variable_of_an_outer_group_cannot_be_assigned() -> None:
    duplicate = [("error", "DUPLICATE_VARIABLE_NAME", "/States/A/Branches/0/States/In/Assign/x.$")]
    assert check(around({"x.$": "$"}, Assign={"x": 1})) == duplicate
    assert check(around({"x.$": "$"}, Assign={"y": 1})) == []


def test_a_catch_may_assign_what_its_branches_assign() -> None:
    catch = [{"ErrorEquals": ["States.ALL"], "Assign": {"x.$": "$.Cause"}, "Next": "Z"}]
    assert check(around({"x": 1}, Catch=catch)) == []


def test_two_branches_may_assign_the_same() -> None:
    branches = [
        {"StartAt": name, "States": {name: {"Type": "Pass", "Assign": {"x": 1}, "End": True}}} for name in ("L", "R")
    ]
    assert check({"A": {"Type": "Parallel", "Branches": branches, "End": True}}) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"InputPath": "$missing.a"},
        {"Parameters": {"a": {"b.$": "$missing"}}},
        {"Parameters": {"b.$": "States.Format('{} $other', $missing)"}},
    ],
)
def test_undefined_variables_in_jsonpath(fields: dict[str, Any]) -> None:
    first = {"Type": "Pass", "Assign": {"missng": 1, "other": 2}, "Next": "B"}
    (found,) = lint({"StartAt": "A", "States": {"A": first, "B": {"Type": "Pass", **fields, "End": True}}})
    assert (found.level, found.code) == ("warning", "POSSIBLY_UNDEFINED_VARIABLE")
    assert found.message.endswith("did you mean 'missng'?")


def test_undefined_variables_in_jsonata() -> None:
    output = "{% ($own := $seen; $map([1], function($v) { $v + $own + $count($unseen) })) %}"
    states = {
        "A": {"Type": "Pass", "Assign": {"seen": 1}, "Next": "B"},
        "B": {"Type": "Pass", "Output": output, "End": True},
    }
    (found,) = lint({"QueryLanguage": "JSONata", "StartAt": "A", "States": states})
    assert (found.code, found.location) == ("POSSIBLY_UNDEFINED_VARIABLE", "/States/B/Output")
    assert "'unseen'" in found.message


def each(mode: dict[str, str]) -> dict[str, Any]:
    body = {
        "ProcessorConfig": mode,
        "StartAt": "In",
        "States": {"In": {"Type": "Pass", "InputPath": "$outer", "End": True}},
    }
    return {
        "A": {"Type": "Pass", "Assign": {"outer": 1}, "Next": "M"},
        "M": {"Type": "Map", "ItemProcessor": body, "End": True},
    }


def test_inner_groups_see_outer_variables_but_in_a_distributed_map() -> None:
    warning = ("warning", "POSSIBLY_UNDEFINED_VARIABLE", "/States/M/ItemProcessor/States/In/InputPath")
    assert check(each({"Mode": "INLINE"})) == []
    assert check(each({"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"})) == [warning]


def test_variables_of_catch_and_choice_count() -> None:
    states = {
        "A": {
            **CALL,
            "Catch": [{"ErrorEquals": ["E"], "ResultPath": None, "Assign": {"why.$": "$.Cause"}, "Next": "C"}],
            "Next": "C",
        },
        "C": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.n", "IsNull": True, "Assign": {"n": 0}, "Next": "D"}],
            "Default": "D",
        },
        "D": {"Type": "Pass", "Parameters": {"why.$": "$why", "n.$": "$n"}, "End": True},
    }
    assert check(states) == []
