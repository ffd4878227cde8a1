from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from sfn_provider.asl import lint
from sfn_provider.asl.definition_index import compiled_expressions
from sfn_provider.engine import simulate

SCHEMA = "SCHEMA_VALIDATION_FAILED"
CALL = {"Type": "Task", "Resource": "arn:aws:lambda:eu-west-1:123456789012:function:f", "End": True}
PASS = {"Type": "Pass", "End": True}
HOLD = {"Type": "Wait", "End": True}
EACH = {"Type": "Map", "ItemProcessor": {"StartAt": "I", "States": {"I": PASS}}, "End": True}
FAR = {
    **EACH,
    "ItemProcessor": {**EACH["ItemProcessor"], "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"}},
}


@dataclass(frozen=True)
class Case:
    name: str
    state: dict[str, Any]
    expected: list[tuple[str, str, str]]


def check(state: dict[str, Any], **machine: Any) -> list[tuple[str, str, str]]:
    after = {"B": {"Type": "Succeed"}} if "Catch" in state else {}
    found = lint({**machine, "StartAt": "A", "States": {"A": state, **after}})
    return [(item.level, item.code, item.location.removeprefix("/States/A")) for item in found]


PATHS = [
    Case("input path", {**PASS, "InputPath": "$.a[?(@.b > 1)]"}, []),
    Case("input path from the context", {**PASS, "InputPath": "$$.Execution.Input"}, []),
    Case("no path", {**PASS, "InputPath": "a.b"}, [("error", SCHEMA, "/InputPath")]),
    Case("call as a path", {**PASS, "OutputPath": "States.UUID()"}, [("error", SCHEMA, "/OutputPath")]),
    Case("empty path", {**PASS, "OutputPath": ""}, [("error", SCHEMA, "/OutputPath")]),
    Case("unclosed bracket", {**PASS, "InputPath": "$.a["}, [("error", SCHEMA, "/InputPath")]),
    Case("path function", {**PASS, "InputPath": "$.a.length()"}, [("warning", "PATH_FUNCTION", "/InputPath")]),
    Case("negative index", {**PASS, "InputPath": "$.a[-1]"}, [("warning", "PATH_FINDS_NOTHING", "/InputPath")]),
    Case(
        "double quotes in a filter",
        {**PASS, "InputPath": '$.a[?(@.b == "c")]'},
        [("warning", "PATH_FINDS_NOTHING", "/InputPath")],
    ),
    Case("result path", {**CALL, "ResultPath": "$.a['b c'][0]"}, []),
    Case("result path of many", {**CALL, "ResultPath": "$.a[*]"}, [("error", SCHEMA, "/ResultPath")]),
    Case("result path to the context", {**CALL, "ResultPath": "$$.a"}, [("error", SCHEMA, "/ResultPath")]),
    Case("result path to a variable", {**CALL, "ResultPath": "$a"}, [("error", SCHEMA, "/ResultPath")]),
    Case(
        "result path of a catcher",
        {**CALL, "Catch": [{"ErrorEquals": ["E"], "Next": "B", "ResultPath": "e"}]},
        [("error", SCHEMA, "/Catch/0/ResultPath")],
    ),
    Case("seconds from the context", {**HOLD, "SecondsPath": "$$.Execution.Input.s"}, []),
    Case("seconds from many", {**HOLD, "SecondsPath": "$..s"}, [("error", SCHEMA, "/SecondsPath")]),
    Case("items from the context", {**EACH, "ItemsPath": "$$.Execution.Input.i"}, []),
    Case("items from many", {**EACH, "ItemsPath": "$.a[1:3]"}, [("error", SCHEMA, "/ItemsPath")]),
    Case(
        "concurrency from the context",
        {**EACH, "MaxConcurrencyPath": "$$.Execution.Input.n"},
        [("error", SCHEMA, "/MaxConcurrencyPath")],
    ),
    Case(
        "batch size from many",
        {**FAR, "ItemBatcher": {"MaxItemsPerBatchPath": "$.a[*]"}},
        [("error", SCHEMA, "/ItemBatcher/MaxItemsPerBatchPath")],
    ),
    Case("error from a call", {"Type": "Fail", "ErrorPath": "States.Format('{}', $.e)"}, []),
    Case("a cause that is text", {"Type": "Fail", "CausePath": "States.ArrayGetItem($.a, 0)"}, []),
    Case(
        "a cause that is a number",
        {"Type": "Fail", "CausePath": "States.MathAdd($.a, 1)"},
        [("warning", "INTRINSIC_WILL_FAIL", "/CausePath")],
    ),
    Case("cause from no call", {"Type": "Fail", "CausePath": "why"}, [("error", SCHEMA, "/CausePath")]),
    Case("placeholder", {**PASS, "InputPath": "${Path}"}, []),
]


@pytest.mark.parametrize("case", PATHS, ids=lambda case: case.name)
def test_paths(case: Case) -> None:
    assert check(case.state) == case.expected


TEMPLATES: list[tuple[Any, list[tuple[str, str, str]]]] = [
    ({"a": 1, "b": [{"c.$": "$.x"}], "d.$": "$", "e.$": "$$", "f.$": "States.UUID()"}, []),
    ({"a.$": 1}, [("error", SCHEMA, "/a.$")]),
    ({"a.$": None}, [("error", SCHEMA, "/a.$")]),
    ({"a.$": "x"}, [("error", SCHEMA, "/a.$")]),
    ({"a.$": ""}, [("error", SCHEMA, "/a.$")]),
    ({"a": {"b": [1, {"c.$": ["$.x"]}]}}, [("error", SCHEMA, "/a/b/1/c.$")]),
    ({"a.$": "$$2"}, [("error", SCHEMA, "/a.$")]),
    ({"a.$": " States.UUID()"}, [("error", SCHEMA, "/a.$")]),
    ({"a.$": "States.Uuid()"}, [("error", SCHEMA, "/a.$")]),
    ({"a.$": "States.Format('{}', $.x"}, [("error", SCHEMA, "/a.$")]),
    ({"a.$": r"States.Format('\"{}', $.x)"}, [("error", SCHEMA, "/a.$")]),
    ({"a.$": "States.ArrayLength()"}, [("warning", "INTRINSIC_WILL_FAIL", "/a.$")]),
    ({"a": "$.x"}, [("warning", "NO_DOLLAR", "/a")]),
    ({"a": {"b": "States.UUID()"}}, [("warning", "NO_DOLLAR", "/a/b")]),
    ({"price": "$5", "a": "$x", "b": "USD$.", "c": "States of matter"}, []),
    ({"a.$": "${Path}"}, []),
    ("any text", []),
]

WHERE: list[tuple[str, dict[str, Any]]] = [
    ("/Parameters", PASS),
    ("/ResultSelector", CALL),
    ("/ItemSelector", EACH),
    ("/ItemReader/Parameters", {**FAR, "ItemReader": {"Resource": "${Reader}"}}),
    ("/ItemBatcher/BatchInput", {**FAR, "ItemBatcher": {"MaxItemsPerBatch": 5}}),
    ("/ResultWriter/Parameters", {**FAR, "ResultWriter": {"Resource": "${Writer}"}}),
]


@pytest.mark.parametrize("template, expected", TEMPLATES, ids=[str(template) for template, _ in TEMPLATES])
def test_templates(template: Any, expected: list[tuple[str, str, str]]) -> None:
    for where, state in WHERE:
        _, *outer, name = where.split("/")
        filled = {**state, name: template} if not outer else {**state, outer[0]: {**state[outer[0]], name: template}}
        assert check(filled) == [(level, code, where + location) for level, code, location in expected], where


def test_deep_call() -> None:
    text = "States.Array(" * 3_000 + "1" + ")" * 3_000
    assert check({**PASS, "Parameters": {"a.$": text}}) == [("error", SCHEMA, "/Parameters/a.$")]


def test_pass_result_is_static() -> None:
    warning = ("warning", "PASS_RESULT_IS_STATIC", "/Result/a/0")
    assert check({**PASS, "Result": {"a": ["$.x", "$.y"]}}) == [warning]
    assert check({**PASS, "Result": {"a.$": 1}}) == [("warning", "PASS_RESULT_IS_STATIC", "/Result/a.$")]
    assert check({**PASS, "Result": "$12"}) == []


def test_text_that_looks_like_a_path() -> None:
    assert check({"Type": "Fail", "Error": "E", "Cause": "$.why"}) == [("warning", "NO_PATH", "/Cause")]


EXPRESSIONS: list[tuple[str, list[tuple[str, str]]]] = [
    ("{% $states.input.a[b > 1].c %}", []),
    ("{%$sum([1, 2])%}", []),
    ("plain text", []),
    ("50% off %", []),
    ("${Text}", []),
    ("{% ${Expression} %}", []),
    ("{% 1 + %}", [("error", "INVALID_JSONATA_EXPRESSION")]),
    ("{% a[1,2) %}", [("error", "INVALID_JSONATA_EXPRESSION")]),
    ("{%}", [("error", SCHEMA)]),  # a text, which the engine passes on as it is
    ("{% $states.input", [("error", SCHEMA)]),
    ("$states.input %}", [("error", SCHEMA), ("warning", "TEXT_FOR_EXPRESSION")]),
    (" {% $states.input %} ", [("warning", "EXPRESSION_IN_BLANKS")]),
    ("$states.input.a", [("warning", "TEXT_FOR_EXPRESSION")]),
    ("$.a", [("warning", "TEXT_FOR_EXPRESSION")]),
    ("{% name %}", [("error", "UNSUPPORTED_JSONATA_EXPRESSION")]),
    ("{% $$.name %}", [("error", "UNSUPPORTED_JSONATA_EXPRESSION")]),
    ("{% $states.errorOutput %}", [("error", "UNSUPPORTED_JSONATA_EXPRESSION")]),
    ("{% $states.inputs %}", [("error", "UNSUPPORTED_JSONATA_EXPRESSION")]),
]


@pytest.mark.parametrize("text, expected", EXPRESSIONS, ids=[text for text, _ in EXPRESSIONS])
@pytest.mark.parametrize(
    "field, value, at",
    [
        ("Arguments", lambda text: {"Next": [1, {"Comment": text}]}, "/Arguments/Next/1/Comment"),
        ("Output", lambda text: text, "/Output"),
        ("Assign", lambda text: {"x": text}, "/Assign/x"),
    ],
)
def test_jsonata(field: str, value: Any, at: str, text: str, expected: list[tuple[str, str]]) -> None:
    found = check({**CALL, field: value(text)}, QueryLanguage="JSONata")
    assert found == [(level, code, at) for level, code in expected]


@pytest.mark.parametrize(
    "state, location",
    [
        ({**CALL, "Output": "{% $states.result %}", "Assign": {"x": "{% $states.result %}"}}, None),
        ({**CALL, "Arguments": "{% $states.result %}"}, "/Arguments"),
        ({**PASS, "Output": "{% $states.result %}"}, "/Output"),
        ({**CALL, "Catch": [{"ErrorEquals": ["E"], "Next": "B", "Output": "{% $states.errorOutput %}"}]}, None),
        ({**CALL, "Catch": [{"ErrorEquals": ["E"], "Next": "B", "Output": "{% $states.result %}"}]}, "/Catch/0/Output"),
    ],
)
def test_what_states_has(state: dict[str, Any], location: str | None) -> None:
    expected = [("error", "UNSUPPORTED_JSONATA_EXPRESSION", location)] if location else []
    assert check(state, QueryLanguage="JSONata") == expected


def test_jsonata_is_not_looked_for_where_aws_does_not() -> None:
    state = {**CALL, "Comment": "{% ( %}", "Retry": [{"ErrorEquals": ["{% ( %}"]}]}
    assert check(state, QueryLanguage="JSONata") == []


def test_dollar_names_in_jsonata() -> None:
    state = {**CALL, "Arguments": {"Payload.$": "{% $states.input %}"}}
    assert check(state, QueryLanguage="JSONata") == [("warning", "DOLLAR_IN_JSONATA", "/Arguments/Payload.$")]


def test_expressions_mean_nothing_in_jsonpath() -> None:
    assert check({**PASS, "Parameters": {"a": "{% ( %}"}}) == []


@pytest.mark.parametrize(("calls", "codes"), [(10, []), (11, ["TOO_MANY_INTRINSICS"])])
def test_more_intrinsics_than_documented_are_a_warning_that_the_engine_keeps(calls: int, codes: list[str]) -> None:
    state = {"Type": "Pass", "Parameters": {"a.$": "States.Array(" * calls + ")" * calls}, "End": True}
    machine = {"StartAt": "A", "States": {"A": state}}
    assert [(entry.code, entry.level) for entry in lint(machine)] == [(code, "warning") for code in codes]
    assert simulate(machine, {}).status == "SUCCEEDED"


def test_expressions_beyond_the_bound_of_a_definition_are_named_and_not_checked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(compiled_expressions, "MAX_TOKENS", 1_000)

    def codes(outputs: list[str]) -> list[tuple[str, str]]:
        state = {"Type": "Pass", "Output": outputs, "End": True}
        machine = {"QueryLanguage": "JSONata", "StartAt": "A", "States": {"A": state}}
        return [(found.code, found.location) for found in lint(machine)]

    sums = [f"{{% [{number}{',1' * 120}] %}}" for number in range(6)]
    assert codes([*sums[:4], "{% ( %}"]) == [("INVALID_JSONATA_EXPRESSION", "/States/A/Output/4")]
    assert codes([*sums, "{% ( %}", "{% ( %}"]) == [("EXPRESSIONS_NOT_CHECKED", "/States/A/Output/5")]
    assert codes([*sums[:1] * 40, "{% ( %}"]) == [("INVALID_JSONATA_EXPRESSION", "/States/A/Output/40")]
