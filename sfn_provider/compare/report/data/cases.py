"""Makes the cases of a report from comparisons."""

from __future__ import annotations

from sfn_provider.compare.airflow.dag_execution import AirflowRun
from sfn_provider.compare.comparison import Clock, Comparison
from sfn_provider.compare.diff.history_flow import VisitPlace
from sfn_provider.compare.diff.state_comparison import StateComparison
from sfn_provider.compare.diff.state_visits import StateVisit
from sfn_provider.compare.report.data.diffs import format_value, make_diff, state_diffs
from sfn_provider.compare.report.data.visit_calls import make_call_rows
from sfn_provider.compare.report.data.visit_ends import find_visit_ends
from sfn_provider.compare.report.model import Case, Side, SideTiming, StateRow, TaskRow, VisitEnd
from sfn_provider.engine import Execution


def make_case(name: str, comparison: Comparison) -> Case:
    """Make the case of a comparison, under a name."""
    expected, airflow, outcome = comparison.expected, comparison.airflow, comparison.outcome
    actual = airflow.execution if airflow else None
    starts = (_start(expected), _start(actual))
    ends = tuple(find_visit_ends(filter(None, visits)) for visits in _visits_of_sides(comparison))
    output_diff = make_diff("output", expected.output, actual.output) if actual else None
    clock, airflow_clock = comparison.clocks
    return Case(
        name=name,
        agrees=comparison.agrees,
        status=expected.status,
        outcome_differences=outcome,
        states=tuple(_make_row(state, starts, ends) for state in comparison.states),
        calls=tuple(row for state in comparison.states for row in make_call_rows(state, _within_visit(state))),
        step_functions=_make_side(expected, _seconds(expected), clock),
        airflow=_make_side(airflow.execution, airflow.seconds, airflow_clock) if airflow else None,
        transitions=expected.transitions,
        tasks=airflow.tasks if airflow else None,
        skipped=airflow.skipped if airflow else None,
        task_times=_task_rows(airflow) if airflow else (),
        seconds_between=airflow.seconds_between if airflow else None,
        diffs=(output_diff,) if output_diff and any(text.startswith("output") for text in outcome) else (),
        reached=tuple(sorted(part.key for part in comparison.reached)),
        missing_input=comparison.missing_input,
    )


def _make_side(execution: Execution, seconds: float, clock: Clock) -> Side:
    return Side(
        status=execution.status,
        output=execution.output,
        error=execution.error,
        cause=execution.cause,
        seconds=seconds,
        clock=clock,
        transitions=execution.transitions,
    )


def _start(execution: Execution | None) -> float:
    return execution.records[0].at if execution and execution.records else 0.0


def _seconds(execution: Execution) -> float:
    return execution.records[-1].at - execution.records[0].at if execution.records else 0.0


def _visits_of_sides(comparison: Comparison) -> tuple[list[StateVisit | None], list[StateVisit | None]]:
    return [state.expected for state in comparison.states], [state.actual for state in comparison.states]


def _within_visit(state: StateComparison) -> str:
    return _within(state.first_side.place)


def _make_row(
    state: StateComparison, starts: tuple[float, float], ends: tuple[dict[VisitPlace, VisitEnd], ...]
) -> StateRow:
    visit = state.first_side
    return StateRow(
        state=state.state,
        type=visit.type,
        agrees=state.agrees,
        depth=len(visit.containers),
        within=_within(visit.place),
        differences=state.differences,
        unrepeatable=state.tolerated,
        diffs=tuple(state_diffs(state)),
        input=format_value(visit.input),
        output=format_value(visit.output) if visit.exited else None,
        step_functions=_make_timing(state.expected, starts[0], ends[0]),
        airflow=_make_timing(state.actual, starts[1], ends[1]),
    )


def _within(place: VisitPlace) -> str:
    """The branches or items around a visit, from 1 on, and the retries of their Parallels and Maps."""
    parts = zip(place[1::3], place[2::3], strict=True)
    return ", ".join(f"{index + 1}" + (f" (retry {retry})" if retry else "") for retry, index in parts)


def _make_timing(visit: StateVisit | None, start: float, ends: dict[VisitPlace, VisitEnd]) -> SideTiming | None:
    if visit is None:
        return None
    return SideTiming(
        at=visit.entered.timestamp() - start,
        seconds=visit.seconds,
        calls=visit.calls,
        calling=sum(attempt.seconds or 0.0 for attempt in visit.attempts),
        ended=ends[visit.place],
    )


def _task_rows(airflow: AirflowRun) -> tuple[TaskRow, ...]:
    return tuple(
        TaskRow(
            task_id=time.task_id, map_index=time.map_index, states=time.states, at=time.started, seconds=time.seconds
        )
        for time in airflow.times
    )
