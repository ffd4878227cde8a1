from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from sfn_provider.asl import lint
from sfn_provider.asl.comparison_operators import COMPARISONS

SCHEMA = "SCHEMA_VALIDATION_FAILED"


def check(rule: dict[str, Any], **machine: Any) -> list[tuple[str, str, str]]:
    choice = {"Type": "Choice", "Choices": [{**rule, "Next": "B"}], "Default": "B"}
    found = lint({**machine, "StartAt": "A", "States": {"A": choice, "B": {"Type": "Succeed"}}})
    return [(item.level, item.code, item.location.removeprefix("/States/A/Choices/0")) for item in found]


@dataclass(frozen=True)
class Case:
    name: str
    rule: dict[str, Any]
    expected: list[tuple[str, str, str]]


PRESENT = {"Variable": "$.a", "IsPresent": True}

CASES = [
    Case("comparison", {"Variable": "$.a", "StringEquals": "b"}, []),
    Case("comment", {**PRESENT, "Comment": "why"}, []),
    Case("and", {"And": [PRESENT, {"Or": [PRESENT]}]}, []),
    Case("not", {"Not": {"Not": PRESENT}}, []),
    Case("context object", {"Variable": "$$.Execution.Name", "StringMatches": "night-*"}, []),
    Case("variable", {"Variable": "$$.Execution.Input.a", "NumericEquals": 1}, []),
    Case("empty rule", {}, [("error", SCHEMA, "")]),
    Case("comparison without a variable", {"StringEquals": "b"}, [("error", SCHEMA, "")]),
    Case("variable without a comparison", {"Variable": "$.a"}, [("warning", "CHOICE_RULE_WITHOUT_COMPARISON", "")]),
    Case("variable without a comparison, inside", {"Not": {"Variable": "$.a"}}, [("error", SCHEMA, "/Not")]),
    Case("variable of many", {"Variable": "$.a[*]", "IsNull": True}, [("error", SCHEMA, "/Variable")]),
    Case("variable at any depth", {"Variable": "$..a", "IsNull": True}, [("error", SCHEMA, "/Variable")]),
    Case("variable of a filter", {"Variable": "$.a[?(@.b)]", "IsNull": True}, [("error", SCHEMA, "/Variable")]),
    Case(
        "path operand of many",
        {"Variable": "$.a", "StringEqualsPath": "$.b[*]"},
        [("error", SCHEMA, "/StringEqualsPath")],
    ),
    Case("two comparisons", {"Variable": "$.a", "StringEquals": "b", "IsNull": True}, [("error", SCHEMA, "")]),
    Case("and beside a variable", {**PRESENT, "And": [PRESENT]}, [("error", SCHEMA, "/And")]),
    Case("and beside a comparison", {"And": [PRESENT], "IsNull": True}, [("error", SCHEMA, "/IsNull")]),
    Case("and beside or", {"And": [PRESENT], "Or": [PRESENT]}, [("error", SCHEMA, "/Or")]),
    Case("empty and", {"And": []}, [("error", SCHEMA, "/And")]),
    Case("empty rule inside", {"Or": [PRESENT, {}]}, [("error", SCHEMA, "/Or/1")]),
    Case("and that is no list", {"And": PRESENT}, [("error", SCHEMA, "/And")]),
    Case("not that is no object", {"Not": [PRESENT]}, [("error", SCHEMA, "/Not")]),
    Case("assign inside", {"Not": {**PRESENT, "Assign": {"x": 1}}}, [("warning", "UNUSED_FIELD", "/Not/Assign")]),
    Case("variable that is no path", {"Variable": "a", "IsNull": True}, [("error", SCHEMA, "/Variable")]),
    Case("path operand", {"Variable": "$.a", "StringEqualsPath": "$.b"}, []),
    Case(
        "path operand that is none",
        {"Variable": "$.a", "StringEqualsPath": "b"},
        [("error", SCHEMA, "/StringEqualsPath")],
    ),
    Case("path for a text", {"Variable": "$.a", "StringEquals": "$.b"}, [("warning", "NO_PATH", "/StringEquals")]),
    Case("placeholder", {"Variable": "$.a", "NumericEquals": "${Limit}"}, []),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_rules(case: Case) -> None:
    assert check(case.rule) == case.expected


OPERANDS: dict[str, tuple[Any, list[Any]]] = {
    "boolean": (False, ["false", 0, None]),
    "numeric": (1.5, ["1.5", True, None, [1]]),
    "string": ("x", [1, None, True, {}]),
    "timestamp": ("2030-01-31T12:00:00Z", ["2030-01-31", 1, None]),
    "test": (True, ["true", 1, None]),
    "match": ("x*", [1, None]),
}


@pytest.mark.parametrize("name", COMPARISONS)
def test_operands(name: str) -> None:
    comparison = COMPARISONS[name]
    right, wrong = ("$.b", [1, None, {}]) if comparison.operand_is_path else OPERANDS[comparison.kind]
    assert check({"Variable": "$.a", name: right}) == []
    for operand in wrong:
        assert check({"Variable": "$.a", name: operand}) == [("error", SCHEMA, "/" + name)]


@pytest.mark.parametrize(
    "condition, expected",
    [
        (True, []),
        ("{% $states.input.n > 2 %}", []),
        ("${Condition}", []),
        ("$states.input.n > 2", [("error", SCHEMA, "/Condition"), ("warning", "TEXT_FOR_EXPRESSION", "/Condition")]),
        (1, [("error", SCHEMA, "/Condition")]),
        ("{% $states.input.n > %}", [("error", "INVALID_JSONATA_EXPRESSION", "/Condition")]),
    ],
)
def test_conditions(condition: Any, expected: list[tuple[str, str, str]]) -> None:
    assert check({"Condition": condition}, QueryLanguage="JSONata") == expected


def test_rules_of_the_other_language() -> None:
    assert check(PRESENT, QueryLanguage="JSONata") == [("error", SCHEMA, "/Variable"), ("error", SCHEMA, "/IsPresent")]
    assert check({"Condition": True}) == [("error", SCHEMA, "/Condition")]
