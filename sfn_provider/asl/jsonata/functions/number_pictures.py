"""Implements ``$formatNumber``: formats a number by a picture, as XPath's format-number.

Source: https://www.w3.org/TR/xpath-functions-31/#func-format-number and https://docs.jsonata.org/numeric-functions
"""

from __future__ import annotations

import functools
import itertools
import math
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

from sfn_provider.asl.jsonata.errors import JsonataError
from sfn_provider.asl.jsonata.functions.numeric import round_half_even

_DEFAULTS: Final = {
    "decimal-separator": ".",
    "grouping-separator": ",",
    "exponent-separator": "e",
    "minus-sign": "-",
    "percent": "%",
    "per-mille": "\u2030",
    "zero-digit": "0",
    "digit": "#",
    "pattern-separator": ";",
}


@dataclass(frozen=True, slots=True)
class _Symbols:
    """The characters that have a meaning in a picture."""

    decimal: str
    grouping: str
    exponent: str
    minus: str
    percent: str
    per_mille: str
    digits: str
    optional: str
    separator: str

    @property
    def active(self) -> str:
        return self.digits + self.decimal + self.exponent + self.grouping + self.optional + self.separator

    def count(self, part: str, *, optional: bool = False) -> int:
        """Count the digits in a part of a picture."""
        return sum(char in self.digits or (optional and char == self.optional) for char in part)


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


@dataclass(frozen=True, slots=True)
class _NumberFormat:
    """The format that a sub-picture describes, in counts of digits."""

    prefix: str
    suffix: str
    factor: int
    has_decimal: bool
    groups: tuple[int, ...]
    regular_group: int
    fraction_groups: tuple[int, ...]
    min_integer: int
    scaling: int
    min_fraction: int
    max_fraction: int
    min_exponent: int


def format_number(value: int | float, picture: str, options: dict[str, Any] | None) -> str:
    """Format a number.

    Args:
        value: the number.
        picture: for example ``#,##0.00``, with a second picture for negative numbers after a semicolon.
        options: other characters for the picture's symbols, by their XPath name.

    Raises:
        JsonataError: D3080 to D3093, the rule that the picture breaks.
    """
    symbols = _symbols({**_DEFAULTS, **(options or {})})
    pictures = picture.split(symbols.separator)
    if len(pictures) > 2:
        raise JsonataError("D3080")
    layouts = []
    for parts in [_split_sub_picture(text, symbols) for text in pictures]:
        _validate(parts, symbols)
        layouts.append(_make_format(parts, symbols))
    if len(layouts) == 1:
        layouts.append(replace(layouts[0], prefix=symbols.minus + layouts[0].prefix))
    layout = layouts[0] if value >= 0 else layouts[1]
    return layout.prefix + _format_digits(value * layout.factor, layout, symbols) + layout.suffix


def _symbols(names: dict[str, Any]) -> _Symbols:
    zero = ord(names["zero-digit"][0])
    return _Symbols(
        decimal=names["decimal-separator"],
        grouping=names["grouping-separator"],
        exponent=names["exponent-separator"],
        minus=names["minus-sign"],
        percent=names["percent"],
        per_mille=names["per-mille"],
        digits="".join(chr(zero + digit) for digit in range(10)),
        optional=names["digit"],
        separator=names["pattern-separator"],
    )


def _split_sub_picture(text: str, symbols: _Symbols) -> _SubPicture:
    marks = [index for index, char in enumerate(text) if char in symbols.active and char != symbols.exponent]
    start, end = (marks[0], marks[-1] + 1) if marks else (0, len(text))
    active = text[start:end]
    mark = text.find(symbols.exponent, start)
    has_exponent = 0 <= mark <= end
    mantissa = text[start:mark] if has_exponent else active
    integer, decimal_mark, fraction = mantissa.partition(symbols.decimal)
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
    decimal = text.find(symbols.decimal)
    around = text[max(decimal - 1, 0) : decimal + 2]
    scaled = symbols.percent in text or symbols.per_mille in text
    before_optional = integer.partition(symbols.optional)[0] if symbols.optional in integer else ""
    after_optional = fraction.rpartition(symbols.optional)[2] if symbols.optional in fraction else ""
    return [
        ("D3081", text.count(symbols.decimal) > 1),
        ("D3082", text.count(symbols.percent) > 1),
        ("D3083", text.count(symbols.per_mille) > 1),
        ("D3084", symbols.percent in text and symbols.per_mille in text),
        ("D3085", symbols.count(parts.mantissa, optional=True) == 0),
        ("D3086", any(char not in symbols.active for char in parts.active)),
        ("D3087", decimal >= 0 and symbols.grouping in around),
        ("D3088", decimal < 0 and integer.endswith(symbols.grouping)),
        ("D3089", symbols.grouping * 2 in text),
        ("D3090", symbols.count(before_optional) > 0),
        ("D3091", symbols.count(after_optional) > 0),
        ("D3092", bool(exponent) and scaled),
        ("D3093", exponent is not None and (not exponent or symbols.count(exponent) < len(exponent))),
    ]


def _make_format(parts: _SubPicture, symbols: _Symbols) -> _NumberFormat:
    groups = tuple(
        symbols.count(parts.integer[index:], optional=True)
        for index, char in enumerate(parts.integer)
        if char == symbols.grouping
    )
    fraction_groups = tuple(
        symbols.count(parts.fraction[:index], optional=True)
        for index, char in enumerate(parts.fraction)
        if char == symbols.grouping
    )
    min_integer, min_fraction, max_fraction = _digit_counts(parts, symbols)
    return _NumberFormat(
        prefix=parts.prefix,
        suffix=parts.suffix,
        factor=100 if symbols.percent in parts.text else 1000 if symbols.per_mille in parts.text else 1,
        has_decimal=symbols.decimal in parts.text,
        groups=groups,
        regular_group=_regular_group_size(groups),
        fraction_groups=fraction_groups,
        min_integer=min_integer,
        scaling=symbols.count(parts.integer),
        min_fraction=min_fraction,
        max_fraction=max_fraction,
        min_exponent=symbols.count(parts.exponent) if parts.exponent is not None else 0,
    )


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
    if parts.exponent is not None and min_integer == 0 and symbols.optional in parts.integer:
        min_integer = 1
    if min_integer == 0 and min_fraction == 0:
        min_fraction = 1
    return min_integer, min_fraction, max_fraction


def _regular_group_size(groups: tuple[int, ...]) -> int:
    """Return the size of the groups where they are all alike, else 0."""
    if not groups:
        return 0
    size = functools.reduce(math.gcd, groups)
    return size if all(size * index in groups for index in range(1, len(groups) + 1)) else 0


def _format_digits(value: float, layout: _NumberFormat, symbols: _Symbols) -> str:
    mantissa, exponent = _scale_mantissa(value, layout)
    rounded = round_half_even(mantissa, layout.max_fraction) or 0
    integer, _, fraction = f"{abs(Decimal(repr(rounded))):.{layout.max_fraction}f}".partition(".")
    integer = integer.lstrip("0").rjust(layout.min_integer, "0")
    fraction = fraction.rstrip("0").ljust(layout.min_fraction, "0")
    text = _group_integer(integer, layout, symbols.grouping)
    if layout.has_decimal and fraction:
        text += symbols.decimal + _group_fraction(fraction, layout, symbols.grouping)
    if exponent is not None:
        sign = symbols.minus if exponent < 0 else ""
        text += symbols.exponent + sign + str(abs(exponent)).rjust(layout.min_exponent, "0")
    return text.translate({ord("0") + digit: symbols.digits[digit] for digit in range(10)})


def _scale_mantissa(value: float, layout: _NumberFormat) -> tuple[float, int | None]:
    """Move the decimal point so that the mantissa has as many digits as the picture's integer part."""
    if layout.min_exponent == 0:
        return value, None
    mantissa, exponent = value, 0
    # The reference compares without the sign, so negative numbers would never end; zero has no scale either.
    while mantissa and abs(mantissa) < 10.0 ** (layout.scaling - 1):
        mantissa *= 10
        exponent -= 1
    while abs(mantissa) > 10.0**layout.scaling:
        mantissa /= 10
        exponent += 1
    return mantissa, exponent


def _group_integer(integer: str, layout: _NumberFormat, separator: str) -> str:
    if layout.regular_group:
        cuts = list(range(len(integer) % layout.regular_group, len(integer), layout.regular_group))
    else:
        cuts = sorted(len(integer) - group for group in layout.groups)
    return separator.join(_split_at(integer, cuts))


def _group_fraction(fraction: str, layout: _NumberFormat, separator: str) -> str:
    return separator.join(_split_at(fraction, list(layout.fraction_groups)))


def _split_at(text: str, cuts: list[int]) -> list[str]:
    edges = [0, *(cut for cut in cuts if 0 < cut < len(text)), len(text)]
    return [text[start:end] for start, end in itertools.pairwise(edges)]
