"""Answers the S3 calls of a distributed Map from a mapping of objects: texts, files, streams."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import tempfile
import weakref
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, MutableMapping
from pathlib import Path
from typing import IO, Any, cast

from sfn_provider.asl.scope import Json
from sfn_provider.engine.map_run.item_reader.file_formats import READER_FAILED
from sfn_provider.engine.map_run.item_reader.text_chunks import (
    CHUNK_SIZE,
    UNREADABLE,
    ChunkedStream,
    GzipStream,
    OpenStreams,
    read_stream_chunk,
)
from sfn_provider.engine.requests import CallTask, Chunk, Event, TaskFailed, TaskSucceeded
from sfn_provider.exceptions import StatesError, UsageError

S3Object = str | Path | Callable[[], IO[Any]]
"""The content of an object: text, a file, or a function that opens a text stream or a binary one."""

Objects = MutableMapping[str, S3Object]
"""Objects by ``s3://bucket/key``; a version of one by ``s3://bucket/key?versionId=id``."""

PAGE_SIZE = 1_000
"""Entries of a chunk of a list, as ListObjectsV2 returns at most."""

_NO_SUCH_KEY = "The specified key does not exist. (Service: Amazon S3; Status Code: 404; Error Code: NoSuchKey)"
_GZIP = b"\x1f\x8b"


def check_objects(objects: Mapping[str, Any]) -> None:
    """Refuse contents of objects that cannot be read.

    Raises:
        UsageError: if one is neither text nor a Path nor a function.
    """
    for uri, content in objects.items():
        if not isinstance(content, str | Path) and not callable(content):
            raise UsageError(
                f"object {uri!r} is of type {type(content).__name__}: it must be text, a pathlib.Path, or a function "
                "that opens a text or binary stream"
            )


class ObjectAnswers:
    """Answers calls of ItemReaders and ResultWriters, as AWS does where an object does not exist.

    Objects that are written in several parts, as large ones are, become files in a temporary folder.

    Args:
        objects: the objects; what is written is added to them.
    """

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._streams = OpenStreams()
        self._sorted: list[str] = []
        self._folder: str | None = None

    def answer(self, call: CallTask, now: float) -> Event:
        """Answer a call.

        Args:
            call: a call whose purpose is not ``task``.
            now: the time, seconds since the epoch.

        Raises:
            UsageError: where the object is Parquet, which is no text, or cannot be opened.
        """
        try:
            return TaskSucceeded(call.id, _ANSWERS[call.purpose](self, call, now), now)
        except StatesError as error:
            return TaskFailed(call.id, error.error, error.cause, now)

    def read(self, call: CallTask, _now: float) -> Chunk:
        """Return the next chunk of an object."""
        uri, offset = _uri(call.arguments), int(call.position or 0)
        versioned = f"{uri}?versionId={call.arguments.get('VersionId')}"
        uri = versioned if versioned in self._objects else uri
        content = self._objects.get(uri)
        if content is None:
            raise StatesError(READER_FAILED, _NO_SUCH_KEY)
        if isinstance(content, str):
            after = offset + CHUNK_SIZE
            text = content[offset:after] if offset else content[:after].removeprefix("\ufeff")
            return Chunk(text, after if after < len(content) else None)
        try:
            return Chunk(
                *read_stream_chunk(self._streams, uri, offset, lambda at: ChunkedStream(_open(content, uri), at))
            )
        except UnicodeDecodeError as error:
            raise UsageError(f"object {uri!r} is not UTF-8 text: {error}") from error
        except UNREADABLE as error:
            raise _unreadable(uri, content, error) from error

    def read_rows(self, call: CallTask, _now: float) -> Chunk:
        """Refuse to read a Parquet object."""
        raise UsageError(
            f"state {call.state!r} reads the Parquet object {_uri(call.arguments)}, which cannot be given as text; "
            "mock the state with a Return that is the list of its rows"
        )

    def list(self, call: CallTask, now: float) -> Chunk:
        """Return the next entries of a bucket's list, in the order of S3: that of the keys' UTF-8 bytes."""
        start = f"s3://{call.arguments['Bucket']}/"
        prefix = start + (call.arguments.get("Prefix") or "")
        after = start + str((call.position or {}).get("after") or call.arguments.get("StartAfter") or "")
        if len(self._sorted) != len(self._objects):
            self._sorted = sorted(self._objects)
        first = max(bisect_left(self._sorted, prefix), bisect_right(self._sorted, after))
        found = self._sorted[first : first + PAGE_SIZE]
        page = [uri for uri in found if uri.startswith(prefix)]
        entries = [self._entry(uri, uri.removeprefix(start), now) for uri in page]
        return Chunk(entries, {"after": entries[-1]["Key"]} if len(page) == PAGE_SIZE else None)

    def _entry(self, uri: str, key: str, now: float) -> dict[str, Any]:
        """Describe an object as AWS gives it to a child execution (recorded executions)."""
        digest, size = hashlib.md5(usedforsecurity=False), 0
        content = self._objects[uri]
        if isinstance(content, str):
            encoded = content.encode(errors="replace")
            digest.update(encoded)
            size = len(encoded)
        else:
            for piece in _pieces(content, uri):
                digest.update(piece)
                size += len(piece)
        return {
            "Etag": f'"{digest.hexdigest()}"',
            "Key": key,
            "LastModified": int(now),
            "Size": size,
            "StorageClass": "STANDARD",
        }

    def write(self, call: CallTask, _now: float) -> Json:
        """Store an object, or the next part of one."""
        uri, body = _uri(call.arguments), call.arguments["Body"]
        if call.position is None:
            self._objects[uri] = body
            return {}
        path = Path(call.position["upload"] or self._new_path())
        with path.open("ab") as file:
            file.write(body.encode(errors="replace"))
        if call.position["last"]:
            self._objects[uri] = path
        return str(path)

    def _new_path(self) -> str:
        if self._folder is None:
            self._folder = tempfile.mkdtemp(prefix="sfn-provider-objects-")
            weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        handle, path = tempfile.mkstemp(dir=self._folder)
        os.close(handle)
        return path

    def as_json(self) -> dict[str, Json]:
        """Return the objects for a mock file: a short text as it is, other contents as the path of a file."""
        return {uri: self._as_json(uri, content) for uri, content in self._objects.items()}

    def _as_json(self, uri: str, content: S3Object) -> Json:
        if isinstance(content, str) and len(content) <= CHUNK_SIZE:
            return content
        if isinstance(content, Path):
            return {"Path": str(content.absolute())}
        path = self._new_path()
        with open(path, "wb") as file:
            for piece in _pieces(content, uri):
                file.write(piece)
        return {"Path": path}

    def close(self) -> None:
        """Close what was opened and not read to its end."""
        self._streams.close()


def _uri(arguments: dict[str, Any]) -> str:
    return f"s3://{arguments['Bucket']}/{arguments.get('Key', '')}"


def _open(content: S3Object, uri: str) -> IO[Any]:
    """Open an object at its beginning; what is packed with gzip, as its name says, is unpacked."""
    if isinstance(content, str):
        return io.StringIO(content)
    try:
        stream: IO[Any] = content.open("rb") if isinstance(content, Path) else content()
    except OSError as error:
        raise _unreadable(uri, content, error) from error
    if not hasattr(stream, "read"):
        raise UsageError(f"the function for object {uri!r} must return a stream, but returned {type(stream).__name__}")
    if not uri.partition("?versionId=")[0].endswith(".gz") or isinstance(stream.read(0), str):
        return stream
    buffered: Any = stream if hasattr(stream, "peek") else io.BufferedReader(stream)
    unpacked: IO[Any] = cast(IO[Any], GzipStream(buffered)) if buffered.peek(2)[:2] == _GZIP else buffered
    return unpacked


def _pieces(content: S3Object, uri: str) -> Any:
    with _open(content, uri) as stream:
        while piece := stream.read(CHUNK_SIZE):
            yield piece.encode(errors="replace") if isinstance(piece, str) else piece


def _unreadable(uri: str, content: S3Object, error: Exception) -> UsageError:
    place = f" from {content}" if isinstance(content, Path) else ""
    return UsageError(f"object {uri!r} cannot be read{place}: {getattr(error, 'strerror', None) or error}")


_ANSWERS: dict[str, Callable[[ObjectAnswers, CallTask, float], Json]] = {
    "read": ObjectAnswers.read,
    "read_rows": ObjectAnswers.read_rows,
    "list": ObjectAnswers.list,
    "write": ObjectAnswers.write,
}
"""What answers a call, by its purpose."""
