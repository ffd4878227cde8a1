"""Decides where an execution goes next, so that it comes to goals that no case has reached yet."""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from sfn_provider.asl.model import Fail, Map, Parallel, Task
from sfn_provider.compare.cases.error_samples import READER_FAILED, THRESHOLD, find_error, takes
from sfn_provider.compare.cases.goals import MAX_RETRIES, SEVERAL, Goal, Loop
from sfn_provider.compare.cases.search_budget import SearchBudget
from sfn_provider.compare.machine_analysis.machine_parts import Edge, MachineParts

_NEXT, _RULE, _CATCH, _FAILS = 1.0, 1.0, 4.0, 50.0
_MAX_TURNS: Final = 3
"""Turns of a loop after which an execution leaves it where it can."""

RuleIndex = int | None


@dataclass(slots=True)
class Knowledge:
    """What attempts have shown: how often a decision could not be brought about, by state and decision.

    Args:
        failures: that.
        budget: the work that the search has left.
    """

    failures: Counter[tuple[str, RuleIndex]] = field(default_factory=Counter)
    budget: SearchBudget = field(default_factory=SearchBudget)

    def penalty(self, at: str, rule: RuleIndex) -> float:
        """Return by how much a rule is farther away than others."""
        return 6.0 * self.failures[at, rule]


class Steering:
    """The decisions of one execution.

    Args:
        parts: the machine's parts.
        loops: its loops, by state.
        open_goals: the goals that no case has reached.
        primary: the goal that this execution is for; None for any.
        errors: whether tasks may fail for the sake of other goals.
        knowledge: what earlier attempts have shown.
    """

    def __init__(
        self,
        parts: MachineParts,
        loops: dict[str, Loop],
        open_goals: Iterable[Goal],
        primary: Goal | None,
        *,
        errors: bool,
        knowledge: Knowledge,
    ) -> None:
        self._parts = parts
        self._loops = loops
        self._open = set(open_goals)
        self._primary = primary
        self._errors = errors or (primary is not None and primary.kind in ("catcher", "retrier", "exhausted"))
        self._opportunistic = errors
        self._knowledge = knowledge
        self._sources = dict(self._error_sources(primary)) if primary is not None else {}
        self._open_targets: dict[str, frozenset[str]] = {}
        self._distances: dict[tuple[str, frozenset[str]], dict[str, float]] = {}

    # What is still to be reached -------------------------------------------------------------------------------------

    def reached(self, goal: Goal) -> None:
        """Take a goal off the list."""
        self._open.discard(goal)
        self._open_targets.clear()
        if goal == self._primary:
            self._primary, self._sources = None, {}

    @property
    def has_primary(self) -> bool:
        """Whether the execution is still on its way to a certain goal."""
        return self._primary is not None

    @property
    def has_sources(self) -> bool:
        """Whether there is a state whose failure leads to the goal, where that is a catcher or a retrier."""
        return bool(self._sources)

    def _wants(self, goal: Goal) -> bool:
        return goal in self._open and (self._opportunistic or goal.kind in ("state", "rule", "items", "loop"))

    def _targets(self, scope: str, goals: Iterable[Goal]) -> frozenset[str]:
        """Return the states of a scope that are, or hold, states of goals."""
        states = {at for goal in goals for at in self._states_for(goal)}
        return frozenset(
            holder for at in states for holder in self._chain(at) if self._parts.states[holder].scope == scope
        )

    def _states_for(self, goal: Goal) -> Iterable[str]:
        return self._sources if goal == self._primary and self._sources else (goal.at,)

    def _chain(self, at: str) -> Iterator[str]:
        while True:
            yield at
            container = self._parts.scopes[self._parts.states[at].scope].container
            if container is None:
                return
            at = container

    # Distances -------------------------------------------------------------------------------------------------------

    def _distance(self, scope: str, targets: frozenset[str]) -> dict[str, float]:
        """Return how far each state of a scope is from the nearest target; from the scope's end without targets."""
        key = scope, targets
        if key not in self._distances:
            self._distances[key] = self._measure(scope, targets)
        return self._distances[key]

    def _measure(self, scope: str, targets: frozenset[str]) -> dict[str, float]:
        states = [at for at, placed in self._parts.states.items() if placed.scope == scope]
        self._knowledge.budget.spend(len(self._parts.states) + 3 * sum(len(self._parts.edges[at]) for at in states))
        backward: dict[str, list[tuple[str, float]]] = {at: [] for at in states}
        for at in states:
            for edge in self._parts.edges[at]:
                backward[edge.target].append((at, self._length(at, edge)))
        starts = targets or self._ends(states)
        found = dict.fromkeys(starts, 0.0)
        pending = [(0.0, at) for at in sorted(starts)]
        while pending:
            length, at = heapq.heappop(pending)
            if length > found[at]:
                continue
            for before, step in backward[at]:
                if length + step < found.get(before, math.inf):
                    found[before] = length + step
                    heapq.heappush(pending, (length + step, before))
        return found

    def _ends(self, states: list[str]) -> list[str]:
        """Return the states that end their scope: with success where there are such."""
        last = [at for at in states if all(edge.part and edge.part.kind == "catcher" for edge in self._parts.edges[at])]
        return [at for at in last if not isinstance(self._parts.states[at].state, Fail)] or last

    def _length(self, at: str, edge: Edge) -> float:
        if edge.part is None:
            return _NEXT
        if edge.part.kind == "rule":
            return _RULE + self._knowledge.penalty(at, edge.part.index)
        return _CATCH if self._errors else math.inf

    def _cost(self, at: str) -> float:
        """Return how far a state is from what this execution is for."""
        scope = self._parts.states[at].scope
        primary = self._targets(scope, [self._primary]) if self._primary is not None else frozenset()
        if scope not in self._open_targets:
            self._knowledge.budget.spend(len(self._open))
            self._open_targets[scope] = self._targets(scope, [goal for goal in self._open if self._wants(goal)])
        others = self._open_targets[scope]
        near = self._distance(scope, others).get(at, math.inf) if others else math.inf
        near = min(near, 900.0 + self._distance(scope, frozenset()).get(at, 50.0))
        if self._primary is not None:  # without a state of this scope, what counts is to leave it with success
            return 1000.0 * min(self._distance(scope, primary).get(at, 10.0**6), 10.0**6) + near
        return near

    # Decisions -------------------------------------------------------------------------------------------------------

    def rules(self, at: str, visits: int) -> list[RuleIndex]:
        """Return the rules of a Choice in the order in which they should be tried; None is Default.

        Args:
            at: the Choice.
            visits: how often the execution has come here, this time included.
        """
        edges = [edge for edge in self._parts.edges[at] if edge.part is not None and edge.part.kind == "rule"]
        self._knowledge.budget.spend(3 * len(edges))
        ordered = sorted(edges, key=lambda edge: self._rule_cost(at, edge, visits))
        return [edge.part.index for edge in ordered if edge.part is not None]

    def _rule_cost(self, at: str, edge: Edge, visits: int) -> float:
        assert edge.part is not None
        goal = Goal("rule", at, edge.part.index)
        loop = self._loops.get(at)
        turning = loop is not None and edge.target in loop.states
        if loop is not None and (forced := self._loop_cost(loop, turning, visits)) is not None:
            return forced + self._knowledge.penalty(at, edge.part.index)
        if goal == self._primary:
            return -1.0
        penalty = self._knowledge.penalty(at, edge.part.index)
        cost = self._cost(edge.target)
        if goal in self._open and (self._primary is None or cost < 10.0**6 * 1000):
            cost -= cost % 1000  # as near to the primary goal as the others, and a goal itself
        if self._primary is None and edge.target not in self._distance(self._parts.states[at].scope, frozenset()):
            cost += _FAILS  # success is shown first
        return cost + _RULE + penalty

    def _loop_cost(self, loop: Loop, turning: bool, visits: int) -> float | None:
        primary = self._primary
        if primary is not None and primary.kind == "loop" and primary.at == loop.head:
            stay = visits <= (primary.index or 0)
            return 0.0 if turning == stay else 10.0**9
        if visits > _MAX_TURNS:
            return 10.0**9 if turning else 0.0
        return None

    def items(self, at: str) -> int:
        """Return how many items a Map should have."""
        primary = self._primary
        if primary is not None and primary.kind == "items" and primary.at == at:
            return primary.index or 0
        wished = [count for count in (SEVERAL, 1) if Goal("items", at, count) in self._open]
        return wished[0] if wished and primary is None else SEVERAL

    def is_for_items_of(self, at: str) -> bool:
        """Return whether the execution is for a certain number of items of a Map."""
        return self._primary is not None and self._primary.kind == "items" and self._primary.at == at

    def failures(self, at: str, visits: int) -> tuple[list[str], bool]:
        """Return the errors with which a task fails first, and whether it fails with the last one for good.

        Args:
            at: the task.
            visits: how often the execution has come here, this time included.
        """
        if visits > _MAX_TURNS + 1:  # a catcher may lead back to its own state
            return [], False
        if at in self._sources:
            return [self._sources[at]], self._fails_for_good()
        state = self._parts.states[at].state
        if not isinstance(state, Task) or not self._errors:
            return [], False
        catcher = self._useful_catcher(at)
        if catcher is not None and (error := find_error(state.catch, catcher, state)) is not None:
            return [error], True
        if self._opportunistic:
            return self._helping_retries(at, state), False
        return [], False

    def reader_error(self, name: str) -> str | None:
        """Return the error with which the ItemReader of a Map should fail; None where it should not."""
        return next((error for at, error in self._sources.items() if self._parts.states[at].name == name), None)

    def _fails_for_good(self) -> bool:
        return self._primary is not None and self._primary.kind != "retrier"

    def _useful_catcher(self, at: str) -> int | None:
        """Return the catcher by which the execution comes nearer to its goal than by success."""
        edges = self._parts.edges[at]
        success = min((self._cost(edge.target) for edge in edges if edge.part is None), default=10.0**9)
        found = [
            (self._cost(edge.target), edge.part.index or 0)
            for edge in edges
            if edge.part is not None and edge.part.kind == "catcher" and self._is_useful(at, edge, success)
        ]
        return min(found)[1] if found else None

    def _is_useful(self, at: str, edge: Edge, success: float) -> bool:
        if self._primary is not None:
            here = self._targets(self._parts.states[at].scope, [self._primary])
            return bool(here) and self._cost(edge.target) + _CATCH * 1000 < success
        index = edge.part.index if edge.part is not None else None
        return self._opportunistic and Goal("catcher", at, index) in self._open

    def _helping_retries(self, at: str, state: Task) -> list[str]:
        errors = []
        for index, retrier in enumerate(state.retry):
            if Goal("retrier", at, index) in self._open and retrier.max_attempts > 0:
                error = find_error(state.retry, index, state)
                errors += [error] if error is not None else []
        return errors

    # Errors for a goal -----------------------------------------------------------------------------------------------

    def _error_sources(self, goal: Goal) -> Iterator[tuple[str, str]]:
        """Yield the state that should fail, and its error, for a goal that is a catcher or retrier."""
        if goal.kind not in ("catcher", "retrier", "exhausted"):
            return
        placed = self._parts.states[goal.at]
        state = placed.state
        entries: Any = getattr(state, "catch" if goal.kind == "catcher" else "retry", ())
        index = goal.index or 0
        if goal.kind == "exhausted" and entries[index].max_attempts > MAX_RETRIES:
            return
        error = find_error(entries, index, state)
        if error is None:
            return
        if isinstance(state, Task) or (isinstance(state, Map) and state.item_reader and error == READER_FAILED):
            yield goal.at, error
        elif isinstance(state, Parallel | Map):
            yield from self._inner_sources(goal.at, entries, index, error)

    def _inner_sources(self, container: str, entries: Any, index: int, error: str) -> Iterator[tuple[str, str]]:
        inside = [at for at in self._parts.states if at != container and container in self._chain(at)]
        state = self._parts.states[container].state
        distributed = isinstance(state, Map) and state.distributed
        thrown = "States.TaskFailed" if distributed and error == THRESHOLD else error
        escaping = [at for at in inside if self._escapes(at, container, thrown)]
        tasks = [at for at in escaping if isinstance(self._parts.states[at].state, Task)]
        if tasks:
            yield from ((at, thrown) for at in tasks)
            return
        for at in escaping:
            fail = self._parts.states[at].state
            if isinstance(fail, Fail) and (distributed or takes(entries[index].error_equals, fail.error or "")):
                yield at, fail.error or ""
                return

    def _escapes(self, at: str, container: str, error: str) -> bool:
        """Return whether an error of a state comes to the container: nothing between takes it."""
        for holder in self._chain(at):
            if holder == container:
                return True
            catchers = getattr(self._parts.states[holder].state, "catch", ())
            if any(takes(entry.error_equals, error) for entry in catchers):
                return False
        return False
