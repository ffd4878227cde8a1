"""Makes the schedule and the dates of a workflow: the service takes cron in UTC alone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from sfn_provider.asl.diagnostics import Diagnostic
from sfn_provider.translate.findings import Finding
from sfn_provider.translate.plan.schedule import Schedule

START_DATE: Final = "2025-01-01"
"""A fixed date, so that the same input makes the same file; no runs are made up for, so that the next one is the first.

The guide asks for a start date in the future (supported-airflow-parameters); AWS's own examples have past ones.
"""

_PRESETS: Final = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@quarterly": "0 0 1 */3 *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_UNITS: Final = {"minutes": (60, "*/{} * * * *"), "hours": (24, "0 */{} * * *"), "days": (1, "0 0 */{} * *")}
_EVERY: Final = {"minutes": "* * * * *", "hours": "0 * * * *", "days": "0 0 * * *"}

Settings = dict[str, Any]


def make_schedule(
    schedule: Schedule | None, start_date: str | None
) -> tuple[Settings, list[Diagnostic], list[Finding]]:
    """Return the arguments of the DAG, what cannot be, and what differs.

    Args:
        schedule: the schedule; None where there is none.
        start_date: the date from which on runs are made, as a user gives it; None for that of the schedule.
    """
    first = start_date or START_DATE
    if schedule is None:
        told = [_without_schedule(start_date)] if start_date is not None else []
        return {"schedule": None, "start_date": first, "catchup": False}, told, []
    cron, findings = _cron(schedule)
    if cron is None:
        return {}, [_refusal(f"takes no other schedules than cron, and none says {schedule.source!r}")], []
    if schedule.period.timezone is not None:
        return {}, [_refusal(f"takes schedules in UTC alone, not in {schedule.period.timezone}")], []
    settings: Settings = {"schedule": cron, "start_date": first, "catchup": False}
    if schedule.period.start is not None and start_date is None:
        settings["start_date"] = _text(schedule.period.start)
    if schedule.period.end is not None:
        settings["end_date"] = _text(schedule.period.end)
    return settings, [], findings


def _cron(schedule: Schedule) -> tuple[str | None, list[Finding]]:
    """Return the schedule as cron text; None where cron cannot say it."""
    if schedule.cron is not None:
        return _PRESETS.get(schedule.cron, None if schedule.cron.startswith("@") else schedule.cron), []
    unit, value = schedule.interval or ("days", 0)
    count, text = _UNITS.get(unit, (0, ""))
    if value != 1 and (value < 1 or count % value or value >= count):
        return None, []
    cron = _EVERY[unit] if value == 1 else text.format(value)
    why = f"{schedule.source} counts from when the rule was made; cron {cron!r} from midnight in UTC."
    return cron, [Finding("SCHEDULE_PHASE", "differs", why, "Give the cron text that you want with --schedule.")]


def _refusal(what: str) -> Diagnostic:
    return Diagnostic("error", "SCHEDULE", f"MWAA Serverless {what}; give --schedule with a cron text in UTC")


def _without_schedule(start_date: str) -> Diagnostic:
    text = f"the workflow has no schedule: the start date {start_date} starts no run; give one with --schedule"
    return Diagnostic("warning", "START_DATE_WITHOUT_SCHEDULE", text)


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
