"""Rule: a loop contains a state that waits."""

from __future__ import annotations

from collections.abc import Iterator

from sfn_provider.asl.definition_index.index import DefinitionIndex, Group, PlacedState
from sfn_provider.asl.diagnostics import Diagnostic
from sfn_provider.asl.lint_rules.reporting import warning
from sfn_provider.asl.lint_rules.transitions import targets
from sfn_provider.asl.resources import parse_resource


def loops_without_wait(definition: DefinitionIndex) -> Iterator[Diagnostic]:
    """A loop contains a state that waits, so that it does not run through its events at once."""
    for group in definition.groups:
        looping = _states_looping_without_wait(definition, group)
        for state in looping[:1]:
            names = " -> ".join(loop.name for loop in looping[:5]) + (" ..." if len(looping) > 5 else "")
            message = (
                f"nothing waits in the loop of {names}; where it asks for a status, a Wait saves transitions "
                "(an execution's history ends at 25,000 events)"
            )
            yield warning("LOOP_WITHOUT_WAIT", message, state.at)


def _states_looping_without_wait(definition: DefinitionIndex, group: Group) -> list[PlacedState]:
    """Find the states that are in a loop, or between two, once the states that wait are removed."""
    states = {state.name: state for state in definition.states_of[group.at] if not _slows_loop(state)}
    edges = {name: {target for _, target in targets(state) if target in states} for name, state in states.items()}
    back: dict[str, set[str]] = {name: set() for name in states}
    for name, followers in edges.items():
        for follower in followers:
            back[follower].add(name)
    _remove_dead_ends(edges, back)
    _remove_dead_ends(back, edges)
    return [state for name, state in states.items() if name in edges]


def _remove_dead_ends(edges: dict[str, set[str]], back: dict[str, set[str]]) -> None:
    """Remove states without edges until none is left."""
    ends = [name for name, followers in edges.items() if not followers]
    while ends:
        name = ends.pop()
        del edges[name]
        for before in back.pop(name):
            edges[before].discard(name)
            if not edges[before]:
                ends.append(before)


def _slows_loop(state: PlacedState) -> bool:
    """Return whether the state waits for something, so that a loop through it is slow."""
    if state.type != "Task":
        return state.type in ("Wait", "Map", "Parallel")
    resource = parse_resource(str(state.fields.get("Resource")))
    return resource.kind == "activity" or resource.pattern != "request_response"
