"""Checks the findings on the fields of one state, for tests."""

from __future__ import annotations

from typing import Any

from sfn_provider.asl import lint

SCHEMA = "SCHEMA_VALIDATION_FAILED"
CALL = {"Type": "Task", "Resource": "arn:aws:lambda:eu-west-1:123456789012:function:f", "End": True}
ITEMS = {"StartAt": "I", "States": {"I": {"Type": "Pass", "End": True}}}
FAR = {**ITEMS, "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}
EACH = {"Type": "Map", "ItemProcessor": ITEMS, "End": True}
FAR_EACH = {"Type": "Map", "ItemProcessor": FAR, "End": True}
HOLD = {"Type": "Wait", "End": True}
WRITE = {"Resource": "arn:aws:states:::s3:putObject"}
READ = {"Resource": "arn:aws:states:::s3:getObject", "Parameters": {"Bucket": "b", "Key": "k"}}
LIST = {"Resource": "arn:aws:states:::s3:listObjectsV2", "Parameters": {"Bucket": "b"}}


def check(state: dict[str, Any], **machine: Any) -> list[tuple[str, str, str]]:
    found = lint({**machine, "StartAt": "A", "States": {"A": state}})
    return [(item.level, item.code, item.location.removeprefix("/States/A")) for item in found]
