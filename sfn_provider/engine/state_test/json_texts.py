"""Reads the members of a TestState request that are JSON texts, and writes those of the response.

Source: https://docs.aws.amazon.com/step-functions/latest/apireference/API_TestState.html
"""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import NoReturn

from sfn_provider.asl.scope import Json
from sfn_provider.engine.json_arguments import require_json
from sfn_provider.engine.limits import MAX_PAYLOAD_BYTES, to_json, utf8_bytes
from sfn_provider.exceptions import RequestRefused
from sfn_provider.strict_json import parse_strict_json
from sfn_provider.text_files import json_problem

VALIDATION = "ValidationException"
"""The code of most refusals."""


def refuse(message: str, code: str = VALIDATION) -> NoReturn:
    """Refuse the request.

    Raises:
        RequestRefused: always.
    """
    raise RequestRefused(code, message)


def check_length(value: Json, name: str) -> None:
    """Refuse a member of the request that is longer than 262,144 bytes.

    Args:
        value: a JSON value, or its text.
        name: the member's name, for the message.

    Raises:
        UsageError: if it is no JSON value.
        RequestRefused: if it is too long.
    """
    if not isinstance(value, str):
        require_json(value, f"TestState's {name}")
    text = value if isinstance(value, str) else to_json(value)
    if utf8_bytes(text) > MAX_PAYLOAD_BYTES:
        limit = f"Member must have length less than or equal to {MAX_PAYLOAD_BYTES}"
        refuse(f"1 validation error detected: Value at '{name}' failed to satisfy constraint: {limit}")


def check_enum(value: str, name: str, allowed: Collection[str]) -> None:
    """Refuse a value that is none of those that a member takes.

    Raises:
        RequestRefused: if it is none of them.
    """
    if value not in allowed:
        limit = f"Member must satisfy enum value set: [{', '.join(allowed)}]"
        refuse(f"1 validation error detected: Value '{value}' at '{name}' failed to satisfy constraint: {limit}")


def parse_json(text: str) -> Json:
    """Parse JSON text; numbers that JSON lacks are refused, and those too large for one, which have no JSON text again.

    Raises:
        ValueError: if it is no JSON.
    """
    try:
        return parse_strict_json(text)
    except RecursionError as error:
        raise ValueError("objects and lists lie too deep in one another") from error
    except ValueError as error:
        raise ValueError(json_problem(error)) from error


def read_value(value: Json, name: str, refusal: str, code: str = VALIDATION) -> Json:
    """Return the value of a member that is JSON text in AWS's request.

    Args:
        value: JSON text, or any other JSON value as it is.
        name: the member's name, for messages.
        refusal: AWS's message for text that is no JSON; ``{error}`` in it is replaced by what is wrong.
        code: AWS's code for it.

    Raises:
        UsageError: if it is no JSON value.
        RequestRefused: if it is text but no JSON, or too long.
    """
    check_length(value, name)
    if not isinstance(value, str):
        return value
    try:
        return parse_json(value)
    except ValueError as error:
        refuse(refusal.replace("{error}", str(error)), code)


def read_object(value: Json, name: str, refusal: str) -> dict[str, Json]:
    """Return the value of a member whose JSON text must hold an object.

    Args:
        value: JSON text, or the object.
        name: the member's name, for messages.
        refusal: the message for everything else.

    Raises:
        RequestRefused: if it is anything else.
    """
    found = read_value(value, name, refusal)
    if not isinstance(found, dict):
        refuse(refusal)
    return found


class ResponseTexts:
    """Writes values as the JSON texts of a response. Values of the request keep their text there (recorded)."""

    def __init__(self) -> None:
        self._of_request: list[tuple[Json, str]] = []

    def read(self, member: Json, value: Json) -> Json:
        """Note the text of a value of the request, and return the value.

        Args:
            member: the request's member: JSON text; any other value has the text that `json.dumps` makes of it.
            value: its value.
        """
        if isinstance(value, (dict, list)):
            self._of_request.append((value, member if isinstance(member, str) else json.dumps(value)))
        return value

    def write(self, value: Json) -> str:
        """Return the JSON text of a value."""
        return next((text for known, text in self._of_request if known is value), None) or to_json(value)
