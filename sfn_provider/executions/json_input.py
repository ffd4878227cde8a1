"""Encodes the JSON that Step Functions is sent."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date, time
from decimal import Decimal
from typing import Any, Final

from sfn_provider.exceptions import UsageError
from sfn_provider.secret_masking import masked_line, quote
from sfn_provider.strict_json import parse_strict_json

MAX_INPUT_BYTES: Final = 262_144
"""UTF-8 bytes in an input or an output. Source: Step Functions quotas, "Maximum input or output size"."""


def encode_input(value: Any) -> str | None:
    """Encode an execution's input with ``encode_json``; None stays None: AWS then uses ``{}``."""
    return None if value is None else encode_json(value, "state_machine_input")


def encode_json(value: Any, field: str) -> str:
    """Encode a value as the JSON text that Step Functions is sent.

    Args:
        value: any JSON value. Mappings and sequences of any kind count as objects and arrays, ``datetime``, ``date``
            and ``time`` become ISO 8601 text, ``Decimal`` a number. A ``str`` is JSON text and sent unchanged.
        field: the argument's name, for the error.

    Raises:
        UsageError: the value is not JSON, or its text has more than 262,144 UTF-8 bytes.
    """
    text = _validated_text(value, field) if isinstance(value, str) else _dump(value, field)
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > MAX_INPUT_BYTES:
        raise UsageError(
            f"{field}: {size:,} bytes as JSON, and Step Functions takes at most {MAX_INPUT_BYTES:,}; "
            "put the data into S3 and pass its place"
        )
    return text


def _validated_text(text: str, field: str) -> str:
    try:
        parse_strict_json(text, finite=False)
    except (ValueError, RecursionError) as error:
        raise UsageError(
            f"{field}: a text that is no JSON ({error}): {quote(text)}; "
            "pass a dict, a list, json.dumps(...) of a plain text, or a task's output; end a template with | tojson"
        ) from error
    return text


def _dump(value: Any, field: str) -> str:
    try:
        return json.dumps(value, default=_to_json_type, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise UsageError(f"{field}: cannot be written as JSON: {masked_line(error)}") from error


def _to_json_type(value: Any) -> Any:
    if isinstance(value, date | time):  # datetime is a date
        return value.isoformat()
    if isinstance(value, Decimal) and value.is_finite():
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Iterable) and not isinstance(value, bytes | bytearray | memoryview | set | frozenset):
        return list(value)  # for example a lazy XCom sequence
    raise TypeError(f"{type(value).__name__} is no JSON type: {quote(value)}")
