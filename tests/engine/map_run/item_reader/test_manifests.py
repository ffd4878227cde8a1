from __future__ import annotations

import json
from typing import Any

import pytest

from sfn_provider.engine.map_run.item_reader.manifests import Manifest, read_athena_manifest, read_inventory
from sfn_provider.exceptions import StatesError

INVENTORY = {
    "sourceBucket": "pictures",
    "destinationBucket": "arn:aws:s3:::reports",
    "fileFormat": "CSV",
    "fileSchema": "Bucket, Key, Size",
    "files": [{"key": "data/1.csv.gz", "size": 10}, {"key": "data/2.csv.gz", "size": 20}],
}


def test_an_inventory_names_its_reports_and_their_columns() -> None:
    files = [["reports", "data/1.csv.gz"], ["reports", "data/2.csv.gz"]]
    assert read_inventory(json.dumps(INVENTORY)) == Manifest(files, ["Bucket", "Key", "Size"])


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ({"fileFormat": "ORC"}, "The S3 inventory report is in the format ORC; it must be CSV."),
        ({"files": None}, "The object is not the manifest of an S3 inventory report: "),
    ],
    ids=["not CSV", "no files"],
)
def test_an_inventory_that_cannot_be_read(change: dict[str, Any], cause: str) -> None:
    with pytest.raises(StatesError) as failure:
        read_inventory(json.dumps(INVENTORY | change))
    assert failure.value.error == "States.ItemReaderFailed"
    assert (failure.value.cause or "").startswith(cause)


def test_text_that_is_no_inventory() -> None:
    with pytest.raises(StatesError, match="not the manifest of an S3 inventory report"):
        read_inventory("not JSON")


def test_an_athena_manifest_names_its_files() -> None:
    text = "s3://lake/out/0001\n\ns3://lake/out/a b,c\n"
    assert read_athena_manifest(text) == Manifest([["lake", "out/0001"], ["lake", "out/a b"]], None)


@pytest.mark.parametrize("text", ["out/0001\n", "s3://lake\n", "https://lake/x\n"])
def test_an_athena_manifest_with_something_else(text: str) -> None:
    with pytest.raises(StatesError, match="no S3 URI"):
        read_athena_manifest(text)
