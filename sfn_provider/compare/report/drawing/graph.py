"""State machines and DAGs as graphs to be drawn: nodes within nodes, and the edges between them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sfn_provider.asl.model import Branch, Map, Parallel, State, StateMachine
from sfn_provider.translate.plan.graph import successors
from sfn_provider.translate.plan.layout import LayoutNode, lay_out
from sfn_provider.translate.plan.model import DagPlan

Edge = tuple[str, str]
"""The keys of two nodes of one graph."""


@dataclass(frozen=True)
class Node:
    """A state, a task or a group of them.

    Args:
        key: what names it: the state's name, the task's id.
        title: the name that people see.
        kind: what it is, for people.
        states: the states that it stands for.
        inside: what is in it; none for a state or task.
    """

    key: str
    title: str
    kind: str
    states: tuple[str, ...] = ()
    inside: tuple[Graph, ...] = ()


@dataclass(frozen=True)
class Graph:
    """Nodes in the order in which the flow reads, and the edges between them."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]

    def walk(self) -> Iterator[Node]:
        """All nodes, those within nodes included."""
        for node in self.nodes:
            yield node
            for graph in node.inside:
                yield from graph.walk()


def machine_graph(machine: StateMachine) -> Graph:
    """A state machine as a graph: Parallel and Map hold a graph for each branch."""
    return _states(machine.start_at, machine.states)


def _states(start_at: str, states: Mapping[str, State]) -> Graph:
    names = [start_at, *(name for name in states if name != start_at)]
    edges = [(name, target) for name in names for target in successors(states[name])]
    return Graph(tuple(_state(name, states[name]) for name in names), tuple(edges))


def _state(name: str, state: State) -> Node:
    branches: tuple[Branch, ...] = ()
    if isinstance(state, Parallel):
        branches = tuple(state.branches)
    elif isinstance(state, Map):
        branches = (state.body,)
    inside = tuple(_states(branch.start_at, branch.states) for branch in branches)
    return Node(name, name, state.type, (name,), inside)


def dag_graph(plan: DagPlan) -> Graph:
    """A DAG as a graph: task groups hold one."""
    return _items(lay_out(plan))


def _items(group: LayoutNode) -> Graph:
    edges: list[Edge] = []
    for edge in group.edges:
        edges += [(edge.left.path, right.path) for right in edge.rights]
        if edge.last is not None:
            edges += [(right.path, edge.last.path) for right in edge.rights]
    edges += [(item.items.path, item.path) for item in group.children if item.items in group.children and item.items]
    return Graph(tuple(_item(item) for item in group.children), tuple(dict.fromkeys(edges)))


def _item(item: LayoutNode) -> Node:
    if item.task is None:
        kind = "mapped group" if item.group == "MapTaskGroup" else "task group"
        return Node(item.path, item.title or item.id, kind, item.states, (_items(item),))
    kind = item.task.operator.rpartition(".")[2].removesuffix("Operator")
    return Node(item.path, item.title or item.id, kind, item.states)
