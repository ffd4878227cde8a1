"""Finds the differences of two runs that non-determinism explains, by running the engine twice.

Which values may differ is not guessed from their form. The machine runs on the engine twice, in two ways that differ
only in what must not matter: where these two runs differ, the sides may differ as well, and nowhere else. And there the
DAG must still have the very values of the engine's run that stands for it.

- For a **replay**, the second run has another name, another time and other randomness. This finds ids, times, random
  numbers and task tokens that the machine makes.
- For two **live runs**, which both called the services, the first run is answered as Step Functions was, the second as
  the DAG was; a third one, at another time and with other randomness, finds what is unknown on both sides.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Self

from sfn_provider.asl.model import StateMachine
from sfn_provider.asl.scope import Json
from sfn_provider.compare.diff.history_flow import VisitPlace
from sfn_provider.compare.diff.json_diff import Difference
from sfn_provider.compare.diff.run_specific_values import mask_event_numbers
from sfn_provider.compare.diff.state_comparison import compare_outcomes, compare_states
from sfn_provider.compare.replay.recording import Recording, branch_indexes
from sfn_provider.engine import Execution, Mocks, simulate
from sfn_provider.engine.simulation.recorded_results import RecordedResults
from sfn_provider.engine.simulation.simulator import NAME

_START_OFFSET = 3661.007
"""Seconds between the starts of two runs: every part of a time of day differs, and the date seldom."""

_OTHER_NAME = "another"
"""Name of the second run for a replay."""

_ValuePlace = tuple[VisitPlace, str, str]
"""The place of a visit, the name of a value, the JSON pointer into it."""


@dataclass(frozen=True)
class ToleratedDifferences:
    """The differences of two sides that do not count.

    Args:
        variable: where two runs on the engine differ.
        wrong: where the DAG has another value than the engine's run that stands for it.
    """

    variable: frozenset[_ValuePlace]
    wrong: frozenset[_ValuePlace]

    @classmethod
    def of_replay(cls, machine: StateMachine, input: Json, mocks: Mocks, actual: Execution) -> Self:
        """Find those of a replay.

        Args:
            machine: the state machine.
            input: the execution's input.
            mocks: what its tasks answer, with the recorded answers.
            actual: the DAG's run on the same.

        Raises:
            UsageError: where answers are missing.
        """
        if mocks.recorded is None:
            raise AssertionError("made for recorded answers")
        engine = _Engine(machine, input)
        one = engine.run(mocks.fresh())
        other = engine.run(Mocks(mocks.answers, mocks.objects, _in_other_execution(mocks.recorded)), _OTHER_NAME)
        return cls(engine.find_differing(one, other), engine.find_differing(one, actual))

    @classmethod
    def of_live_runs(cls, machine: StateMachine, expected: Recording, dag_run: Recording, actual: Execution) -> Self:
        """Find those of an execution and a DAG run that both called the services.

        Args:
            machine: the state machine.
            expected: the execution on Step Functions.
            dag_run: the DAG's run.
            actual: the DAG's run, as it is compared.
        """
        engine = _Engine(machine, expected.input)
        answers = dag_run.answers(machine)
        one = engine.run(Mocks({}, recorded=expected.answers(machine)))
        other = engine.run(Mocks({}, recorded=answers), dag_run.name)
        later = replace(answers, start=answers.start + _START_OFFSET)
        # Both sides draw random values that nobody can tell: the name is the seed of recorded answers, and no more.
        drawn = engine.run(Mocks({}, recorded=later), _OTHER_NAME)
        unknown = engine.find_differing(other, drawn)
        return cls(engine.find_differing(one, other) | unknown, engine.find_differing(other, actual) - unknown)

    def tolerates(self, place: VisitPlace, name: str, difference: Difference) -> bool:
        """Return whether a difference between the sides does not count."""
        places = list(_with_ancestors(place, name, difference.location))
        return not self.variable.isdisjoint(places) and self.wrong.isdisjoint(places)


@dataclass(frozen=True)
class _Engine:
    """Runs a machine on one input, and compares such runs."""

    machine: StateMachine
    input: Json

    def run(self, mocks: Mocks, name: str = NAME) -> Execution:
        return mask_event_numbers(simulate(self.machine, self.input, mocks=mocks, name=name))

    def find_differing(self, one: Execution, other: Execution) -> frozenset[_ValuePlace]:
        found: set[_ValuePlace] = set()

        def collect(place: VisitPlace, name: str, difference: Difference) -> bool:
            found.add((place, name, difference.location))
            return True

        compare_states(one, other, tolerates=collect, times=False, branches=branch_indexes(self.machine))
        compare_outcomes(one, other, tolerates=collect)
        return frozenset(found)


def _in_other_execution(recorded: RecordedResults) -> RecordedResults:
    """The same answers in another execution: whatever of the context object is not in its history is another."""
    execution, machine = recorded.context["Execution"], recorded.context["StateMachine"]
    names = {key: f"{execution[key]}-{_OTHER_NAME}" for key in ("Id", "Name", "RoleArn")}
    context = {
        "Execution": {**execution, **names, "RedriveCount": execution["RedriveCount"] + 1},
        "StateMachine": {**machine, **{key: f"{machine[key]}-{_OTHER_NAME}" for key in ("Id", "Name")}},
    }
    start, end = recorded.start + _START_OFFSET, recorded.end + _START_OFFSET
    return replace(recorded, start=start, end=end, context=context)


def _with_ancestors(place: VisitPlace, name: str, location: str) -> Iterator[_ValuePlace]:
    yield place, name, location
    while location:
        location = location.rpartition("/")[0]
        yield place, name, location
