"""Defines the graph of the tasks of a native DAG, with trigger rules that hold.

Airflow decides by trigger rules alone, so that each edge has to mean one thing:

- a branch skips the tasks that it does not choose, but not those that are also behind a task that it chooses: there an
  empty task stands between the two, which can be skipped;
- ``one_failed`` also holds where an earlier task failed, for whose error no handler is meant: there a task looks first
  which task has failed;
- where a Catch names errors, a branch chooses the handler by the name of the error, and fails where none is for it;
- where ways meet of which one handles an error, the other one is ``upstream_failed``: ``one_success``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from sfn_provider.reachability import reached

EdgeKind = Literal["next", "choice", "error", "join", "mapped"]
NodeKind = Literal[
    "state",
    "items",
    "results",
    "exits",
    "start",
    "end",
    "done",
    "skippable",
    "guard",
    "catch",
    "one_failed",
    "merge",
]

END = ""
"""Where a way ends instead of at a task."""


@dataclass(frozen=True, slots=True)
class RouteNode:
    """A task.

    Args:
        key: unique in the graph; the name of the state for the task of a state.
        kind: ``state``; the others are empty tasks: before and behind the branches of a Parallel (``start``, ``done``),
            at the end of one of them (``end``), between a branch and a task that must not run without it
            (``skippable``), before a handler that has other ways to it (``one_failed``); ``guard`` looks whether a task
            has failed for whose errors a handler is meant; ``catch`` chooses the handler by the name of a Task's error;
            ``merge`` returns what an operator is given.
        state: the state that it belongs to.
        groups: the Parallels around, outermost first.
        watched: for a guard the keys of the tasks whose failure it looks for.
    """

    key: str
    kind: NodeKind
    state: str
    groups: tuple[str, ...] = ()
    watched: tuple[str, ...] = ()


@dataclass(slots=True)
class Routes:
    """The graph of tasks.

    Args:
        nodes: the tasks by key, in the order in which they run.
        edges: the kind of each edge, by the keys of its ends.
        caught: the state whose error an edge of the kind ``error`` leads away from.
        choices: for each Choice the key of the task that a way leads to, or `END`, by the name of the next state.
        folded: the names of the states without a task.
    """

    nodes: dict[str, RouteNode] = field(default_factory=dict)
    edges: dict[tuple[str, str], EdgeKind] = field(default_factory=dict)
    caught: dict[tuple[str, str], str] = field(default_factory=dict)
    choices: dict[str, dict[str, str]] = field(default_factory=dict)
    folded: set[str] = field(default_factory=set)

    def links(self) -> RouteLinks:
        """Return the neighbours of each task, as the graph is now."""
        return RouteLinks(self)

    def ancestors(self, keys: Iterable[str]) -> set[str]:
        """Return all tasks before some tasks."""
        return _behind(keys, self.links().before)

    def insert(self, node: RouteNode, before: str) -> None:
        """Add a task, in the order directly before another one."""
        nodes: dict[str, RouteNode] = {}
        for key, other in self.nodes.items():
            if key == before:
                nodes[node.key] = node
            nodes[key] = other
        self.nodes = nodes

    def insert_on_all_ways(self, node: RouteNode, before: str) -> None:
        """Add a task directly before another one, which all ways to that one lead through from then on."""
        self.insert(node, before)
        moved = {(left, node.key if right == before else right): kind for (left, right), kind in self.edges.items()}
        self.edges = {**moved, (node.key, before): "next"}
        self.caught = {
            (left, node.key if right == before else right): state for (left, right), state in self.caught.items()
        }
        for ways in self.choices.values():
            ways.update({way: node.key for way, key in ways.items() if key == before})


class RouteLinks:
    """The neighbours of each task of a graph, found once for all tasks.

    Args:
        routes: the graph; later changes of it are not seen.

    Attributes:
        before: the tasks directly before each task, with the kind of the edge between.
        after: those directly behind each task.
    """

    def __init__(self, routes: Routes) -> None:
        self.before: dict[str, dict[str, EdgeKind]] = {key: {} for key in routes.nodes}
        self.after: dict[str, dict[str, EdgeKind]] = {key: {} for key in routes.nodes}
        for (left, right), kind in routes.edges.items():
            self.before.setdefault(right, {})[left] = kind
            self.after.setdefault(left, {})[right] = kind
        handlers = {right for (_, right), kind in routes.edges.items() if kind == "error"}
        self._behind_handlers = self.descendants(handlers)

    def descendants(self, keys: Iterable[str]) -> set[str]:
        """Return all tasks behind some tasks."""
        return _behind(keys, self.after)

    def trigger_rule(self, key: str) -> str | None:
        """Return the trigger rule of a task; None for Airflow's default."""
        kinds = set(self.before[key].values())
        if "error" in kinds:
            return "one_failed"
        if kinds == {"mapped"}:  # a mapped task without items is skipped
            return "none_failed_min_one_success"
        if len(self.before[key]) < 2 or kinds == {"join"}:
            return None
        return "one_success" if key in self._behind_handlers else "none_failed_min_one_success"


def _behind(keys: Iterable[str], edges: Mapping[str, Iterable[str]]) -> set[str]:
    return reached([near for key in keys for near in edges.get(key, ())], edges)
