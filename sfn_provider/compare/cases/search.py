"""Searches the cases that reach everything in a machine: one steered execution after another."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from sfn_provider.asl.definition_index.expression_walk import jsonata_uses, path_uses
from sfn_provider.asl.definition_index.index import index_definition
from sfn_provider.asl.jsonata.limits import report_work
from sfn_provider.asl.model import StateMachine, dump
from sfn_provider.asl.scope import Json
from sfn_provider.compare.cases.data.case_data import CaseData
from sfn_provider.compare.cases.derived_values import DerivedValues, Suggestion
from sfn_provider.compare.cases.error_samples import find_error
from sfn_provider.compare.cases.goals import MAX_RETRIES, Goal, GoalObserver, find_loops, list_goals
from sfn_provider.compare.cases.mutations import mutation_values, mutations, with_members
from sfn_provider.compare.cases.search_budget import STATE, SearchBudget, SearchEnded
from sfn_provider.compare.cases.steered_run import MachineData, SteeredRun, TooLong
from sfn_provider.compare.cases.steering import Knowledge, Steering
from sfn_provider.compare.machine_analysis.data_reads import reads_by_state
from sfn_provider.compare.machine_analysis.machine_parts import MachineParts
from sfn_provider.engine import Execution, simulate
from sfn_provider.engine.compiled_machine import CompiledMachine
from sfn_provider.exceptions import UsageError

_CLEAN = ("state", "rule", "items", "loop")
_REPEATS = 4
"""How often an execution is run again with what it has made, until nothing in it changes."""

_ATTEMPTS = 4
"""How often a goal is tried before it counts as out of reach."""

_DATA_ERRORS = ("States.Runtime", "States.QueryEvaluationError", "States.ReferencePathConflict")

_DERIVED = 80
"""How many values of what expressions compute from are tried for a goal."""

_MUTATIONS = 40
"""How many changes of a single value are tried for a goal."""


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

    @property
    def fails(self) -> bool:
        """Whether a task fails in it."""
        return any("Throw" in entry for entries in self.data.answers.values() for entry in entries)


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
        self._compiled = CompiledMachine(self.machine)
        self._loops = find_loops(self.parts)
        self.goals = list_goals(self.parts, self._loops)
        index = index_definition(dump(self.machine))  # one order of fields, whatever that of the text
        reads = reads_by_state(index)
        self._expressions = DerivedValues([*path_uses(index)], [*jsonata_uses(index)])
        self._budget = SearchBudget()
        self._data = MachineData(self.machine, self.parts, reads, self._budget)
        self._knowledge = Knowledge(budget=self._budget)
        self._open = list(self.goals)
        self._work_of_a_run = STATE + 5 * len(self.goals) + 5 * len(self.parts.states)
        self._attempts: Counter[Goal] = Counter()
        self._last_data = CaseData()
        self._clean_states = self.parts.reachable(catchers=False)
        self._failures: dict[str, str] = {}

    _compiled: CompiledMachine = field(init=False, repr=False)
    _work_of_a_run: int = field(init=False, repr=False)
    _loops: dict = field(init=False, repr=False)  # type: ignore[type-arg]
    _expressions: DerivedValues = field(init=False, repr=False)
    _budget: SearchBudget = field(init=False, repr=False)
    _data: MachineData = field(init=False, repr=False)
    _knowledge: Knowledge = field(init=False, repr=False)
    _open: list[Goal] = field(init=False, repr=False)
    _attempts: Counter[Goal] = field(init=False, repr=False)
    _last_data: CaseData = field(init=False, repr=False)
    _clean_states: frozenset[str] = field(init=False, repr=False)
    _failures: dict[str, str] = field(init=False, repr=False)

    @property
    def reached(self) -> set[Goal]:
        """What the cases reach."""
        return {goal for case in self.cases for goal in case.goals}

    @property
    def missed(self) -> list[Goal]:
        """What no case reaches."""
        return self._open

    @property
    def has_ended(self) -> bool:
        """Whether the search has ended for its work, and not for it has tried everything."""
        return self._budget.left < 0

    def run(self) -> None:
        """Make the cases: first those in which nothing fails, then those in which tasks do."""
        with suppress(SearchEnded), report_work(self._budget.spend_on_evaluation):
            self._search()
        self._drop_needless()

    def _search(self) -> None:
        self._try(None, errors=False)
        for kinds, errors in ((_CLEAN, False), (None, True)):
            while goal := self._next_goal(kinds):
                self._try(goal, errors=errors)
                if self._attempts[goal] == _ATTEMPTS and goal in self._open and errors:
                    self._try_derived_values(goal)
                    if goal in self._open:
                        self._try_mutations(goal)
            self._attempts.clear()

    def answer(self, input: Json) -> CaseData:
        """Return a case with a certain input, in which tasks succeed with what later states read."""
        data = CaseData(input, fixed_input=True)
        with suppress(SearchEnded), report_work(self._budget.spend_on_evaluation):
            data = self._settle(data, self._open, None, errors=False)
        return data

    def _next_goal(self, kinds: tuple[str, ...] | None) -> Goal | None:
        self._budget.spend(len(self._open))
        return next(
            (
                goal
                for goal in self._open
                if self._attempts[goal] < _ATTEMPTS and (kinds is None or (goal.kind in kinds and self._is_clean(goal)))
            ),
            None,
        )

    def _is_clean(self, goal: Goal) -> bool:
        """Return whether a way leads to a goal on which nothing fails."""
        return goal.at in self._clean_states

    def _try(self, primary: Goal | None, *, errors: bool) -> None:
        if primary is not None:
            self._attempts[primary] += 1
        # At last without anything by the way, which may be what stands in it.
        alone = primary is not None and self._attempts[primary] == _ATTEMPTS
        opened = [primary] if alone and primary is not None else self._open
        data = self._settle(CaseData(), opened, primary, errors=errors and not alone)
        self._accept(data, primary)
        if alone:
            self._last_data = data

    def _settle(self, data: CaseData, opened: list[Goal], primary: Goal | None, *, errors: bool) -> CaseData:
        """Run an execution again and again with what it has made, until nothing in it changes."""
        for _ in range(_REPEATS):
            self._budget.spend(self._work_of_a_run)
            steering = Steering(self.parts, self._loops, opened, primary, errors=errors, knowledge=self._knowledge)
            run = SteeredRun(self._data, data, steering, self._knowledge)
            with suppress(TooLong):
                simulate(self._compiled, run.input, mocks=run, observer=run.observe)
            before, data = data, run.case()
            self.reasons |= {goal: reason for goal, reason in run.reasons.items() if goal not in self.reasons}
            if data == before:
                break
        return data

    def _steering_for(self, goal: Goal) -> Steering:
        return Steering(self.parts, self._loops, [goal], goal, errors=False, knowledge=self._knowledge)

    def _try_derived_values(self, goal: Goal) -> None:
        """Change what expressions compute from, for a rule that depends on the result, or a state behind them."""
        tried: list[Suggestion] = []
        for members in itertools.islice(self._derived_values(goal), 10 * _DERIVED):
            data = with_members(self._last_data, members) if members not in tried else None
            tried.append(members)
            if data is None:
                continue
            self._accept(self._settle(data, [goal], goal, errors=False), goal)
            if goal not in self._open or len(tried) >= _DERIVED:
                return

    def _derived_values(self, goal: Goal) -> Iterator[Suggestion]:
        rules = self._data.choices.get(goal.at) if goal.kind == "rule" else None
        for operand, values in rules.candidates.items() if rules is not None else ():
            yield from self._expressions.for_member(str(operand.steps[-1]) if operand.steps else "", values)
        if Goal("state", goal.at) in self._open:
            for name in reversed(self._failures):
                yield from self._expressions.for_state(name)

    def _try_mutations(self, goal: Goal) -> None:
        """Change one value after the other, for a goal that depends on values which the machine computes."""
        if goal.kind not in ("rule", "items", "loop") or Goal("state", goal.at) in self._open:
            return
        values = mutation_values(goal, self._data.choices.get(goal.at))
        for data in itertools.islice(mutations(self._last_data, values), _MUTATIONS):
            self._accept(self._settle(data, [goal], goal, errors=False), goal)
            if goal not in self._open:
                return

    def _accept(self, data: CaseData, primary: Goal | None) -> None:
        observer = GoalObserver(self.parts, self._loops)
        self._budget.spend(self._work_of_a_run)
        try:
            execution = simulate(self._compiled, data.input, mocks=data.mocks(), observer=observer)
        except UsageError:  # a call that the steered execution did not make
            return
        found = observer.finish()
        self._budget.spend(STATE * len(execution.records))
        for failure in observer.failures:
            if failure.error in _DATA_ERRORS:
                cause = (failure.cause or "").partition("). ")[2] or failure.cause or ""
                self._failures[failure.state] = cause[:300]
        fresh = [goal for goal in self._open if goal in found]
        if fresh:
            self.cases.append(FoundCase(data, frozenset(found), primary, execution))
            self._open = [goal for goal in self._open if goal not in found]

    def _drop_needless(self) -> None:
        """Leave out cases whose goals others reach, too; where nothing fails, others where nothing does."""
        reached = Counter(goal for case in self.cases for goal in case.goals)
        clean = Counter(goal for case in self.cases if not case.fails for goal in case.goals)
        kept = self.cases[:1]
        for case in self.cases[1:]:
            if all((reached if case.fails else clean)[goal] > 1 for goal in case.goals):
                reached.subtract(case.goals)
                clean.subtract(() if case.fails else case.goals)
            else:
                kept.append(case)
        self.cases = kept

    def why_missed(self, goal: Goal) -> str:
        """Return why no case reaches a goal, in words."""
        if self.has_ended:
            return f"the search has ended after {self._budget.most:,} steps"
        state = self.parts.states[goal.at].state
        if goal.kind in ("catcher", "retrier", "exhausted"):
            entries = getattr(state, "catch" if goal.kind == "catcher" else "retry", ())
            if goal.kind == "exhausted" and entries[goal.index or 0].max_attempts > MAX_RETRIES:
                return f"it retries more than {MAX_RETRIES} times"
            if find_error(entries, goal.index or 0, state) is None:
                return "an entry before it takes its errors"
            if not self._steering_for(goal).has_sources:
                return "no state in it fails with an error that comes this far"
        if goal in self.reasons:
            return self.reasons[goal]
        if self._failures:
            name, cause = next(reversed(self._failures.items()))
            return f"executions fail in state {name!r}: {cause}"
        return "no values were found that lead here"
