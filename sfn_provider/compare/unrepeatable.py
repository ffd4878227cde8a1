"""Values that no two executions of the same machine have in common: ids, times, random numbers, task tokens.

They are not guessed from how they look. The machine is run twice on the engine with the same answers, the second time
under other names, at another time and with other randomness: what differs between the two cannot repeat, and nothing
else. There the DAG, which has the randomness and the clock of the first run, must make the very values of that run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from sfn_provider.asl.model import StateMachine
from sfn_provider.asl.scope import Json
from sfn_provider.compare.differences import Difference
from sfn_provider.compare.flow import Place
from sfn_provider.compare.placeholders import mask_numbers
from sfn_provider.compare.states import compare_outcomes, compare_states
from sfn_provider.engine import Execution, Mocks, simulate
from sfn_provider.engine.recorded import RecordedAnswers

_LATER = 3661.007
"""Seconds between the starts of the two runs: every part of a time differs, the date seldom."""

_OTHER = "another"
"""Name of the second run."""

_Where = tuple[Place, str, str]
"""The place of a visit, the name of a value, the JSON pointer into it."""


class Unrepeatable:
    """The places where values of one execution cannot repeat.

    Args:
        machine: the state machine.
        input: the execution's input.
        mocks: what its tasks answer, with the recorded answers.
        found: how the DAG went on the same.
        branches: the index of each branch of a Parallel, by its first state.

    Raises:
        UsageError: where answers are missing.
    """

    def __init__(
        self, machine: StateMachine, input: Json, mocks: Mocks, found: Execution, branches: Mapping[str, int]
    ) -> None:
        if mocks.recorded is None:
            raise AssertionError("made for recorded answers")
        one = mask_numbers(simulate(machine, input, mocks=mocks.fresh()))
        elsewhere = Mocks(mocks.answers, mocks.objects, _elsewhere(mocks.recorded))
        other = mask_numbers(simulate(machine, input, mocks=elsewhere, name=_OTHER))
        self._varies = set(_differing(one, other, branches))
        self._wrong = set(_differing(one, found, branches))

    def admits(self, place: Place, name: str, difference: Difference) -> bool:
        """Is a difference between the recorded value and the DAG's no difference?"""
        where = (place, name, difference.location)
        above = list(_and_above(where))
        return any(place in self._varies for place in above) and not any(place in self._wrong for place in above)


def _differing(one: Execution, other: Execution, branches: Mapping[str, int]) -> list[_Where]:
    noted: list[_Where] = []

    def note(place: Place, name: str, difference: Difference) -> bool:
        noted.append((place, name, difference.location))
        return True

    compare_states(one, other, admits=note, times=False, branches=branches)
    compare_outcomes(one, other, admits=note)
    return noted


def _elsewhere(recorded: RecordedAnswers) -> RecordedAnswers:
    """The same answers in another execution: what its history does not tell of the context object is another."""
    execution, machine = recorded.context["Execution"], recorded.context["StateMachine"]
    names = {key: f"{execution[key]}-{_OTHER}" for key in ("Id", "Name", "RoleArn")}
    machine_names = {key: f"{machine[key]}-{_OTHER}" for key in ("Id", "Name")}
    redrives = execution["RedriveCount"] + 1
    context = {
        "Execution": {**execution, **names, "RedriveCount": redrives},
        "StateMachine": {**machine, **machine_names},
    }
    return replace(recorded, start=recorded.start + _LATER, end=recorded.end + _LATER, context=context)


def _and_above(where: _Where) -> Iterator[_Where]:
    place, name, location = where
    yield where
    while location:
        location = location.rpartition("/")[0]
        yield place, name, location
