from __future__ import annotations

from typing import Any

import pytest

from sfn_provider.asl import lint

SCHEMA = "SCHEMA_VALIDATION_FAILED"
CALL = {"Type": "Task", "Resource": "arn:aws:lambda:eu-west-1:123456789012:function:f", "End": True}
FAR = {
    "StartAt": "I",
    "States": {"I": {"Type": "Succeed"}},
    "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"},
}
EACH = {"Type": "Map", "ItemProcessor": FAR, "End": True}
S3 = {"Resource": "arn:aws:states:::s3:getObject"}
OBJECT = {"Bucket": "b", "Key": "k"}
PUT = {"Resource": "arn:aws:states:::s3:putObject"}
CATCH = {"ErrorEquals": ["E"], "Next": "B"}
EXPRESSION = "{% $states.input.x %}"

JSONPATH = [
    (CALL, {"InputPath": "$"}),
    (CALL, {"OutputPath": "$"}),
    (CALL, {"ResultPath": "$.x"}),
    (CALL, {"ResultSelector": {}}),
    (CALL, {"Parameters": {}}),
    (CALL, {"TimeoutSecondsPath": "$.x"}),
    (CALL, {"HeartbeatSecondsPath": "$.x"}),
    ({"Type": "Pass", "End": True}, {"Result": 1}),
    ({"Type": "Wait", "End": True}, {"SecondsPath": "$.x"}),
    ({"Type": "Wait", "End": True}, {"TimestampPath": "$.x"}),
    ({"Type": "Fail"}, {"ErrorPath": "$.x"}),
    ({"Type": "Fail"}, {"CausePath": "$.x"}),
    (EACH, {"ItemsPath": "$.x"}),
    (EACH, {"MaxConcurrencyPath": "$.x"}),
    (EACH, {"ToleratedFailureCountPath": "$.x"}),
    (EACH, {"ToleratedFailurePercentagePath": "$.x"}),
]
JSONATA = [(CALL, {"Arguments": {}}), (CALL, {"Output": 1}), (EACH, {"Items": [1]})]


def check(state: dict[str, Any], language: str) -> list[tuple[str, str, str]]:
    after = {"B": {"Type": "Succeed"}} if "Catch" in state else {}
    found = lint({"QueryLanguage": language, "StartAt": "A", "States": {"A": state, **after}})
    return [(item.level, item.code, item.location.removeprefix("/States/A")) for item in found]


@pytest.mark.parametrize("language, rows", [("JSONPath", JSONPATH), ("JSONata", JSONATA)])
def test_fields_of_one_language(language: str, rows: list[tuple[dict[str, Any], dict[str, Any]]]) -> None:
    other = {"JSONPath": "JSONata", "JSONata": "JSONPath"}[language]
    for state, field in rows:
        assert check({**state, **field}, language) == [], field
        assert check({**state, **field}, other) == [("error", SCHEMA, "/" + next(iter(field)))], field


@pytest.mark.parametrize(
    "language, state, location",
    [
        ("JSONPath", {**CALL, "Catch": [{**CATCH, "Output": 1}]}, "/Catch/0/Output"),
        ("JSONata", {**CALL, "Catch": [{**CATCH, "ResultPath": "$.e"}]}, "/Catch/0/ResultPath"),
        ("JSONPath", {**EACH, "ItemReader": {**S3, "Arguments": OBJECT}}, "/ItemReader/Arguments"),
        ("JSONata", {**EACH, "ItemReader": {**S3, "Parameters": OBJECT}}, "/ItemReader/Parameters"),
        ("JSONPath", {**EACH, "ResultWriter": {**PUT, "Arguments": {"Bucket": "b"}}}, "/ResultWriter/Arguments"),
        ("JSONata", {**EACH, "ResultWriter": {**PUT, "Parameters": {"Bucket": "b"}}}, "/ResultWriter/Parameters"),
        ("JSONata", {**EACH, "ItemBatcher": {"MaxItemsPerBatchPath": "$.n"}}, "/ItemBatcher/MaxItemsPerBatchPath"),
        (
            "JSONata",
            {**EACH, "ItemReader": {"Resource": "${Reader}", "ReaderConfig": {"MaxItemsPath": "$.n"}}},
            "/ItemReader/ReaderConfig/MaxItemsPath",
        ),
    ],
)
def test_parts_of_one_language(language: str, state: dict[str, Any], location: str) -> None:
    other = {"JSONPath": "JSONata", "JSONata": "JSONPath"}[language]
    assert check(state, language) == [("error", SCHEMA, location)]
    assert check(state, other) == []


def test_what_a_field_of_the_other_language_is_told() -> None:
    (found,) = lint({"StartAt": "A", "States": {"A": {**CALL, "Arguments": {}}}})
    assert (
        found.message
        == "Arguments belongs to JSONata, but the state's QueryLanguage is JSONPath; JSONPath has Parameters"
    )


def test_one_state_in_jsonata() -> None:
    assert check({**CALL, "QueryLanguage": "JSONata", "Output": EXPRESSION}, "JSONPath") == []


def test_no_way_back_to_jsonpath() -> None:
    state = {**CALL, "QueryLanguage": "JSONPath", "Parameters": {}}
    assert check(state, "JSONata") == [("error", SCHEMA, "/QueryLanguage")]


def test_states_inside_a_map_take_the_language_of_the_machine() -> None:
    inner = {"Type": "Pass", "Output": EXPRESSION, "End": True}
    state = {
        "Type": "Map",
        "QueryLanguage": "JSONata",
        "Items": EXPRESSION,
        "ItemProcessor": {"StartAt": "I", "States": {"I": inner}},
        "End": True,
    }
    assert check(state, "JSONPath") == [("error", SCHEMA, "/ItemProcessor/States/I/Output")]
    assert check(state, "JSONata") == []
