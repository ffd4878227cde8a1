"""Replaces the escapes of Terraform's quoted texts by their characters.

Source: https://developer.hashicorp.com/terraform/language/expressions/strings
"""

from __future__ import annotations

import re

from sfn_provider.exceptions import UsageError

_ESCAPE = re.compile(r"\\(?:([nrt\"\\])|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))")
_PLAIN = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}


def unescape(text: str, place: str) -> str:
    """Return a text with its escapes replaced.

    Args:
        text: what stands between quotation marks.
        place: where it stands, for messages.

    Raises:
        UsageError: where an escape is of no Unicode character.
    """
    try:
        return _ESCAPE.sub(_character, text)
    except (ValueError, OverflowError):
        raise UsageError(f"{place}: {text[:60]!r} has an escape of no Unicode character") from None


def _character(match: re.Match[str]) -> str:
    return _PLAIN[match[1]] if match[1] else chr(int(match[2] or match[3], 16))
