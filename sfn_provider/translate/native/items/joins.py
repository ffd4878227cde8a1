"""Finds where the ways out of a state meet again."""

from __future__ import annotations

from sfn_provider.asl.model import Branch, Fail, StateMachine
from sfn_provider.translate.native.parts.exact_parts import ExactPart
from sfn_provider.translate.native.routing.routes import END
from sfn_provider.translate.plan.graph import successors


def find_joins(scope: StateMachine | Branch) -> dict[str, str]:
    """Return for each state the next state that every way from it goes through, or `END`.

    Ways that end in a Fail do not count. A state from which all ways do is missing.

    Args:
        scope: the states, without loops.
    """
    import networkx as nx

    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_node(END)
    for name, state in scope.states.items():
        if isinstance(state, Fail):
            continue
        is_last = state.type == "Succeed" or (getattr(state, "next", None) is None and state.type != "Choice")
        ends = state.ends if isinstance(state, ExactPart) else is_last
        targets = [*successors(state), *([END] if ends else [])]
        graph.add_edges_from((target, name) for target in targets)
    found = nx.immediate_dominators(graph, END)
    return {name: join for name, join in found.items() if name != END}
