"""States for tests of `test_state`."""

from __future__ import annotations

from typing import Any

Json = Any
NUMBERS = ("maxConcurrency", "toleratedFailureCount", "toleratedFailurePercentage", "errorDetails")
INVOKE = "arn:aws:states:::lambda:invoke"
RETRY = [{"ErrorEquals": ["Busy"], "IntervalSeconds": 2, "MaxAttempts": 3, "BackoffRate": 3, "JitterStrategy": "FULL"}]
CATCH = [
    {"ErrorEquals": ["Other"], "Next": "Never"},
    {"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "StateName"},
]
BUSY = {"errorOutput": {"error": "Busy", "cause": "later"}}
FAILED = {"error": "Busy", "cause": "later", "status": "FAILED"}


def task(**fields: Json) -> dict[str, Json]:
    return {"Type": "Task", "Resource": INVOKE, "End": True, **fields}


def map_state(mode: str = "INLINE", **fields: Json) -> dict[str, Json]:
    config = {"Mode": mode} | ({"ExecutionType": "STANDARD"} if mode == "DISTRIBUTED" else {})
    states = {"Inner": {"Type": "Pass", "End": True}}
    return {
        "Type": "Map",
        "ItemProcessor": {"ProcessorConfig": config, "StartAt": "Inner", "States": states},
        "End": True,
        **fields,
    }


def reader(**config: Json) -> dict[str, Json]:
    return {
        "Resource": "arn:aws:states:::s3:getObject",
        "ReaderConfig": config,
        "Parameters": {"Bucket": "b", "Key": "k"},
    }
