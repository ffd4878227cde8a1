"""Finds the task that runs each state of a machine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sfn_provider.asl.model import State
from sfn_provider.asl.state_walk import walk_states
from sfn_provider.translate.plan.layout import task_ids
from sfn_provider.translate.plan.model import DagPlan, Node, walk


@dataclass(frozen=True, slots=True)
class StateEntry:
    """A state and the task that runs it.

    Args:
        name: the state's name.
        type: its type.
        task_id: the task's id.
        location: JSON pointer into the definition.
    """

    name: str
    type: str
    task_id: str
    location: str


def state_entries(plan: DagPlan) -> tuple[StateEntry, ...]:
    """List every state with the task that runs it, in the order of the definition."""
    ids = task_ids(plan)
    return tuple(
        StateEntry(name, state.type, ids[node.states[0]], location)
        for location, name, state, node in states_with_nodes(plan)
    )


def states_with_nodes(plan: DagPlan) -> Iterator[tuple[str, str, State, Node]]:
    """Iterate over all states in the order of the definition.

    Yields:
        JSON pointer, name and model of the state, and the task or task group that runs it: that of the nearest state
        around it if it has none.
    """
    nodes = {name: node for node in walk(plan.tasks) for name in node.states}
    for location, names, state in walk_states(plan.machine):
        yield location, names[-1], state, next(nodes[name] for name in reversed(names) if name in nodes)
