"""How often a schedule runs in a month."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sfn_provider.translate.plan.schedule import Schedule

_MONTH = timedelta(hours=730)
_ENOUGH = 1_000
_PRESETS = {"@once": None, "@quarterly": "0 0 1 */3 *"}
"""Presets of Airflow that cron does not know; None for one run in all."""


def runs_per_month(schedule: Schedule) -> int:
    """Runs in a month of 730 hours on the average of a year, one at least."""
    if schedule.interval is not None:
        unit, count = schedule.interval
        return max(1, round(_MONTH / timedelta(**{unit: count})))
    if schedule.cron is None:
        raise AssertionError(f"the schedule {schedule.source!r} has neither cron text nor an interval")
    cron = _PRESETS.get(schedule.cron, schedule.cron)
    return 1 if cron is None else max(1, round(_of_cron(cron)))


def _of_cron(cron: str) -> float:
    """Counts runs for a year, or until there are enough of them to tell the rate."""
    from croniter import croniter  # Airflow's own

    start = datetime(2025, 1, 1, tzinfo=UTC)
    runs = croniter(cron, start - timedelta(seconds=1))
    found: list[datetime] = []
    while len(found) < _ENOUGH:
        at: datetime = runs.get_next(datetime)
        if at >= start + timedelta(days=365):
            return len(found) / 12
        found.append(at)
    return (len(found) - 1) * (_MONTH / (found[-1] - found[0]))
