"""Counts how often a schedule runs in a month."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sfn_provider.translate.plan.schedule import Schedule

_MONTH = timedelta(hours=730)
_MAX_RUNS = 1_000
_PRESETS = {"@once": None, "@quarterly": "0 0 1 */3 *"}
"""Presets of Airflow that croniter does not know; None for a single run."""


def runs_per_month(schedule: Schedule) -> int:
    """Return the runs in a month of 730 hours, as the average of a year; at least one."""
    if schedule.interval is not None:
        unit, count = schedule.interval
        return max(1, round(_MONTH / timedelta(**{unit: count})))
    if schedule.cron is None:
        raise AssertionError(f"the schedule {schedule.source!r} has neither cron text nor an interval")
    cron = _PRESETS.get(schedule.cron, schedule.cron)
    return 1 if cron is None else max(1, round(_cron_runs_per_month(cron)))


def _cron_runs_per_month(cron: str) -> float:
    """Counts runs for a year, or until there are enough of them to compute the rate."""
    from croniter import croniter  # Airflow's own

    start = datetime(2025, 1, 1, tzinfo=UTC)
    runs = croniter(cron, start - timedelta(seconds=1))
    found: list[datetime] = []
    while len(found) < _MAX_RUNS:
        at: datetime = runs.get_next(datetime)
        if at >= start + timedelta(days=365):
            return len(found) / 12
        found.append(at)
    return (len(found) - 1) * (_MONTH / (found[-1] - found[0]))
