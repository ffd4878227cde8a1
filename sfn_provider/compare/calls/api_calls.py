"""Defines a call of AWS as data, and tells operations that read from those that change something."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

from sfn_provider.asl.scope import Json

_READING_PREFIXES: Final = (
    *("BatchDescribe", "BatchGet", "Check", "Describe", "Detect", "Estimate", "Filter", "Get", "Head", "List"),
    *("Lookup", "Preview", "Query", "Scan", "Search", "Select", "Simulate", "TransactGet", "Validate", "Verify"),
)
"""How the names of operations begin that only read, in any service."""

_READING_SERVICES: Final = frozenset({"sts", "sso", "sso-oidc"})
"""Services by which a client gets its credentials."""

_CHANGING: Final = frozenset({("cognito-identity", "GetId"), ("dynamodb-streams", "GetShardIterator")})
"""Operations that change something though their name does not say so."""


TOKEN: Final = "<idempotency token>"
"""Stands in a call where a client makes up an idempotency token."""

Around = tuple[str, str]
"""What stands before and after the part of a text that differs between any two executions."""


@dataclass(frozen=True, slots=True)
class ApiCall:
    """A call of AWS.

    Args:
        service: boto3's name of the service: ``glue``.
        operation: the operation: ``StartJobRun``.
        parameters: the arguments with the API's own names, as JSON: see `json_parameters`.
    """

    service: str
    operation: str
    parameters: Json

    def __str__(self) -> str:
        return f"{self.service} {self.operation}"

    @property
    def reads(self) -> bool:
        """Whether the operation changes nothing."""
        return is_reading(self.service, self.operation)


def is_reading(service: str, operation: str) -> bool:
    """Return whether an operation changes nothing, by its name.

    Args:
        service: boto3's name of the service.
        operation: the operation.
    """
    if (service, operation) in _CHANGING:
        return False
    return service in _READING_SERVICES or operation.startswith(_READING_PREFIXES)


def json_parameters(value: Any) -> Json:
    """Return botocore's arguments as JSON: times in ISO 8601, bodies as text, in base64 where they are no UTF-8."""
    if isinstance(value, Mapping):
        return {str(key): json_parameters(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [json_parameters(entry) for entry in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat() if value.tzinfo else value.replace(tzinfo=UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, bytes | bytearray):
        return _text(bytes(value))
    if hasattr(value, "read"):
        return _text(_contents(value))
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _contents(stream: Any) -> bytes:
    """What stands in a file or stream from its position on; the position is left where it was."""
    position = stream.tell() if hasattr(stream, "tell") else None
    contents = stream.read()
    if position is not None and hasattr(stream, "seek"):
        stream.seek(position)
    return contents.encode() if isinstance(contents, str) else bytes(contents)


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return base64.b64encode(data).decode()
