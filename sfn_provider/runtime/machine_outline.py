"""Makes the outline of the state machine that a DAG's tasks run, which Airflow's pages draw.

The outline goes into the serialized DAG, for the web server has nothing else of a DAG: names, types and transitions of
states, and which task runs each; no parameters, no expressions.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from sfn_provider.exceptions import InconsistentFlow
from sfn_provider.runtime.flow.check import flow_of
from sfn_provider.runtime.flow.transitions import transitions

if TYPE_CHECKING:
    from sfn_provider.runtime.flow.graph import Flow
    from sfn_provider.runtime.state_task import StateTask

Json = Any

OUTLINE_FIELD = "state_machine_outline"
"""The attribute of a task, and its field in the serialized DAG, that holds the outline as JSON text."""


def outline_text(task: StateTask) -> str | None:
    """Return the outline of a DAG's state machine as JSON text, for its first task with a state; None for the others.

    The JSON is a scope: ``{"start": name of the first state, "states": {name: state}}``. A state is ``{"type", "to":
    names of the states that it may go to, "inside": scopes of a Parallel or Map, "task": id of its task, "join": id of
    the join task, "batched": true where one task runs several items}``, without what is empty. States inside of one
    task have no task of their own.

    Args:
        task: a task of the DAG, when that has all its tasks and edges.
    """
    if not task.has_dag():  # type: ignore[no-untyped-call]
        return None
    try:
        flow = flow_of(task.dag)
    except InconsistentFlow:
        return None  # Airflow refuses the DAG
    first = next((task_id for task_id, place in flow.places.items() if place is None), None)
    if task.task_id != first:
        return None
    return json.dumps(_FlowOutline(flow).scope(next(iter(task.states))), separators=(",", ":"))


class _FlowOutline:
    """Makes the outline of the states of a flow."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow

    def scope(self, start: str) -> dict[str, Json]:
        """Return the scope that starts at a state: all states to which transitions lead from there."""
        return _scope(start, self._state)

    def _state(self, name: str) -> dict[str, Json]:
        task = self._flow.states[self._flow.homes[name]]
        if task.role != "start":
            return {**_outline_state(task.states[name]), "task": task.task_id}
        join = self._flow.states[self._flow.joins[name]]
        fields = {**task.state_fields, **join.state_fields, "Type": task.state_fields["Type"]}
        made = {"type": fields["Type"], "to": _targets(fields), "task": task.task_id, "join": join.task_id}
        if task.branches is not None:
            return made | {"inside": [self.scope(branch) for branch in task.branches]}
        first = self._flow.states[self._flow.after[task.task_id][0]]
        if first.role == "children":
            return made | {"inside": _inner_scopes(first.state_fields), "batched": True}
        return made | {"inside": [self.scope(next(iter(first.states)))]}


def _scope(start: str, state: Callable[[str], dict[str, Json]]) -> dict[str, Json]:
    states: dict[str, dict[str, Json]] = {}
    waiting = [start]
    while waiting:
        name = waiting.pop()
        if name not in states:
            states[name] = state(name)
            waiting += reversed(states[name].get("to", ()))
    return {"start": start, "states": states}


def _outline_state(fields: Mapping[str, Json]) -> dict[str, Json]:
    """Return the outline of a state that one task runs with all that is inside of it."""
    found = {"type": fields["Type"], "to": _targets(fields), "inside": _inner_scopes(fields)}
    return {name: value for name, value in found.items() if value}


def _inner_scopes(fields: Mapping[str, Json]) -> list[dict[str, Json]]:
    bodies: Iterable[Json] = [*fields.get("Branches", ()), *(fields[key] for key in _PROCESSORS if key in fields)]
    return [
        _scope(body["StartAt"], lambda name, states=body["States"]: _outline_state(states[name]))  # type: ignore[misc]
        for body in bodies
    ]


_PROCESSORS = ("ItemProcessor", "Iterator")


def _targets(fields: Mapping[str, Json]) -> list[str]:
    return list(dict.fromkeys(found.state for found in transitions(fields)))
