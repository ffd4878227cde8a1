"""Fields of Maps: labels, processors, item readers and result writers."""

from __future__ import annotations

from typing import Any

import pytest

from tests.asl.lint_rules.field_checks import EACH, FAR, FAR_EACH, ITEMS, LIST, READ, SCHEMA, WRITE, check


@pytest.mark.parametrize(
    "label, code",
    [
        ("Orders-2030_x.é", None),
        ("x" * 40, None),
        ("x" * 41, "INVALID_LABEL_NAME"),
        ("two words", "INVALID_LABEL_NAME"),
        ("a:b", "INVALID_LABEL_NAME"),
        ("a\x7f", "INVALID_LABEL_NAME"),
    ],
)
def test_labels(label: str, code: str | None) -> None:
    assert check({**FAR_EACH, "Label": label}) == ([("error", code, "/Label")] if code else [])


def test_labels_are_unique() -> None:
    inner = {"StartAt": "J", "States": {"J": {**FAR_EACH, "Label": "x"}}, "ProcessorConfig": FAR["ProcessorConfig"]}
    assert check({"Type": "Map", "ItemProcessor": inner, "Label": "x", "End": True}) == [
        ("error", "DUPLICATE_LABEL_NAME", "/ItemProcessor/States/J/Label")
    ]


@pytest.mark.parametrize(
    "config, expected",
    [
        ({"Mode": "INLINE"}, []),
        ({"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"}, []),
        ({"Mode": "DISTRIBUTED"}, [("error", SCHEMA, "/ItemProcessor/ProcessorConfig")]),
        ({"ExecutionType": "STANDARD"}, [("error", SCHEMA, "/ItemProcessor/ProcessorConfig/ExecutionType")]),
        (
            {"Mode": "INLINE", "ExecutionType": "STANDARD"},
            [("error", SCHEMA, "/ItemProcessor/ProcessorConfig/ExecutionType")],
        ),
        (
            {"Mode": "DISTRIBUTED", "ExecutionType": "Express"},
            [("error", SCHEMA, "/ItemProcessor/ProcessorConfig/ExecutionType")],
        ),
    ],
)
def test_processor_config(config: dict[str, str], expected: list[tuple[str, str, str]]) -> None:
    assert check({**EACH, "ItemProcessor": {**ITEMS, "ProcessorConfig": config}}) == expected


@pytest.mark.parametrize(
    ("items", "refused"),
    [([1], False), ({"a": 1}, False), ("{% $states.input %}", False), ("${Items}", False)]
    + [(value, True) for value in ("abc", "", 5, True)],
)
def test_items_of_a_jsonata_map(items: Any, refused: bool) -> None:
    state = {**EACH, "QueryLanguage": "JSONata", "Items": items}
    assert check(state) == ([("error", SCHEMA, "/Items")] if refused else [])


def test_fields_of_a_distributed_map_on_an_inline_one() -> None:
    assert check({**EACH, "Label": "x", "ItemBatcher": {"MaxItemsPerBatch": 2}}) == [
        ("warning", "UNUSED_FIELD", "/Label"),
        ("warning", "UNUSED_FIELD", "/ItemBatcher"),
    ]


@pytest.mark.parametrize(
    "fields, location",
    [
        ({"ItemReader": LIST}, None),
        ({"ItemReader": {**READ, "Parameters": "b"}}, "/ItemReader/Parameters"),
        ({"ItemReader": {**READ, "Resource": "arn:aws:states:::s3:getItem"}}, "/ItemReader/Resource"),
        ({"ItemReader": {**LIST, "ReaderConfig": {"Transformation": "LOAD_AND_FLATTEN"}}}, "/ItemReader/ReaderConfig"),
        ({"ItemReader": {**READ, "ReaderConfig": {"InputType": "XML"}}}, "/ItemReader/ReaderConfig/InputType"),
        ({"ItemReader": {**READ, "ReaderConfig": {"InputType": "PARQUET"}}}, None),
        ({"ItemReader": {**READ, "ReaderConfig": {"InputType": "CSV"}}}, "/ItemReader/ReaderConfig"),
        ({"ItemReader": {**READ, "ReaderConfig": {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"}}}, None),
        (
            {"ItemReader": {**READ, "ReaderConfig": {"InputType": "CSV", "CSVHeaderLocation": "GIVEN"}}},
            "/ItemReader/ReaderConfig",
        ),
        (
            {
                "ItemReader": {
                    **READ,
                    "ReaderConfig": {"InputType": "CSV", "CSVHeaderLocation": "GIVEN", "CSVHeaders": ["a"]},
                }
            },
            None,
        ),
        (
            {"ItemReader": {**READ, "ReaderConfig": {"InputType": "JSON", "CSVHeaderLocation": "FIRST_ROW"}}},
            "/ItemReader/ReaderConfig/CSVHeaderLocation",
        ),
        ({"ResultWriter": {**WRITE, "Parameters": "b"}}, "/ResultWriter/Parameters"),
        ({"ResultWriter": WRITE}, "/ResultWriter"),
        ({"ResultWriter": {}}, "/ResultWriter"),
        ({"ResultWriter": {"WriterConfig": {"OutputType": "JSONL", "Transformation": "FLATTEN"}}}, None),
        ({"ResultWriter": {"WriterConfig": {"OutputType": "XML"}}}, "/ResultWriter/WriterConfig/OutputType"),
        (
            {"ResultWriter": {"Resource": "arn:aws:states:::s3:getObject", "Parameters": {"Bucket": "b"}}},
            "/ResultWriter/Resource",
        ),
        ({"ResultWriter": {"Resource": "${WriterResource}", "Parameters": {}}}, None),
        ({"ResultWriter": {"Resource": "${WriterResource}"}}, "/ResultWriter"),
        ({"ResultWriter": {"Parameters": {"Bucket": "b"}}}, "/ResultWriter"),
        ({"ResultWriter": {"WriterConfig": {"OutputType": "JSON"}, "Parameters": {"Bucket": "b"}}}, "/ResultWriter"),
        ({"ResultWriter": {**WRITE, "Parameters": {"Bucket.$": "$.bucket"}}}, None),
        ({"ResultWriter": {**WRITE, "Parameters": {"Prefix": "p"}}}, "/ResultWriter/Parameters"),
        ({"ItemBatcher": {"MaxItemsPerBatch": 2}}, None),
        ({"ItemBatcher": {"MaxInputBytesPerBatchPath": "$.n"}}, None),
        ({"ItemBatcher": {}}, "/ItemBatcher"),
        ({"ItemBatcher": {"BatchInput": {"a": 1}}}, "/ItemBatcher"),
    ],
)
def test_readers_and_writers(fields: dict[str, Any], location: str | None) -> None:
    assert check({**FAR_EACH, **fields}) == ([("error", SCHEMA, location)] if location else [])


UNUSED, FAILS = "UNUSED_FIELD", "ITEM_READER_WILL_FAIL"
ROWS = {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"}
NAMED = {"InputType": "CSV", "CSVHeaderLocation": "GIVEN"}
FLATTEN = {"Transformation": "LOAD_AND_FLATTEN"}


@pytest.mark.parametrize(
    ("resource", "config", "expected"),
    [
        (READ, {"InputType": "JSONL", "CSVHeaders": ["a"]}, [(UNUSED, "CSVHeaders")]),
        (READ, {"InputType": "PARQUET", "CSVDelimiter": "TAB"}, [(UNUSED, "CSVDelimiter")]),
        (READ, {"InputType": "JSONL", "CSVHeaderLocation": "FIRST_ROW"}, [(SCHEMA, "CSVHeaderLocation")]),
        (READ, {**ROWS, "CSVHeaders": ["a"]}, [(UNUSED, "CSVHeaders")]),
        (READ, {**NAMED, "CSVHeaders": []}, [(SCHEMA, "")]),
        (READ, {**NAMED, "CSVHeaders": ["a", "b", "a"]}, [(FAILS, "CSVHeaders")]),
        (READ, {"InputType": "MANIFEST", "CSVDelimiter": "TAB", **NAMED, "CSVHeaders": ["a"]}, []),
        (READ, {**ROWS, "ItemsPointer": "/a"}, [(UNUSED, "ItemsPointer")]),
        (READ, {"InputType": "JSON", "ItemsPointer": "a/b"}, [(FAILS, "ItemsPointer")]),
        (READ, {"InputType": "JSON", "ItemsPointer": "/a/b"}, []),
        (READ, {"InputType": "JSON", "ItemsPointer": ""}, []),
        (READ, {"InputType": "JSON", **FLATTEN}, [(UNUSED, "Transformation")]),
        (READ, {"InputType": "JSON", "Transformation": "NONE"}, []),
        (READ, {"ManifestType": "S3_INVENTORY"}, []),
        (READ, {"ManifestType": "S3_INVENTORY", "InputType": "JSON"}, [(UNUSED, "InputType")]),
        (READ, {"ManifestType": "ATHENA_DATA", "InputType": "PARQUET"}, []),
        (READ, {"InputType": "CSV", "ManifestType": "ATHENA_DATA"}, []),
        (LIST, {"MaxItems": 5}, []),
        (LIST, {"InputType": "JSON"}, [(UNUSED, "InputType")]),
        (LIST, {"ManifestType": "S3_INVENTORY"}, [(UNUSED, "ManifestType")]),
        (LIST, {**FLATTEN, **ROWS}, []),
        (LIST, {**FLATTEN, "InputType": "CSV"}, [(SCHEMA, "")]),
        (LIST, {**FLATTEN, "InputType": "MANIFEST"}, [(FAILS, "InputType")]),
        (READ, {"InputType": "JSONL", "CSVHeaders": ["a"], "CSVDelimiter": "${D}"}, []),
    ],
)
def test_fields_of_item_readers(resource: Any, config: Any, expected: list[tuple[str, str]]) -> None:
    found = check({**FAR_EACH, "ItemReader": {**resource, "ReaderConfig": config}})
    place = "/ItemReader/ReaderConfig"
    assert [(code, at.removeprefix(place).removeprefix("/")) for _, code, at in found] == expected


@pytest.mark.parametrize("resource", [LIST["Resource"], READ["Resource"]])
def test_an_item_reader_without_parameters(resource: str) -> None:
    found = check({**FAR_EACH, "ItemReader": {"Resource": resource}})
    assert found == [("warning", "MISSING_PARAMETERS", "/ItemReader")]


def test_items_beside_an_item_reader() -> None:
    reader = {"ItemReader": {**READ, "ReaderConfig": {"InputType": "JSON"}}}
    assert check({**FAR_EACH, **reader, "ItemsPath": "$.a"}) == [("warning", UNUSED, "/ItemsPath")]


def test_other_parameters_of_a_result_writer() -> None:
    writer = {"ResultWriter": {**WRITE, "Parameters": {"Bucket": "b", "Prefx.$": "$.p"}}}
    assert check({**FAR_EACH, **writer}) == [("warning", UNUSED, "/ResultWriter/Parameters/Prefx.$")]
