"""Schedules of EventBridge as Airflow says them.

Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cron-expressions.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sfn_provider.exceptions import UsageError

_UNITS = {"minute": "minutes", "hour": "hours", "day": "days"}
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_LAST = {"minutes": 59, "hours": 23, "day of month": 31, "month": 12, "day of week": 7}
_HELP = "write cron(minutes hours day-of-month month day-of-week year), rate(value unit), or an Airflow cron text"


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a DAG runs.

    Args:
        cron: cron text with five fields, or a preset such as ``@daily``; None for an interval.
        interval: an interval as an argument of timedelta and its value, for example ``("minutes", 5)``.
        source: the expression as it was given.
    """

    cron: str | None
    interval: tuple[str, int] | None
    source: str


def parse_schedule(expression: str) -> Schedule:
    """Read an EventBridge ``cron()`` or ``rate()``, or a cron text or preset of Airflow.

    Raises:
        UsageError: where it is neither, or says what Airflow's cron cannot.
    """
    text = expression.strip()
    call = re.fullmatch(r"(\w+)\((.*)\)", text, re.S)
    if call is None:
        return _airflow(text, expression)
    name, inside = call[1].lower(), call[2].strip()
    if name == "rate":
        return Schedule(None, _rate(inside, expression), expression)
    if name == "cron":
        return Schedule(_cron(inside, expression), None, expression)
    if name == "at":
        raise UsageError(
            f"schedule {expression!r} runs once; Airflow schedules repeat: leave it out and trigger the DAG"
        )
    raise UsageError(f"schedule {expression!r} is not understood: {_HELP}")


def _airflow(text: str, expression: str) -> Schedule:
    if re.fullmatch(r"@(once|hourly|daily|weekly|monthly|quarterly|yearly)", text) or len(text.split()) == 5:
        return Schedule(text, None, expression)
    raise UsageError(f"schedule {expression!r} is not understood: {_HELP}")


def _rate(inside: str, expression: str) -> tuple[str, int]:
    match = re.fullmatch(r"([1-9]\d*)\s+(minute|hour|day)s?", inside)
    if match is None:
        raise UsageError(f"schedule {expression!r}: rate takes a positive number and minutes, hours or days")
    return _UNITS[match[2]], int(match[1])


def _cron(inside: str, expression: str) -> str:
    given = inside.split()
    if len(given) != 6:
        raise UsageError(f"schedule {expression!r} has {len(given)} fields where EventBridge has 6: {_HELP}")
    *when, year = given
    if year != "*":
        raise UsageError(f"schedule {expression!r} is for the year {year}; cron in Airflow has no years: use '*' there")
    names = ("minutes", "hours", "day of month", "month", "day of week")
    return " ".join(_field(text.upper(), name, expression) for text, name in zip(when, names, strict=True))


def _field(text: str, name: str, expression: str) -> str:
    if text in ("?", "*"):
        return "*"
    if "W" in text and name == "day of month":
        raise UsageError(
            f"schedule {expression!r}: {text!r}, the weekday nearest to a day, cannot be said in Airflow's cron"
        )
    return ",".join(_part(part, name, expression) for part in text.split(","))


def _part(part: str, name: str, expression: str) -> str:
    if name == "day of week":
        return _weekday(part, expression)
    if name == "day of month" and part == "L":
        return "L"
    start, slash, step = part.partition("/")
    if not re.fullmatch(r"\*|\d+(-\d+)?|[A-Z]{3}(-[A-Z]{3})?", start) or (slash and not step.isdecimal()):
        raise UsageError(f"schedule {expression!r}: {part!r} is not understood in the field {name}")
    if slash and start.isdecimal():
        start = f"{start}-{_LAST[name]}"  # EventBridge: 5/15 starts at 5 and goes on to the end
    return start + slash + step


def _weekday(part: str, expression: str) -> str:
    """Days are 1 (SUN) to 7 (SAT) in EventBridge, 0 to 6 in cron; ``3#2`` is the 2nd Tuesday, ``6L`` the last Friday."""
    match = re.fullmatch(r"(\d|[A-Z]{3})(?:-(\d|[A-Z]{3}))?(?:/(\d))?(?:#([1-5])|(L))?", part)
    if part == "L":
        return "6"
    if match is None:
        raise UsageError(f"schedule {expression!r}: {part!r} is not understood in the field day of week")
    first, last, step, nth, is_last = match.groups()
    if is_last:
        return f"L{_day(first, expression)}"
    if nth:
        return f"{_day(first, expression)}#{nth}"
    if step and not last:
        last = "SAT"
    days = str(_day(first, expression)) + (f"-{_day(last, expression)}" if last else "")
    return days + (f"/{step}" if step else "")


def _day(text: str, expression: str) -> int:
    if text in _DAYS:
        return _DAYS.index(text)
    if text.isdecimal() and 1 <= int(text) <= 7:
        return int(text) - 1
    raise UsageError(
        f"schedule {expression!r}: {text!r} is no day of the week; days are SUN to SAT or 1 (SUN) to 7 (SAT)"
    )
