"""Large sources of items, read in chunks: a Map Run ends as if it had read them at once, in one task and in several."""

from __future__ import annotations

import gzip
import io
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from sfn_provider.engine import Mocks, simulate
from sfn_provider.engine.map_run import child_inputs
from sfn_provider.engine.map_run.child_batches import ChildBatch
from sfn_provider.engine.map_run.item_reader import text_chunks
from sfn_provider.engine.simulation import item_objects
from sfn_provider.exceptions import UsageError
from tests.engine.map_run.test_child_batches import Case as BatchCase
from tests.engine.map_run.test_child_batches import in_parts
from tests.fixtures.machines.distributed_maps import FAIL_ON_BAD, LIST_OBJECTS, WRITER, each, goods, reading

COUNT = 60
LINES = "".join(f"{json.dumps({'n': n, 'name': 'Zürich ' * (n % 3)}, ensure_ascii=False)}\n" for n in range(COUNT))
ROWS = "id,text\n" + "".join(f'{n},"a ""quoted""\r\n, text {n}"\r\n{n},plain ""{n}"" text\n' for n in range(COUNT // 2))
ARRAY = json.dumps([{"n": n, "deep": [[n, "]"], {"a": None}]} if n % 7 else n * 1.5 for n in range(COUNT)], indent=1)
CSV = {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"}
INVENTORY = {
    "destinationBucket": "arn:aws:s3:::reports",
    "fileFormat": "CSV",
    "fileSchema": "Bucket, Key",
    "files": [{"key": f"{n}.csv.gz"} for n in range(3)],
}
REPORTS = {f"s3://reports/{n}.csv.gz": "".join(f'"data","{n}/{m} {m}"\n' for m in range(20)) for n in range(3)}
SELECTOR = {"id.$": "States.UUID()", "index.$": "$$.Map.Item.Index", "from.$": "$$.Map.Item.Source"}


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks of a hundred bytes, pages of three entries, a checkpoint at every fourth child execution."""
    for module in (text_chunks, item_objects, child_inputs):
        monkeypatch.setattr(module, "CHUNK_SIZE", 100)
    monkeypatch.setattr(item_objects, "PAGE_SIZE", 3)
    monkeypatch.setattr(child_inputs, "CHECKPOINT_STRIDE", 4)


@dataclass(frozen=True)
class Case:
    """A source of items.

    Args:
        id: name of the test.
        fields: fields of the Map.
        content: the content of ``s3://data/items``.
        objects: other objects.
    """

    id: str
    fields: dict[str, Any]
    content: str = ""
    objects: dict[str, Any] = field(default_factory=dict)


CASES = [
    Case("JSON lines", {"ItemReader": reading({"InputType": "JSONL"})}, LINES),
    Case("lines without an end", {"ItemReader": reading({"InputType": "JSONL"})}, LINES.rstrip()),
    Case("CSV", {"ItemReader": reading(CSV)}, ROWS),
    Case("CSV with a delimiter", {"ItemReader": reading({**CSV, "CSVDelimiter": "PIPE"})}, ROWS.replace(",", "|")),
    Case("JSON array", {"ItemReader": reading({"InputType": "JSON"})}, ARRAY),
    Case("compact JSON array", {"ItemReader": reading({})}, json.dumps(json.loads(ARRAY), separators=(",", ":"))),
    Case("JSON object", {"ItemReader": reading({})}, json.dumps({f"k{n}": n for n in range(COUNT)})),
    Case("JSON at a pointer", {"ItemReader": reading({"ItemsPointer": "/a/b"})}, f'{{"a": {{"b": {ARRAY}}}}}'),
    Case("MaxItems", {"ItemReader": reading({"InputType": "JSONL", "MaxItems": 41})}, LINES),
    Case("ItemSelector", {"ItemReader": reading({"InputType": "JSONL"}), "ItemSelector": SELECTOR}, LINES),
    Case(
        "batches",
        {"ItemReader": reading({"InputType": "JSONL"}), "ItemBatcher": {"MaxItemsPerBatch": 7, "BatchInput": {"a": 1}}},
        LINES,
    ),
    Case(
        "batches of random sizes",
        {
            "ItemReader": reading({"InputType": "JSONL"}),
            "ItemSelector": {"x.$": "States.MathRandom(0, 1000000)"},
            "ItemBatcher": {"MaxInputBytesPerBatch": 60},
        },
        LINES,
    ),
    Case(
        "a list of objects",
        {"ItemReader": reading({}, LIST_OBJECTS, Prefix="k"), "ItemSelector": {"k.$": "$$.Map.Item.Value.Key"}},
        objects={f"s3://data/k{n:02}": "x" for n in range(COUNT)} | {"s3://data/other": "y"},
    ),
    Case(
        "a list of objects in batches",
        {"ItemReader": reading({"MaxItems": 50}, LIST_OBJECTS), "ItemBatcher": {"MaxItemsPerBatch": 4}},
        objects={f"s3://data/k{n}é": "x" for n in range(COUNT)},
    ),
    Case(
        "objects of a list",
        {"ItemReader": reading({"InputType": "JSONL", "Transformation": "LOAD_AND_FLATTEN"}, LIST_OBJECTS)},
        objects={f"s3://data/k{n}": "" if n == 5 else LINES[: LINES.index("\n", n * 40) + 1] for n in range(17)},
    ),
    Case("inventory", {"ItemReader": reading({"InputType": "MANIFEST"})}, json.dumps(INVENTORY), REPORTS),
    Case("export", {"ItemReader": reading({"InputType": "JSONL"}), "ResultWriter": WRITER}, LINES),
]


def machine_of(case: Case) -> tuple[dict[str, Any], dict[str, Any]]:
    objects = {**({"s3://data/items": case.content} if case.content else {}), **case.objects}
    return each(**case.fields), objects


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_chunks_change_nothing(case: Case, request: pytest.FixtureRequest) -> None:
    machine, objects = machine_of(case)
    mocks = Mocks.from_mapping({}, objects)
    whole = simulate(machine, {}, mocks=mocks)
    assert whole.status == "SUCCEEDED", whole.cause
    request.getfixturevalue("small_chunks")
    again = Mocks.from_mapping({}, objects)
    chunked = simulate(machine, {}, mocks=again)
    assert (chunked.output, chunked.transitions, chunked.events) == (whole.output, whole.transitions, whole.events)
    assert again.objects == mocks.objects


@pytest.mark.parametrize("size", [COUNT, 9, 4])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_batches_read_their_own_items(case: Case, size: int, request: pytest.FixtureRequest) -> None:
    machine, objects = machine_of(case)
    mocks = Mocks.from_mapping({}, objects)
    whole = simulate(machine, {}, mocks=mocks)
    request.getfixturevalue("small_chunks")
    found, parts, written = in_parts(BatchCase("", machine, {}, objects=objects), size)
    assert (found.status, found.output, found.cause) == (whole.status, whole.output, whole.cause)
    assert written.objects == mocks.objects
    assert all(part.inputs is None and part.reader is not None for part in parts)
    assert len(parts) > 1 or parts[0].count <= size
    _check_sizes(parts)


def _check_sizes(parts: list[ChildBatch]) -> None:
    ends = [part.first + part.count for part in parts]
    assert [part.first for part in parts] == [0, *ends[:-1]]
    assert max(len(json.dumps(part.reader)) for part in parts) < 1_500


FILE = gzip.compress(LINES.encode())


def opened(stream: Any) -> Callable[[], Any]:
    return lambda: stream


class Pipe(io.RawIOBase):
    """A stream that cannot seek."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self._content = io.BytesIO(content)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._content.readinto(buffer)


SOURCES: dict[str, tuple[str, Callable[[Path], Any]]] = {
    "text": ("items", lambda path: LINES),
    "path": ("items", lambda path: path),
    "text stream": ("items", lambda path: lambda: path.open(encoding="utf-8")),
    "binary stream": ("items", lambda path: lambda: path.open("rb")),
    "stream in memory": ("items", lambda path: lambda: io.BytesIO(LINES.encode())),
    "stream that cannot seek": ("items", lambda path: lambda: Pipe(LINES.encode())),
    "packed path": ("items.gz", lambda path: path.with_suffix(".gz")),
    "packed stream": ("items.gz", lambda path: lambda: Pipe(FILE)),
    "unpacked text": ("items.gz", lambda path: LINES),
    "text with a byte order mark": ("items", lambda path: "\ufeff" + LINES),
    "with a byte order mark": ("items", lambda path: lambda: io.BytesIO(("\ufeff" + LINES).encode())),
}


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize(("key", "content"), SOURCES.values(), ids=SOURCES)
def test_contents_of_objects(tmp_path: Path, key: str, content: Callable[[Path], Any]) -> None:
    path = tmp_path / "items"
    path.write_text(LINES, encoding="utf-8")
    path.with_suffix(".gz").write_bytes(FILE)
    machine = each(ItemReader=reading({"InputType": "JSONL"}, Key=key), ItemSelector={"n.$": "$$.Map.Item.Value.n"})
    objects = {f"s3://data/{key}": content(path)}
    expected = [{"n": n} for n in range(COUNT)]
    assert simulate(machine, {}, objects=objects).output == expected
    assert in_parts(BatchCase("", machine, {}, objects=objects), 9)[0].output == expected


REFUSED: dict[str, tuple[Any, str]] = {
    "list": (
        [1],
        "object 's3://data/items' is of type list: it must be text, a pathlib.Path, or a function that opens",
    ),
    "bytes": (b"x", "object 's3://data/items' is of type bytes: it must be text"),
    "no file": (Path("/nowhere/items"), "object 's3://data/items' cannot be read from /nowhere/items: No such file"),
    "no stream": (lambda: 5, "the function for object 's3://data/items' must return a stream, but returned int"),
    "no text": (lambda: io.BytesIO(b"\xff\xfe"), "object 's3://data/items' is not UTF-8 text"),
}


@pytest.mark.parametrize(("content", "message"), REFUSED.values(), ids=REFUSED)
def test_contents_that_cannot_be_read(content: Any, message: str) -> None:
    with pytest.raises(UsageError, match=f"^{message}"):
        simulate(each(ItemReader=reading({"InputType": "JSONL"})), {}, objects={"s3://data/items": content})


UNREADABLE = {
    "a line": (LINES + "{\n" + LINES, {"InputType": "JSONL"}, f"Line {COUNT + 1} is not valid JSON"),
    "a member": (ARRAY[:-2] + ",]" + " " * 200, {}, "The object is not valid JSON"),
    "no end of an array": (ARRAY[:-2], {}, "The object is not valid JSON: the array does not end"),
    "more than an array": (ARRAY + "1" + " " * 200, {}, "The object is not valid JSON: '1' follows the array"),
    "no comma": (ARRAY.replace("},\n {", "}\n {", 1), {}, "The object is not valid JSON: '{' follows a member"),
}


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize(("content", "config", "cause"), UNREADABLE.values(), ids=UNREADABLE)
def test_what_is_wrong_in_a_later_chunk_is_found_before_the_first_child(content: str, config: Any, cause: str) -> None:
    found = simulate(each(ItemReader=reading(config)), {}, objects={"s3://data/items": content})
    assert (found.error, found.transitions) == ("States.ItemReaderFailed", 1)
    assert (found.cause or "").startswith(cause)


BROKEN_BEHIND = {
    # what is read of the source, and what of it may be wrong where MaxItems ends before it
    "a line": ({"InputType": "JSONL"}, LINES.encode() + b"{\n" + LINES.encode()),
    "a member": ({}, ARRAY[:-2].encode() + b",{]"),
    "no end of an array": ({}, ARRAY[:-2].encode()),
    "more than an array": ({}, ARRAY.encode() + b"1"),
    "no UTF-8 in lines": ({"InputType": "JSONL"}, LINES.encode() + b'"\xff"\n'),
    "no UTF-8 in CSV": (CSV, ROWS.encode() + b"\xff,1\n"),
    "a packed object that is cut off": ({"InputType": "JSONL"}, gzip.compress(LINES.encode())[:-6]),
    "a packed object with another checksum": ({"InputType": "JSONL"}, gzip.compress(LINES.encode())[:-8] + bytes(8)),
}


@pytest.mark.parametrize("chunks", ["large", "small"])
@pytest.mark.parametrize(("config", "content"), BROKEN_BEHIND.values(), ids=BROKEN_BEHIND)
def test_nothing_is_read_behind_max_items(
    config: dict[str, Any], content: bytes, chunks: str, request: pytest.FixtureRequest
) -> None:
    if chunks == "small":
        request.getfixturevalue("small_chunks")
    key = "items.gz" if content.startswith(b"\x1f\x8b") else "items"
    objects = {f"s3://data/{key}": lambda: io.BytesIO(content)}

    def read(max_items: int) -> Any:
        reader = reading({**config, "MaxItems": max_items}, Key=key)
        return simulate(each(ItemReader=reader, ItemSelector={"n": 1}), {}, objects=objects)

    found = read(COUNT)
    assert (found.status, len(found.output or [])) == ("SUCCEEDED", COUNT), found.cause
    try:
        assert read(COUNT + 1).error == "States.ItemReaderFailed"
    except UsageError as error:
        assert str(error).startswith(f"object 's3://data/{key}' ")


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("left", [30, 59])
def test_items_that_are_gone_when_they_are_read_again(left: int) -> None:
    contents = iter([LINES])
    shorter = "".join(LINES.splitlines(keepends=True)[:left])
    objects = {"s3://data/items": lambda: io.StringIO(next(contents, shorter))}
    found = simulate(each(ItemReader=reading({"InputType": "JSONL"}), MaxConcurrency=2), {}, objects=objects)
    assert found.error == "States.ItemReaderFailed"
    assert re.fullmatch(r"The items have changed since they were counted: \d+ of 60 are missing\.", found.cause or "")
    assert [event["type"] for event in found.events][-3:] == ["MapRunFailed", "MapStateFailed", "ExecutionFailed"]


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("size", [None, 9])
def test_items_that_were_not_started_are_exported_too(size: int | None) -> None:
    lines = "".join(json.dumps(item) + "\n" for item in goods(30, 31, count=COUNT))
    machine = each(FAIL_ON_BAD, ItemReader=reading({"InputType": "JSONL"}), ResultWriter=WRITER, MaxConcurrency=1)
    mocks = Mocks.from_mapping({}, {"s3://data/items": lines})
    found = simulate(machine, {}, mocks=mocks)
    if size is not None:
        found, _, mocks = in_parts(BatchCase("", machine, {}, objects={"s3://data/items": lines}), size)
    assert found.error == "States.ExceedToleratedFailureThreshold"
    files = {uri.rpartition("/")[2]: text for uri, text in mocks.objects.items() if uri.startswith("s3://out/")}
    counts = {name: len(json.loads(str(text))) for name, text in files.items() if name != "manifest.json"}
    assert counts == {"SUCCEEDED_0.json": 30, "FAILED_0.json": 1, "PENDING_0.json": COUNT - 31}


def test_versions_of_an_object() -> None:
    objects = {"s3://data/items": "[1]", "s3://data/items?versionId=v1": "[2]"}
    for version, expected in (({}, [1]), ({"VersionId": "v1"}, [2]), ({"VersionId": "v0"}, [1])):
        machine = each(ItemReader=reading({"InputType": "JSON"}, **version))
        assert simulate(machine, {}, objects=objects).output == expected


@pytest.mark.parametrize("bytes_more", [0, 1])
def test_the_output_of_a_map_has_a_limit(bytes_more: int) -> None:
    texts = ["a" * 100_000, "b" * (262_144 - 100_000 - len('["",""]') + bytes_more)]
    count = {"n.$": "States.ArrayLength($)"}
    machine = each(ItemReader=reading({"InputType": "JSON"}), ResultSelector=count)
    found = simulate(machine, {}, objects={"s3://data/items": json.dumps(texts)})
    expected = ("SUCCEEDED", None) if not bytes_more else ("FAILED", "States.DataLimitExceeded")
    assert (found.status, found.error) == expected
