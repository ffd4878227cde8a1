"""Where two executions of the same state machine differ, state visit by state visit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sfn_provider.asl.scope import Json
from sfn_provider.compare.diff.history_flow import Place
from sfn_provider.compare.diff.json_diff import Difference, differences
from sfn_provider.compare.diff.state_visits import Visit, visits
from sfn_provider.engine.execution import Execution

Admits = Callable[[Place, str, Difference], bool]
"""Is a difference between two values one that any two runs have? Asked with the visit's place, and the value's name."""

OUTCOME: Place = ()
"""The place of the execution's own output, error and cause."""


def nothing(_place: Place, _name: str, _difference: Difference) -> bool:
    """Admit no difference."""
    return False


@dataclass(frozen=True, slots=True)
class StateComparison:
    """One state visit on both sides.

    Args:
        state: the state's name.
        expected: the visit on the side of Step Functions; None where there is none.
        found: the visit on the side of Airflow; None where there is none.
        differences: where they differ, as text.
        admitted: where they differ as any two runs do, as text.
    """

    state: str
    expected: Visit | None
    found: Visit | None
    differences: tuple[str, ...] = ()
    admitted: tuple[str, ...] = ()

    @property
    def agrees(self) -> bool:
        """Do both sides agree?"""
        return not self.differences


@dataclass(slots=True)
class _Told:
    """Collects what is told of one visit, or of the outcome."""

    place: Place
    admits: Admits
    differences: list[str] = field(default_factory=list)
    admitted: list[str] = field(default_factory=list)

    def values(self, name: str, expected: Json, found: Json) -> None:
        """Compare two values."""
        for difference in differences(expected, found):
            admitted = self.admits(self.place, name, difference)
            (self.admitted if admitted else self.differences).append(f"{name}{difference}")

    def words(self, name: str, expected: Any, found: Any) -> None:
        """Compare two things that are told as a whole."""
        for difference in differences(expected, found):
            admitted = self.admits(self.place, name, difference)
            text = f"{name}: {expected!r} on Step Functions, {found!r} on Airflow"
            (self.admitted if admitted else self.differences).append(text)


def compare_states(
    expected: Execution,
    found: Execution,
    *,
    admits: Admits = nothing,
    times: bool = True,
    branches: Mapping[str, int] | None = None,
) -> list[StateComparison]:
    """Compare two executions visit by visit, in the order of the flow.

    Where a branch of a Parallel or an iteration of a Map failed, how far the others came before they were stopped is up
    to the clock on both sides: no difference.

    Args:
        expected: the execution on the side of Step Functions.
        found: the execution on the side of Airflow.
        admits: which differences of values are none.
        times: whether both ran on virtual time: a visit takes as long as its waits, timeouts and the delays of its
            retries, and any other duration is a difference.
        branches: the index of each branch of a Parallel, by its first state; see `Flow`.
    """
    one = {visit.place: visit for visit in visits(expected.events, branches)}
    other = {visit.place: visit for visit in visits(found.events, branches)}
    broken = _broken(one.values()) & _broken(other.values())
    compared = []
    for place in sorted({**one, **other}):
        told = _compare_visit(place, one.get(place), other.get(place), admits, times=times)
        visit = told.expected or told.found
        stopped = visit is not None and not broken.isdisjoint(visit.around) and not _both_left(told)
        compared.append(replace(told, differences=()) if stopped else told)
    return compared


def compare_outcomes(expected: Execution, found: Execution, *, admits: Admits = nothing) -> list[str]:
    """Where the outcomes of two executions differ, as text.

    Where a branch failed, the number of transitions is up to the clock; see `compare_states`.

    Args:
        expected: the execution on the side of Step Functions.
        found: the execution on the side of Airflow.
        admits: which differences of values are none.
    """
    told = _Told(OUTCOME, admits)
    for name in ("status", "error", "cause"):
        told.words(name, getattr(expected, name), getattr(found, name))
    if not _broken(visits(expected.events)) & _broken(visits(found.events)):
        told.words("transitions", expected.transitions, found.transitions)
    told.values("output", expected.output, found.output)
    return told.differences


def _broken(visited: Iterable[Visit]) -> set[Place]:
    """The places of the Parallels and Maps in which something failed."""
    return {place for visit in visited if not visit.left for place in visit.around}


def _both_left(told: StateComparison) -> bool:
    return all(visit is not None and visit.left for visit in (told.expected, told.found))


def _compare_visit(
    place: Place, expected: Visit | None, found: Visit | None, admits: Admits, *, times: bool
) -> StateComparison:
    if expected is None or found is None or expected.state != found.state:
        one = expected.state if expected else "no state"
        other = found.state if found else "no state"
        text = f"{one} entered on Step Functions, {other} on Airflow"
        return StateComparison(one if expected else other, expected, found, (text,))
    told = _Told(place, admits)
    told.values("input", expected.input, found.input)
    told.values("output", expected.output, found.output)
    told.values("variables", dict(expected.assigned), dict(found.assigned))
    if expected.left != found.left:
        ends = {True: "left", False: "not left"}
        told.differences.append(f"{ends[expected.left]} on Step Functions, {ends[found.left]} on Airflow")
    told.differences += _counts(expected, found, times=times)
    _compare_calls(told, expected, found)
    return StateComparison(expected.state, expected, found, tuple(told.differences), tuple(told.admitted))


def _counts(expected: Visit, found: Visit, *, times: bool) -> Iterator[str]:
    for name in ("calls", "seconds") if times else ("calls",):
        one, other = getattr(expected, name), getattr(found, name)
        if one is not None and other is not None and one != other:
            yield f"{one} {name} on Step Functions, {other} on Airflow"


def _compare_calls(told: _Told, expected: Visit, found: Visit) -> None:
    for number, (one, other) in enumerate(zip(expected.attempts, found.attempts, strict=False), 1):
        told.values(f"arguments of call {number}", one.arguments, other.arguments)
        told.words(f"error of call {number}", one.error, other.error)
        told.words(f"cause of call {number}", one.cause, other.cause)
