"""Where two JSON values, or two executions, differ."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import zip_longest

from sfn_provider.asl.diagnostics import pointer
from sfn_provider.asl.scope import MISSING, Json
from sfn_provider.compare.visits import Visit, visits
from sfn_provider.engine.execution import Execution
from sfn_provider.engine.limits import to_json


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where two values differ.

    Args:
        location: JSON pointer.
        expected: the value on the side of Step Functions; MISSING where there is none.
        found: the value on the side of Airflow; MISSING where there is none.
    """

    location: str
    expected: Json
    found: Json

    def __str__(self) -> str:
        return f"{self.location or '/'}: {_show(self.expected)} on Step Functions, {_show(self.found)} on Airflow"


def _show(value: Json) -> str:
    if value is MISSING:
        return "nothing"
    text = to_json(value)
    return text if len(text) <= 80 else text[:77] + "..."


def differences(expected: Json, found: Json, location: str = "") -> Iterator[Difference]:
    """Every place where two JSON values differ. Numbers are equal by value: 1 and 1.0 are."""
    if isinstance(expected, dict) and isinstance(found, dict):
        for key in {**expected, **found}:
            yield from differences(expected.get(key, MISSING), found.get(key, MISSING), location + pointer(key))
    elif isinstance(expected, list) and isinstance(found, list):
        for index, (one, other) in enumerate(zip_longest(expected, found, fillvalue=MISSING)):
            yield from differences(one, other, location + pointer(index))
    elif isinstance(expected, bool) is not isinstance(found, bool) or expected != found:
        yield Difference(location, expected, found)


@dataclass(frozen=True, slots=True)
class StateComparison:
    """One state visit on both sides.

    Args:
        state: the state's name.
        expected: the visit on the side of Step Functions; None where there is none.
        found: the visit on the side of Airflow; None where there is none.
        differences: where they differ, as text.
    """

    state: str
    expected: Visit | None
    found: Visit | None
    differences: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        """Do both sides agree?"""
        return not self.differences


def compare_states(expected: Execution, found: Execution) -> list[StateComparison]:
    """Compare two executions visit by visit, in the order of the flow.

    Both on virtual time: a visit takes as long as its waits, timeouts and the delays of its retries.

    Where a branch of a Parallel or an iteration of a Map failed, how far the others came before they were stopped is up
    to the clock on both sides: no difference.
    """
    one = {visit.place: visit for visit in visits(expected.events)}
    other = {visit.place: visit for visit in visits(found.events)}
    broken = _broken(one.values()) & _broken(other.values())
    compared = []
    for place in sorted({**one, **other}):
        told = _compare_visit(one.get(place), other.get(place))
        visit = told.expected or told.found
        stopped = visit is not None and not broken.isdisjoint(visit.around) and not _both_left(told)
        compared.append(replace(told, differences=()) if stopped else told)
    return compared


def _broken(visited: Iterable[Visit]) -> set[tuple[int, ...]]:
    """The places of the Parallels and Maps in which something failed."""
    return {place for visit in visited if not visit.left for place in visit.around}


def _both_left(told: StateComparison) -> bool:
    return all(visit is not None and visit.left for visit in (told.expected, told.found))


def _compare_visit(expected: Visit | None, found: Visit | None) -> StateComparison:
    if expected is None or found is None or expected.state != found.state:
        one = expected.state if expected else "no state"
        other = found.state if found else "no state"
        told = f"{one} entered on Step Functions, {other} on Airflow"
        return StateComparison(one if expected else other, expected, found, (told,))
    told_parts = [f"input{difference}" for difference in differences(expected.input, found.input)]
    told_parts += [f"output{difference}" for difference in differences(expected.output, found.output)]
    if expected.left != found.left:
        ends = {True: "left", False: "not left"}
        told_parts.append(f"{ends[expected.left]} on Step Functions, {ends[found.left]} on Airflow")
    for name in ("calls", "seconds"):
        one, other = getattr(expected, name), getattr(found, name)
        if one is not None and other is not None and one != other:
            told_parts.append(f"{one} {name} on Step Functions, {other} on Airflow")
    return StateComparison(expected.state, expected, found, tuple(told_parts))


def compare_outcomes(expected: Execution, found: Execution) -> list[str]:
    """Where the outcomes of two executions differ, as text.

    Where a branch failed, the number of transitions is up to the clock; see `compare_states`.
    """
    stopped = bool(_broken(visits(expected.events)) & _broken(visits(found.events)))
    told = [
        f"{name}: {one!r} on Step Functions, {other!r} on Airflow"
        for name, one, other in (
            ("status", expected.status, found.status),
            ("error", expected.error, found.error),
            ("cause", expected.cause, found.cause),
            ("transitions", expected.transitions, found.transitions),
        )
        if one != other and not (stopped and name == "transitions")
    ]
    return told + [f"output{difference}" for difference in differences(expected.output, found.output)]
