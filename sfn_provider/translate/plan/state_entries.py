"""Finds the task that runs each state of a machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sfn_provider.asl.model import walk_states
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
    ids, nodes = task_ids(plan), nodes_by_state(plan)
    return tuple(
        StateEntry(name, state.type, ids[node_of(nodes, location).states[0]], location)
        for location, name, state in walk_states(plan.machine)
    )


def nodes_by_state(plan: DagPlan) -> dict[str, Node]:
    """Return the tasks and task groups by the names of the states that they run."""
    return {name: node for node in walk(plan.tasks) for name in node.states}


def node_of(nodes: Mapping[str, Node], location: str) -> Node:
    """Return the task or task group that runs a state.

    Args:
        nodes: as `nodes_by_state` returns them.
        location: JSON pointer of the state. If it has no task, the nearest state around it has one.
    """
    parts = (part.split("/")[0] for part in reversed(location.split("/States/")[1:]))
    names = (part.replace("~1", "/").replace("~0", "~") for part in parts)
    return next(nodes[name] for name in names if name in nodes)
