"""Reads and writes the S3 objects of a distributed Map, in chunks and parts.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Hashable
from email.utils import parsedate_to_datetime
from typing import IO, TYPE_CHECKING, Any, cast

from sfn_provider.engine.map_run.item_reader.text_chunks import (
    UNREADABLE,
    ChunkedStream,
    GzipStream,
    OpenStreams,
    read_stream_chunk,
)
from sfn_provider.engine.requests import Chunk
from sfn_provider.exceptions import StatesError
from sfn_provider.integrations.s3.parquet_rows import read_rows

if TYPE_CHECKING:
    from sfn_provider.asl.scope import Json
    from sfn_provider.engine.requests import CallTask

_OBJECT_ARGUMENTS = ("Bucket", "Key", "VersionId", "ExpectedBucketOwner", "RequestPayer")
"""What GetObject takes of an ItemReader's arguments."""

_CHANGED = "PreconditionFailed"
_BEHIND_THE_END = "InvalidRange"


class S3Transfers:
    """Performs the calls of ItemReaders and ResultWriters.

    An object stays open from one chunk to the next; where another process reads on, it begins at the chunk's bytes, or
    unpacks what is before them. An object that has changed since its first chunk is refused.
    """

    def __init__(self) -> None:
        self._streams = OpenStreams()

    def perform(self, s3: Any, call: CallTask) -> Json:
        """Perform a call.

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
            return _CALLS[call.purpose](self, s3, call)
        except ClientError as error:
            raise _client_error(call, error.response["Error"]) from error
        except BotoCoreError as error:
            raise StatesError("S3.SdkClientException", f"{error} ({_s3_uri(call.arguments)})") from error
        except _reading_errors() as error:
            raise StatesError("S3.InvalidObject", f"{_s3_uri(call.arguments)} cannot be read: {error}") from error

    def read(self, s3: Any, call: CallTask) -> Chunk:
        """Read the next chunk of a text."""
        from botocore.exceptions import ClientError

        position = dict(call.position or {"offset": 0})
        offset = position.pop("offset")
        arguments = _object_arguments(call)

        def open_at(at: int) -> ChunkedStream:
            stream, position["etag"] = _open(s3, arguments, at, position.get("etag"))
            return stream

        identity = tuple(sorted(arguments.items()))
        try:
            text, after = self._read(identity, offset, open_at)
        except ClientError as error:
            if not offset or error.response["Error"]["Code"] != _BEHIND_THE_END:
                raise
            return Chunk("")
        return Chunk(text, None if after is None else {"offset": after, **position})

    def _read(self, identity: Hashable, offset: int, open_at: Callable[[int], ChunkedStream]) -> tuple[str, int | None]:
        from botocore.exceptions import HTTPClientError

        try:
            return read_stream_chunk(self._streams, identity, offset, open_at)
        except (HTTPClientError, OSError):  # a connection that was open for long may be closed
            return read_stream_chunk(self._streams, identity, offset, open_at)

    def read_rows(self, s3: Any, call: CallTask) -> Chunk:
        """Read the next rows of a Parquet object."""
        position = dict(call.position or {"row": 0})
        arguments = _object_arguments(call)
        response = s3.get_object(**arguments, **_pinned(position.get("etag")))
        with response["Body"] as body:
            rows, after = read_rows(body, position["row"])
        return Chunk(rows, None if after is None else {"row": after, "etag": response["ETag"]})

    def list(self, s3: Any, call: CallTask) -> Chunk:
        """List the next entries of a bucket: those that were there when the list began."""
        position = call.position or {}
        arguments = {**call.arguments}
        if position:
            arguments.pop("ContinuationToken", None)
            where = {"StartAfter": position.get("after"), "ContinuationToken": position.get("token")}
            arguments |= {name: value for name, value in where.items() if value is not None}
        response = s3.list_objects_v2(**arguments)
        found = response.get("Contents", [])
        began = position["began"] if position else _date(response)
        following = {"after": found[-1]["Key"]} if found else {"token": response.get("NextContinuationToken")}
        if position and began is not None:
            found = [entry for entry in found if entry["LastModified"].timestamp() <= began]
        entries = [_entry(entry) for entry in found]
        return Chunk(entries, {**following, "began": began} if response.get("IsTruncated") else None)

    def write(self, s3: Any, call: CallTask) -> Json:
        """Write an object, or one part of it."""
        target = {"Bucket": call.arguments["Bucket"], "Key": call.arguments["Key"]}
        body = call.arguments["Body"].encode(errors="replace")
        if call.position is None:
            s3.put_object(**target, Body=body)
            return {}
        upload, number = call.position["upload"], call.position["part"]
        if upload is None:
            upload = {"UploadId": s3.create_multipart_upload(**target)["UploadId"], "Parts": []}
        part = s3.upload_part(**target, UploadId=upload["UploadId"], PartNumber=number, Body=body)
        parts = [*upload["Parts"], {"ETag": part["ETag"], "PartNumber": number}]
        if call.position["last"]:
            s3.complete_multipart_upload(**target, UploadId=upload["UploadId"], MultipartUpload={"Parts": parts})
        return {"UploadId": upload["UploadId"], "Parts": parts}


_CALLS: dict[str, Callable[[S3Transfers, Any, CallTask], Json]] = {
    "read": S3Transfers.read,
    "read_rows": S3Transfers.read_rows,
    "list": S3Transfers.list,
    "write": S3Transfers.write,
}
"""By the purpose of the call."""


def _client_error(call: CallTask, details: dict[str, Any]) -> StatesError:
    uri = _s3_uri(call.arguments)
    if details["Code"] in (_CHANGED, "412"):
        return StatesError("S3.ObjectChanged", f"{uri} was overwritten while its items were read; name a VersionId")
    return StatesError(f"S3.{details['Code']}", f"{details['Message']} ({uri})")


def _s3_uri(arguments: dict[str, Any]) -> str:
    return f"s3://{arguments.get('Bucket')}/{arguments.get('Key', arguments.get('Prefix') or '')}"


def _object_arguments(call: CallTask) -> dict[str, Any]:
    return {name: call.arguments[name] for name in _OBJECT_ARGUMENTS if name in call.arguments}


def _pinned(etag: str | None) -> dict[str, str]:
    return {"IfMatch": etag} if etag is not None else {}


def _open(s3: Any, arguments: dict[str, Any], offset: int, etag: str | None) -> tuple[ChunkedStream, str]:
    """Open an object at an offset in its text; return its ETag, too."""
    key = arguments["Key"]
    unpack = next((unpack for ending, unpack in _UNPACKERS.items() if key.endswith(ending)), None)
    of_range = {"Range": f"bytes={offset}-"} if offset and unpack is None else {}
    response = s3.get_object(**arguments, **of_range, **_pinned(etag))
    body = response["Body"]
    stream = ChunkedStream(unpack(body), offset) if unpack else ChunkedStream(body, offset, is_there=True)
    return stream, response["ETag"]


class _Body(io.RawIOBase):
    """The body of a response as a file."""

    def __init__(self, body: Any) -> None:
        super().__init__()
        self._body = body

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read into a buffer."""
        data = self._body.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Close the response."""
        self._body.close()
        super().close()


def _unpack_gzip(body: Any) -> IO[bytes]:
    return cast(IO[bytes], GzipStream(io.BufferedReader(_Body(body), 65_536)))


def _unpack_zstandard(body: Any) -> IO[bytes]:
    try:
        import zstandard
    except ImportError as error:
        raise StatesError("S3.InvalidObject", "Zstandard objects need the package: pip install zstandard") from error

    return cast(IO[bytes], zstandard.ZstdDecompressor().stream_reader(_Body(body), read_across_frames=True))


def _reading_errors() -> tuple[type[Exception], ...]:
    """Return what is raised where an object is not what its name says."""
    zstandard = sys.modules.get("zstandard")
    return (*UNREADABLE, UnicodeDecodeError, *(() if zstandard is None else (zstandard.ZstdError,)))


_UNPACKERS: dict[str, Callable[[Any], Any]] = {
    ".gz": _unpack_gzip,
    ".zst": _unpack_zstandard,
    ".zstd": _unpack_zstandard,
}
"""What unpacks an object, by the end of its key."""


def _date(response: dict[str, Any]) -> float | None:
    """Return when S3 has answered, by its own clock; seconds since the epoch."""
    text = response["ResponseMetadata"].get("HTTPHeaders", {}).get("date")
    return parsedate_to_datetime(text).timestamp() if text else None


def _entry(found: dict[str, Any]) -> dict[str, Json]:
    return {
        "Etag": found["ETag"],
        "Key": found["Key"],
        "LastModified": int(found["LastModified"].timestamp()),
        "Size": found["Size"],
        "StorageClass": found.get("StorageClass", "STANDARD"),
    }
