"""Defines the errors of an evaluation, with the codes and messages of the reference implementation."""

from __future__ import annotations

import re
from typing import Any, Final

from sfn_provider.asl.json_values.value_size import is_larger
from sfn_provider.asl.jsonata.library import JException
from sfn_provider.asl.jsonata.limits import MAX_STRING_LENGTH
from sfn_provider.asl.jsonata.values import is_function, to_json

_PLACEHOLDER: Final = re.compile(r"\{\{(\{?)(\w+)\}?\}\}")
_POSITIONAL_NAMES: Final[dict[str, tuple[str, ...]]] = {"D1002": ("", "value")}
"""Names of the library's positional values where their order differs from the message's."""

_ARRAY_TYPES: Final = {
    "a": "arrays",
    "b": "booleans",
    "f": "functions",
    "n": "numbers",
    "o": "objects",
    "s": "strings",
}


class JsonataError(JException):  # type: ignore[misc]
    """An error of the evaluation.

    Args:
        code: the reference's code, for example ``T2001``; None for an error that has none there.
        text: the message, for codes whose message is free text and for errors without a code.
        values: what the message's template names, for example ``token="+"``.
    """

    def __init__(self, code: str | None, text: str | None = None, **values: Any) -> None:
        RuntimeError.__init__(self, code, text)
        self.error = code
        self.location = 0
        self.current = values.get("token")
        self.text = text
        self.values = values


def cause_suffix(error: JException) -> str:
    """Return the part of AWS's cause that follows "threw an error during evaluation".

    Args:
        error: a JsonataError, or an error of the library.

    Returns:
        ``. T2001: The left side ...``, or ``: Stack overflow error: ...`` for what has no code.
    """
    text = error_message(error)
    return f". {error.error}: {text}" if error.error else f": {text}"


def error_message(error: JException) -> str:
    """Render an error's message with its values as JSON, as the reference does."""
    code = error.error
    if isinstance(error, JsonataError):
        return error.text if error.text is not None else _render_template(str(code), error.values)
    if code not in JException.error_codes:
        return str(error)
    names = _POSITIONAL_NAMES.get(code) or [match.group(2) for match in _PLACEHOLDER.finditer(_template(code))]
    return _render_template(code, dict(zip(names, (error.current, error.expected, error.extra), strict=False)))


def _template(code: str) -> str:
    # The library's copy of the messages has "Object" for "function", and other quotes.
    return str(JException.error_codes[code]).replace("Object", "function").replace('"', "'")


def _undefined(code: str, value: Any) -> str:
    """Return the text of a value that JSON lacks: in parse errors None is the token null, a function a regex."""
    return "undefined" if not code.startswith("S") else "null" if value is None else "{}"


def _render_template(code: str, values: dict[str, Any]) -> str:
    def insert(match: re.Match[str]) -> str:
        value = values.get(match.group(2))
        if value is None or is_function(value):
            return _undefined(code, value)
        if is_larger(value, MAX_STRING_LENGTH, with_texts=True):
            return "..."
        if match.group(1):
            return str(value)
        return to_json(_ARRAY_TYPES.get(value, value) if match.group(2) == "type" else value)

    return _PLACEHOLDER.sub(insert, _template(code))
