"""Implements the built-in functions on dates and times; "now" is a property of the evaluation."""

from __future__ import annotations

import datetime
import math
import re
from typing import Any, Final

from sfn_provider.asl.jsonata.errors import JsonataError
from sfn_provider.asl.jsonata.functions.date_pictures import parse_by_picture
from sfn_provider.asl.jsonata.functions.integer_pictures import read_integer, write_integer
from sfn_provider.asl.jsonata.library import Constants, DateTimeUtils

_ISO: Final = re.compile(
    r"(\d{4})(?:-([01]\d))?(?:-([0-3]\d))?(?:T([0-2]\d):([0-5]\d):([0-5]\d))?(?:\.(\d+))?"
    r"(?:([+-])([0-2]\d):?([0-5]\d)|Z)?",
    re.ASCII,
)
_EPOCH: Final = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_NAMED_COMPONENT: Final = re.compile(r"\[\s*([^MxFP])\s*[Nn]")
_EARLIEST: Final = (1970, 1, 1, 0, 0, 0)
_LIBRARY_ERRORS: Final = (
    (Constants.ERR_MSG_SEQUENCE_UNSUPPORTED, "D3130"),
    (Constants.ERR_MSG_DIFF_DECIMAL_GROUP, "D3131"),
    (Constants.ERR_MSG_UNKNOWN_COMPONENT_SPECIFIER, "D3132"),
    (Constants.ERR_MSG_INVALID_NAME_MODIFIER, "D3133"),
    (Constants.ERR_MSG_TIMEZONE_FORMAT, "D3134"),
    (Constants.ERR_MSG_NO_CLOSING_BRACKET, "D3135"),
    (Constants.ERR_MSG_MISSING_FORMAT, "D3136"),
)


def iso_to_millis(text: str) -> int | float:
    """Read an ISO 8601 text as milliseconds since the epoch; NaN for a date that the calendar does not have.

    Raises:
        JsonataError: D3110 where the text has another form.
    """
    found = _ISO.fullmatch(text)
    if found is None:
        raise JsonataError("D3110", value=text)
    year, month, day, hour, minute, second = (
        int(part) if part else default for part, default in zip(found.groups()[:6], _EARLIEST, strict=True)
    )
    real_time = hour < 24 or (hour, minute, second) == (24, 0, 0)
    if not (real_time and year and 1 <= month <= 12 and 1 <= day <= 31):
        return math.nan
    # JavaScript goes on into the next month where a month has no such day.
    at = datetime.datetime(year, month, 1, tzinfo=datetime.UTC) + datetime.timedelta(
        days=day - 1, hours=hour, minutes=minute, seconds=second
    )
    offset = (int(found[9]) * 60 + int(found[10])) * (-1 if found[8] == "-" else 1) if found[8] else 0
    at -= datetime.timedelta(minutes=offset)
    return (at - _EPOCH) // datetime.timedelta(milliseconds=1) + int((found[7] or "0").ljust(3, "0")[:3])


def to_millis(evaluator: Any, text: str, picture: str | None) -> int | float | None:
    """``$toMillis``: of an ISO 8601 text, or of a text in the form of a picture.

    Raises:
        JsonataError: D3110 where it is no ISO 8601 text; D3130 to D3136 for a wrong picture.
    """
    if picture is None:
        return iso_to_millis(text)
    try:
        now = _EPOCH + datetime.timedelta(milliseconds=evaluator.now_millis())
        return parse_by_picture(text, picture, now, evaluator.matching_budget)
    except (RuntimeError, KeyError, ValueError, re.error) as error:
        raise _translate_library_error(error, picture) from error


def from_millis(millis: int | float, picture: str | None = None, zone: str | None = None) -> str:
    """``$fromMillis``: as ISO 8601 text in UTC, or by a picture and in a zone such as ``+0100``.

    Raises:
        JsonataError: D3130 to D3136 for a wrong picture; D3137 for a point in time that Python has no date for.
    """
    try:
        # Half a millisecond more: the library's division would otherwise fall below the right one.
        return str(DateTimeUtils.format_datetime(math.floor(millis) + 0.5, picture, zone))
    except (OverflowError, OSError) as error:
        raise JsonataError("D3137", f"{millis} is not a point in time") from error
    except (RuntimeError, KeyError, ValueError) as error:
        raise _translate_library_error(error, picture or "") from error


def now(evaluator: Any, picture: str | None, zone: str | None) -> str:
    """``$now``: when the state was entered."""
    return from_millis(evaluator.now_millis(), picture, zone)


def millis(evaluator: Any) -> int | float:
    """``$millis``: when the state was entered, in milliseconds since the epoch."""
    return evaluator.now_millis()  # type: ignore[no-any-return]


def format_integer(value: int | float, picture: str | None) -> str:
    """``$formatInteger``: digits, letters, roman numerals or words.

    Raises:
        JsonataError: D3130 or D3131 for a wrong picture.
    """
    try:
        return write_integer(math.floor(value), picture or "")
    except RuntimeError as error:
        raise _translate_library_error(error, picture or "") from error


def parse_integer(text: str, picture: str | None) -> int | float:
    """``$parseInteger``: NaN for a text that the picture cannot read.

    Raises:
        JsonataError: D3130 or D3131 for a wrong picture.
    """
    try:
        return read_integer(text, picture or "")
    except (ValueError, LookupError, TypeError):
        return math.nan
    except RuntimeError as error:
        raise _translate_library_error(error, picture or "") from error


def _translate_library_error(error: Exception, picture: str) -> JsonataError:
    """Translate an error of the library's date functions into one with the reference's code."""
    if isinstance(error, JsonataError):
        return error
    if isinstance(error, KeyError):
        return JsonataError("D3132", value=error.args[0])
    for text, code in _LIBRARY_ERRORS:
        if str(error).startswith(text.split("%s")[0]):
            named = _NAMED_COMPONENT.search(picture) if code == "D3133" else None
            primary = picture.rpartition(";")[0] or picture if code == "D3130" else picture
            return JsonataError(code, value=named[1] if named else primary)
    return JsonataError("D3137", f"the date or the number does not fit the picture '{picture}': {error}")
