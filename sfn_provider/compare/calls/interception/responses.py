"""Makes answers in the shape of an API: of JSON, or plausible ones of the model alone."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from sfn_provider.asl.scope import Json
from sfn_provider.integrations.value_shapes import ValueStyle, json_text

if TYPE_CHECKING:
    from botocore.model import OperationModel, Shape

_GOOD_STATUSES: Final = (
    *("SUCCEEDED", "SUCCESS", "Succeeded", "Success", "COMPLETED", "Completed", "COMPLETE", "FINISHED", "Finished"),
    *("ACTIVE", "Active", "AVAILABLE", "Available", "InService", "READY", "Ready", "ENABLED", "Enabled", "STARTED"),
    *("CREATED", "Created", "RUNNING", "Running", "Healthy", "OK"),
)
"""Statuses of what is well, the most final ones first."""

_RUNNING_STATUSES: Final = ("RUNNING", "Running", "InProgress", "IN_PROGRESS", "CREATING", "STARTING", "DELETING")
"""Statuses of what goes on."""

_NAMING: Final = re.compile(
    r"(Id|ID|Arn|ARN|Name|Url|URL|Uri|URI|Token|Key|Handle|Number|Version|Tag)\Z|\A(id|arn|name)\Z"
)
_LEFT_OUT: Final = re.compile(
    r"(?i)(next.*token|continuation.*token|pagination.*token|marker|lastevaluated|istruncated|error|failure|exception"
    r"|reason|deleted|deletion|expired|cancel|stopp|terminat|rollback)"
)
"""Members that would say that there is more to read, or that something went wrong; a count of 0 does not."""

_SAYING: Final = frozenset({"string", "structure", "timestamp", "boolean", "map", "blob"})
"""The types of such members."""

_FAR_AHEAD: Final = datetime(2100, 1, 1, tzinfo=UTC)
_DEEPEST: Final = 4


_DESCRIBING: Final = ("Describe", "Get", "BatchGet", "BatchDescribe")
"""How operations begin that describe what their parameters name: their lists have an entry."""


@dataclass(frozen=True, slots=True)
class _Maker:
    """Makes an answer.

    Args:
        parameters: the call's arguments.
        number: what the ids end with.
        fills_lists: whether lists of structures have an entry, and numbers are there.
    """

    parameters: Mapping[str, Any]
    number: int
    fills_lists: bool


def make_response(operation: OperationModel, parameters: Mapping[str, Any], number: int = 1) -> dict[str, Any]:
    """Make a plausible answer: names, ids and statuses of what is well; lists of what is searched are empty.

    Args:
        operation: the operation.
        parameters: the call's arguments: a member of the same name in the answer has the same value.
        number: what the ids end with.
    """
    if operation.output_shape is None:
        return {}
    return _structure(operation.output_shape, _Maker(parameters, number, operation.name.startswith(_DESCRIBING)), 0)


def _structure(shape: Shape, maker: _Maker, depth: int) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, inner in shape.members.items():
        required = name in shape.required_members
        if _LEFT_OUT.search(name) and not required and inner.type_name in _SAYING:
            continue
        sent = maker.parameters.get(name)
        if sent is not None and inner.type_name == "string" and isinstance(sent, str):
            made[name] = sent
            continue
        value = _value(name, inner, maker, depth, required)
        if value is not None and not _is_absent(inner, value):
            made[name] = value
    return made


def _is_absent(shape: Shape, value: Any) -> bool:
    """Return whether a value is an empty list that XML cannot hold: botocore's response lacks the member then."""
    return value == [] and bool(shape.serialization.get("flattened"))


def _value(name: str, shape: Shape, maker: _Maker, depth: int, required: bool) -> Any:
    kind = shape.type_name
    if kind == "structure":
        known = not shape.serialization.get("eventstream") and not getattr(shape, "is_document_type", False)
        made = _structure(shape, maker, depth + 1) if known and depth < _DEEPEST else {}
        return made if made or required else None
    if kind == "list":
        entry = shape.member
        fills = maker.fills_lists and entry.type_name == "structure" and depth < _DEEPEST and not _LEFT_OUT.search(name)
        return [_structure(entry, maker, depth + 1)] if fills else []
    if kind == "map":
        return {} if required else None
    if kind == "string":
        return _string(name, shape, maker.number, required)
    if kind == "timestamp":
        return _FAR_AHEAD if "xpir" in name else datetime(2025, 1, 1, tzinfo=UTC) if required else None
    if kind == "boolean":
        return False if required else None
    if kind == "blob":
        return b"" if required else None
    if name == "StatusCode":
        return 200
    return 0 if required or maker.fills_lists else None


def _string(name: str, shape: Shape, number: int, required: bool) -> str | None:
    values = shape.metadata.get("enum", ())
    if values:
        good = next((status for status in _GOOD_STATUSES if status in values), values[0])
        return good if required or name.lower().endswith(("status", "state")) else None
    if name.endswith(("Arn", "ARN")) or name == "arn":
        return f"arn:aws:service:us-east-1:123456789012:{(name[:-3] or 'resource').lower()}/{number}"
    if name.lower().endswith(("uri", "url")):
        return f"{'s3' if name.lower().endswith('uri') else 'https'}://example-{number}/{name.lower()}"
    return f"{name}-{number}" if required or _NAMING.search(name) else None


def running_status(shape: Shape | None, path: str, style: ValueStyle, ended: frozenset[str]) -> str | None:
    """Return a status of a job that goes on; None where the model names its statuses and none of them is one.

    Args:
        shape: the output of the operation that describes the job.
        path: the path to the status, as ``JobRun.JobRunState``.
        style: how fields are written in the path.
        ended: the statuses of a job that has ended.
    """
    for step in path.split("."):
        if shape is None:
            return None
        if shape.type_name == "list":
            shape = shape.member
        else:
            shape = next((inner for name, inner in shape.members.items() if style.field(name) == step), None)
    values = shape.metadata.get("enum", ()) if shape is not None else ()
    return next(
        (status for status in _RUNNING_STATUSES if status not in ended and (not values or status in values)), None
    )


def response_of_json(shape: Shape | None, value: Json, style: ValueStyle) -> dict[str, Any]:
    """Convert a task's result to what botocore would answer; members that the model lacks are left out.

    Args:
        shape: the operation's output; None where it has none.
        value: the result, fields as Step Functions writes them.
        style: how fields and times are written.
    """
    if shape is None or not isinstance(value, dict):
        return {}
    response: dict[str, Any] = _read(shape, value, style)
    return response


def _read(shape: Shape, value: Json, style: ValueStyle) -> Any:
    kind = shape.type_name
    if kind == "structure" and isinstance(value, dict):
        if getattr(shape, "is_document_type", False):
            return value
        entries = {key.casefold(): entry for key, entry in value.items()}
        found = {
            name: entries.get(style.field(name).casefold(), entries.get(name.casefold())) for name in shape.members
        }
        return {
            name: _read(shape.members[name], entry, style)
            for name, entry in found.items()
            if entry is not None and not _is_absent(shape.members[name], entry)
        }
    if kind == "list" and isinstance(value, list):
        return [_read(shape.member, entry, style) for entry in value]
    if kind == "map" and isinstance(value, dict):
        return {key: _read(shape.value, entry, style) for key, entry in value.items()}
    if kind == "timestamp":
        return _time(value)
    if kind == "blob":
        return _blob(value)
    if kind == "string" and isinstance(value, dict | list):
        return json_text(value)
    return value


def _time(value: Json) -> datetime:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return datetime.fromtimestamp(value / 1000 if value > 1e11 else value, UTC)
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return datetime(2025, 1, 1, tzinfo=UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _blob(value: Json) -> bytes:
    if not isinstance(value, str):
        return json_text(value).encode()
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return value.encode()


def overlay(under: Any, over: Any) -> Any:
    """Return one answer with the members of another one in place of its own, structure by structure."""
    if isinstance(under, dict) and isinstance(over, dict):
        return {**under, **{key: overlay(under[key], value) if key in under else value for key, value in over.items()}}
    if isinstance(under, list) and isinstance(over, list) and under and over:
        return [overlay(under[0], over[0]), *over[1:]]
    return over


def set_path(value: Json, path: str, entry: Json) -> Json:
    """Return JSON with an entry at a path such as ``Tasks.0.TaskArn``; what is missing on the way is made."""
    if not path:
        return entry
    step, _, rest = path.partition(".")
    if step.isdecimal():
        entries = list(value) if isinstance(value, list) else []
        entries += [{}] * (int(step) + 1 - len(entries))
        entries[int(step)] = set_path(entries[int(step)], rest, entry)
        return entries
    members = dict(value) if isinstance(value, dict) else {}
    return {**members, step: set_path(members.get(step), rest, entry)}
