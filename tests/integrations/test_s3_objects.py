from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from sfn_provider.engine.requests import CallPurpose, CallTask
from sfn_provider.exceptions import StatesError
from sfn_provider.integrations import Caller, Completed

BUCKET = "orders-to-read"


@pytest.fixture
def s3(aws: Any) -> Any:
    import boto3

    client = boto3.client("s3")
    client.create_bucket(Bucket=BUCKET)
    return client


def ask(caller: Caller, purpose: CallPurpose, **arguments: Any) -> Any:
    call = CallTask(
        "1", "Each order", "arn:aws:states:::s3:getObject", {"Bucket": BUCKET, **arguments}, purpose=purpose
    )
    answer = caller.submit(call, idempotency_key="run/1")
    assert isinstance(answer, Completed)
    return answer.result


def test_text_is_read(s3: Any, caller: Caller) -> None:
    s3.put_object(Bucket=BUCKET, Key="orders.json", Body='\ufeff["Zürich"]'.encode())
    assert json.loads(ask(caller, "read", Key="orders.json")) == ["Zürich"]


def test_packed_text_is_unpacked(s3: Any, caller: Caller) -> None:
    s3.put_object(Bucket=BUCKET, Key="orders.csv.gz", Body=gzip.compress(b"id,total\n1,9.5\n"))
    assert ask(caller, "read", Key="orders.csv.gz") == "id,total\n1,9.5\n"


def test_a_listing_joins_its_pages(s3: Any, caller: Caller) -> None:
    for number in range(3):
        s3.put_object(Bucket=BUCKET, Key=f"day/{number}.json", Body=b"[]")
    s3.put_object(Bucket=BUCKET, Key="other.json", Body=b"[]")
    found = ask(caller, "list", Prefix="day/", MaxKeys=2)
    assert [entry["Key"] for entry in found] == ["day/0.json", "day/1.json", "day/2.json"]
    assert set(found[0]) == {"Etag", "Key", "LastModified", "Size", "StorageClass"}
    assert found[0]["Size"] == 2


def test_a_file_is_written(s3: Any, caller: Caller) -> None:
    assert ask(caller, "write", Key="out/manifest.json", Body='{"a":"ü"}') == {}
    assert s3.get_object(Bucket=BUCKET, Key="out/manifest.json")["Body"].read().decode() == '{"a":"ü"}'


def test_a_missing_object_is_named(s3: Any, caller: Caller) -> None:
    with pytest.raises(StatesError) as caught:
        ask(caller, "read", Key="not-there.json")
    assert caught.value.error == "S3.NoSuchKey"
    assert f"s3://{BUCKET}/not-there.json" in str(caught.value.cause)


@pytest.mark.parametrize("key", ["broken.json.gz", "latin1.csv"])
def test_an_object_that_is_not_what_its_name_says(s3: Any, caller: Caller, key: str) -> None:
    s3.put_object(Bucket=BUCKET, Key=key, Body="é".encode("latin-1"))
    with pytest.raises(StatesError, match=key) as caught:
        ask(caller, "read", Key=key)
    assert caught.value.error == "S3.InvalidObject"
