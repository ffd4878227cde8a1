"""Iterates over the states and scopes of a machine, with JSON pointers, and replaces scopes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sfn_provider.asl.diagnostics import pointer
from sfn_provider.asl.model import Branch, Map, Parallel, State, StateMachine


def walk_states(
    scope: StateMachine | Branch, location: str = "", outer: tuple[str, ...] = ()
) -> Iterator[tuple[str, tuple[str, ...], State]]:
    """Iterate over all states in the order of the definition, each before the states inside it.

    Args:
        scope: a machine or a branch.
        location: its JSON pointer.
        outer: the names of the states around it, outermost first.

    Yields:
        JSON pointer; names of the states around and of the state itself; its model.
    """
    for name, state in scope.states.items():
        at, names = location + pointer("States", name), (*outer, name)
        yield at, names, state
        for inner, branch in inner_scopes(state, at):
            yield from walk_states(branch, inner, names)


def walk_scopes(
    scope: StateMachine | Branch, around: str | None = None
) -> Iterator[tuple[str | None, StateMachine | Branch]]:
    """Iterate over a scope and all scopes inside it, each before those inside it, with the name of the state around it.

    Args:
        scope: a machine or a branch.
        around: the name of the Parallel or Map around that scope.
    """
    yield around, scope
    for name, state in scope.states.items():
        for _, branch in inner_scopes(state):
            yield from walk_scopes(branch, name)


def inner_scopes(state: State, location: str = "") -> Iterator[tuple[str, Branch]]:
    """Iterate over the branches of a Parallel, or the one scope of a Map, with their JSON pointers; others have none.

    Args:
        state: any state.
        location: its JSON pointer.
    """
    if isinstance(state, Parallel):
        for index, branch in enumerate(state.branches):
            yield location + pointer("Branches", index), branch
    elif isinstance(state, Map):
        yield location + pointer("ItemProcessor" if state.item_processor else "Iterator"), state.body


def replace_inner_scopes(state: State, change: Callable[[Branch], Branch]) -> State:
    """Return a Parallel or Map with each scope inside it changed; other states as they are.

    Args:
        state: any state.
        change: returns what stands in place of a scope.
    """
    if isinstance(state, Parallel):
        return state.model_copy(update={"branches": tuple(map(change, state.branches))})
    if isinstance(state, Map):
        field = "item_processor" if state.item_processor else "iterator"
        return state.model_copy(update={field: change(state.body)})
    return state
