from __future__ import annotations

import json
from typing import Any

import pytest

from sfn_provider.asl.model import ResultWriter
from sfn_provider.engine.map_run.child_results import (
    describe_child,
    describe_pending,
    export_files,
    format_results,
    needs_descriptions,
    result_format,
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
        (writer(**EXPORT, WriterConfig={"Transformation": "COMPACT"}), "COMPACT", True),
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
        format_results([], "ZIP")


def test_export_files_by_status() -> None:
    pending = describe_pending("later")
    files = export_files(
        [(SUCCEEDED, [1, 2]), (FAILED, None), (pending, None)], writer(**EXPORT), "bucket", "prefix/run", RUN
    )
    assert json.loads(files["prefix/run/SUCCEEDED_0.json"]) == [SUCCEEDED]
    assert json.loads(files["prefix/run/FAILED_0.json"]) == [FAILED]
    assert json.loads(files["prefix/run/PENDING_0.json"]) == [
        {"Input": '"later"', "InputDetails": {"Included": True}, "Status": "PENDING"}
    ]
    manifest = json.loads(files["prefix/run/manifest.json"])
    assert manifest["DestinationBucket"] == "bucket"
    assert manifest["MapRunArn"] == RUN
    sizes = {
        kind: [len(files[entry["Key"]].encode()) for entry in listed]
        for kind, listed in manifest["ResultFiles"].items()
    }
    assert sizes == {kind: [entry["Size"] for entry in listed] for kind, listed in manifest["ResultFiles"].items()}


def test_export_files_of_one_status() -> None:
    config = {"Transformation": "FLATTEN", "OutputType": "JSONL"}
    files = export_files([(SUCCEEDED, [1, {"a": "ä"}])], writer(**EXPORT, WriterConfig=config), "b", "run", RUN)
    assert list(files) == ["run/SUCCEEDED_0.json", "run/manifest.json"]
    assert files["run/SUCCEEDED_0.json"] == '1\n{"a":"ä"}\n'
    listed = json.loads(files["run/manifest.json"])["ResultFiles"]
    assert listed == {"FAILED": [], "PENDING": [], "SUCCEEDED": [{"Key": "run/SUCCEEDED_0.json", "Size": 13}]}
