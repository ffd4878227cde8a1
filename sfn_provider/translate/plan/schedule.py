"""Converts EventBridge schedules (``cron()`` and ``rate()``) to Airflow's.

Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cron-expressions.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from sfn_provider.asl.suggestions import MAX_WORD
from sfn_provider.exceptions import UsageError
from sfn_provider.formatting import count

_UNITS = {"minute": "minutes", "hour": "hours", "day": "days"}
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_RANGES = {"minutes": (0, 59), "hours": (0, 23), "day of month": (1, 31), "month": (1, 12), "day of week": (0, 7)}
"""The fields of cron in order, each with its minimum and maximum."""

_HELP = "write cron(minutes hours day-of-month month day-of-week year), rate(value unit), or an Airflow cron text"


@dataclass(frozen=True, slots=True)
class SchedulePeriod:
    """The time zone of a schedule, and when it begins and ends.

    Args:
        timezone: a name of the IANA database, for example ``Europe/Berlin``; None for UTC.
        start: the first time at which it may run, with a time zone; None for no limit.
        end: the last time at which it may run, with a time zone; None for no limit.

    Source: https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html
    """

    timezone: str | None = None
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class Schedule:
    """The schedule of a DAG.

    Args:
        cron: cron text with five fields, or a preset such as ``@daily``; None for an interval.
        interval: an interval as an argument of timedelta and its value, for example ``("minutes", 5)``.
        source: the original expression.
        period: its time zone, and when it begins and ends.
    """

    cron: str | None
    interval: tuple[str, int] | None
    source: str
    period: SchedulePeriod = SchedulePeriod()

    @property
    def has_timetable(self) -> bool:
        """Whether it needs a CronTriggerTimetable.

        In a cron text Airflow 2 sees data intervals, of which the first begins at the DAG's start_date and runs at its
        end, and the last begins at the end_date.
        """
        return self.cron is not None and self.cron != "@once" and self.period != SchedulePeriod()


MAX_LENGTH = 256
"""The longest schedule of EventBridge, in characters.

Source: https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html
"""


def parse_schedule(expression: str, period: SchedulePeriod | None = None) -> Schedule:
    """Parse an EventBridge ``cron()`` or ``rate()``, or a cron text or preset of Airflow.

    Args:
        expression: the schedule.
        period: its time zone, and when it begins and ends.

    Raises:
        UsageError: it is neither, Airflow's cron cannot express it, or there is no such time zone.
    """
    schedule = _parse(expression)
    return schedule if period is None else replace(schedule, period=_check_period(period, schedule))


def _check_period(period: SchedulePeriod, schedule: Schedule) -> SchedulePeriod:
    """Check the time zone; that of an interval, and UTC by another name, have no effect and are left out."""
    zone = parse_timezone(period.timezone)
    return replace(period, timezone=zone if schedule.interval is None else None)


def parse_timezone(name: str | None) -> str | None:
    """Return the name of a time zone; None for UTC.

    Raises:
        UsageError: there is no such time zone.
    """
    if name is None or name in ("UTC", "Etc/UTC", "Etc/UCT", "UCT", "Zulu", "Etc/Zulu"):
        return None
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # ValueError, OSError: a path, or a folder of the database
        near = get_close_matches(name[:MAX_WORD], available_timezones(), n=1)
        hint = f"; did you mean {near[0]!r}?" if near else "; it looks like Europe/Berlin"
        raise UsageError(f"there is no time zone {name!r}{hint}") from None
    return name


def parse_time(text: str) -> datetime:
    """Parse a date and time of ISO 8601; one without an offset is in UTC.

    Raises:
        UsageError: it is none.
    """
    try:
        found = datetime.fromisoformat(text).replace(microsecond=0)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):  # OverflowError: its year in UTC is 0 or 10000
        raise UsageError(f"{text!r} is no time such as 2025-03-15T02:00:00Z") from None


def _parse(expression: str) -> Schedule:
    if len(expression) > MAX_LENGTH:
        raise UsageError(f"a schedule has {MAX_LENGTH} characters at most, this one {len(expression):,}")
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
    if re.fullmatch(r"@(once|hourly|daily|weekly|monthly|quarterly|yearly)", text):
        return Schedule(text, None, expression)
    fields = text.split()
    if len(fields) != len(_RANGES):
        raise UsageError(f"schedule {expression!r} is not understood: {_HELP}")
    for field, name in zip(fields, _RANGES, strict=True):
        _check_airflow_field(field, name, expression)
    return Schedule(text, None, expression)


def _check_airflow_field(text: str, name: str, expression: str) -> None:
    """Refuse a field that Airflow would refuse later, when it parses the DAG file."""
    minimum, maximum = _RANGES[name]
    words = {"L", *{"month": _MONTHS, "day of week": _DAYS}.get(name, ())}
    if (
        not re.fullmatch("[0-9A-Za-z*/,#-]+", text)
        or not words.issuperset(re.findall("[A-Z]+", text.upper()))
        or any(int(number) > maximum for number in re.findall("[0-9]+", text))
    ):
        problem = f"{text!r} is not understood in the field {name}, which takes {minimum} to {maximum}"
        raise UsageError(f"schedule {expression!r}: {problem}")


def _not_understood(text: str, name: str, expression: str) -> UsageError:
    allowed = "SUN to SAT or 1 (SUN) to 7 (SAT)" if name == "day of week" else "{} to {}".format(*_RANGES[name])
    return UsageError(f"schedule {expression!r}: {text!r} is not understood in the field {name}, which takes {allowed}")


def _rate(inside: str, expression: str) -> tuple[str, int]:
    match = re.fullmatch(r"([1-9]\d*)\s+(minute|hour|day)s?", inside)
    if match is None:
        raise UsageError(f"schedule {expression!r}: rate takes a positive number and minutes, hours or days")
    try:
        timedelta(**{_UNITS[match[2]]: int(match[1])})
    except OverflowError:
        raise UsageError(f"schedule {expression!r}: the rate is longer than a DAG's schedule can be") from None
    return _UNITS[match[2]], int(match[1])


def _cron(inside: str, expression: str) -> str:
    fields = inside.split()
    if len(fields) != 6:
        raise UsageError(f"schedule {expression!r} has {count(len(fields), 'field')} where EventBridge has 6: {_HELP}")
    *when, year = fields
    if year != "*":
        raise UsageError(f"schedule {expression!r} is for the year {year}; cron in Airflow has no years: use '*' there")
    if "?" not in (when[2], when[4]):
        # EventBridge refuses it, and Airflow's cron would run on the days of either field.
        raise UsageError(f"schedule {expression!r}: write '?' as the day of month or as the day of week")
    return " ".join(_field(text.upper(), name, expression) for text, name in zip(when, _RANGES, strict=True))


def _field(text: str, name: str, expression: str) -> str:
    if text == "*" or (text == "?" and name.startswith("day")):
        return "*"
    if "W" in text and name == "day of month":
        raise UsageError(
            f"schedule {expression!r}: {text!r}, the weekday nearest to a day, cannot be said in Airflow's cron"
        )
    if name != "day of week":
        return ",".join(_part(part, name, expression) for part in text.split(","))
    if "," in text and re.search("[#L]", text):
        raise UsageError(f"schedule {expression!r}: {text!r}: with '#' or 'L' the day of week takes one entry only")
    return ",".join(_weekday(part, expression) for part in text.split(","))


def _part(part: str, name: str, expression: str) -> str:
    if name == "day of month" and part == "L":
        return "L"
    start, slash, step = part.partition("/")
    match = re.fullmatch(r"(\*)|(\d+|[A-Z]{3})(?:-(\d+|[A-Z]{3}))?", start)
    if match is None or (slash and not re.fullmatch("[1-9][0-9]*", step)):
        raise _not_understood(part, name, expression)
    if match[1]:
        return part
    first = _number(match[2], name, expression)
    last = _number(match[3], name, expression) if match[3] else None
    if slash and last is None:
        last = _RANGES[name][1]  # EventBridge: 5/15 starts at 5 and goes on to the end
    return f"{first}" + (f"-{last}" if last is not None else "") + slash + step


def _number(text: str, name: str, expression: str) -> int:
    if name == "month" and text in _MONTHS:
        return _MONTHS.index(text) + 1
    minimum, maximum = _RANGES[name]
    if text.isdecimal() and minimum <= int(text) <= maximum:
        return int(text)
    raise _not_understood(text, name, expression)


def _weekday(part: str, expression: str) -> str:
    """Convert days from 1 (SUN) to 7 (SAT) to 0 to 6; ``3#2`` is the second Tuesday, ``6L`` the last Friday."""
    if part == "L":
        return "6"
    if re.fullmatch(r"\*/[1-7]", part):
        return part
    match = re.fullmatch(r"(\d|[A-Z]{3})(?:-(\d|[A-Z]{3})(?:/([1-7]))?|/([1-7])|#([1-5])|(L))?", part)
    if match is None:
        raise _not_understood(part, "day of week", expression)
    first = _day(match[1], expression)
    if match[6]:
        return f"L{first}"
    if match[5]:
        return f"{first}#{match[5]}"
    if match[4]:
        return f"{first}-6/{match[4]}"
    last = f"-{_day(match[2], expression)}" if match[2] else ""
    return f"{first}{last}" + (f"/{match[3]}" if match[3] else "")


def _day(text: str, expression: str) -> int:
    if text in _DAYS:
        return _DAYS.index(text)
    if text.isdecimal() and 1 <= int(text) <= 7:
        return int(text) - 1
    raise _not_understood(text, "day of week", expression)
