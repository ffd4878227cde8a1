"""Answers the S3 calls of a distributed Map from a mapping of objects."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, MutableMapping
from typing import Any

from sfn_provider.engine.map_run.file_formats import READER_FAILED
from sfn_provider.engine.requests import CallTask, Event, TaskFailed, TaskSucceeded
from sfn_provider.exceptions import UsageError

Objects = MutableMapping[str, str]
"""Text by ``s3://bucket/key``."""

_NO_SUCH_KEY = "The specified key does not exist. (Service: Amazon S3; Status Code: 404; Error Code: NoSuchKey)"


def answer_from_objects(objects: Objects, call: CallTask, now: float) -> Event:
    """Answer a call of an ItemReader or ResultWriter, as AWS does where an object does not exist.

    Args:
        objects: the objects; what is written is added to them.
        call: a call whose purpose is not ``task``.
        now: the time, seconds since the epoch.

    Raises:
        UsageError: where the object is Parquet, which is no text.
    """
    return _ANSWERS[call.purpose](objects, call, now)


def _uri(arguments: dict[str, Any]) -> str:
    return f"s3://{arguments['Bucket']}/{arguments.get('Key', '')}"


def _read(objects: Objects, call: CallTask, now: float) -> Event:
    text = objects.get(_uri(call.arguments))
    if text is None:
        return TaskFailed(call.id, READER_FAILED, _NO_SUCH_KEY, now)
    return TaskSucceeded(call.id, text, now)


def _read_rows(_objects: Objects, call: CallTask, _now: float) -> Event:
    raise UsageError(
        f"state {call.state!r} reads the Parquet object {_uri(call.arguments)}, which cannot be given as text; "
        "mock the state with a Return that is the list of its rows"
    )


def _list(objects: Objects, call: CallTask, now: float) -> Event:
    start = f"s3://{call.arguments['Bucket']}/"
    prefix = start + (call.arguments.get("Prefix") or "")
    after = start + (call.arguments.get("StartAfter") or "")
    # S3 lists keys in the order of their UTF-8 bytes, which is the order of their code points.
    found = sorted(uri for uri in objects if uri.startswith(prefix) and uri > after)
    entries = [_entry(uri.removeprefix(start), objects[uri].encode(errors="replace"), now) for uri in found]
    return TaskSucceeded(call.id, entries, now)


def _entry(key: str, content: bytes, now: float) -> dict[str, Any]:
    """Describe an object as AWS gives it to a child execution (recorded executions)."""
    digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
    return {
        "Etag": f'"{digest}"',
        "Key": key,
        "LastModified": int(now),
        "Size": len(content),
        "StorageClass": "STANDARD",
    }


def _write(objects: Objects, call: CallTask, now: float) -> Event:
    objects[_uri(call.arguments)] = call.arguments["Body"]
    return TaskSucceeded(call.id, {}, now)


_ANSWERS: dict[str, Callable[[Objects, CallTask, float], Event]] = {
    "read": _read,
    "read_rows": _read_rows,
    "list": _list,
    "write": _write,
}
"""What answers a call, by its purpose."""
