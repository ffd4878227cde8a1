"""Which operations only read, and arguments as JSON."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from sfn_provider.compare.calls.api_calls import is_reading, json_parameters

READING = ("glue GetJobRun", "ecs DescribeTasks", "s3 HeadObject", "dynamodb Query", "batch ListJobs", "sts AssumeRole")
CHANGING = ("glue StartJobRun", "dynamodb PutItem", "lambda Invoke", "sqs ReceiveMessage", "cognito-identity GetId")


@pytest.mark.parametrize("operation", (*READING, *CHANGING))
def test_operations_that_read_are_known_by_their_names(operation: str) -> None:
    assert is_reading(*operation.split()) is (operation in READING)


def test_arguments_become_json() -> None:
    stream = io.BytesIO(b"text")
    arguments = {
        "time": datetime(2025, 1, 2, tzinfo=UTC),
        "number": Decimal("3"),
        "fraction": Decimal("0.5"),
        "body": b"text",
        "binary": b"\xff",
        "stream": stream,
        "list": ("a", {"b": None}),
    }
    assert json_parameters(arguments) == {
        "time": "2025-01-02T00:00:00+00:00",
        "number": 3,
        "fraction": 0.5,
        "body": "text",
        "binary": "/w==",
        "stream": "text",
        "list": ["a", {"b": None}],
    }
    assert stream.read() == b"text"
