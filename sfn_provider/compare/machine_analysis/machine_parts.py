"""Lists what executions can reach in a state machine: states, choice rules, catchers, retriers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from sfn_provider.asl.diagnostics import pointer
from sfn_provider.asl.model import Branch, Choice, Parallel, State, StateMachine
from sfn_provider.asl.state_walk import inner_scopes
from sfn_provider.engine.observations import Place
from sfn_provider.reachability import reached

PartKind = Literal["state", "rule", "catcher", "retrier"]

PART_KINDS: tuple[PartKind, ...] = ("state", "rule", "catcher", "retrier")


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a machine.

    Args:
        kind: what it is.
        at: JSON pointer of the state that it belongs to.
        index: its index in the state's Choices, Catch or Retry; None for a state, and for a Choice's Default.
    """

    kind: PartKind
    at: str
    index: int | None = None

    @property
    def key(self) -> str:
        """Text that tells it from the machine's other parts: ``rule /States/Check 0``, ``rule /States/Check``."""
        return f"{self.kind} {self.at}" + ("" if self.index is None else f" {self.index}")


@dataclass(frozen=True, slots=True)
class PlacedState:
    """A state with its place in the machine.

    Args:
        at: its JSON pointer.
        name: its name.
        state: its model.
        language: its query language.
        scope: JSON pointer of the object that holds it in ``States``.
        outer: the names of the Parallels and Maps around it, the outermost first.
    """

    at: str
    name: str
    state: State
    language: str
    scope: str
    outer: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PlacedScope:
    """An object with States: the machine, a branch or an item processor.

    Args:
        at: its JSON pointer, ``""`` for the machine.
        start_at: the name of its first state.
        container: JSON pointer of the Parallel or Map around it; None for the machine.
    """

    at: str
    start_at: str
    container: str | None


@dataclass(frozen=True, slots=True)
class Edge:
    """A way from a state to another one of its scope.

    Args:
        part: the rule or catcher that leads there; None for Next.
        target: JSON pointer of the state.
    """

    part: Part | None
    target: str


class MachineParts:
    """The states, scopes and parts of a machine by their JSON pointers.

    Args:
        machine: the machine.
    """

    def __init__(self, machine: StateMachine) -> None:
        self.machine = machine
        self.states: dict[str, PlacedState] = {}
        self.scopes: dict[str, PlacedScope] = {}
        self._add(machine, "", None, (), machine.query_language)
        self.edges: dict[str, tuple[Edge, ...]] = {at: tuple(self._edges(at)) for at in self.states}

    def _add(
        self, scope: StateMachine | Branch, at: str, container: str | None, outer: tuple[str, ...], language: str
    ) -> None:
        self.scopes[at] = PlacedScope(at, scope.start_at, container)
        for name, state in scope.states.items():
            own = at + pointer("States", name)
            spoken = getattr(state, "query_language", None) or language
            self.states[own] = PlacedState(own, name, state, spoken, at, outer)
            for inner, branch in inner_scopes(state, own):
                self._add(branch, inner, own, (*outer, name), branch.query_language or language)

    def _edges(self, at: str) -> Iterator[Edge]:
        placed = self.states[at]
        state, scope = placed.state, placed.scope
        links: list[tuple[Part | None, str | None]] = [(None, getattr(state, "next", None))]
        if isinstance(state, Choice):
            links = [(Part("rule", at, index), rule.next) for index, rule in enumerate(state.choices)]
            links.append((Part("rule", at), state.default))
        catchers = getattr(state, "catch", ())
        links += [(Part("catcher", at, index), catcher.next) for index, catcher in enumerate(catchers)]
        for part, name in links:
            if name is not None and scope + pointer("States", name) in self.states:
                yield Edge(part, scope + pointer("States", name))

    def start_of(self, scope: str) -> str:
        """Return the JSON pointer of a scope's first state."""
        return scope + pointer("States", self.scopes[scope].start_at)

    def inner(self, at: str) -> list[str]:
        """Return the JSON pointers of the scopes in a Parallel or Map."""
        return [scope for scope, _ in inner_scopes(self.states[at].state, at)]

    def pointer_of(self, place: Place, name: str) -> str:
        """Return the JSON pointer of the state that an observation names."""
        scope = ""
        for container, index in place:
            own = scope + pointer("States", container)
            scopes = self.inner(own)
            scope = scopes[index] if isinstance(self.states[own].state, Parallel) else scopes[0]
        return scope + pointer("States", name)

    @cached_property
    def connected(self) -> frozenset[str]:
        """The states to which a way leads from StartAt, whatever the data."""
        return self.reachable()

    def reachable(self, *, catchers: bool = True) -> frozenset[str]:
        """Return the states to which a way leads from StartAt, on request without those of catchers."""
        steps: dict[str, list[str]] = {}
        for at, edges in self.edges.items():
            followed = (edge for edge in edges if catchers or edge.part is None or edge.part.kind != "catcher")
            steps[at] = [*(edge.target for edge in followed), *map(self.start_of, self.inner(at))]
        return frozenset(reached([self.start_of("")], steps) & self.states.keys())

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """All parts of connected states, in the order of the definition."""
        return tuple(part for at in self.states if at in self.connected for part in self._parts_of(at))

    def _parts_of(self, at: str) -> Iterator[Part]:
        state = self.states[at].state
        yield Part("state", at)
        if isinstance(state, Choice):
            yield from (Part("rule", at, index) for index in range(len(state.choices)))
            if state.default is not None:
                yield Part("rule", at)
        yield from (Part("catcher", at, index) for index in range(len(getattr(state, "catch", ()))))
        retriers = getattr(state, "retry", ())
        yield from (Part("retrier", at, index) for index, entry in enumerate(retriers) if entry.max_attempts > 0)

    def describe(self, part: Part) -> str:
        """Return a part in words: ``rule 2 of Choice 'X'``, counted from 1."""
        placed = self.states[part.at]
        name = f"{placed.state.type} {placed.name!r}"
        within = f" in {placed.outer[-1]!r}" if placed.outer else ""
        if part.kind == "state":
            return f"state {placed.name!r}{within}"
        if part.kind == "rule" and part.index is None:
            return f"Default of {name}{within}"
        return f"{part.kind} {(part.index or 0) + 1} of {name}{within}"
