from __future__ import annotations

import io
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from botocore.model import ServiceModel

from sfn_provider.integrations.clients import Clients
from sfn_provider.integrations.value_shapes import (
    OPTIMIZED_STYLE,
    SDK_STYLE,
    ParameterReader,
    ValueStyle,
    epoch_milliseconds,
    iso_time,
    raw_text,
    read_response,
)

MODEL = ServiceModel(
    {
        "metadata": {"serviceId": "Shop", "protocol": "rest-json"},
        "operations": {
            "Order": {"name": "Order", "http": {}, "input": {"shape": "Order"}, "output": {"shape": "Order"}},
            "Upload": {"name": "Upload", "http": {}, "input": {"shape": "Upload"}, "output": {"shape": "Upload"}},
        },
        "shapes": {
            "Text": {"type": "string"},
            "Whole": {"type": "integer"},
            "Long": {"type": "long"},
            "Real": {"type": "double"},
            "Flag": {"type": "boolean"},
            "Moment": {"type": "timestamp"},
            "Bytes": {"type": "blob"},
            "Free": {"type": "structure", "members": {}, "document": True},
            "Line": {
                "type": "structure",
                "required": ["sku"],
                "members": {"sku": {"shape": "Text"}, "tags": {"shape": "Texts"}, "count": {"shape": "Whole"}},
            },
            "Texts": {"type": "list", "member": {"shape": "Text"}},
            "Lines": {"type": "list", "member": {"shape": "Line"}},
            "LinesByName": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Line"}},
            "Order": {
                "type": "structure",
                "required": ["orderId", "DBName"],
                "members": {
                    "orderId": {"shape": "Text", "location": "uri"},
                    "DBName": {"shape": "Text"},
                    "note": {"shape": "Text"},
                    "count": {"shape": "Whole"},
                    "total": {"shape": "Real"},
                    "bytes": {"shape": "Long"},
                    "paid": {"shape": "Flag"},
                    "at": {"shape": "Moment"},
                    "photo": {"shape": "Bytes"},
                    "lines": {"shape": "Lines"},
                    "parts": {"shape": "LinesByName"},
                    "free": {"shape": "Free"},
                    "default": {"shape": "Text"},
                },
            },
            "Upload": {
                "type": "structure",
                "payload": "Body",
                "members": {"Key": {"shape": "Text"}, "Body": {"shape": "Bytes"}},
            },
        },
    }
)
ORDER = MODEL.operation_model("Order").input_shape
UPLOAD = MODEL.operation_model("Upload").input_shape
NOON = datetime(2024, 5, 6, 12, 0, tzinfo=UTC)


def order(parameters: Any, style: ValueStyle = SDK_STYLE) -> tuple[dict[str, Any], list[str]]:
    """Make the arguments of Order, with what it requires. Gives them without that, and the problems."""
    reader = ParameterReader(style)
    arguments = reader.arguments(ORDER, {"OrderId": "o", "DbName": "d", **parameters})
    return {key: value for key, value in arguments.items() if key not in ("orderId", "DBName")}, reader.problems


@dataclass(frozen=True)
class Case:
    id: str
    given: dict[str, Any]
    made: dict[str, Any]


CASES = (
    Case("text", {"Note": "n"}, {"note": "n"}),
    Case("an object in a text field", {"Note": {"a": [1, "ü"]}}, {"note": '{"a":[1,"ü"]}'}),
    Case("a list in a text field", {"Note": [1, 2]}, {"note": "[1,2]"}),
    Case("null is left out", {"Note": None, "Lines": [None, {"Sku": None}]}, {"lines": [{}]}),
    Case("whole number", {"Count": 3}, {"count": 3}),
    Case("whole number with a point", {"Count": 3.0, "Bytes": 5e9}, {"count": 3, "bytes": 5_000_000_000}),
    Case("number", {"Total": 1}, {"total": 1}),
    Case("boolean", {"Paid": False}, {"paid": False}),
    Case("boolean as text", {"Paid": "true"}, {"paid": True}),
    Case("time as text", {"At": "2024-05-06T14:00:00+02:00"}, {"at": NOON}),
    Case("time without a zone is UTC", {"At": "2024-05-06T12:00:00"}, {"at": NOON}),
    Case("time as seconds", {"At": NOON.timestamp()}, {"at": NOON}),
    Case("base64 in a blob", {"Photo": "aGVsbG8="}, {"photo": b"hello"}),
    Case("text in a blob", {"Photo": "not base64!"}, {"photo": b"not base64!"}),
    Case("an object in a blob", {"Photo": {"a": 1}}, {"photo": b'{"a":1}'}),
    Case("nested fields", {"Lines": [{"Sku": "x", "Tags": ["t"]}]}, {"lines": [{"sku": "x", "tags": ["t"]}]}),
    Case("keys of a map stay", {"Parts": {"frontWheel": {"Sku": "w"}}}, {"parts": {"frontWheel": {"sku": "w"}}}),
    Case("a document stays", {"Free": {"anyThing": [1]}}, {"free": {"anyThing": [1]}}),
    Case("a reserved word", {"DefaultValue": "d"}, {"default": "d"}),
    Case("the service's own spelling", {"note": "n", "LINES": []}, {"note": "n", "lines": []}),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_arguments(case: Case) -> None:
    assert order(case.given) == (case.made, [])


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"Colour": "red"}, "The field 'Colour' is not supported by Step Functions"),
        ({"Lines": [{"Sku": "x", "Price": 1}]}, "The field 'Price' is not supported by Step Functions"),
        ({"Note": 5}, "The value for the field 'Note' must be a STRING"),
        ({"Note": True}, "The value for the field 'Note' must be a STRING"),
        ({"Count": "3"}, "The value for the field 'Count' must be an INTEGER"),
        ({"Count": 3.5}, "The value for the field 'Count' must be an INTEGER"),
        ({"Bytes": True}, "The value for the field 'Bytes' must be an INTEGER"),
        ({"Total": "1"}, "The value for the field 'Total' must be a NUMBER"),
        ({"Total": False}, "The value for the field 'Total' must be a NUMBER"),
        ({"Paid": "yes"}, "The value for the field 'Paid' must be a BOOLEAN"),
        ({"At": "noon"}, "The value for the field 'At' must be a TIMESTAMP"),
        ({"At": 1e30}, "The value for the field 'At' must be a TIMESTAMP"),
        ({"At": []}, "The value for the field 'At' must be a TIMESTAMP"),
        ({"Lines": {}}, "The value for the field 'Lines' must be an ARRAY"),
        ({"Lines": ["x"]}, "The value for the field 'Lines' must be an OBJECT"),
        ({"Parts": []}, "The value for the field 'Parts' must be an OBJECT"),
        ({"OrderId": None}, "The value for the field 'OrderId' must not be null"),
    ],
)
def test_wrong_arguments_are_named(given: dict[str, Any], problem: str) -> None:
    assert order(given)[1] == [problem]


@pytest.mark.parametrize(
    ("style", "found", "problems"),
    [
        (OPTIMIZED_STYLE, {"S": "a"}, []),
        (SDK_STYLE, {}, ["The value for the field 'id' must be an OBJECT"]),
    ],
    ids=["optimized", "AWS SDK"],
)
def test_a_text_as_an_attribute_of_dynamodb(style: ValueStyle, found: Any, problems: list[str]) -> None:
    reader = ParameterReader(style)
    shape = Clients(None).model("dynamodb").operation_model("PutItem").input_shape
    assert reader.arguments(shape, {"TableName": "t", "Item": {"id": "a"}}) == {"TableName": "t", "Item": {"id": found}}
    assert reader.problems == problems


def test_every_problem_is_told() -> None:
    reader = ParameterReader(SDK_STYLE)
    reader.arguments(ORDER, {"Note": 1, "Count": "x"})
    assert reader.problems == [
        "The value for the field 'Note' must be a STRING",
        "The value for the field 'Count' must be an INTEGER",
        "The field 'OrderId' is required but was missing",
        "The field 'DbName' is required but was missing",
    ]


def test_a_required_field_that_is_null_is_the_services_to_refuse() -> None:
    reader = ParameterReader(SDK_STYLE)
    assert reader.arguments(ORDER, {"OrderId": "o", "DbName": None}) == {"orderId": "o"}
    assert reader.problems == []


@pytest.mark.parametrize("parameters", [None, [], "text"])
def test_parameters_must_be_an_object(parameters: Any) -> None:
    reader = ParameterReader(SDK_STYLE)
    assert reader.arguments(ORDER, parameters) == {}
    assert reader.problems == ["The Parameters must be an OBJECT"]


def test_an_operation_without_input_takes_nothing() -> None:
    reader = ParameterReader(SDK_STYLE)
    assert reader.arguments(None, {"A": 1}) == {}
    assert reader.problems == ["The field 'A' is not supported by Step Functions"]


@pytest.mark.parametrize(
    ("value", "sent"), [("text", b'"text"'), ({"a": 1}, b'{"a":1}'), (False, b"false"), (["ü"], '["ü"]'.encode())]
)
def test_a_body_is_json_text(value: Any, sent: bytes) -> None:
    assert ParameterReader(SDK_STYLE).arguments(UPLOAD, {"Key": "k", "Body": value}) == {"Key": "k", "Body": sent}


@pytest.mark.parametrize(("value", "sent"), [("text", b"text"), ({"a": 1}, b'{"a":1}')])
def test_a_raw_body_keeps_text(value: Any, sent: bytes) -> None:
    assert ParameterReader(replace(OPTIMIZED_STYLE, body=raw_text)).arguments(UPLOAD, {"Body": value}) == {"Body": sent}


RESPONSE = {
    "orderId": "o",
    "DBName": "d",
    "at": NOON,
    "photo": b"\xff\x00",
    "lines": [{"sku": "x"}],
    "parts": {"frontWheel": {"sku": "w", "count": 2}},
    "free": {"anyThing": 1},
    "default": "v",
    "ResponseMetadata": {"HTTPStatusCode": 200},
}


def test_a_result_of_an_aws_sdk_call() -> None:
    assert read_response(ORDER, RESPONSE, SDK_STYLE) == {
        "OrderId": "o",
        "DbName": "d",
        "At": "2024-05-06T12:00:00Z",
        "Photo": "/wA=",
        "Lines": [{"Sku": "x"}],
        "Parts": {"frontWheel": {"Sku": "w", "Count": 2}},
        "Free": {"anyThing": 1},
        "DefaultValue": "v",
    }


def test_a_result_of_an_optimized_call() -> None:
    result = read_response(ORDER, RESPONSE, OPTIMIZED_STYLE)
    assert (result["DBName"], result["At"], result["Default"]) == ("d", 1_714_996_800_000, "v")


def test_lists_that_the_service_left_out() -> None:
    style = replace(OPTIMIZED_STYLE, fill_lists=True)
    assert read_response(ORDER, {"lines": [{"sku": "x"}]}, style) == {"Lines": [{"Sku": "x", "Tags": []}]}
    assert read_response(ORDER, {}, style) == {"Lines": []}


@pytest.mark.parametrize(
    "body", [io.BytesIO("grün".encode()), "grün".encode(), "grün"], ids=["stream", "bytes", "text"]
)
def test_the_body_of_a_response_is_text(body: Any) -> None:
    assert read_response(UPLOAD, {"Key": "k", "Body": body}, SDK_STYLE) == {"Key": "k", "Body": "grün"}
    assert getattr(body, "closed", True)


def test_a_body_that_is_no_text_is_read_as_java_does() -> None:
    assert read_response(UPLOAD, {"Body": io.BytesIO(b"a\xffb")}, SDK_STYLE) == {"Body": "a\ufffdb"}


def test_an_operation_without_output_gives_an_empty_object() -> None:
    assert read_response(None, {"ResponseMetadata": {}}, SDK_STYLE) == {}


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (NOON, "2024-05-06T12:00:00Z"),
        (NOON + timedelta(milliseconds=7), "2024-05-06T12:00:00.007Z"),
        (NOON + timedelta(microseconds=70), "2024-05-06T12:00:00.000070Z"),
        (datetime(2024, 5, 6, 14, 0, tzinfo=timezone(timedelta(hours=2))), "2024-05-06T12:00:00Z"),
    ],
)
def test_times_as_text(moment: datetime, text: str) -> None:
    assert iso_time(moment) == text


def test_times_as_milliseconds() -> None:
    assert epoch_milliseconds(NOON + timedelta(microseconds=1500)) == 1_714_996_800_002
