"""Compares two executions of a state machine, state visit by state visit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sfn_provider.asl.scope import Json
from sfn_provider.compare.diff.history_flow import VisitPlace
from sfn_provider.compare.diff.json_diff import Difference, find_differences
from sfn_provider.compare.diff.state_visits import StateVisit, read_state_visits
from sfn_provider.engine.execution import Execution

Tolerates = Callable[[VisitPlace, str, Difference], bool]
"""Whether a difference does not count, by the place of the visit and the name of the value."""

OUTCOME: VisitPlace = ()
"""The place of the execution's own output, error and cause."""


def tolerate_nothing(_place: VisitPlace, _name: str, _difference: Difference) -> bool:
    """Return False: every difference counts."""
    return False


@dataclass(frozen=True, slots=True)
class StateComparison:
    """One state visit on both sides.

    Args:
        state: the state's name.
        expected: the visit on the side of Step Functions; None where there is none.
        actual: the visit on the side of Airflow; None where there is none.
        differences: where they differ, as text.
        tolerated: where they differ as any two runs do, as text.
        stopped: where they differ because the failure of another branch has stopped it, as text: how far it came is up
            to the clock on both sides.
    """

    state: str
    expected: StateVisit | None
    actual: StateVisit | None
    differences: tuple[str, ...] = ()
    tolerated: tuple[str, ...] = ()
    stopped: tuple[str, ...] = ()

    @property
    def agrees(self) -> bool:
        """Whether both sides agree."""
        return not self.differences

    @property
    def first_side(self) -> StateVisit:
        """The visit on the side of Step Functions, else that on the side of Airflow."""
        visit = self.expected or self.actual
        if visit is None:
            raise AssertionError("a state comparison has at least one side")
        return visit


@dataclass(slots=True)
class _Differences:
    """Collects the differences of one visit, or of the outcome."""

    place: VisitPlace
    tolerates: Tolerates
    counted: list[str] = field(default_factory=list)
    tolerated: list[str] = field(default_factory=list)

    def compare(self, name: str, expected: Json, actual: Json, *, as_whole: bool = False) -> None:
        """Compare two values member by member; ``as_whole`` names both values instead of the members that differ."""
        for difference in find_differences(expected, actual):
            whole = f"{name}: {expected!r} on Step Functions, {actual!r} on Airflow"
            text = whole if as_whole else f"{name}{difference}"
            tolerated = self.tolerates(self.place, name, difference)
            (self.tolerated if tolerated else self.counted).append(text)


def compare_states(
    expected: Execution,
    actual: Execution,
    *,
    tolerates: Tolerates = tolerate_nothing,
    times: bool = True,
    branches: Mapping[str, int] | None = None,
) -> list[StateComparison]:
    """Compare two executions visit by visit, in the order of the flow.

    Where a branch of a Parallel or an iteration of a Map failed, how far the others came before they were stopped is up
    to the clock on both sides: no difference.

    Args:
        expected: the execution on the side of Step Functions.
        actual: the execution on the side of Airflow.
        tolerates: which differences of values do not count.
        times: whether both ran on virtual time: a visit takes as long as its waits, timeouts and the delays of its
            retries, and any other duration is a difference.
        branches: the index of each branch of a Parallel, by its first state; see `HistoryFlow`.
    """
    one = {visit.place: visit for visit in read_state_visits(expected.events, branches)}
    other = {visit.place: visit for visit in read_state_visits(actual.events, branches)}
    failed = _failed_containers(one.values()) & _failed_containers(other.values())
    compared = []
    for place in sorted({**one, **other}):
        found = _compare_visit(place, one.get(place), other.get(place), tolerates, times=times)
        was_stopped = not failed.isdisjoint(found.first_side.containers) and not _both_exited(found)
        compared.append(replace(found, differences=(), stopped=found.differences) if was_stopped else found)
    return compared


def compare_outcomes(expected: Execution, actual: Execution, *, tolerates: Tolerates = tolerate_nothing) -> list[str]:
    """Return where the outcomes of two executions differ, as text.

    Where a branch failed, the number of transitions is up to the clock; see `compare_states`.

    Args:
        expected: the execution on the side of Step Functions.
        actual: the execution on the side of Airflow.
        tolerates: which differences of values do not count.
    """
    found = _Differences(OUTCOME, tolerates)
    names = ["status", "error", "cause"]
    if not _failed_containers(read_state_visits(expected.events)) & _failed_containers(
        read_state_visits(actual.events)
    ):
        names.append("transitions")
    for name in names:
        found.compare(name, getattr(expected, name), getattr(actual, name), as_whole=True)
    found.compare("output", expected.output, actual.output)
    return found.counted


def _failed_containers(visits: Iterable[StateVisit]) -> set[VisitPlace]:
    """The places of the Parallels and Maps in which something failed."""
    return {place for visit in visits if not visit.exited for place in visit.containers}


def _both_exited(compared: StateComparison) -> bool:
    return all(visit is not None and visit.exited for visit in (compared.expected, compared.actual))


def _compare_visit(
    place: VisitPlace, expected: StateVisit | None, actual: StateVisit | None, tolerates: Tolerates, *, times: bool
) -> StateComparison:
    if expected is None or actual is None or expected.state != actual.state:
        one = expected.state if expected else "no state"
        other = actual.state if actual else "no state"
        text = f"{one} entered on Step Functions, {other} on Airflow"
        return StateComparison(one if expected else other, expected, actual, (text,))
    found = _Differences(place, tolerates)
    found.compare("input", expected.input, actual.input)
    found.compare("output", expected.output, actual.output)
    found.compare("variables", dict(expected.assigned), dict(actual.assigned))
    if expected.exited != actual.exited:
        ends = {True: "left", False: "not left"}
        found.counted.append(f"{ends[expected.exited]} on Step Functions, {ends[actual.exited]} on Airflow")
    found.counted += _compare_counts(expected, actual, times=times)
    for number, (one_call, other_call) in enumerate(zip(expected.attempts, actual.attempts, strict=False), 1):
        found.compare(f"arguments of call {number}", one_call.arguments, other_call.arguments)
        found.compare(f"error of call {number}", one_call.error, other_call.error, as_whole=True)
        found.compare(f"cause of call {number}", one_call.cause, other_call.cause, as_whole=True)
    return StateComparison(expected.state, expected, actual, tuple(found.counted), tuple(found.tolerated))


def _compare_counts(expected: StateVisit, actual: StateVisit, *, times: bool) -> Iterator[str]:
    for name in ("calls", "seconds") if times else ("calls",):
        one: Any = getattr(expected, name)
        other: Any = getattr(actual, name)
        if one is not None and other is not None and one != other:
            yield f"{one} {name} on Step Functions, {other} on Airflow"
