"""Counts the states, choice rules, catchers and retriers that executions reach, of how many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from sfn_provider.asl import parse
from sfn_provider.asl.model import StateMachine
from sfn_provider.compare.machine_parts import PART_KINDS, MachineParts, Part, PartKind
from sfn_provider.engine.observations import (
    CatchDecision,
    ChoiceMade,
    Observation,
    RetryDecision,
    StateEntered,
    StateFailure,
)

_NOUNS: Final[dict[PartKind, tuple[str, str]]] = {
    "state": ("state", "states"),
    "rule": ("choice rule", "choice rules"),
    "catcher": ("catcher", "catchers"),
    "retrier": ("retrier", "retriers"),
}


@dataclass(frozen=True, slots=True)
class Coverage:
    """The parts of a machine, and those that executions have reached.

    Args:
        parts: the machine's parts. States that no way leads to are not among them.
        reached: those that were reached.
    """

    parts: MachineParts
    reached: frozenset[Part] = frozenset()

    def __or__(self, other: Coverage) -> Coverage:
        return Coverage(self.parts, self.reached | other.reached)

    def counts(self, kind: PartKind) -> tuple[int, int]:
        """Return how many parts of a kind were reached, and how many there are. A Choice's Default is a rule."""
        of_kind = [part for part in self.parts.parts if part.kind == kind]
        return sum(part in self.reached for part in of_kind), len(of_kind)

    def missing(self, *kinds: PartKind) -> list[Part]:
        """Return the parts of some kinds, or of all, that were not reached, in the order of the definition."""
        return [part for part in self.parts.parts if part not in self.reached and (not kinds or part.kind in kinds)]

    @property
    def states_text(self) -> str:
        """How many states were reached: ``7 of 8 states``."""
        return _count(*self.counts("state"), "state")

    @property
    def text(self) -> str:
        """How much was reached: ``8 of 8 states, 2 of 2 choice rules, 0 of 1 catcher``."""
        counted = [(self.counts(kind), kind) for kind in PART_KINDS]
        return ", ".join(_count(*counts, kind) for counts, kind in counted if counts[1])

    def missing_text(self) -> list[str]:
        """Return what was not reached, in words; the rules and catchers of a state that was not are left out."""
        states = {part.at for part in self.missing("state")}
        return [self.parts.describe(part) for part in self.missing() if part.kind == "state" or part.at not in states]

    def as_json(self) -> dict[str, Any]:
        """Return the counts by kind, and what was not reached: pointers of states, and in words."""
        counts = {kind: self.counts(kind) for kind in PART_KINDS}
        return {
            **{f"{kind}s": {"reached": reached, "of": total} for kind, (reached, total) in counts.items()},
            "states_never_reached": [self.parts.states[part.at].name for part in self.missing("state")],
            "not_reached": self.missing_text(),
        }


def _count(reached: int, total: int, kind: PartKind) -> str:
    return f"{reached} of {total} {_NOUNS[kind][total != 1]}"


@dataclass(slots=True)
class CoverageObserver:
    """Collects what an execution reaches, as the observer of `sfn_provider.engine.simulate`.

    Args:
        parts: the machine's parts.
    """

    parts: MachineParts
    reached: set[Part] = field(default_factory=set)

    def __call__(self, observation: Observation) -> None:
        """Take an observation."""
        handler = _HANDLERS.get(type(observation))
        if handler is not None:
            self.reached.update(handler(self.parts, observation))

    @property
    def coverage(self) -> Coverage:
        """What was reached until now."""
        return Coverage(self.parts, frozenset(self.reached))


def _entered(parts: MachineParts, entered: StateEntered) -> Iterable[Part]:
    return [Part("state", parts.pointer_of(entered.place, entered.state))]


def _chosen(parts: MachineParts, choice: ChoiceMade) -> Iterable[Part]:
    return [Part("rule", parts.pointer_of(choice.place, choice.name), choice.rule)] if choice.next is not None else []


def _failed(parts: MachineParts, failure: StateFailure) -> Iterable[Part]:
    at = parts.pointer_of(failure.place, failure.state)
    if isinstance(failure.decision, RetryDecision):
        return [Part("retrier", at, failure.decision.retrier)]
    return [Part("catcher", at, failure.decision.catcher)] if isinstance(failure.decision, CatchDecision) else []


_HANDLERS: Final[dict[type[Any], Callable[[MachineParts, Any], Iterable[Part]]]] = {
    StateEntered: _entered,
    ChoiceMade: _chosen,
    StateFailure: _failed,
}


def observe_coverage(definition: str | dict[str, Any] | StateMachine) -> CoverageObserver:
    """Return an observer for executions of a machine.

    Raises:
        InvalidDefinition: if Step Functions would refuse the definition.
    """
    machine = definition if isinstance(definition, StateMachine) else parse(definition)
    return CoverageObserver(MachineParts(machine))


def visits_by_state(observations: Iterable[Observation], parts: MachineParts) -> Counter[str]:
    """Count the visits of states, by JSON pointer."""
    entered = [each for each in observations if isinstance(each, StateEntered)]
    return Counter(parts.pointer_of(each.place, each.state) for each in entered)
