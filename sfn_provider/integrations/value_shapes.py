"""Converts JSON parameters to botocore's arguments and responses to JSON, by an operation's model.

Step Functions has JSON with fields in PascalCase; botocore has Python values with the service's own field names.

Sources: https://docs.aws.amazon.com/step-functions/latest/dg/connect-parameters.html; recorded executions for field
names, bodies, nulls and the sentences about wrong parameters. How Step Functions reads a blob that is no body is not
documented: base64 is what published definitions give.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from sfn_provider.asl.json_values.json_checks import is_number
from sfn_provider.asl.scope import MISSING, Json
from sfn_provider.botocore_models.naming import capitalize, sdk_field

if TYPE_CHECKING:
    from botocore.model import Shape

Values = dict[str, Any]
"""A JSON object with fields in PascalCase."""


def json_text(value: Json) -> str:
    """Write a value as Step Functions writes JSON into a text field: without spaces."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def iso_time(moment: datetime) -> str:
    """Write a time as the AWS SDK for Java 2 does: in UTC, with as many groups of three decimals as it takes."""
    moment = moment.astimezone(UTC)
    digits = f"{moment.microsecond:06d}"
    fraction = "" if digits == "000000" else "." + (digits[:3] if digits.endswith("000") else digits)
    return f"{moment:%Y-%m-%dT%H:%M:%S}{fraction}Z"


def epoch_milliseconds(moment: datetime) -> int:
    """Write a time as version 1 of the AWS SDK for Java does."""
    return round(moment.timestamp() * 1000)


def body_text(value: Json) -> bytes:
    """Write a request's body as JSON text, with quotes around a string (recorded for s3:putObject)."""
    return json_text(value).encode()


def raw_text(value: Json) -> bytes:
    """Write a request's body as JSON text, but strings unchanged."""
    return value.encode() if isinstance(value, str) else body_text(value)


@dataclass(frozen=True, slots=True)
class ValueStyle:
    """How a family of integrations writes values.

    Args:
        field: spells a field, given the service's own name of it.
        time: writes a time in a response.
        body: writes the value of the field that is the request's body.
        fill_lists: lists that the service left out appear as ``[]``, as some clients of version 1 make them.
        fill_tokens: idempotency tokens may be missing though the model requires them, as in published
            definitions of EMR Serverless; AWS SDK integrations require them.
        text_attributes: an attribute of DynamoDB may be a text, as in published definitions: version 1 of the SDK
            makes ``{"S": text}`` of it.
    """

    field: Callable[[str], str]
    time: Callable[[datetime], Json]
    body: Callable[[Json], bytes] = body_text
    fill_lists: bool = False
    fill_tokens: bool = False
    text_attributes: bool = False


SDK_STYLE: Final = ValueStyle(sdk_field, iso_time)
"""``arn:aws:states:::aws-sdk:...``"""

OPTIMIZED_STYLE: Final = ValueStyle(capitalize, epoch_milliseconds, fill_tokens=True, text_attributes=True)
"""``arn:aws:states:::<service>:...``"""


@dataclass(slots=True)
class ParameterReader:
    """Makes botocore's arguments of a task's parameters, and collects the problems.

    Args:
        style: how field names and bodies are written.
        problems: a sentence each, in AWS's words.
    """

    style: ValueStyle
    problems: list[str] = field(default_factory=list)

    def reject(self, names: Iterable[str]) -> None:
        """Add a problem for each field, which is not supported."""
        self.problems += [f"The field '{name}' is not supported by Step Functions" for name in names]

    def require(self, names: Iterable[str], parameters: Values) -> None:
        """Add a problem for each missing field. One that is null is not missing (recorded): the service checks it."""
        present = {name.casefold() for name in parameters}
        missing = [name for name in names if name.casefold() not in present]
        self.problems += [f"The field '{name}' is required but was missing" for name in missing]

    def arguments(self, shape: Shape | None, parameters: Json, check_required: bool = True) -> dict[str, Any]:
        """Make the arguments of a call.

        Args:
            shape: the operation's input; None where it takes none.
            parameters: the operation's parameters, fields in PascalCase.
            check_required: add problems for missing fields that the model requires.
        """
        if not isinstance(parameters, dict):
            self.problems.append("The Parameters must be an OBJECT")
            return {}
        if shape is None:
            self.reject(parameters)
            return {}
        arguments = self._structure(shape, parameters, "Parameters")
        if check_required:
            self.require([self.style.field(name) for name in self._required(shape)], parameters)
            in_path = [name for name in shape.required_members if _is_in_path(shape.members[name])]
            nulls = [self.style.field(name) for name in in_path if name not in arguments]
            self.problems += [
                f"The value for the field '{name}' must not be null" for name in nulls if name in parameters
            ]
        return arguments

    def _required(self, shape: Shape) -> list[str]:
        """Return the fields that must be there, by the service's own names."""
        filled = self.style.fill_tokens
        return [
            name
            for name in shape.required_members
            if not (filled and shape.members[name].metadata.get("idempotencyToken"))
        ]

    def _structure(self, shape: Shape, value: Json, name: str) -> dict[str, Any]:
        if isinstance(value, str) and shape.name == "AttributeValue" and self.style.text_attributes:
            return {"S": value}
        if not isinstance(value, dict):
            return dict(self._wrong(name, "an OBJECT", {}))
        members = {self.style.field(member).casefold(): member for member in shape.members}
        members |= {member.casefold(): member for member in shape.members}
        body = shape.serialization.get("payload")
        arguments = {}
        for key, entry in value.items():
            member = members.get(key.casefold())
            if member is None:
                self.reject([key])
            elif entry is not None:  # recorded: the SDK omits null, and the service says what it lacks
                inner = shape.members[member]
                is_body = member == body and inner.type_name == "blob"
                arguments[member] = self.style.body(entry) if is_body else self.read(inner, entry, key)
        return arguments

    def read(self, shape: Shape, value: Json, name: str) -> Any:
        """Make one value of the type that its shape asks for."""
        if shape.type_name == "structure":
            return value if getattr(shape, "is_document_type", False) else self._structure(shape, value, name)
        if shape.type_name == "list":
            if not isinstance(value, list):
                return self._wrong(name, "an ARRAY", [])
            return [self.read(shape.member, entry, name) for entry in value if entry is not None]
        if shape.type_name == "map":
            if not isinstance(value, dict):
                return self._wrong(name, "an OBJECT", {})
            return {key: self.read(shape.value, entry, key) for key, entry in value.items() if entry is not None}
        expected, convert = _SCALARS[shape.type_name]
        converted = convert(value)
        return self._wrong(name, expected, None) if converted is MISSING else converted

    def _wrong(self, name: str, expected: str, default: Any) -> Any:
        self.problems.append(f"The value for the field '{name}' must be {expected}")
        return default


def _is_in_path(shape: Shape) -> bool:
    return bool(shape.serialization.get("location") == "uri")


def _string(value: Json) -> Any:
    # An object in a text field is sent as its JSON text: Input of StartExecution, Message of SNS, Detail of an event.
    return value if isinstance(value, str) else json_text(value) if isinstance(value, (dict, list)) else MISSING


def _integer(value: Json) -> Any:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return MISSING
    return int(value) if value == int(value) else MISSING


def _number(value: Json) -> Any:
    return value if is_number(value) else MISSING


def _boolean(value: Json) -> Any:
    # Published definitions write "true" for flags of Glue and EKS.
    return value if isinstance(value, bool) else _FLAGS.get(value, MISSING) if isinstance(value, str) else MISSING


def _timestamp(value: Json) -> Any:
    if not isinstance(value, str) and _number(value) is MISSING:
        return MISSING
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        return MISSING
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _blob(value: Json) -> Any:
    if not isinstance(value, str):
        return body_text(value)
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return value.encode()


_FLAGS: Final = {"true": True, "false": False}

_Scalar = tuple[str, Callable[[Json], Any]]
_SCALARS: Final[dict[str, _Scalar]] = {
    **dict.fromkeys(("string", "character"), ("a STRING", _string)),
    **dict.fromkeys(("integer", "long"), ("an INTEGER", _integer)),
    **dict.fromkeys(("float", "double"), ("a NUMBER", _number)),
    "boolean": ("a BOOLEAN", _boolean),
    "timestamp": ("a TIMESTAMP", _timestamp),
    "blob": ("a BLOB", _blob),
}


def read_response(shape: Shape | None, response: Any, style: ValueStyle) -> Values:
    """Convert an operation's response to a task's result.

    Args:
        shape: the operation's output; None where it has none.
        response: botocore's response; fields that the model lacks, such as ``ResponseMetadata``, are omitted.
        style: how field names and times are written.
    """
    return {} if shape is None else _write_structure(shape, response, style)


def _write(shape: Shape, value: Any, style: ValueStyle, is_body: bool = False) -> Json:
    if shape.serialization.get("eventstream"):
        return [_write_structure(shape, event, style) for event in value]
    if shape.type_name == "structure":
        return value if getattr(shape, "is_document_type", False) else _write_structure(shape, value, style)
    if shape.type_name == "list":
        return [_write(shape.member, entry, style) for entry in value]
    if shape.type_name == "map":
        return {key: _write(shape.value, entry, style) for key, entry in value.items()}
    if shape.type_name == "timestamp":
        return style.time(value)
    if shape.type_name == "blob":
        return _write_blob(value, is_body)
    return value


def _write_structure(shape: Shape, value: Any, style: ValueStyle) -> Values:
    body = shape.serialization.get("payload")
    written: Values = {}
    for member, inner in shape.members.items():
        if member in value:
            written[style.field(member)] = _write(inner, value[member], style, member == body)
        elif style.fill_lists and inner.type_name == "list":
            written[style.field(member)] = []
    return written


def _write_blob(value: Any, is_body: bool) -> str:
    if hasattr(value, "read"):
        with value:
            value = value.read()
        is_body = True
    data = value.encode() if isinstance(value, str) else bytes(value)
    # Java's text of a body that is no UTF-8 has U+FFFD in place of what it cannot read.
    return data.decode("utf-8", "replace") if is_body else base64.b64encode(data).decode()
