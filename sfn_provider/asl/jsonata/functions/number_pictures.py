"""Implements ``$formatNumber``, which formats a number by a picture, as XPath's format-number.

Source: https://www.w3.org/TR/xpath-functions-31/#func-format-number and https://docs.jsonata.org/numeric-functions
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

from sfn_provider.asl.jsonata.errors import JsonataError
from sfn_provider.asl.jsonata.functions.numeric import round_half_even


@dataclass(frozen=True, slots=True)
class _Symbols:
    """The characters that have a meaning in a picture, named as in XPath."""

    decimal_separator: str = "."
    grouping_separator: str = ","
    exponent_separator: str = "e"
    minus_sign: str = "-"
    percent: str = "%"
    per_mille: str = "\u2030"
    zero_digit: str = "0"
    digit: str = "#"
    pattern_separator: str = ";"

    @property
    def digits(self) -> str:
        return "".join(chr(ord(self.zero_digit[0]) + digit) for digit in range(10))

    @property
    def active(self) -> str:
        separators = self.decimal_separator + self.exponent_separator + self.grouping_separator
        return self.digits + separators + self.digit + self.pattern_separator

    def count(self, part: str, *, optional: bool = False) -> int:
        """Count the digits in a part of a picture."""
        digits = self.digits
        return sum(char in digits or (optional and char == self.digit) for char in part)


@dataclass(frozen=True, slots=True)
class _SubPicture:
    """The components of a sub-picture; exponent is None where it has none."""

    text: str
    prefix: str
    suffix: str
    active: str
    mantissa: str
    exponent: str | None
    integer: str
    fraction: str


def format_number(value: int | float, picture: str, options: dict[str, Any] | None) -> str:
    """Format a number.

    Args:
        value: the number.
        picture: for example ``#,##0.00``, with a second picture for negative numbers after a semicolon.
        options: other characters for the picture's symbols, by their XPath name, for example ``decimal-separator``.

    Raises:
        JsonataError: D3080 to D3093, the rule that the picture breaks.
    """
    names = {field.name: field.name.replace("_", "-") for field in fields(_Symbols)}
    symbols = _Symbols(**{field: options[name] for field, name in names.items() if options and name in options})
    pictures = picture.split(symbols.pattern_separator)
    if len(pictures) > 2:
        raise JsonataError("D3080")
    sub_pictures = [_split_sub_picture(text, symbols) for text in pictures]
    for sub_picture in sub_pictures:
        _validate(sub_picture, symbols)
    positive = value >= 0
    parts = sub_pictures[0 if positive else -1]
    sign = "" if positive or len(pictures) == 2 else symbols.minus_sign
    factor = 100 if symbols.percent in parts.text else 1000 if symbols.per_mille in parts.text else 1
    return sign + parts.prefix + _format_digits(value * factor, parts, symbols) + parts.suffix


def _split_sub_picture(text: str, symbols: _Symbols) -> _SubPicture:
    marking = set(symbols.active) - {symbols.exponent_separator}
    marks = [index for index, char in enumerate(text) if char in marking]
    start, end = (marks[0], marks[-1] + 1) if marks else (0, len(text))
    active = text[start:end]
    mark = text.find(symbols.exponent_separator, start)
    has_exponent = 0 <= mark <= end
    mantissa = text[start:mark] if has_exponent else active
    integer, decimal_mark, fraction = mantissa.partition(symbols.decimal_separator)
    return _SubPicture(
        text=text,
        prefix=text[:start],
        suffix=text[end:],
        active=active,
        mantissa=mantissa,
        exponent=text[mark + 1 : end] if has_exponent else None,
        integer=integer,
        fraction=fraction if decimal_mark else text[end:],  # as the reference does it
    )


def _validate(parts: _SubPicture, symbols: _Symbols) -> None:
    """Raise for the last rule that is broken: the reference tests all of them and reports the last."""
    broken = [code for code, breaks in _rules(parts, symbols) if breaks]
    if broken:
        raise JsonataError(broken[-1])


def _rules(parts: _SubPicture, symbols: _Symbols) -> list[tuple[str, bool]]:
    text, integer, fraction, exponent = parts.text, parts.integer, parts.fraction, parts.exponent
    decimal = text.find(symbols.decimal_separator)
    around = text[max(decimal - 1, 0) : decimal + 2]
    scaled = symbols.percent in text or symbols.per_mille in text
    before_optional = integer.partition(symbols.digit)[0] if symbols.digit in integer else ""
    after_optional = fraction.rpartition(symbols.digit)[2] if symbols.digit in fraction else ""
    return [
        ("D3081", text.count(symbols.decimal_separator) > 1),
        ("D3082", text.count(symbols.percent) > 1),
        ("D3083", text.count(symbols.per_mille) > 1),
        ("D3084", symbols.percent in text and symbols.per_mille in text),
        ("D3085", symbols.count(parts.mantissa, optional=True) == 0),
        ("D3086", not set(parts.active) <= set(symbols.active)),
        ("D3087", decimal >= 0 and symbols.grouping_separator in around),
        ("D3088", decimal < 0 and integer.endswith(symbols.grouping_separator)),
        ("D3089", symbols.grouping_separator * 2 in text),
        ("D3090", symbols.count(before_optional) > 0),
        ("D3091", symbols.count(after_optional) > 0),
        ("D3092", bool(exponent) and scaled),
        ("D3093", exponent is not None and (not exponent or symbols.count(exponent) < len(exponent))),
    ]


def _digit_counts(parts: _SubPicture, symbols: _Symbols) -> tuple[int, int, int]:
    """Return the smallest number of digits before the decimal point, and the smallest and largest after it."""
    min_integer = symbols.count(parts.integer)
    min_fraction = symbols.count(parts.fraction)
    max_fraction = symbols.count(parts.fraction, optional=True)
    if min_integer == 0 and max_fraction == 0:
        if parts.exponent is None:
            min_integer = 1
        else:
            min_fraction = max_fraction = 1
    if parts.exponent is not None and min_integer == 0 and symbols.digit in parts.integer:
        min_integer = 1
    if min_integer == 0 and min_fraction == 0:
        min_fraction = 1
    return min_integer, min_fraction, max_fraction


def _format_digits(value: float, parts: _SubPicture, symbols: _Symbols) -> str:
    min_integer, min_fraction, max_fraction = _digit_counts(parts, symbols)
    mantissa, exponent = (value, 0) if parts.exponent is None else _scale(value, symbols.count(parts.integer))
    rounded = round_half_even(mantissa, max_fraction) or 0
    integer, _, fraction = f"{abs(Decimal(repr(rounded))):.{max_fraction}f}".partition(".")
    integer = integer.lstrip("0").rjust(min_integer, "0")
    fraction = fraction.rstrip("0").ljust(min_fraction, "0")
    text = _group_integer(integer, parts, symbols)
    if symbols.decimal_separator in parts.text and fraction:
        text += symbols.decimal_separator + _group_fraction(fraction, parts, symbols)
    if parts.exponent is not None:
        sign = symbols.minus_sign if exponent < 0 else ""
        text += symbols.exponent_separator + sign + str(abs(exponent)).rjust(symbols.count(parts.exponent), "0")
    return text.translate({ord("0") + digit: char for digit, char in enumerate(symbols.digits)})


def _scale(value: float, integer_digits: int) -> tuple[float, int]:
    """Move the decimal point so that the mantissa has as many digits as the picture's integer part."""
    mantissa, exponent = value, 0
    # The reference compares without the sign, so negative numbers would never end; zero has no scale either.
    while mantissa and abs(mantissa) < 10.0 ** (integer_digits - 1):
        mantissa *= 10
        exponent -= 1
    while abs(mantissa) > 10.0**integer_digits:
        mantissa /= 10
        exponent += 1
    return mantissa, exponent


def _group_integer(digits: str, parts: _SubPicture, symbols: _Symbols) -> str:
    separator = symbols.grouping_separator
    places = [index for index, char in enumerate(parts.integer) if char == separator]
    groups = [symbols.count(parts.integer[index:], optional=True) for index in places]
    size = _regular_group_size(groups)
    if size:
        return _split_at(digits, range(len(digits) % size, len(digits), size), separator)
    return _split_at(digits, sorted(len(digits) - group for group in groups), separator)


def _group_fraction(digits: str, parts: _SubPicture, symbols: _Symbols) -> str:
    separator = symbols.grouping_separator
    places = [index for index, char in enumerate(parts.fraction) if char == separator]
    return _split_at(digits, [symbols.count(parts.fraction[:index], optional=True) for index in places], separator)


def _regular_group_size(groups: list[int]) -> int:
    """Return the size of the groups where they are all alike, else 0."""
    size = math.gcd(*groups)
    return size if all(size * index in groups for index in range(1, len(groups) + 1)) else 0


def _split_at(text: str, cuts: Iterable[int], separator: str) -> str:
    edges = [0, *(cut for cut in cuts if 0 < cut < len(text)), len(text)]
    return separator.join(text[start:end] for start, end in itertools.pairwise(edges))
