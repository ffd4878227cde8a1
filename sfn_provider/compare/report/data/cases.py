"""Comparisons and replays as cases of a report."""

from __future__ import annotations

from collections.abc import Sequence

from sfn_provider.compare.airflow.dag_execution import AirflowRun
from sfn_provider.compare.comparison import Comparison
from sfn_provider.compare.diff.history_flow import Place
from sfn_provider.compare.diff.state_comparison import StateComparison
from sfn_provider.compare.diff.state_visits import Visit
from sfn_provider.compare.replay.replayer import Replay
from sfn_provider.compare.report.data.diffs import diff, shown, visit_diffs
from sfn_provider.compare.report.model import Case, Clock, Passage, Side, StateRow, TaskRow
from sfn_provider.engine import Execution


def of_comparison(name: str, result: Comparison) -> Case:
    """A comparison of the engine and a DAG as a case."""
    return case(name, result.expected, result.airflow, result.states, result.outcome, ("virtual", "mocked"))


def of_live(name: str, result: Comparison) -> Case:
    """A comparison of an execution on Step Functions and a run of a DAG, both for real, as a case."""
    return case(name, result.expected, result.airflow, result.states, result.outcome, ("recorded", "measured"))


def of_replay(name: str, result: Replay) -> Case:
    """A replay of a recorded execution as a case."""
    return case(name, result.recording.execution, result.airflow, result.states, result.outcome, ("recorded", "mocked"))


def case(
    name: str,
    expected: Execution,
    airflow: AirflowRun | None,
    states: Sequence[StateComparison],
    outcome: Sequence[str],
    clocks: tuple[Clock, Clock],
) -> Case:
    """An execution on both sides as a case.

    Args:
        name: the case.
        expected: how it went on Step Functions.
        airflow: how it went on Airflow; None where the DAG did not run to an end.
        states: the visits of its states, compared.
        outcome: where the outcomes differ, as text.
        clocks: what the times of Step Functions and those of Airflow are.
    """
    starts = tuple(_start(execution) for execution in (expected, airflow.execution if airflow else None))
    found = airflow.execution if airflow else None
    apart = diff("output", expected.output, found.output) if found else None
    return Case(
        name=name,
        agrees=not outcome and all(state.agrees for state in states),
        status=expected.status,
        outcome_differences=tuple(outcome),
        states=tuple(_row(state, starts) for state in states),
        step_functions=_side(expected, _seconds(expected), clocks[0]),
        airflow=_side(found, airflow.seconds, clocks[1]) if airflow and found else None,
        transitions=expected.transitions,
        tasks=airflow.tasks if airflow else None,
        skipped=airflow.skipped if airflow else None,
        task_times=_task_rows(airflow) if airflow else (),
        seconds_between=airflow.seconds_between if airflow else None,
        diffs=(apart,) if apart and any(told.startswith("output") for told in outcome) else (),
    )


def _side(execution: Execution, seconds: float, clock: Clock) -> Side:
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


def _row(state: StateComparison, starts: tuple[float, ...]) -> StateRow:
    visit = state.expected or state.found
    if visit is None:
        raise AssertionError("a state comparison has at least one side")
    return StateRow(
        state=state.state,
        type=visit.type,
        agrees=state.agrees,
        depth=len(visit.around),
        within=_within(visit.place),
        differences=state.differences,
        unrepeatable=state.admitted,
        diffs=tuple(visit_diffs(state)),
        input=shown(visit.input),
        output=shown(visit.output) if visit.left else None,
        step_functions=_passage(state.expected, starts[0]),
        airflow=_passage(state.found, starts[1]),
    )


def _within(place: Place) -> str:
    """The branches or items around, from 1 on, and which retry of the whole it is."""
    parts = zip(place[1::3], place[2::3], strict=True)
    return ", ".join(f"{index + 1}" + (f" (retry {retry})" if retry else "") for retry, index in parts)


def _passage(visit: Visit | None, start: float) -> Passage | None:
    if visit is None:
        return None
    return Passage(
        at=visit.entered.timestamp() - start,
        seconds=visit.seconds,
        calls=visit.calls,
        calling=sum(attempt.seconds or 0.0 for attempt in visit.attempts),
    )


def _task_rows(airflow: AirflowRun) -> tuple[TaskRow, ...]:
    return tuple(
        TaskRow(
            task_id=time.task_id, map_index=time.map_index, states=time.states, at=time.started, seconds=time.seconds
        )
        for time in airflow.times
    )
