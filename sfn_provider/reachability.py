"""Finds the nodes of a graph that can be reached from others.

Imported at every parse of a DAG file: the standard library alone.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import TypeVar

Node = TypeVar("Node", bound=Hashable)


def reached(starts: Iterable[Node], edges: Mapping[Node, Iterable[Node]]) -> set[Node]:
    """Return some nodes with all that can be reached from them.

    Args:
        starts: the nodes to start at.
        edges: the nodes that each node leads to; one that is not in it leads to none.
    """
    found: set[Node] = set()
    waiting = list(starts)
    while waiting:
        node = waiting.pop()
        if node not in found:
            found.add(node)
            waiting += edges.get(node, ())
    return found
