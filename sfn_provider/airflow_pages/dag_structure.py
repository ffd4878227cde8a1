"""Reads from a serialized DAG what its pages draw: the state machine, and the graph of its tasks."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sfn_provider.drawing.graph import Edge, Graph, Node
from sfn_provider.runtime.machine_outline import OUTLINE_FIELD

Json = Any

_DISPLAY_NAMES = ("_task_display_name", "_task_display_property_value")
"""Where the versions of Airflow have a task's name for people."""

_MAPPED, _GROUP = "mapped group", "task group"


@dataclass(frozen=True)
class StateTasks:
    """Which tasks run a state.

    Args:
        task_id: the task that runs it, or that starts its Parallel or Map; None inside of a state that is one task.
        join_id: the join task of its Parallel or Map.
        is_batched: whether one task runs several items of a Map, of whose states nothing is known.
    """

    task_id: str | None = None
    join_id: str | None = None
    is_batched: bool = False


@dataclass(frozen=True)
class DrivingTask:
    """A task that has to do with a state machine on AWS.

    Args:
        task_id: the task.
        operator: the name of its operator's class.
        state_machine_arn: the state machine's ARN, or a template of it.
        aws_conn_id: its connection to AWS; None for that of the web server's own credentials.
    """

    task_id: str
    operator: str
    state_machine_arn: str
    aws_conn_id: str | None = None


@dataclass(frozen=True)
class DagStructure:
    """What the pages show of a DAG.

    Args:
        machine: the graph of the state machine that its tasks run; None where they run none as a whole.
        start: the name of its first state; empty without a machine.
        states: the tasks of each state.
        tasks: the graph of its tasks.
        driving: its tasks that name a state machine on AWS.
    """

    machine: Graph | None
    start: str
    states: Mapping[str, StateTasks]
    tasks: Graph
    driving: tuple[DrivingTask, ...]


def read_dag_structure(data: Mapping[str, Json]) -> DagStructure:
    """Read a serialized DAG.

    Args:
        data: the DAG as ``SerializedDagModel.data`` has it, of Airflow 2.10 to 3.3: ``{"dag": {"tasks": ...}}``.
    """
    dag = data["dag"]
    tasks = {fields["task_id"]: fields for fields in map(_fields, dag["tasks"])}
    outline = next((fields[OUTLINE_FIELD] for fields in tasks.values() if OUTLINE_FIELD in fields), None)
    scope = json.loads(outline) if outline is not None else None
    group = dag.get("task_group") or dag.get("_task_group") or {"children": {}}
    return DagStructure(
        machine=_machine_graph(scope) if scope is not None else None,
        start=scope["start"] if scope is not None else "",
        states=dict(_state_tasks(scope)) if scope is not None else {},
        tasks=_TaskGraph(tasks).graph(group),
        driving=tuple(_driving_tasks(tasks)),
    )


def _fields(task: Mapping[str, Json]) -> dict[str, Json]:
    """Return the fields of a serialized task; those of a mapped one's operator are within."""
    fields: dict[str, Json] = task.get("__var", task)
    partial = fields.get("partial_kwargs")
    return {**partial, **fields} if isinstance(partial, dict) else fields


# The state machine -----------------------------------------------------------------------------------------------


def _machine_graph(scope: Mapping[str, Json]) -> Graph:
    states: Mapping[str, Json] = scope["states"]
    nodes = tuple(
        Node(name, name, state["type"], (name,), tuple(map(_machine_graph, state.get("inside", ()))))
        for name, state in states.items()
    )
    return Graph(nodes, tuple((name, target) for name, state in states.items() for target in state.get("to", ())))


def _state_tasks(scope: Mapping[str, Json]) -> Iterator[tuple[str, StateTasks]]:
    for name, state in scope["states"].items():
        yield name, StateTasks(state.get("task"), state.get("join"), bool(state.get("batched")))
        for inner in state.get("inside", ()):
            yield from _state_tasks(inner)


# The graph of tasks ----------------------------------------------------------------------------------------------


class _TaskGraph:
    """Makes the graph of a DAG's tasks: an edge between tasks of two groups leads from group to group."""

    def __init__(self, tasks: Mapping[str, Mapping[str, Json]]) -> None:
        self._tasks = tasks

    def graph(self, group: Mapping[str, Json], group_id: str = "") -> Graph:
        """Return the graph of a task group; its nodes are in the order of the flow.

        Args:
            group: the serialized group.
            group_id: its id, with those of the groups around it; empty for the DAG's own.
        """
        node_of: dict[str, str] = {}
        nodes: dict[str, Node] = {}
        for key, (kind, child) in group["children"].items():
            nodes[key] = self._task(child, group_id) if kind == "operator" else self._group(child, key)
            node_of |= dict.fromkeys(_task_ids(kind, child), key)
        pairs = ((task, target) for task in node_of for target in self._tasks[task].get("downstream_task_ids", ()))
        edges = {(node_of[one], node_of[other]): None for one, other in pairs if other in node_of}
        inner: list[Edge] = [edge for edge in edges if edge[0] != edge[1]]
        entered = {target for _, target in inner}
        # The layout takes the first node for the start of the flow.
        ordered = sorted(nodes.values(), key=lambda node: node.key in entered)
        return Graph(tuple(ordered), tuple(inner))

    def _task(self, task_id: str, group_id: str) -> Node:
        fields = self._tasks[task_id]
        title = next(
            (fields[name] for name in _DISPLAY_NAMES if fields.get(name)), task_id.removeprefix(f"{group_id}.")
        )
        kind = fields.get("_operator_name") or fields.get("task_type") or fields.get("_task_type") or "task"
        return Node(task_id, str(title), str(kind).removesuffix("Operator"))

    def _group(self, group: Mapping[str, Json], group_id: str) -> Node:
        title = group.get("group_display_name") or group.get("tooltip") or group["_group_id"]
        kind = _MAPPED if group.get("is_mapped") else _GROUP
        return Node(group_id, str(title), kind, (), (self.graph(group, group_id),))


def _task_ids(kind: str, child: Json) -> Iterator[str]:
    if kind == "operator":
        yield child
    else:
        for inner_kind, inner in child["children"].values():
            yield from _task_ids(inner_kind, inner)


# Driving ---------------------------------------------------------------------------------------------------------


def _driving_tasks(tasks: Mapping[str, Mapping[str, Json]]) -> Iterator[DrivingTask]:
    for task_id, fields in tasks.items():
        arn = fields.get("state_machine_arn")
        if isinstance(arn, str):
            operator = fields.get("task_type") or fields.get("_task_type") or ""
            yield DrivingTask(task_id, str(operator), arn, fields.get("aws_conn_id"))
