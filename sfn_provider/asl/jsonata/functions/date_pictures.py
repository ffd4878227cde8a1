"""Parses a date and time from a string by a picture, for ``$toMillis``.

The library parses the picture and the components; this module combines them, because the library takes what a picture
leaves open from the clock and inserts a picture's literal text into a regular expression unescaped.
"""

from __future__ import annotations

import datetime
import re
from typing import Any, Final

import regex

from sfn_provider.asl.jsonata.errors import JsonataError
from sfn_provider.asl.jsonata.library import DateTimeUtils
from sfn_provider.asl.jsonata.limits import TIMEOUT
from sfn_provider.asl.jsonata.regular_expressions import MatchingBudget

_WEEK_BASED: Final = frozenset("XxWw")
_DEFAULT_ONE: Final = frozenset("MDd")


_LONGEST: Final = 1_000
"""The longest picture, in characters: the library reads one in a time that grows with the square of its length."""


def parse_by_picture(text: str, picture: str, now: datetime.datetime, budget: MatchingBudget) -> int | None:
    """Read a text as milliseconds since the epoch.

    Args:
        text: for example ``29/02/2024``.
        picture: in XPath's notation, for example ``[D01]/[M01]/[Y0001]``.
        now: supplies components before the first one in the picture, in UTC.
        budget: the time that matching may take: a picture can have components that match the text in many ways.

    Returns:
        None where the text does not have the picture's form.

    Raises:
        JsonataError: D3136 where the picture leaves out a component between others, or counts in weeks.
        RuntimeError: the picture is wrong, in the library's words.
        KeyError: the picture has an unknown component, or the text an unknown name of a month or day.
    """
    if len(picture) > _LONGEST:
        raise JsonataError(None, TIMEOUT)
    spec = DateTimeUtils._analyse_datetime_picture(picture)
    parts = DateTimeUtils._generate_regex(spec).parts
    pattern = "".join(
        re.escape(written.value) if written.type == "literal" else f"({part.regex})"
        for written, part in zip(spec.parts, parts, strict=True)
    )
    found = budget.spend(regex.compile(pattern, regex.IGNORECASE).fullmatch, text)
    if found is None:
        return None
    read = [part for written, part in zip(spec.parts, parts, strict=True) if written.type != "literal"]
    components = {part.component: part.parse(value) for part, value in zip(read, found.groups(), strict=True)}
    return _millis(components, now) if components else None


def _millis(components: dict[str, Any], now: datetime.datetime) -> int:
    if _WEEK_BASED & components.keys():
        raise JsonataError("D3136")
    by_day = "d" in components and not {"M", "D"} & components.keys()
    half_days = not {"h", "P"}.isdisjoint(components) and "H" not in components
    full = _complete_components(components, ("YD" if by_day else "YMD") + ("Phmsf" if half_days else "Hmsf"), now)
    hour = full["h"] % 12 + 12 * full["P"] if half_days else full["H"]
    month = 0 if by_day else max(full["M"] - 1, 0)
    day = components["d"] if by_day else full["D"]
    year = full["Y"] + (1900 if full["Y"] < 100 else 0)  # as JavaScript's Date.UTC
    at = datetime.datetime(year + month // 12, month % 12 + 1, 1, tzinfo=datetime.UTC) + datetime.timedelta(
        days=day - 1, hours=hour, minutes=full["m"], seconds=full["s"], milliseconds=full["f"]
    )
    at -= datetime.timedelta(minutes=components.get("Z", components.get("z", 0)))
    return (at - datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)) // datetime.timedelta(milliseconds=1)


def _complete_components(components: dict[str, Any], names: str, now: datetime.datetime) -> dict[str, int]:
    """Take components before the first present one from now, and the smallest values for those after the last."""
    present = {
        "Y": now.year,
        "M": now.month,
        "D": now.day,
        "P": now.hour // 12,
        "h": now.hour % 12,
        "H": now.hour,
        "m": now.minute,
        "s": now.second,
        "f": now.microsecond // 1000,
    }
    full: dict[str, int] = {}
    started = ended = False
    for name in names:
        if components.get(name) is not None:
            if ended:
                raise JsonataError("D3136")
            started = True
            full[name] = components[name]
        elif started:
            ended = True
            full[name] = int(name in _DEFAULT_ONE)
        else:
            full[name] = present[name]
    return full
