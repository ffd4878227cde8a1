"""The comparison operators of a Choice, and how rules combine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from sfn_provider.asl.comparison_operators import COMPARISONS
from sfn_provider.engine import simulate
from tests.fixtures.machines.engine import group, outcome, told

JUNE, JULY = "2024-06-01T00:00:00Z", "2024-07-01T00:00:00Z"


def choose(rule: dict[str, Any], input: Any) -> Any:
    """Does the rule hold? True, False, or the name of the error."""
    machine = group(
        {
            "Choose": {"Type": "Choice", "Choices": [{**rule, "Next": "Yes"}], "Default": "No"},
            "Yes": {"Type": "Pass", "Result": True},
            "No": {"Type": "Pass", "Result": False},
        }
    )
    return outcome(simulate(machine, input))[1]


@dataclass(frozen=True)
class Case:
    """An operator with its operand, values for which it holds, for which it does not, and values of other types."""

    operand: Any
    holds: tuple[Any, ...]
    fails: tuple[Any, ...]
    wrong: tuple[Any, ...]


TEXTS = ("text", "", "7", "true", None, [1], {"a": 1})
WRONG_NUMBER = ("7", "", True, False, None, [7], {"a": 7})
WRONG_TEXT = (1, 1.5, True, None, ["m"], {"a": "m"})
WRONG_TIME = ("yesterday", "2024-06-01", "2024-06-01 00:00:00Z", "2024-06-01t00:00:00z", 1, True, None, [JUNE])

LITERALS = {
    "BooleanEquals": Case(True, (True,), (False,), (*TEXTS, 1, 0)),
    "NumericEquals": Case(7, (7, 7.0), (8, -7, 7.5), WRONG_NUMBER),
    "NumericLessThan": Case(7, (6, -8, 6.999), (7, 8), WRONG_NUMBER),
    "NumericGreaterThan": Case(7, (8, 7.001), (7, 6), WRONG_NUMBER),
    "NumericLessThanEquals": Case(7, (7, 6.5), (8, 7.001), WRONG_NUMBER),
    "NumericGreaterThanEquals": Case(7, (7, 7.5), (6, 6.999), WRONG_NUMBER),
    "StringEquals": Case("m", ("m",), ("M", "n", "", "mm"), WRONG_TEXT),
    "StringLessThan": Case("m", ("l", "", "Z"), ("m", "n", "ma"), WRONG_TEXT),
    "StringGreaterThan": Case("m", ("n", "ma"), ("m", "l", "M"), WRONG_TEXT),
    "StringLessThanEquals": Case("m", ("m", "l"), ("n", "ma"), WRONG_TEXT),
    "StringGreaterThanEquals": Case("m", ("m", "n"), ("l", "M"), WRONG_TEXT),
    "TimestampEquals": Case(JUNE, (JUNE, "2024-06-01T02:00:00+02:00", "2024-06-01T00:00:00.000Z"), (JULY,), WRONG_TIME),
    "TimestampLessThan": Case(JULY, (JUNE, "2024-06-30T23:59:59.999Z"), (JULY, "2025-01-01T00:00:00Z"), WRONG_TIME),
    "TimestampGreaterThan": Case(JUNE, (JULY, "2024-06-01T00:00:00.001Z"), (JUNE,), WRONG_TIME),
    "TimestampLessThanEquals": Case(JUNE, (JUNE, "2020-01-01T00:00:00Z"), (JULY,), WRONG_TIME),
    "TimestampGreaterThanEquals": Case(JUNE, (JUNE, JULY), ("2024-05-31T23:59:59Z",), WRONG_TIME),
    "StringMatches": Case(
        "log-*.txt", ("log-.txt", "log-a.txt", "log-a\nb.txt"), ("log-a.txt ", "Log-a.txt", "log-"), WRONG_TEXT
    ),
    "IsNull": Case(True, (None,), (), (0, False, "", [], {})),
    "IsNumeric": Case(True, (0, -1.5), (), ("1", True, None, [1])),
    "IsString": Case(True, ("", "a"), (), (1, True, None, ["a"])),
    "IsBoolean": Case(True, (True, False), (), (0, 1, "true", None)),
    "IsTimestamp": Case(True, (JUNE, "2024-06-01T00:00:00.5-03:30"), (), WRONG_TIME),
    "IsPresent": Case(True, (None, 0, "", [], {}, False), (), ()),
}

CASES = LITERALS | {f"{name}Path": case for name, case in LITERALS.items() if f"{name}Path" in COMPARISONS}


def rows(which: str) -> list[Any]:
    """The operators, each with one value of a kind."""
    return [
        pytest.param(name, value, id=f"{name}-{value!r}")
        for name, case in CASES.items()
        for value in getattr(case, which)
    ]


def holds(name: str, value: Any) -> Any:
    operand = CASES[name].operand
    if name.endswith("Path"):
        return choose({"Variable": "$.v", name: "$.other"}, {"v": value, "other": operand})
    return choose({"Variable": "$.v", name: operand}, {"v": value})


def test_the_table_has_every_operator() -> None:
    assert len(CASES) == 39
    assert set(CASES) == set(COMPARISONS)


@pytest.mark.parametrize(("name", "value"), rows("holds"))
def test_holds(name: str, value: Any) -> None:
    assert holds(name, value) is True


@pytest.mark.parametrize(("name", "value"), rows("fails"))
def test_does_not_hold(name: str, value: Any) -> None:
    assert holds(name, value) is False


@pytest.mark.parametrize(("name", "value"), rows("wrong"))
def test_does_not_hold_for_another_type(name: str, value: Any) -> None:
    assert holds(name, value) is False


@pytest.mark.parametrize("name", sorted(name for name in CASES if name.endswith("Path")))
def test_a_path_to_another_type_makes_it_false(name: str) -> None:
    value = CASES[name].holds[0]
    assert choose({"Variable": "$.v", name: "$.other"}, {"v": value, "other": [value]}) is False


TESTS = [name for name in LITERALS if name.startswith("Is") and name != "IsPresent"]


@pytest.mark.parametrize("name", TESTS)
def test_tests_of_a_type_can_be_turned_round(name: str) -> None:
    case = LITERALS[name]
    assert choose({"Variable": "$.v", name: False}, {"v": case.holds[0]}) is False
    assert choose({"Variable": "$.v", name: False}, {"v": case.wrong[0]}) is True


@pytest.mark.parametrize(
    ("variable", "operand", "expected"),
    [("$.v", True, True), ("$.v", False, False), ("$.x", True, False), ("$.x", False, True), ("$.v.y.z", False, True)],
)
def test_is_present_asks_for_the_path_alone(variable: str, operand: bool, expected: bool) -> None:
    assert choose({"Variable": variable, "IsPresent": operand}, {"v": None}) is expected


def missing(path: str) -> str:
    return f"Invalid path '{path}': The choice state's condition path references an invalid value."


@pytest.mark.parametrize("name", sorted(set(CASES) - {"IsPresent"}))
def test_a_missing_variable_fails_the_execution(name: str) -> None:
    operand = "$.v" if name.endswith("Path") else CASES[name].operand
    states = {
        "State": {"Type": "Choice", "Choices": [{"Variable": "$.x", name: operand, "Next": "End"}], "Default": "End"}
    }
    execution = simulate(group(states | {"End": {"Type": "Succeed"}}), {"v": 1})
    assert outcome(execution) == ("FAILED", "States.Runtime")
    assert told(execution) == missing("$.x")


def test_a_missing_operand_fails_the_execution() -> None:
    states = {"State": {"Type": "Choice", "Choices": [{"Variable": "$.v", "NumericEqualsPath": "$.x", "Next": "End"}]}}
    execution = simulate(group(states | {"End": {"Type": "Succeed"}}), {"v": 1})
    assert outcome(execution) == ("FAILED", "States.Runtime")
    assert told(execution) == missing("$.x")


BIG = {"Variable": "$.n", "NumericGreaterThan": 10}
EVEN = {"Variable": "$.kind", "StringEquals": "even"}
UNKNOWN = {"Variable": "$.x", "IsNull": True}


@dataclass(frozen=True)
class Combined:
    rule: dict[str, Any]
    input: Any
    expected: Any


COMBINED = {
    "and, both": Combined({"And": [BIG, EVEN]}, {"n": 12, "kind": "even"}, True),
    "and, one": Combined({"And": [BIG, EVEN]}, {"n": 2, "kind": "even"}, False),
    "and of one": Combined({"And": [BIG]}, {"n": 12}, True),
    "or, one": Combined({"Or": [BIG, EVEN]}, {"n": 2, "kind": "even"}, True),
    "or, none": Combined({"Or": [BIG, EVEN]}, {"n": 2, "kind": "odd"}, False),
    "not": Combined({"Not": BIG}, {"n": 2}, True),
    "not, false": Combined({"Not": BIG}, {"n": 12}, False),
    "not of another type": Combined({"Not": BIG}, {"n": "12"}, True),
    "nested": Combined({"And": [{"Or": [BIG, EVEN]}, {"Not": {"And": [BIG, EVEN]}}]}, {"n": 12, "kind": "odd"}, True),
    "nested, false": Combined({"Not": {"Or": [BIG, {"Not": EVEN}]}}, {"n": 12, "kind": "even"}, False),
    "and stops at the first that fails": Combined({"And": [BIG, UNKNOWN]}, {"n": 2}, False),
    "or stops at the first that holds": Combined({"Or": [BIG, UNKNOWN]}, {"n": 12}, True),
    "and reaches the missing path": Combined({"And": [BIG, UNKNOWN]}, {"n": 12}, "States.Runtime"),
    "presence guards a path": Combined({"And": [{"Variable": "$.x", "IsPresent": True}, UNKNOWN]}, {"n": 2}, False),
}


@pytest.mark.parametrize("case", COMBINED.values(), ids=COMBINED)
def test_combined(case: Combined) -> None:
    assert choose(case.rule, case.input) == case.expected


MATCHES = [
    ("*", "", True),
    ("*", "anything", True),
    ("a*c", "abc", True),
    ("a*c", "ac", True),
    ("a*c", "acb", False),
    ("*.log", "x.log", True),
    ("*.log", "xxlog", False),
    ("a*b*c", "a-b-b-c", True),
    ("a.c", "abc", False),
    ("[a]", "a", False),
    ("[a]", "[a]", True),
    ("\\*", "*", True),
    ("\\*", "x", False),
    ("a\\*b", "a*b", True),
    ("a\\*b", "axxb", False),
    ("\\*\\*", "**", True),
    ("\\\\", "\\", True),
    ("a\\\\*", "a\\bc", True),
    ("a\\\\*", "abc", False),
    ("a\\\\\\*", "a\\*", True),
    ("a\\\\\\*", "a\\x", False),
    ("", "", True),
    ("", "a", False),
    ("a*", "a\nb", True),
]


@pytest.mark.parametrize(("pattern", "text", "expected"), MATCHES)
def test_string_matches(pattern: str, text: str, expected: bool) -> None:
    assert choose({"Variable": "$", "StringMatches": pattern}, text) is expected


@pytest.mark.parametrize("suffix", ["", "Path"])
@pytest.mark.parametrize(
    ("name", "expected"),
    [("LessThan", True), ("LessThanEquals", True), ("GreaterThan", False), ("GreaterThanEquals", False)],
)
def test_text_is_ordered_by_units_of_utf_16_as_java_does(name: str, suffix: str, expected: bool) -> None:
    beyond_16_bits, below = "\U0001f600", "\uff5e"
    rule = {"Variable": "$.left", f"String{name}{suffix}": "$.right" if suffix else below}
    assert choose(rule, {"left": beyond_16_bits, "right": below}) is expected


@pytest.mark.parametrize(
    ("name", "expected"), [("Equals", False), ("LessThan", True), ("GreaterThan", False), ("LessThanEquals", True)]
)
def test_times_are_compared_to_the_nanosecond(name: str, expected: bool) -> None:
    rule = {"Variable": "$", f"Timestamp{name}": "2016-03-05T21:29:29.243167252Z"}
    assert choose(rule, "2016-03-05T21:29:29.243167251Z") is expected
    assert choose(rule, "2016-03-05T22:29:29.243167251+01:00") is expected


@pytest.mark.parametrize(("variable", "expected"), [("$$.Execution.Name", True), ("$.name", False)])
def test_a_variable_may_be_in_the_context(variable: str, expected: bool) -> None:
    assert choose({"Variable": variable, "StringEquals": "simulated"}, {"name": "other"}) is expected


def test_two_paths_of_the_input_are_compared() -> None:
    rule = {"Variable": "$.have", "NumericGreaterThanEqualsPath": "$.want"}
    assert choose(rule, {"have": 3, "want": 3}) is True
    assert choose(rule, {"have": 3, "want": 4}) is False
