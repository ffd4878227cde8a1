"""Makes the graphs of state machines and DAGs to draw: nodes within nodes, and edges."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sfn_provider.asl.model import Branch, State, StateMachine
from sfn_provider.asl.state_walk import inner_scopes
from sfn_provider.translate.plan.graph import successors
from sfn_provider.translate.plan.layout import LayoutNode, lay_out
from sfn_provider.translate.plan.model import DagPlan

Edge = tuple[str, str]
"""The keys of two nodes of one graph."""


@dataclass(frozen=True)
class Node:
    """A state, a task or a group of them.

    Args:
        key: its unique name: the state's name, the task's id.
        title: the name to show.
        kind: its type, for people.
        states: the states that it stands for.
        inside: the graphs within it; none for a state or task.
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
        """Yield all nodes, those within nodes included."""
        for node in self.nodes:
            yield node
            for graph in node.inside:
                yield from graph.walk()


def machine_graph(machine: StateMachine) -> Graph:
    """Make the graph of a state machine: Parallel and Map hold a graph for each branch."""
    return _scope_graph(machine)


def _scope_graph(scope: StateMachine | Branch) -> Graph:
    names = [scope.start_at, *(name for name in scope.states if name != scope.start_at)]
    edges = [(name, target) for name in names for target in successors(scope.states[name])]
    return Graph(tuple(_state_node(name, scope.states[name]) for name in names), tuple(edges))


def _state_node(name: str, state: State) -> Node:
    inside = tuple(_scope_graph(branch) for _, branch in inner_scopes(state))
    return Node(name, name, state.type, (name,), inside)


def dag_graph(plan: DagPlan) -> Graph:
    """Make the graph of a DAG: task groups hold a graph."""
    return _group_graph(lay_out(plan))


def _group_graph(group: LayoutNode) -> Graph:
    edges: list[Edge] = []
    for edge in group.edges:
        edges += [(edge.left.path, right.path) for right in edge.rights]
        if edge.last is not None:
            edges += [(right.path, edge.last.path) for right in edge.rights]
    edges += [(item.items.path, item.path) for item in group.children if item.items in group.children and item.items]
    return Graph(tuple(_group_node(item) for item in group.children), tuple(dict.fromkeys(edges)))


def _group_node(item: LayoutNode) -> Node:
    if item.task is None:
        kind = "mapped group" if item.group == "MapTaskGroup" else "task group"
        return Node(item.path, item.title or item.id, kind, item.states, (_group_graph(item),))
    kind = item.task.operator.rpartition(".")[2].removesuffix("Operator")
    return Node(item.path, item.title or item.id, kind, item.states)
