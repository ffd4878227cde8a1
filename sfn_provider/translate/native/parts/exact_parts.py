"""Finds the parts of a machine that stay exact: single states, and regions with one way in."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from sfn_provider.asl.json_values.json_walk import walk_texts
from sfn_provider.asl.model import Branch, Map, State, StateMachine, Succeed
from sfn_provider.asl.state_walk import replace_inner_scopes, walk_states
from sfn_provider.translate.exact.state_tasks import dump_state
from sfn_provider.translate.plan.graph import loops, successors

Edges = Mapping[str, tuple[str, ...]]

_VARIABLE = re.compile(r"\$(\w+)")


@dataclass(frozen=True, slots=True)
class ExactPart:
    """States that stay exact, in the place of the first of them in its scope.

    Args:
        name: the state at which it is entered.
        states: the states by name, that one first.
        exits: names of the states outside that may come next.
        ends: whether the execution, or the branch, may end in it.
    """

    type: ClassVar[str] = "Exact"
    name: str
    states: Mapping[str, State]
    exits: tuple[str, ...]
    ends: bool

    @property
    def comment(self) -> str | None:
        """The comment of the state, where it is one."""
        return next(iter(self.states.values())).comment if len(self.states) == 1 else None

    def assigned(self, target: str) -> tuple[str, ...]:
        """Return the names of the variables that its states assign on the way to a state, empty for an end.

        Those of states inside of them are not among them. Behind several states they are those of all ways.
        """
        way = None if len(self.states) > 1 else target
        return tuple(dict.fromkeys(name for state in self.states.values() for name in _assigned(state, way)))

    @property
    def variables(self) -> frozenset[str]:
        """Names of all variables that it may read or assign."""
        assigned = (name for state in self.states.values() for name in _assigned(state, None))
        read = (name for _, text in walk_texts(self.definition()) for name in _VARIABLE.findall(text))
        return frozenset({*assigned, *read})

    def definition(self) -> dict[str, Any]:
        """Return its states as in the definition, by name."""
        return {name: dump_state(state) for name, state in _states_without_parts(self.states).items()}


def _states_without_parts(states: Mapping[str, Any]) -> dict[str, Any]:
    """Return states with those of each `ExactPart` in its place, also inside of Parallel and Map states."""
    found: dict[str, Any] = {}
    for name, state in states.items():
        if isinstance(state, ExactPart):
            found |= _states_without_parts(state.states)
        else:
            found[name] = replace_inner_scopes(state, _without_parts)
    return found


def _without_parts(scope: Branch) -> Branch:
    return scope.model_copy(update={"states": _states_without_parts(scope.states)})


def _assigned(state: State, target: str | None) -> Iterator[str]:
    """Iterate over the names that a state, its catchers and rules assign on the way to a state; None for all ways."""
    own = getattr(state, "default", None) or getattr(state, "next", None) or ""
    rules: list[tuple[str | None, Any]] = [(own, state)]
    rules += [(rule.next, rule) for rule in (*getattr(state, "catch", ()), *getattr(state, "choices", ()))]
    for leads_to, rule in rules:
        if target is None or leads_to == target:
            yield from (name.removesuffix(".$") for name in getattr(rule, "assign", None) or {})


def replace_exact_parts(machine: StateMachine, exact: Collection[str]) -> tuple[StateMachine, dict[str, ExactPart]]:
    """Return a machine with an `ExactPart` in place of the states that stay exact, and these parts by name.

    Args:
        machine: the machine.
        exact: the names of the states that stay exact. With a state in a Map the Map does, with a state of a loop the
            loop; with a region of several ways in what leads to them.
    """
    parts: dict[str, ExactPart] = {}
    return _replace(machine, exact, parts), parts


def _replace(scope: Any, exact: Collection[str], parts: dict[str, ExactPart]) -> Any:
    def inside(branch: Any) -> Any:
        return _replace(branch, exact, parts)

    chosen = [name for name, state in scope.states.items() if name in exact or _has_exact_item(state, exact)]
    edges = {name: successors(state) for name, state in scope.states.items()}
    homes = {name: region for region in _regions(scope.start_at, edges, chosen) for name in region}
    made: dict[str, Any] = {}
    for name, state in scope.states.items():
        if name not in homes:
            made[name] = replace_inner_scopes(state, inside)
        elif name == entries_of(scope.start_at, edges, homes[name])[0]:
            made[name] = parts[name] = make_part(name, homes[name], scope, edges)
    return scope.model_copy(update={"states": made})


def _has_exact_item(state: State, exact: Collection[str]) -> bool:
    """Whether a state is a Map with states inside that stay exact."""
    return isinstance(state, Map) and any(names[-1] in exact for _, names, _ in walk_states(state.body))


def make_part(name: str, region: frozenset[str], scope: StateMachine | Branch, edges: Edges) -> ExactPart:
    """Return the part of some states of a scope that is entered at one of them.

    Args:
        name: that state.
        region: the names of the states.
        scope: the scope.
        edges: the states to which each state of it leads.
    """
    names = sorted(region, key=[name, *scope.states].index)
    exits = dict.fromkeys(target for inner in names for target in edges[inner] if target not in region)
    states = {inner: scope.states[inner] for inner in names}
    ends = any(getattr(state, "end", None) or isinstance(state, Succeed) for state in states.values())
    return ExactPart(name, states, tuple(exits), ends)


def _regions(start_at: str, edges: Edges, chosen: Iterable[str]) -> list[frozenset[str]]:
    """Return the sets of states that each stay exact as one: without a way back into them, and with one way in."""
    regions = [frozenset({name}) for name in chosen]
    while True:
        grown = _merged([*regions, *_cycles(edges, regions)])
        if len(grown) == len(regions) and {*grown} == {*regions}:
            grown = _merged([_with_one_entry(start_at, edges, region) for region in regions])
            if {*grown} == {*regions}:
                return grown
        regions = grown


def _merged(sets: Iterable[frozenset[str]]) -> list[frozenset[str]]:
    """Return the unions of the sets that have states in common."""
    found: list[frozenset[str]] = []
    for region in sets:
        common = [other for other in found if other & region]
        found = [other for other in found if not other & region]
        found.append(region.union(*common))
    return found


def _cycles(edges: Edges, regions: list[frozenset[str]]) -> Iterator[frozenset[str]]:
    """Iterate over the loops that lead through regions, each with all states of these regions."""
    homes = {name: min(region) for region in regions for name in region}
    merged: dict[str, dict[str, None]] = {}
    for name, targets in edges.items():
        home = homes.get(name, name)
        others = (homes.get(target, target) for target in targets)
        merged.setdefault(home, {}).update(dict.fromkeys(other for other in others if other != home))
    for loop in loops({name: tuple(targets) for name, targets in merged.items()}):
        through = [region for region in regions if min(region) in loop]
        if through:
            yield frozenset(loop).union(*through)


def entries_of(start_at: str, edges: Edges, region: Collection[str]) -> list[str]:
    """Return the states of a region at which it is entered; its first one where nothing leads to it."""
    found = [start_at] if start_at in region else []
    found += [target for name, targets in edges.items() if name not in region for target in targets if target in region]
    return [*dict.fromkeys(found)] or [next(name for name in edges if name in region)]


def _with_one_entry(start_at: str, edges: Edges, region: frozenset[str]) -> frozenset[str]:
    """Return a region, with the states that lead to it where it has several entries."""
    if len(entries_of(start_at, edges, region)) == 1:
        return region
    return region | {name for name, targets in edges.items() if region & {*targets}}
