"""Reads manifests: S3 objects that list the objects with the items.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html and
https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-inventory-location.html
"""

from __future__ import annotations

import json
from typing import NamedTuple

from sfn_provider.asl.scope import Json
from sfn_provider.engine.map_run.item_reader.csv_parser import parse_rows
from sfn_provider.engine.map_run.item_reader.file_formats import READER_FAILED
from sfn_provider.exceptions import StatesError


class Manifest(NamedTuple):
    """The objects that a manifest lists.

    Args:
        files: bucket and key of each object, in order.
        headers: names of the columns in the objects; None where the manifest has none.
    """

    files: list[list[str]]
    headers: list[str] | None


def read_inventory(content: Json) -> Manifest:
    """Read the ``manifest.json`` of an S3 inventory report.

    Args:
        content: its text.

    Raises:
        StatesError: ``States.ItemReaderFailed`` if it is no such manifest, or its reports are not CSV.
    """
    try:
        manifest = json.loads(content) if isinstance(content, str) else content
        bucket = str(manifest["destinationBucket"]).rpartition(":")[2]
        files = [[bucket, str(file["key"])] for file in manifest["files"]]
        headers = [name.strip() for name in manifest["fileSchema"].split(",")]
        form = manifest["fileFormat"]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StatesError(
            READER_FAILED, f"The object is not the manifest of an S3 inventory report: {error}"
        ) from error
    if form != "CSV":
        raise StatesError(READER_FAILED, f"The S3 inventory report is in the format {form}; it must be CSV.")
    return Manifest(files, headers)


def read_athena_manifest(content: Json) -> Manifest:
    """Read the manifest that an UNLOAD query of Athena writes: a CSV file with one S3 URI in each row.

    Args:
        content: its text.

    Raises:
        StatesError: ``States.ItemReaderFailed`` if a row holds no S3 URI.
    """
    if not isinstance(content, str):
        raise StatesError(READER_FAILED, "The Athena data manifest must be answered with its text.")
    rows = [row[0].strip() for row in parse_rows(content, ",")]
    return Manifest([_split_uri(uri) for uri in rows if uri], None)


def _split_uri(uri: str) -> list[str]:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    if not uri.startswith("s3://") or not bucket or not key:
        raise StatesError(READER_FAILED, f"The Athena data manifest holds {uri!r}, which is no S3 URI.")
    return [bucket, key]
