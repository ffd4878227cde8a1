"""Finds what Airflow does differently than EventBridge with the same schedule."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sfn_provider.translate.findings import Finding
from sfn_provider.translate.plan.schedule import Schedule

_YEAR = datetime(2025, 1, 1, tzinfo=UTC)
"""The year in which the hours that a time zone skips are searched."""


def find_differences(schedule: Schedule) -> Iterator[Finding]:
    """Find the differences between a schedule of a DAG and that of EventBridge."""
    period = schedule.period
    if schedule.interval is not None and period.start is not None:
        yield Finding(
            "RATE_START",
            "differs",
            f"On Airflow 2 the first run of {schedule.source} starts one period after StartDate; EventBridge's at it.",
            "Trigger the first run yourself, or take Airflow 3.",
        )
    if schedule.cron is not None and period.timezone is not None:
        skipped = _skipped_hours(period.timezone) & _hours(schedule.cron)
        if skipped:
            hours = ", ".join(f"{hour:02}:00" for hour in sorted(skipped))
            yield Finding(
                "DAYLIGHT_SAVING",
                "differs",
                f"In {period.timezone} the clocks skip the hour of {hours} on one day of the year: EventBridge then "
                "leaves the run out, Airflow starts it an hour later.",
                "Choose another hour where a run too many does harm.",
            )


def _skipped_hours(timezone: str) -> set[int]:
    """Return the hours that the clocks of a time zone skip when they go forward."""
    zone, found = ZoneInfo(timezone), set()
    for number in range(365 * 24):
        before = _YEAR + timedelta(hours=number)
        here, later = before.astimezone(zone), (before + timedelta(hours=1)).astimezone(zone)
        gained = (later.utcoffset() or timedelta()) - (here.utcoffset() or timedelta())
        if gained > timedelta():
            found.add((here + timedelta(hours=1)).hour)
    return found


def _hours(cron: str) -> set[int]:
    """Return the hours of a cron text; those of a preset are midnight; none where it runs in each hour."""
    if cron.startswith("@"):
        return set() if cron == "@hourly" else {0}
    field = cron.split()[1]
    if field == "*":
        return set()
    hours: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        start, end = (0, 23) if span == "*" else (int(first), int(last or first))
        if end < start:  # 22-2 goes on over midnight
            end += 24
        hours |= {hour % 24 for hour in range(start, end + 1, int(step or 1))}
    return hours
