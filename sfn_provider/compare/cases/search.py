"""Searches the cases that reach everything in a machine: one steered execution after another."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from sfn_provider.asl.lint_rules.definition_walk import index_definition
from sfn_provider.asl.model import StateMachine, dump
from sfn_provider.compare.cases.case_data import CaseData
from sfn_provider.compare.cases.data_reads import reads_by_state
from sfn_provider.compare.cases.goals import MAX_RETRIES, Goal, GoalObserver, find_loops, list_goals
from sfn_provider.compare.cases.steered_run import MachineData, SteeredRun
from sfn_provider.compare.cases.steering import Knowledge, Steering
from sfn_provider.compare.machine_parts import MachineParts
from sfn_provider.engine import Execution, simulate
from sfn_provider.exceptions import UsageError

_CLEAN = ("state", "rule", "items", "loop")
_REPEATS = 4
"""How often an execution is run again with what it has made, until nothing in it changes."""

_ATTEMPTS = 4
"""How often a goal is tried before it counts as out of reach."""


@dataclass(slots=True)
class FoundCase:
    """A case that reaches goals.

    Args:
        data: what it is run with.
        goals: what it reaches.
        primary: the goal that it was made for; None for the first one, and for those that just go on.
        execution: its execution on the engine.
    """

    data: CaseData
    goals: frozenset[Goal]
    primary: Goal | None
    execution: Execution


@dataclass(slots=True)
class Search:
    """The search for one machine.

    Args:
        machine: the machine.
    """

    machine: StateMachine
    parts: MachineParts = field(init=False)
    cases: list[FoundCase] = field(default_factory=list)
    reasons: dict[Goal, str] = field(default_factory=dict)
    goals: list[Goal] = field(init=False)

    def __post_init__(self) -> None:
        self.parts = MachineParts(self.machine)
        self._loops = find_loops(self.parts)
        self.goals = list_goals(self.parts, self._loops)
        reads = reads_by_state(index_definition(dump(self.machine)))
        self._data = MachineData(self.machine, self.parts, reads)
        self._knowledge = Knowledge()
        self._open = list(self.goals)
        self._attempts: Counter[Goal] = Counter()

    _loops: dict = field(init=False, repr=False)  # type: ignore[type-arg]
    _data: MachineData = field(init=False, repr=False)
    _knowledge: Knowledge = field(init=False, repr=False)
    _open: list[Goal] = field(init=False, repr=False)
    _attempts: Counter[Goal] = field(init=False, repr=False)

    @property
    def reached(self) -> set[Goal]:
        """What the cases reach."""
        return {goal for case in self.cases for goal in case.goals}

    @property
    def missed(self) -> list[Goal]:
        """What no case reaches."""
        return self._open

    def run(self) -> None:
        """Make the cases: first those in which nothing fails, then those in which tasks do."""
        self._try(None, errors=False)
        for errors in (False, True):
            kinds = _CLEAN if not errors else None
            while goal := self._next_goal(kinds):
                self._try(goal, errors=errors)
            self._attempts.clear()
        self._drop_needless()

    def _next_goal(self, kinds: tuple[str, ...] | None) -> Goal | None:
        return next(
            (goal for goal in self._open if (kinds is None or goal.kind in kinds) and self._attempts[goal] < _ATTEMPTS),
            None,
        )

    def _try(self, primary: Goal | None, *, errors: bool) -> None:
        if primary is not None:
            self._attempts[primary] += 1
        # At last without anything by the way, which may be what stands in it.
        alone = primary is not None and self._attempts[primary] == _ATTEMPTS
        opened = [primary] if alone and primary is not None else self._open
        data = CaseData()
        for _ in range(_REPEATS):
            steering = Steering(
                self.parts, self._loops, opened, primary, errors=errors and not alone, knowledge=self._knowledge
            )
            run = SteeredRun(self._data, data, steering, self._knowledge)
            simulate(self.machine, run.input, mocks=run, observer=run.observe)
            before, data = data, run.case()
            self.reasons |= {goal: reason for goal, reason in run.reasons.items() if goal not in self.reasons}
            if data == before:
                break
        self._accept(data, primary)

    def _accept(self, data: CaseData, primary: Goal | None) -> None:
        observer = GoalObserver(self.parts, self._loops)
        try:
            execution = simulate(self.machine, data.input, mocks=data.mocks(), observer=observer)
        except UsageError:  # a call that the steered execution did not make
            return
        found = observer.finish()
        fresh = [goal for goal in self._open if goal in found]
        if fresh:
            self.cases.append(FoundCase(data, frozenset(found), primary, execution))
            self._open = [goal for goal in self._open if goal not in found]

    def _drop_needless(self) -> None:
        """Leave out cases whose goals others reach, too."""
        for case in list(self.cases[1:]):
            others = {goal for other in self.cases if other is not case for goal in other.goals}
            if case.goals <= others:
                self.cases.remove(case)

    def why_missed(self, goal: Goal) -> str:
        """Return why no case reaches a goal, in words."""
        if goal in self.reasons:
            return self.reasons[goal]
        state = self.parts.states[goal.at].state
        if goal.kind == "exhausted" and getattr(state, "retry", ())[goal.index or 0].max_attempts > MAX_RETRIES:
            return f"it retries more than {MAX_RETRIES} times"
        if goal.kind != "state" and Goal("state", goal.at) in self._open:
            return "its state is not reached"
        return "no values were found that lead here"
