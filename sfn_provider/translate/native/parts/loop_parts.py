"""Finds loops that become one function, and writes each as states without a way back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from sfn_provider.asl.model import Branch, Fail, StateMachine, Succeed
from sfn_provider.asl.state_walk import replace_inner_scopes
from sfn_provider.translate.native.parts.exact_parts import ExactPart, entries_of, make_part
from sfn_provider.translate.plan.graph import loops, successors

AGAIN = "\0again\0"
"""Starts the name of the Succeed in place of a way back; the state at which the loop begins anew follows."""

LEAVE = "\0leave\0"
"""Starts the name of the Fail in place of a way out of a loop; the state that comes next follows, or nothing."""


@dataclass(frozen=True, slots=True)
class LoopPart(ExactPart):
    """A loop, in the place of the state at which it is entered.

    Args:
        scope: its states, in which the ways back and out end.
    """

    type: ClassVar[str] = "Loop"
    scope: Branch

    @property
    def targets(self) -> tuple[str, ...]:
        """Names of the states that may come next; empty for an end."""
        return (*self.exits, *([""] if self.ends else []))


def replace_loops(scope: Any) -> Any:
    """Return a machine, or another scope, with a `LoopPart` in place of each loop with one way in."""
    states = {name: replace_inner_scopes(state, replace_loops) for name, state in scope.states.items()}
    return scope.model_copy(update={"states": _without_loops(scope.start_at, states)})


def _without_loops(start_at: str, states: Mapping[str, Any]) -> dict[str, Any]:
    edges = {name: successors(state) for name, state in states.items()}
    found = dict(states)
    for loop in loops(edges):
        region = frozenset(loop)
        entries = entries_of(start_at, edges, region)
        if len(entries) > 1:
            continue  # `_check_states` says so
        scope = StateMachine.model_construct(start_at=entries[0], states=dict(states))
        part = make_part(entries[0], region, scope, edges)
        found = {
            name: _loop(part) if name == part.name else state
            for name, state in found.items()
            if name == part.name or name not in region
        }
    return found


def _loop(part: ExactPart) -> LoopPart:
    names = {part.name: AGAIN + part.name} | {name: LEAVE + name for name in part.exits}
    states: dict[str, Any] = {name: _redirected(state, names) for name, state in part.states.items()}
    states[AGAIN + part.name] = Succeed.model_construct(type="Succeed")
    for name in part.exits:
        states[LEAVE + name] = Fail.model_construct(type="Fail")
    scope = Branch.model_construct(start_at=part.name, states=_without_loops(part.name, states))
    return LoopPart(part.name, part.states, part.exits, part.ends, scope)


def _redirected(state: Any, names: Mapping[str, str]) -> Any:
    """Return a state that leads to other states in place of some."""
    if isinstance(state, ExactPart):
        return state
    changes: dict[str, Any] = {}
    for field in ("next", "default"):
        if getattr(state, field, None) in names:
            changes[field] = names[getattr(state, field)]
    for field in ("choices", "catch"):
        rules: Iterable[Any] = getattr(state, field, ())
        if any(rule.next in names for rule in rules):
            changes[field] = tuple(rule.model_copy(update={"next": names.get(rule.next, rule.next)}) for rule in rules)
    return state.model_copy(update=changes)
