from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from sfn_provider.asl import lint

CODE = "DATA_PATH_CANNOT_EXIST"
CALL = {"Type": "Task", "Resource": "arn:aws:lambda:eu-west-1:123456789012:function:f"}
DONE = {"Type": "Succeed"}


def catch(target: str = "Handle", **fields: Any) -> list[dict[str, Any]]:
    return [{"ErrorEquals": ["States.ALL"], "Next": target, **fields}]


def handle(path: str) -> dict[str, Any]:
    return {"Type": "Pass", "Parameters": {"seen.$": path}, "End": True}


def warned(states: dict[str, Any], **machine: Any) -> list[str]:
    found = lint({**machine, "StartAt": next(iter(states)), "States": states})
    assert [item for item in found if item.level == "error"] == []
    return [item.location.removeprefix("/States/") for item in found if item.code == CODE]


@dataclass(frozen=True)
class Case:
    name: str
    states: dict[str, Any]
    expected: list[str]


AT = "Handle/Parameters/seen.$"
CAUGHT = {**CALL, "Catch": catch(), "End": True}

CASES = [
    Case("caught error under another name", {"A": CAUGHT, "Handle": handle("$.error")}, [AT]),
    Case("input that the error replaced", {"A": CAUGHT, "Handle": handle("$.order.id")}, [AT]),
    Case("the error itself", {"A": CAUGHT, "Handle": handle("$.Error")}, []),
    Case("all of it", {"A": CAUGHT, "Handle": handle("$")}, []),
    Case("into the text of the cause", {"A": CAUGHT, "Handle": handle("$.Cause.message")}, [AT]),
    Case("in a call", {"A": CAUGHT, "Handle": handle("States.Format('$.x {}', $.error)")}, [AT]),
    Case("in a call, there", {"A": CAUGHT, "Handle": handle("States.StringToJson($.Cause)")}, []),
    Case("many values", {"A": CAUGHT, "Handle": handle("$.errors[*]")}, []),
    Case("an item", {"A": CAUGHT, "Handle": handle("$.errors[0]")}, [AT]),
    Case("context object", {"A": CAUGHT, "Handle": handle("$$.error")}, []),
    Case("variable", {"A": {**CAUGHT, "Assign": {"error": 1}}, "Handle": handle("$error")}, []),
    Case(
        "kept input", {"A": {**CALL, "Catch": catch(ResultPath="$.oops"), "End": True}, "Handle": handle("$.order")}, []
    ),
    Case(
        "kept error",
        {"A": {**CALL, "Catch": catch(ResultPath="$.oops"), "End": True}, "Handle": handle("$.oops.Cause")},
        [],
    ),
    Case(
        "kept error, misspelt",
        {"A": {**CALL, "Catch": catch(ResultPath="$.oops"), "End": True}, "Handle": handle("$.oops.cause")},
        [AT],
    ),
    Case(
        "error thrown away",
        {"A": {**CALL, "Catch": catch(ResultPath=None), "End": True}, "Handle": handle("$.error")},
        [],
    ),
    Case(
        "another way to the state", {"A": {**CALL, "Catch": catch(), "Next": "Handle"}, "Handle": handle("$.error")}, []
    ),
    Case(
        "two catchers", {"A": {**CALL, "Catch": catch(), "Next": "B"}, "B": CAUGHT, "Handle": handle("$.error")}, [AT]
    ),
    Case(
        "one catcher that keeps the input",
        {"A": {**CALL, "Catch": catch(ResultPath="$.e"), "Next": "B"}, "B": CAUGHT, "Handle": handle("$.error")},
        [],
    ),
    Case(
        "further on",
        {
            "A": {**CALL, "Catch": catch("W"), "End": True},
            "W": {"Type": "Wait", "Seconds": 1, "Next": "Handle"},
            "Handle": handle("$.error"),
        },
        [AT],
    ),
    Case(
        "behind a task",
        {"A": {**CALL, "Catch": catch("B"), "End": True}, "B": {**CALL, "Next": "Handle"}, "Handle": handle("$.error")},
        [],
    ),
    Case(
        "behind a task that keeps the error",
        {
            "A": {**CALL, "Catch": catch("B"), "End": True},
            "B": {**CALL, "ResultPath": "$.sent", "Next": "Handle"},
            "Handle": handle("$.error"),
        },
        [AT],
    ),
    Case(
        "what that task adds",
        {
            "A": {**CALL, "Catch": catch("B"), "End": True},
            "B": {**CALL, "ResultPath": "$.sent", "Next": "Handle"},
            "Handle": handle("$.sent.id"),
        },
        [],
    ),
    Case(
        "fixed result",
        {"A": {"Type": "Pass", "Result": {"n": {"m": 1}}, "Next": "Handle"}, "Handle": handle("$.n.k")},
        [AT],
    ),
    Case(
        "fixed result, there",
        {"A": {"Type": "Pass", "Result": {"n": {"m": 1}}, "Next": "Handle"}, "Handle": handle("$.n.m")},
        [],
    ),
    Case(
        "fixed result that is a text",
        {"A": {"Type": "Pass", "Result": "x", "Next": "Handle"}, "Handle": handle("$.n")},
        [AT],
    ),
    Case(
        "fixed result that is a list",
        {"A": {"Type": "Pass", "Result": [1], "Next": "Handle"}, "Handle": handle("$[0]")},
        [],
    ),
    Case(
        "beside the input",
        {
            "A": {"Type": "Pass", "Result": {"n": 1}, "ResultPath": "$.r", "Next": "Handle"},
            "Handle": handle("$.anything"),
        },
        [],
    ),
    Case(
        "built input",
        {
            "A": {"Type": "Pass", "Parameters": {"a.$": "$.x", "b": {"c": 1}}, "Next": "Handle"},
            "Handle": handle("$.b.d"),
        },
        [AT],
    ),
    Case(
        "unknown in built input",
        {"A": {"Type": "Pass", "Parameters": {"a.$": "$.x"}, "Next": "Handle"}, "Handle": handle("$.a.b.c")},
        [],
    ),
    Case("no input", {"A": {"Type": "Pass", "InputPath": None, "Next": "Handle"}, "Handle": handle("$.a")}, [AT]),
    Case(
        "selected output",
        {
            "A": {"Type": "Pass", "Result": {"a": {"b": 1}}, "OutputPath": "$.a", "Next": "Handle"},
            "Handle": handle("$.a"),
        },
        [AT],
    ),
    Case(
        "selected result",
        {"A": {**CALL, "ResultSelector": {"id.$": "$.Id"}, "Next": "Handle"}, "Handle": handle("$.Id")},
        [AT],
    ),
    Case(
        "result selector itself",
        {
            "A": {"Type": "Pass", "Result": {"n": 1}, "Next": "B"},
            "B": {**CALL, "ResultSelector": {"id.$": "$.Id"}, "End": True},
        },
        [],
    ),
    Case(
        "choice tests it",
        {
            "A": {**CALL, "Catch": catch("C"), "End": True},
            "C": {
                "Type": "Choice",
                "Choices": [
                    {
                        "And": [
                            {"Variable": "$.error", "IsPresent": True},
                            {"Variable": "$.error", "StringEquals": "x"},
                        ],
                        "Next": "Handle",
                    }
                ],
                "Default": "D",
            },
            "Handle": handle("$.error"),
            "D": DONE,
        },
        [],
    ),
    Case(
        "choice does not test it",
        {
            "A": {**CALL, "Catch": catch("C"), "End": True},
            "C": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.error", "StringEquals": "x", "Next": "D"}],
                "Default": "D",
            },
            "D": DONE,
        },
        ["C/Choices/0/Variable"],
    ),
    Case(
        "choice compares with it",
        {
            "A": {**CALL, "Catch": catch("C"), "End": True},
            "C": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.Error", "StringEqualsPath": "$.error", "Next": "D"}],
                "Default": "D",
            },
            "D": DONE,
        },
        ["C/Choices/0/StringEqualsPath"],
    ),
    Case(
        "wait for it",
        {"A": {**CALL, "Catch": catch("W"), "End": True}, "W": {"Type": "Wait", "SecondsPath": "$.delay", "End": True}},
        ["W/SecondsPath"],
    ),
    Case(
        "fail with it",
        {
            "A": {**CALL, "Catch": catch("F"), "End": True},
            "F": {"Type": "Fail", "ErrorPath": "$.Error", "CausePath": "$.cause"},
        },
        ["F/CausePath"],
    ),
    Case(
        "input path",
        {"A": CAUGHT, "Handle": {"Type": "Pass", "InputPath": "$.error", "End": True}},
        ["Handle/InputPath"],
    ),
    Case(
        "behind an input path",
        {
            "A": CAUGHT,
            "Handle": {"Type": "Pass", "InputPath": "$.Error", "Parameters": {"x.$": "$.Error"}, "End": True},
        },
        ["Handle/Parameters/x.$"],
    ),
    Case(
        "output path",
        {"A": CAUGHT, "Handle": {**CALL, "ResultPath": "$.r", "OutputPath": "$.error", "End": True}},
        ["Handle/OutputPath"],
    ),
    Case("output path of a result", {"A": CAUGHT, "Handle": {**CALL, "OutputPath": "$.error", "End": True}}, []),
    Case(
        "variable of a catcher",
        {"A": {**CALL, "Catch": catch(Assign={"e.$": "$.error"}), "End": True}, "Handle": DONE},
        ["A/Catch/0/Assign/e.$"],
    ),
    Case(
        "loop that builds",
        {
            "A": {"Type": "Pass", "Parameters": {"last.$": "$"}, "Next": "C"},
            "C": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.last.last.last.n", "IsPresent": True, "Next": "D"}],
                "Default": "A",
            },
            "D": DONE,
        },
        [],
    ),
    Case(
        "loop that nests",
        {
            "A": {"Type": "Pass", "ResultPath": "$.a", "Next": "C"},
            "C": {"Type": "Choice", "Choices": [{"Variable": "$.n", "IsNull": True, "Next": "D"}], "Default": "A"},
            "D": DONE,
        },
        [],
    ),
    Case(
        "second round of a loop",
        {
            "A": {"Type": "Pass", "Result": {"n": 1}, "Next": "B"},
            "B": {"Type": "Pass", "Parameters": {"n.$": "$.n", "m": 2}, "Next": "C"},
            "C": {"Type": "Choice", "Choices": [{"Variable": "$.m", "NumericEquals": 2, "Next": "D"}], "Default": "B"},
            "D": DONE,
        },
        [],
    ),
    Case("state that is not reached", {"A": {**CALL, "Catch": catch("B"), "End": True}, "B": {"Type": "Fail"}}, []),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_paths(case: Case) -> None:
    assert warned(case.states) == case.expected


def message(states: dict[str, Any], code: str = CODE) -> str:
    (found,) = [item for item in lint({"StartAt": next(iter(states)), "States": states}) if item.code == code]
    assert found.level == "warning"
    return found.message


def test_what_is_told_of_a_caught_error() -> None:
    assert message({"Load": {**CAUGHT, "Catch": catch("Tell")}, "Tell": handle("$.error")}) == (
        "'$.error' in seen.$ of state 'Tell' cannot exist: the Catch of 'Load' replaces the whole input by 'Error' and "
        "'Cause'; did you mean 'Error'? Read $.Error or $.Cause, "
        'or set "ResultPath": "$.error" on the catcher to keep the input'
    )


def test_what_is_told_of_lost_input() -> None:
    told = message({"Load": {**CAUGHT, "Catch": catch("Tell")}, "Tell": handle("$.bucket")})
    assert told.endswith(
        "replaces the whole input by 'Error' and 'Cause'. Read $.Error or $.Cause, "
        'or set "ResultPath": "$.error" on the catcher to keep the input'
    )


def test_what_is_told_of_a_text() -> None:
    told = message({"A": CAUGHT, "Handle": handle("$.Cause.errorType")})
    assert told == (
        "'$.Cause.errorType' in seen.$ of state 'Handle' cannot exist: 'errorType' is looked for in a string"
    )


def test_what_is_told_of_built_data() -> None:
    first = {"Type": "Pass", "Result": {"order": {"id": 1, "lines": 2}}, "Next": "Handle"}
    assert message({"A": first, "Handle": handle("$.order.line")}) == (
        "'$.order.line' in seen.$ of state 'Handle' cannot exist: there is only 'id' and 'lines'; did you mean 'lines'?"
    )


def test_data_that_a_catch_loses_while_other_routes_have_it() -> None:
    states = {"Load": {**CALL, "Catch": catch("Tidy"), "Next": "Tidy"}, "Tidy": handle("$.cluster")}
    assert warned(states) == []
    assert message(states, "DATA_PATH_LOST_IN_CATCH") == (
        "'$.cluster' in seen.$ of state 'Tidy' cannot exist where the Catch of 'Load' leads here: it replaces the "
        "whole input by 'Error' and 'Cause'. Read $.Error or $.Cause, "
        'or set "ResultPath": "$.error" on the catcher to keep the input'
    )


@pytest.mark.parametrize(
    "catcher",
    [{"ResultPath": "$.error"}, {"ResultPath": None}],
)
def test_a_catch_that_keeps_the_input_loses_nothing(catcher: dict[str, Any]) -> None:
    states = {"Load": {**CALL, "Catch": catch("Tidy", **catcher), "Next": "Tidy"}, "Tidy": handle("$.cluster")}
    assert lint({"StartAt": "Load", "States": states}) == []
