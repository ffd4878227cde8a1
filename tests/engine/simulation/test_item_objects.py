from __future__ import annotations

from typing import Any

import pytest

from sfn_provider.engine.requests import CallPurpose, CallTask, Chunk, Event, TaskFailed, TaskSucceeded
from sfn_provider.engine.simulation.item_objects import ObjectAnswers, S3Object
from sfn_provider.exceptions import UsageError

NOW = 1_700_000_000.0


def call(purpose: CallPurpose, **arguments: Any) -> CallTask:
    return CallTask("7", "Each", "arn:aws:states:::s3:getObject", arguments, purpose=purpose)


def answer_from_objects(objects: dict[str, S3Object], call: CallTask, now: float) -> Event:
    return ObjectAnswers(objects).answer(call, now)


def test_read() -> None:
    assert answer_from_objects({"s3://b/k/x": "text"}, call("read", Bucket="b", Key="k/x"), NOW) == TaskSucceeded(
        "7", Chunk("text"), NOW
    )


def test_read_what_is_not_there() -> None:
    answer = answer_from_objects({}, call("read", Bucket="b", Key="k"), NOW)
    assert isinstance(answer, TaskFailed)
    assert answer.error == "States.ItemReaderFailed"
    assert "NoSuchKey" in (answer.cause or "")


def test_list_in_the_order_of_keys() -> None:
    objects: dict[str, S3Object] = {"s3://b/z": "1", "s3://b/a/2": "ä", "s3://b/a/1": "", "s3://bb/a/3": "no"}
    answer = answer_from_objects(objects, call("list", Bucket="b", Prefix="a/"), NOW)
    assert isinstance(answer, TaskSucceeded)
    assert answer.result.next is None
    assert answer.result.content == [
        {
            "Etag": '"d41d8cd98f00b204e9800998ecf8427e"',
            "Key": "a/1",
            "LastModified": 1_700_000_000,
            "Size": 0,
            "StorageClass": "STANDARD",
        },
        {
            "Etag": '"8419b71c87a225a2c70b50486fbee545"',
            "Key": "a/2",
            "LastModified": 1_700_000_000,
            "Size": 2,
            "StorageClass": "STANDARD",
        },
    ]


def test_list_after_a_key() -> None:
    objects: dict[str, S3Object] = {"s3://b/a": "", "s3://b/b": "", "s3://b/c": ""}
    answer = answer_from_objects(objects, call("list", Bucket="b", StartAfter="a"), NOW)
    assert isinstance(answer, TaskSucceeded)
    assert [entry["Key"] for entry in answer.result.content] == ["b", "c"]


def test_write() -> None:
    objects: dict[str, S3Object] = {}
    assert answer_from_objects(objects, call("write", Bucket="b", Key="k", Body="text"), NOW) == TaskSucceeded(
        "7", {}, NOW
    )
    assert objects == {"s3://b/k": "text"}


def test_parquet_needs_a_mock() -> None:
    with pytest.raises(UsageError, match="reads the Parquet object s3://b/k, which cannot be given as text"):
        answer_from_objects({"s3://b/k": "PAR1"}, call("read_rows", Bucket="b", Key="k"), NOW)
