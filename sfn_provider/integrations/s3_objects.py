"""Reads and writes the S3 objects of a distributed Map's ItemReader and ResultWriter.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html
"""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sfn_provider.exceptions import StatesError

if TYPE_CHECKING:
    from sfn_provider.asl.scope import Json
    from sfn_provider.engine.requests import CallTask


def perform_s3_call(s3: Any, call: CallTask) -> Json:
    """Perform a call of an ItemReader or ResultWriter.

    Args:
        s3: boto3's client.
        call: a call whose purpose is not ``task``.

    Returns:
        What `sfn_provider.engine.requests.CallPurpose` says for the purpose.

    Raises:
        StatesError: S3 rejects the call, or the object cannot be read as what its name says.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return _CALLS[call.purpose](s3, call.arguments)
    except ClientError as error:
        details = error.response["Error"]
        raise StatesError(f"S3.{details['Code']}", f"{details['Message']} ({_s3_uri(call.arguments)})") from error
    except BotoCoreError as error:
        raise StatesError("S3.SdkClientException", f"{error} ({_s3_uri(call.arguments)})") from error
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise StatesError("S3.InvalidObject", f"{_s3_uri(call.arguments)} cannot be read: {error}") from error


def _s3_uri(arguments: dict[str, Any]) -> str:
    return f"s3://{arguments.get('Bucket')}/{arguments.get('Key', arguments.get('Prefix') or '')}"


def _content(s3: Any, arguments: dict[str, Any]) -> bytes:
    content: bytes = s3.get_object(Bucket=arguments["Bucket"], Key=arguments["Key"])["Body"].read()
    return content


def _read(s3: Any, arguments: dict[str, Any]) -> str:
    content = _content(s3, arguments)
    key = arguments["Key"]
    if key.endswith(".gz"):
        content = gzip.decompress(content)
    elif key.endswith((".zst", ".zstd")):
        content = _unpack_zstandard(content)
    return content.decode("utf-8-sig")


def _unpack_zstandard(content: bytes) -> bytes:
    try:
        import zstandard
    except ImportError as error:
        raise StatesError("S3.InvalidObject", "Zstandard objects need the package: pip install zstandard") from error
    unpacked: bytes = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(content)).read()
    return unpacked


def _read_rows(s3: Any, arguments: dict[str, Any]) -> list[Json]:
    try:
        from pyarrow import parquet
    except ImportError as error:
        message = "Parquet objects need pyarrow: pip install 'airflow-provider-sfn[parquet]'"
        raise StatesError("S3.InvalidObject", message) from error
    rows: list[Json] = parquet.read_table(io.BytesIO(_content(s3, arguments))).to_pylist()
    return rows


def _list(s3: Any, arguments: dict[str, Any]) -> list[Json]:
    pages = s3.get_paginator("list_objects_v2").paginate(**arguments)
    return [_entry(found) for page in pages for found in page.get("Contents", ())]


def _entry(found: dict[str, Any]) -> dict[str, Json]:
    return {
        "Etag": found["ETag"],
        "Key": found["Key"],
        "LastModified": int(found["LastModified"].timestamp()),
        "Size": found["Size"],
        "StorageClass": found.get("StorageClass", "STANDARD"),
    }


def _write(s3: Any, arguments: dict[str, Any]) -> Json:
    s3.put_object(Bucket=arguments["Bucket"], Key=arguments["Key"], Body=arguments["Body"].encode(errors="replace"))
    return {}


_CALLS: dict[str, Callable[[Any, dict[str, Any]], Json]] = {
    "read": _read,
    "read_rows": _read_rows,
    "list": _list,
    "write": _write,
}
"""By the purpose of the call."""
