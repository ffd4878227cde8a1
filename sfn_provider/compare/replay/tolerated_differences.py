"""Differences that do not count, because something else than the way of running explains them.

What explains a difference is not guessed from how values look. The machine is run on the engine twice, in two ways that
only differ in what must not matter: what differs between these two runs may differ between the sides as well, and
nothing else may. And there the DAG must still have the very values of the engine's run that stands for it.

- **Chance**, for a replay: the second run is under another name, at another time and with other randomness. So ids,
  times, random numbers and task tokens that the machine makes are found.
- **Answers**, for two runs that both called the services: the first run is answered as Step Functions was, the second
  as the DAG was.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Self

from sfn_provider.asl.model import StateMachine
from sfn_provider.asl.scope import Json
from sfn_provider.compare.diff.history_flow import Place
from sfn_provider.compare.diff.json_diff import Difference
from sfn_provider.compare.diff.run_specific_values import mask_numbers
from sfn_provider.compare.diff.state_comparison import compare_outcomes, compare_states
from sfn_provider.compare.replay.recording import Recording, branch_indexes
from sfn_provider.engine import Execution, Mocks, simulate
from sfn_provider.engine.simulation.recorded_results import RecordedResults
from sfn_provider.engine.simulation.simulator import NAME

_LATER = 3661.007
"""Seconds between the starts of two runs: every part of a time differs, and the date seldom."""

_OTHER = "another"
"""Name of the second run of a replay."""

_Where = tuple[Place, str, str]
"""The place of a visit, the name of a value, the JSON pointer into it."""


@dataclass(frozen=True)
class ToleratedDifferences:
    """The differences of two sides that do not count.

    Args:
        varies: where two runs on the engine differ that may.
        wrong: where the DAG has another value than the engine's run that stands for it.
    """

    varies: frozenset[_Where]
    wrong: frozenset[_Where]

    @classmethod
    def by_chance(cls, machine: StateMachine, input: Json, mocks: Mocks, found: Execution) -> Self:
        """For a replay.

        Args:
            machine: the state machine.
            input: the execution's input.
            mocks: what its tasks answer, with the recorded answers.
            found: how the DAG went on the same.

        Raises:
            UsageError: where answers are missing.
        """
        if mocks.recorded is None:
            raise AssertionError("made for recorded answers")
        runs = _Runs(machine, input)
        one = runs.run(mocks.fresh())
        other = runs.run(Mocks(mocks.answers, mocks.objects, _elsewhere(mocks.recorded)), _OTHER)
        return cls(runs.differing(one, other), runs.differing(one, found))

    @classmethod
    def by_answers(cls, machine: StateMachine, here: Recording, there: Recording, found: Execution) -> Self:
        """For an execution and a DAG run that both called the services.

        Args:
            machine: the state machine.
            here: what Step Functions did.
            there: what the DAG did.
            found: the same, as it is compared.
        """
        runs = _Runs(machine, here.input)
        answers = there.answers(machine)
        one = runs.run(Mocks({}, recorded=here.answers(machine)))
        other = runs.run(Mocks({}, recorded=answers), there.name)
        later = runs.run(Mocks({}, recorded=replace(answers, start=answers.start + _LATER)), there.name)
        times = runs.differing(other, later)
        return cls(runs.differing(one, other) | times, runs.differing(other, found) - times)

    def admits(self, place: Place, name: str, difference: Difference) -> bool:
        """Is a difference between the side of Step Functions and the DAG's explained?"""
        above = list(_and_above((place, name, difference.location)))
        return any(where in self.varies for where in above) and not any(where in self.wrong for where in above)


@dataclass(frozen=True)
class _Runs:
    """Runs of a machine on the engine, on one input."""

    machine: StateMachine
    input: Json

    def run(self, mocks: Mocks, name: str = NAME) -> Execution:
        return mask_numbers(simulate(self.machine, self.input, mocks=mocks, name=name))

    def differing(self, one: Execution, other: Execution) -> frozenset[_Where]:
        return frozenset(self._differing(one, other))

    def _differing(self, one: Execution, other: Execution) -> Iterable[_Where]:
        noted: list[_Where] = []

        def note(place: Place, name: str, difference: Difference) -> bool:
            noted.append((place, name, difference.location))
            return True

        compare_states(one, other, admits=note, times=False, branches=branch_indexes(self.machine))
        compare_outcomes(one, other, admits=note)
        return noted


def _elsewhere(recorded: RecordedResults) -> RecordedResults:
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
