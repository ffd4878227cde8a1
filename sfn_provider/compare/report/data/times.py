"""Measures the times of Step Functions and Airflow over all cases of a report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median

from sfn_provider.compare.report.model import Case, StateTime, Times


def measure_times(cases: Sequence[Case]) -> Times | None:
    """Return medians over the cases that ran on both sides; None where there is none."""
    ran = [case for case in cases if case.airflow is not None]
    if not ran or ran[0].airflow is None:
        return None
    middle = sorted(ran, key=lambda case: case.airflow.seconds if case.airflow else 0.0)[len(ran) // 2]
    if middle.airflow is None:
        raise AssertionError("the case ran on both sides")
    between = middle.seconds_between or 0.0
    return Times(
        step_functions_clock=ran[0].step_functions.clock,
        airflow_clock=ran[0].airflow.clock,
        step_functions=median(case.step_functions.seconds for case in ran),
        airflow=middle.airflow.seconds,
        in_tasks=middle.airflow.seconds - between,
        between_tasks=between,
        tasks=middle.tasks or 0,
        in_states=_in_states(middle) if middle.airflow.clock == "measured" else None,
        of_tasks=sum(task.seconds for task in middle.task_times),
        states=tuple(_states(ran)),
    )


def _in_states(case: Case) -> float:
    """The seconds of a case's states on Airflow, without Parallels and Maps, which wait for others."""
    timings = [row.airflow for row in case.states if row.airflow is not None and row.type not in ("Parallel", "Map")]
    return sum(timing.seconds or 0.0 for timing in timings)


def _states(cases: Sequence[Case]) -> Iterator[StateTime]:
    names = dict.fromkeys(row.state for case in cases for row in case.states)
    for name in names:
        rows = [row for case in cases for row in case.states if row.state == name]
        seconds = [row.step_functions.seconds for row in rows if row.step_functions is not None]
        finished = [value for value in seconds if value is not None]
        tasks = [task.seconds for case in cases for task in case.task_times if task.states[:1] == (name,)]
        yield StateTime(
            state=name,
            visits=len(rows),
            step_functions=median(finished) if finished else None,
            airflow=median(tasks) if tasks else None,
        )
