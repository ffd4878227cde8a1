from __future__ import annotations

import json
from typing import Any

import pytest

from sfn_provider.asl.model import ResultWriter
from sfn_provider.engine.map_run.child_results import (
    check_format,
    describe_child,
    describe_pending,
    exported_kind,
    format_results,
    manifest_text,
    needs_descriptions,
    result_format,
    result_size,
    result_texts,
)
from sfn_provider.exceptions import StatesError

CONTEXT = {
    "Execution": {
        "Id": "arn:aws:states:eu-west-1:111122223333:execution:shop/Each:one",
        "Input": {"n": 1},
        "Name": "one",
        "StartTime": "2025-01-01T00:00:00.000Z",
    },
    "StateMachine": {"Id": "arn:aws:states:eu-west-1:111122223333:stateMachine:shop/Each", "Name": "shop/Each"},
}
ENDED = "2025-01-01T00:00:05.000Z"
RUN = "arn:aws:states:eu-west-1:111122223333:mapRun:shop/Each:run"
SUCCEEDED = describe_child(CONTEXT, ENDED, "SUCCEEDED", {"Output": "[1,2]"})
FAILED = describe_child(CONTEXT, ENDED, "FAILED", {"Error": "Boom", "Cause": "loud"})
EXPORT = {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "b"}}


def writer(**fields: Any) -> ResultWriter:
    return ResultWriter.model_validate(fields)


def test_a_child_that_succeeded() -> None:
    assert SUCCEEDED == {
        "ExecutionArn": "arn:aws:states:eu-west-1:111122223333:execution:shop/Each:one",
        "Input": '{"n":1}',
        "InputDetails": {"Included": True},
        "Name": "one",
        "Output": "[1,2]",
        "OutputDetails": {"Included": True},
        "RedriveCount": 0,
        "RedriveStatus": "NOT_REDRIVABLE",
        "RedriveStatusReason": "Execution is SUCCEEDED and cannot be redriven",
        "StartDate": "2025-01-01T00:00:00.000Z",
        "StateMachineArn": "arn:aws:states:eu-west-1:111122223333:stateMachine:shop/Each",
        "Status": "SUCCEEDED",
        "StopDate": ENDED,
    }


def test_a_child_that_failed_has_error_and_cause_and_can_be_redriven() -> None:
    assert {key: FAILED[key] for key in ("Error", "Cause", "Status", "RedriveStatus")} == {
        "Error": "Boom",
        "Cause": "loud",
        "Status": "FAILED",
        "RedriveStatus": "REDRIVABLE_BY_MAP_RUN",
    }
    assert "Output" not in FAILED and "RedriveStatusReason" not in FAILED


@pytest.mark.parametrize(
    ("given", "form", "records"),
    [
        (None, "COMPACT", False),
        (writer(**EXPORT), "NONE", True),
        (writer(WriterConfig={"Transformation": "FLATTEN"}), "FLATTEN", False),
        (writer(WriterConfig={"Transformation": "NONE"}), "NONE", True),
        (writer(**EXPORT, WriterConfig={"Transformation": "COMPACT"}), "COMPACT", False),
        (writer(**EXPORT, WriterConfig={"OutputType": "JSONL"}), "NONE", True),
    ],
    ids=["no writer", "export", "flatten", "none", "export compact", "export as lines"],
)
def test_transformation(given: ResultWriter | None, form: str, records: bool) -> None:
    assert result_format(given) == form
    assert needs_descriptions(given) is records


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("NONE", [SUCCEEDED, FAILED, SUCCEEDED]),
        ("COMPACT", [[1, 2], FAILED, "x"]),
        ("FLATTEN", [1, 2, FAILED, "x"]),
    ],
)
def test_transform_leaves_failures_as_they_are(form: str, expected: list[Any]) -> None:
    assert format_results([(SUCCEEDED, [1, 2]), (FAILED, None), (SUCCEEDED, "x")], form) == expected


def test_transform_refuses_another_form() -> None:
    with pytest.raises(StatesError, match=r"WriterConfig\.Transformation 'ZIP' is none of NONE, COMPACT, FLATTEN"):
        check_format(writer(WriterConfig={"Transformation": "ZIP"}))


PENDING = describe_pending("later")
LINES = writer(**EXPORT, WriterConfig={"Transformation": "FLATTEN", "OutputType": "JSONL"})


@pytest.mark.parametrize(
    ("record", "output", "given", "kind", "text"),
    [
        (SUCCEEDED, [1, 2], writer(**EXPORT), "SUCCEEDED", SUCCEEDED),
        (FAILED, None, writer(**EXPORT), "FAILED", FAILED),
        (FAILED, None, LINES, "FAILED", FAILED),
        (PENDING, None, writer(**EXPORT), "PENDING", PENDING),
        (None, {"a": "ä"}, writer(**EXPORT, WriterConfig={"Transformation": "COMPACT"}), "SUCCEEDED", {"a": "ä"}),
        (None, [1, {"a": "ä"}], LINES, "SUCCEEDED", '1\n{"a":"ä"}'),
        (None, [], LINES, "SUCCEEDED", ""),
    ],
    ids=["record", "failure", "failure in lines", "pending", "output", "lines", "no lines"],
)
def test_a_result_in_a_file(record: Any, output: Any, given: ResultWriter, kind: str, text: Any) -> None:
    assert exported_kind(record) == kind
    found = result_texts(record, output, given)
    assert found == text if isinstance(text, str) else json.loads(found) == text


@pytest.mark.parametrize(
    ("output", "form", "size"), [("ä", "COMPACT", 5), ([], "FLATTEN", 0), ([1, 2], "FLATTEN", 4), (None, "COMPACT", 5)]
)
def test_the_size_of_a_result(output: Any, form: str, size: int) -> None:
    assert result_size(None, output, form) == size


def test_manifest() -> None:
    listed = {"FAILED": [], "PENDING": [], "SUCCEEDED": [{"Key": "run/SUCCEEDED_0.json", "Size": 13}]}
    assert json.loads(manifest_text("b", RUN, listed)) == {
        "DestinationBucket": "b",
        "MapRunArn": RUN,
        "ResultFiles": listed,
    }
