"""Counts the states, choice rules, catchers and retriers that executions reach, of how many."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from sfn_provider.asl.definition_index.index import index_definition
from sfn_provider.asl.model import StateMachine, dump
from sfn_provider.asl.scope import Json
from sfn_provider.compare.machine_analysis.data_read_types import EACH
from sfn_provider.compare.machine_analysis.data_reads import reads_by_state
from sfn_provider.compare.machine_analysis.machine_parts import PART_KINDS, MachineParts, Part, PartKind
from sfn_provider.engine import Execution, Mocks, simulate
from sfn_provider.engine.observations import (
    CatchDecision,
    ChoiceMade,
    Observation,
    RetryDecision,
    StateEntered,
    StateFailure,
)
from sfn_provider.exceptions import UsageError

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

    @classmethod
    def of_keys(cls, parts: MachineParts, keys: Container[str]) -> Coverage:
        """Return the coverage of the parts with some keys; keys of other machines are left out."""
        return cls(parts, frozenset(part for part in parts.parts if part.key in keys))

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


def reached_parts(
    machine: StateMachine, input: Json, mocks: Mocks, *, execution_type: str = "STANDARD"
) -> frozenset[Part]:
    """Return the parts that an execution reaches on the engine; none where answers are missing.

    Args:
        machine: the machine.
        input: the execution's input.
        mocks: what tasks answer, none of it used yet.
        execution_type: ``STANDARD`` or ``EXPRESS``.
    """
    observer = CoverageObserver(MachineParts(machine))
    try:
        simulate(machine, input, mocks=mocks, observer=observer, execution_type=execution_type)
    except UsageError:
        return frozenset()
    return frozenset(observer.reached)


def missing_input(machine: StateMachine, input: Json, execution: Execution) -> str | None:
    """Return the path that the first state reads and the input lacks, where the execution ended for that.

    Args:
        machine: the machine.
        input: the execution's input.
        execution: the execution.

    Returns:
        The path: ``$.bucket``. None where anything ran after the first state, or it failed for another reason.
    """
    entered = [event for event in execution.events if event["type"].endswith("StateEntered")]
    if execution.error not in _DATA_ERRORS or len(entered) != 1:
        return None
    at = MachineParts(machine).start_of("")
    for read in reads_by_state(index_definition(dump(machine)))[at]:
        if (
            read.root in ("input", "effective input", "execution input")
            and not read.optional
            and not _is_there(input, read.steps)
        ):
            return "$" + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in read.steps)
    return None


_DATA_ERRORS = ("States.Runtime", "States.QueryEvaluationError")


def _is_there(value: Json, steps: tuple[str | int, ...]) -> bool:
    for step in steps:
        if step == EACH:
            return True
        if isinstance(step, int):
            if not isinstance(value, list) or step >= len(value):
                return False
        elif not isinstance(value, dict) or step not in value:
            return False
        value = value[step]
    return True
