"""Both sides of a case over time, as bars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sfn_provider.compare.report.formatting import seconds
from sfn_provider.compare.report.model import CLOCKS, Case

_MOST = 40


@dataclass(frozen=True)
class Bar:
    """A state or task over time: ``start`` and ``length`` in per cent of the side's time."""

    name: str
    depth: int
    start: float
    length: float
    told: str


@dataclass(frozen=True)
class Lane:
    """One side: its bars, how many are not shown, how long it took, and what its clock is."""

    title: str
    bars: tuple[Bar, ...]
    more: int
    total: str
    clock: str


def lanes(case: Case) -> tuple[Lane, ...]:
    """The sides of a case."""
    side = case.step_functions
    states = [
        (f"{row.state} [{row.within}]" if row.within else row.state, row.depth, passage.at, passage.seconds)
        for row in case.states
        if (passage := row.step_functions) is not None
    ]
    made = [_lane("Step Functions", states, side.seconds, CLOCKS[side.clock])]
    if case.airflow is not None:
        tasks = [
            (task.task_id + (f" [{task.map_index}]" if task.map_index >= 0 else ""), 0, task.at, task.seconds)
            for task in case.task_times
        ]
        made.append(_lane("Airflow", tasks, case.airflow.seconds, CLOCKS[case.airflow.clock]))
    return tuple(made)


def _lane(title: str, rows: Sequence[tuple[str, int, float, float | None]], total: float, clock: str) -> Lane:
    whole = max(total, *(at + (length or 0.0) for _, _, at, length in rows), 1e-9) if rows else 1.0
    bars = [
        Bar(
            name,
            depth,
            round(100 * at / whole, 2),
            round(100 * ((length if length is not None else max(total - at, 0.0)) / whole), 2),
            seconds(length) if length is not None else "not left",
        )
        for name, depth, at, length in rows[:_MOST]
    ]
    return Lane(title, tuple(bars), max(0, len(rows) - _MOST), seconds(total), clock)
