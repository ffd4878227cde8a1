"""Writes integers by a picture, large ones with JavaScript's doubles as the reference does."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any, Final

from sfn_provider.asl.jsonata.errors import JsonataError
from sfn_provider.asl.jsonata.library import DateTimeUtils
from sfn_provider.asl.jsonata.limits import STACK_OVERFLOW

_EXACT_DOUBLES: Final = 2**53
_FIRST_EXPONENT: Final = 10**21
"""From here on JavaScript writes a number with an exponent, and Python a float."""

_MAX_ROMAN: Final = 10**7
"""The reference writes one M for each call of a function; its stack holds about as many thousands."""

_LEADING_INTEGER: Final = re.compile(r"\s*([+-]?)(?:0[xX]([0-9A-Fa-f]+)|(\d+))", re.ASCII)

_FORMATS: Final = DateTimeUtils.Formats
_CASES: Final = DateTimeUtils.TCase


def write_integer(value: int, picture: str) -> str:
    """Write an integer by a picture such as ``#,##0``, ``I``, ``a`` or ``Ww;o``.

    Raises:
        JsonataError: no code where a roman numeral is too long.
        RuntimeError: the picture is wrong, in the library's words.
    """
    form = DateTimeUtils._analyse_integer_picture(picture)
    write = _WRITERS.get(form.primary)
    if write is None or (abs(value) < _EXACT_DOUBLES and form.primary != _FORMATS.ROMAN):
        written = DateTimeUtils._format_integer(value if abs(value) < _FIRST_EXPONENT else float(value), form)
        return str(written)
    text = write(abs(value), form)
    if form.case_type != _CASES.TITLE:
        text = text.upper() if form.case_type == _CASES.UPPER else text.lower()
    return f"-{text}" if value < 0 else text


def read_integer(text: str, picture: str) -> int | float:
    """Read an integer that is written by a picture; NaN for digits that are none.

    Raises:
        RuntimeError: the picture is wrong, in the library's words.
        ValueError, LookupError, TypeError: the letters or words are no number.
    """
    form = DateTimeUtils._analyse_integer_picture(picture)
    if form.primary != _FORMATS.DECIMAL:
        return DateTimeUtils.parse_integer(text, picture)  # type: ignore[no-any-return]
    digits = text[:-2] if form.ordinal else text
    for separator in "," if form.regular else [each.character for each in form.groupingSeparators]:
        digits = digits.replace(separator, "")
    if form.zeroCode != ord("0"):
        digits = "".join(chr(max(ord(char) - form.zeroCode + ord("0"), 0)) for char in digits)
    # JavaScript's parseInt: as many digits as there are at the start.
    found = _LEADING_INTEGER.match(digits)
    if not found:
        return math.nan
    number: int | float = int(found[2], 16) if found[2] else int(found[3])
    number = number if number < _EXACT_DOUBLES else float(number)
    return -number if found[1] == "-" else number


def _words(value: int, form: Any) -> str:
    return _large_words(float(value), form.ordinal, follows=False)


def _large_words(value: float, ordinal: bool, *, follows: bool) -> str:
    if value < _EXACT_DOUBLES:
        return str(DateTimeUtils._lookup(int(value), follows, ordinal))
    # Above a trillion everything is so many trillions, in the arithmetic of doubles.
    trillion = 1e12
    count = float(math.floor(value / trillion))
    rest = value - count * trillion
    lead = ", " if follows else ""
    words = f"{lead}{_large_words(count, False, follows=False)} {DateTimeUtils._magnitudes[-1]}"
    if rest > 0:
        return words + _large_words(rest, ordinal, follows=True)
    return words + "th" if ordinal else words


def _letters(value: int, _form: Any) -> str:
    letters: list[str] = []
    rest = float(value)
    while rest > 0:
        letters.append(chr(ord("a") + int(math.fmod(rest - 1, 26))))
        rest = float(math.floor((rest - 1) / 26))
    return "".join(reversed(letters))


def _roman(value: int, _form: Any) -> str:
    if value >= _MAX_ROMAN:
        raise JsonataError(None, STACK_OVERFLOW)
    return "m" * (value // 1000) + str(DateTimeUtils._decimal_to_roman(value % 1000))


_WRITERS: Final[dict[Any, Callable[[int, Any], str]]] = {
    _FORMATS.WORDS: _words,
    _FORMATS.LETTERS: _letters,
    _FORMATS.ROMAN: _roman,
}
