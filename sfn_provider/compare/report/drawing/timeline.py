"""Lays out the timelines of a case: a bar for each visit or task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sfn_provider.compare.report.model import CLOCKS, Case
from sfn_provider.formatting import format_seconds

_MAX_BARS = 40


@dataclass(frozen=True)
class Bar:
    """A state or task over time: ``start`` and ``length`` in per cent of the side's time."""

    name: str
    depth: int
    start: float
    length: float
    label: str


@dataclass(frozen=True)
class Timeline:
    """One side: its bars, how many more there are, its duration, and its clock in words."""

    title: str
    bars: tuple[Bar, ...]
    more: int
    total: str
    clock: str


def make_timelines(case: Case) -> tuple[Timeline, ...]:
    """Return the timelines of both sides."""
    side = case.step_functions
    states = [
        (f"{row.state} [{row.within}]" if row.within else row.state, row.depth, timing.at, timing.seconds)
        for row in case.states
        if (timing := row.step_functions) is not None
    ]
    made = [_make_timeline("Step Functions", states, side.seconds, CLOCKS[side.clock])]
    if case.airflow is not None:
        tasks = [
            (task.task_id + (f" [{task.map_index}]" if task.map_index >= 0 else ""), 0, task.at, task.seconds)
            for task in case.task_times
        ]
        made.append(_make_timeline("Airflow", tasks, case.airflow.seconds, CLOCKS[case.airflow.clock]))
    return tuple(made)


def _make_timeline(
    title: str, rows: Sequence[tuple[str, int, float, float | None]], total: float, clock: str
) -> Timeline:
    span = max(total, *(at + (length or 0.0) for _, _, at, length in rows), 1e-9) if rows else 1.0
    bars = [
        Bar(
            name,
            depth,
            round(100 * at / span, 2),
            round(100 * ((length if length is not None else max(total - at, 0.0)) / span), 2),
            format_seconds(length) if length is not None else "not left",
        )
        for name, depth, at, length in rows[:_MAX_BARS]
    ]
    return Timeline(title, tuple(bars), max(0, len(rows) - _MAX_BARS), format_seconds(total), clock)
