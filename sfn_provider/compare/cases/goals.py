"""Lists what the cases of a machine should reach, and sees what an execution has reached of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal

import networkx

from sfn_provider.asl.model import Map
from sfn_provider.compare.machine_analysis.coverage import CoverageObserver
from sfn_provider.compare.machine_analysis.machine_parts import MachineParts
from sfn_provider.engine.errors.retry import matches_error
from sfn_provider.engine.observations import ItemsListed, Observation, Place, RetryDecision, StateEntered, StateFailure
from sfn_provider.exceptions import StatesError

GoalKind = Literal["state", "rule", "catcher", "retrier", "exhausted", "items", "loop"]
"""What is to be reached: a part of the machine; ``retrier``: a retry that helps; ``exhausted``: one that does not;
``items``: a Map with 0, 1 or several items; ``loop``: a loop that is left after 0 or 2 turns."""

MAX_RETRIES: Final = 100
"""A retrier with more retries than this is not exhausted: the execution would be long, and the case too."""

SEVERAL: Final = 2
TURNS: Final = (0, 2)


@dataclass(frozen=True, slots=True)
class Goal:
    """Something that a case should reach.

    Args:
        kind: what it is.
        at: JSON pointer of the state; for a loop of its first state in the definition.
        index: of the rule, catcher or retrier; how many items; how many turns. None for a state and for a Default.
    """

    kind: GoalKind
    at: str
    index: int | None = None


@dataclass(frozen=True, slots=True)
class Loop:
    """A cycle of states: ``head`` is its first state in the definition, ``states`` are all."""

    head: str
    states: frozenset[str]


def find_loops(parts: MachineParts) -> dict[str, Loop]:
    """Return the loop that a state is in, by the state's JSON pointer; states outside of loops are left out."""
    graph: Any = networkx.DiGraph()
    graph.add_nodes_from(parts.states)
    graph.add_edges_from((at, edge.target) for at, edges in parts.edges.items() for edge in edges)
    found: dict[str, Loop] = {}
    for component in networkx.strongly_connected_components(graph):
        one = next(iter(component))
        if len(component) > 1 or graph.has_edge(one, one):
            loop = Loop(next(at for at in parts.states if at in component), frozenset(component))
            found |= dict.fromkeys(component, loop)
    return found


def list_goals(parts: MachineParts, loops: dict[str, Loop]) -> list[Goal]:
    """Return what the cases of a machine should reach, in the order in which it is tried."""
    of_parts = [Goal(part.kind, part.at, part.index) for part in parts.parts]
    items = [
        Goal("items", at, count)
        for at, placed in parts.states.items()
        if at in parts.connected and isinstance(placed.state, Map)
        for count in (SEVERAL, 1, 0)
    ]
    heads = [at for at in parts.states if at in parts.connected and at in loops and loops[at].head == at]
    exits = {head for head in heads if _has_exit(parts, loops[head])}
    turns = [Goal("loop", head, turns) for head in heads if head in exits for turns in TURNS]
    exhausted = [
        Goal("exhausted", at, index)
        for at, placed in parts.states.items()
        if at in parts.connected
        for index in range(len(getattr(placed.state, "retry", ())))
    ]
    flow, errors = (
        [goal for kind in kinds for goal in of_parts if goal.kind == kind]
        for kinds in (("state", "rule"), ("catcher", "retrier"))
    )
    return [*flow, *items, *turns, *errors, *exhausted]


def _has_exit(parts: MachineParts, loop: Loop) -> bool:
    return any(edge.target not in loop.states for at in loop.states for edge in parts.edges[at]) or any(
        getattr(parts.states[at].state, "end", None) for at in loop.states
    )


class GoalObserver:
    """Collects the goals that an execution reaches, as the observer of `sfn_provider.engine.simulate`.

    Args:
        parts: the machine's parts.
        loops: its loops, by state.
    """

    def __init__(self, parts: MachineParts, loops: dict[str, Loop]) -> None:
        self.parts = parts
        self._loops = loops
        self._coverage = CoverageObserver(parts)
        self._found: set[Goal] = set()
        self._retried: dict[tuple[Place, str], set[int]] = {}
        self._turns: dict[tuple[Place, str], Counter[str]] = {}
        self.failures: list[StateFailure] = []

    def __call__(self, observation: Observation) -> None:
        """Take an observation."""
        self._coverage(observation)
        handler = _HANDLERS.get(type(observation))
        if handler is not None:
            handler(self, observation)

    def finish(self) -> set[Goal]:
        """Return all goals that were reached, once the execution has ended."""
        for place, head in list(self._turns):
            self._leave_loop(place, head)
        for (place, at), _ in list(self._retried.items()):
            self._finish_retries(place, at)
        parts = {Goal(part.kind, part.at, part.index) for part in self._coverage.reached if part.kind != "retrier"}
        return parts | self._found

    def _entered(self, entered: StateEntered) -> None:
        at = self.parts.pointer_of(entered.place, entered.state)
        loop = self._loops.get(at)
        for place, head in list(self._turns):
            if place == entered.place and (loop is None or loop.head != head):
                self._leave_loop(place, head)
        if loop is not None:
            self._turns.setdefault((entered.place, loop.head), Counter())[at] += 1
        for place, other in list(self._retried):
            if place == entered.place:
                self._finish_retries(place, other)

    def _leave_loop(self, place: Place, head: str) -> None:
        turns = max(self._turns.pop((place, head)).values()) - 1
        self._found |= {Goal("loop", head, turns)} & {Goal("loop", head, each) for each in TURNS}

    def _finish_retries(self, place: Place, at: str) -> None:
        self._found |= {Goal("retrier", at, index) for index in self._retried.pop((place, at))}

    def _failed(self, failure: StateFailure) -> None:
        self.failures.append(failure)
        at = self.parts.pointer_of(failure.place, failure.state)
        key = failure.place, at
        if isinstance(failure.decision, RetryDecision):
            self._retried.setdefault(key, set()).add(failure.decision.retrier)
            return
        self._retried.pop(key, None)
        if failure.decision is None:  # a loop that ends with an error is not left
            self._turns = {other: turns for other, turns in self._turns.items() if other[0] != failure.place}
        error = StatesError(failure.error, failure.cause)
        retriers = getattr(self.parts.states[at].state, "retry", ())
        index = next((i for i, entry in enumerate(retriers) if matches_error(entry.error_equals, error)), None)
        if index is not None:
            self._found.add(Goal("exhausted", at, index))

    def _listed(self, listed: ItemsListed) -> None:
        at = self.parts.pointer_of(listed.place, listed.state)
        self._found.add(Goal("items", at, min(listed.items, SEVERAL)))


_HANDLERS: Final[dict[type[Any], Callable[[GoalObserver, Any], None]]] = {
    StateEntered: GoalObserver._entered,
    StateFailure: GoalObserver._failed,
    ItemsListed: GoalObserver._listed,
}
