from __future__ import annotations

import gzip
import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from sfn_provider.engine.map_run.item_reader.text_chunks import CHUNK_SIZE
from sfn_provider.engine.requests import CallPurpose, CallTask, Chunk
from sfn_provider.exceptions import StatesError
from sfn_provider.integrations import Caller, Completed
from sfn_provider.integrations.s3 import parquet_rows
from tests.fixtures.calls.task_calls import EXECUTION_ARN, MACHINE_ARN

BUCKET = "orders-to-read"


@pytest.fixture
def s3(aws: Any) -> Any:
    import boto3

    client = boto3.client("s3")
    client.create_bucket(Bucket=BUCKET)
    return client


def ask(caller: Caller, purpose: CallPurpose, position: Any = None, **arguments: Any) -> Any:
    arguments = {"Bucket": BUCKET, **arguments}
    call = CallTask("1", "Each order", "arn:aws:states:::s3:getObject", arguments, purpose=purpose, position=position)
    answer = caller.submit(call, idempotency_key="run/1")
    assert isinstance(answer, Completed)
    return answer.result


def chunks(caller: Caller, purpose: CallPurpose, *, resumed: bool = False, **arguments: Any) -> list[Any]:
    """The contents of all chunks; with ``resumed`` each is read by a process of its own."""
    contents, position = [], None
    while True:
        chunk = ask(
            Caller(execution_arn=EXECUTION_ARN, machine_arn=MACHINE_ARN) if resumed else caller,
            purpose,
            position,
            **arguments,
        )
        assert isinstance(chunk, Chunk)
        contents.append(chunk.content)
        position = json.loads(json.dumps(chunk.next))
        if position is None:
            return contents


def read(caller: Caller, key: str) -> str:
    """The text of an object of one chunk."""
    (text,) = chunks(caller, "read", Key=key)
    return str(text)


def test_text_is_read(s3: Any, caller: Caller) -> None:
    s3.put_object(Bucket=BUCKET, Key="orders.json", Body='\ufeff["Zürich"]'.encode())
    assert json.loads(read(caller, "orders.json")) == ["Zürich"]


def test_packed_text_is_unpacked(s3: Any, caller: Caller) -> None:
    s3.put_object(Bucket=BUCKET, Key="orders.csv.gz", Body=gzip.compress(b"id,total\n1,9.5\n"))
    assert read(caller, "orders.csv.gz") == "id,total\n1,9.5\n"


def test_a_list_is_read_in_pages(s3: Any, caller: Caller) -> None:
    for number in range(3):
        s3.put_object(Bucket=BUCKET, Key=f"day/{number}.json", Body=b"[]")
    s3.put_object(Bucket=BUCKET, Key="other.json", Body=b"[]")
    pages = chunks(caller, "list", Prefix="day/", MaxKeys=2)
    found = [entry for page in pages for entry in page]
    assert len(pages) == 2
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


LINES = "".join(f'{{"n": {number}, "city": "Zürich"}}\n' for number in range(20_000))
PACKED: dict[str, Callable[[bytes], bytes]] = {"": bytes, ".gz": gzip.compress}


@pytest.mark.parametrize("resumed", [False, True], ids=["in one process", "in a process for each chunk"])
@pytest.mark.parametrize("ending", PACKED)
def test_a_large_text_is_read_in_chunks(s3: Any, caller: Caller, ending: str, resumed: bool) -> None:
    key = f"large.jsonl{ending}"
    s3.put_object(Bucket=BUCKET, Key=key, Body=PACKED[ending](("\ufeff" + LINES).encode()))
    found = chunks(caller, "read", Key=key, resumed=resumed)
    assert "".join(found) == LINES
    assert len(found) > 2


def test_a_text_that_ends_with_a_chunk(s3: Any, caller: Caller) -> None:
    s3.put_object(Bucket=BUCKET, Key="full.csv", Body=b"x" * CHUNK_SIZE)
    assert [len(text) for text in chunks(caller, "read", Key="full.csv", resumed=True)] == [CHUNK_SIZE, 0]


def test_an_object_that_changes_while_it_is_read_is_refused(s3: Any, caller: Caller) -> None:
    s3.put_object(Bucket=BUCKET, Key="large.jsonl", Body=LINES.encode())
    first = ask(caller, "read", Key="large.jsonl")
    s3.put_object(Bucket=BUCKET, Key="large.jsonl", Body=LINES.upper().encode())
    with pytest.raises(StatesError, match="was overwritten while its items were read") as caught:
        ask(Caller(execution_arn=EXECUTION_ARN, machine_arn=MACHINE_ARN), "read", first.next, Key="large.jsonl")
    assert caught.value.error == "S3.ObjectChanged"


def test_a_version_of_an_object_is_read(s3: Any, caller: Caller) -> None:
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    first, _ = (s3.put_object(Bucket=BUCKET, Key="orders.json", Body=body)["VersionId"] for body in (b"[1]", b"[2]"))
    assert read(caller, "orders.json") == "[2]"
    assert ask(caller, "read", Key="orders.json", VersionId=first).content == "[1]"


def test_what_a_bucket_gets_meanwhile_is_not_listed(s3: Any, caller: Caller) -> None:
    for number in range(4):
        s3.put_object(Bucket=BUCKET, Key=f"day/{number}", Body=b"")
    page = ask(caller, "list", Prefix="day/", MaxKeys=2)
    assert page.next["after"] == "day/1"
    later = ask(caller, "list", {**page.next, "began": 0.0}, Prefix="day/", MaxKeys=2)
    assert (later.content, later.next) == ([], None)


def test_a_file_is_written_in_parts(s3: Any, caller: Caller) -> None:
    pieces, upload = ["ä" * 3_000_000, "b" * 6_000_000, "c"], None
    for number, body in enumerate(pieces, start=1):
        position = {"part": number, "upload": upload, "last": number == len(pieces)}
        upload = json.loads(json.dumps(ask(caller, "write", position, Key="out/SUCCEEDED_0.json", Body=body)))
    stored = s3.get_object(Bucket=BUCKET, Key="out/SUCCEEDED_0.json")["Body"].read().decode()
    assert stored == "".join(pieces)


def test_rows_are_read_some_at_a_time(s3: Any, caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    monkeypatch.setattr(parquet_rows, "ROWS_AT_ONCE", 7)
    rows = [{"n": number} for number in range(20)]
    packed = io.BytesIO()
    parquet.write_table(pyarrow.Table.from_pylist(rows), packed, row_group_size=5)
    s3.put_object(Bucket=BUCKET, Key="rows.parquet", Body=packed.getvalue())
    found = chunks(caller, "read_rows", Key="rows.parquet")
    assert [len(some) for some in found] == [7, 7, 6]
    assert [row for some in found for row in some] == rows
