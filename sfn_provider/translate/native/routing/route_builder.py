"""Builds the graph of the tasks of a native DAG, with handlers and what stands between tasks."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from sfn_provider.asl.model import Choice, Pass, Succeed, Task
from sfn_provider.translate.native.data_flow.evaluation import ScopeFlow, StateFlow
from sfn_provider.translate.native.data_flow.values import always_absent
from sfn_provider.translate.native.map_forms import map_form
from sfn_provider.translate.native.parts.exact_parts import ExactPart
from sfn_provider.translate.native.parts.loop_parts import LoopPart
from sfn_provider.translate.native.routing.routes import END, EdgeKind, NodeKind, RouteNode, Routes
from sfn_provider.translate.native.states.caught_errors import catches_all

_MAY_FAIL = frozenset({"state", "items", "results", "guard", "catch"})
"""Tasks whose failure is not for the handlers of later ones."""


def build_routes(scope: ScopeFlow, tasks_of_pass: frozenset[str], collected: Collection[str] = ()) -> Routes:
    """Build the graph of the tasks of a machine.

    Args:
        scope: the machine.
        tasks_of_pass: the Pass states that are tasks.
        collected: the Map states whose results later tasks read.

    Raises:
        NotNative: a way cannot be said by trigger rules.
    """
    builder = _Builder(Routes(), tasks_of_pass, collected)
    builder.scope(scope, ())
    if not builder.routes.nodes:  # a DAG has at least one task
        builder.routes.nodes[scope.start_at] = RouteNode(scope.start_at, "start", scope.start_at)
    _remove_idle_branches(builder.routes)
    _separate_choices(builder.routes)
    _protect_handlers(builder.routes, builder.inside)
    return builder.routes


@dataclass(slots=True)
class _Builder:
    routes: Routes
    tasks_of_pass: frozenset[str]
    collected: Collection[str] = ()
    entries: dict[str, list[str]] = field(default_factory=dict)
    exits: dict[str, list[str]] = field(default_factory=dict)
    inside: dict[str, list[str]] = field(default_factory=dict)
    failing: dict[str, list[str]] = field(default_factory=dict)
    choosing: set[str] = field(default_factory=set)

    def scope(self, scope: ScopeFlow, groups: tuple[str, ...]) -> tuple[list[str], list[tuple[str, EdgeKind]]]:
        """Add the tasks of a scope. Return its first tasks, and the ends of it: keys with the kinds of their ways."""
        targets = self._targets(scope)
        self.choosing |= {name for name, flow in scope.states.items() if self._chooses_handler(flow, scope)}
        arrivals = self._arrivals(scope, targets)
        for name, flow in scope.states.items():
            if name not in self.routes.folded:
                self._add(flow, groups, arrivals.get(name, []))
        ends: list[tuple[str, EdgeKind]] = []
        for name, flow in scope.states.items():
            if name not in self.routes.folded:
                ends += self._connect(flow, targets, arrivals, is_inner=bool(groups))
        start = targets[scope.start_at]
        return ([] if start == END else self.entries[start]), ends

    @staticmethod
    def _chooses_handler(flow: StateFlow, scope: ScopeFlow) -> bool:
        """Whether it depends on the name of a Task's error whether, or by which handler, it is caught.

        It does not matter where the one handler does nothing but fail.
        """
        if not isinstance(flow.state, Task) or not flow.state.catch or catches_all(flow.state):
            return False
        return len(flow.state.catch) > 1 or not _always_fails(scope.states[flow.state.catch[0].next])

    def _targets(self, scope: ScopeFlow) -> dict[str, str]:
        """Return for each state the state of the next task at or behind it, or END."""
        targets: dict[str, str] = {END: END}
        for name, flow in reversed(list(scope.states.items())):
            if self._is_folded(flow, targets):
                self.routes.folded.add(name)
                targets[name] = targets[flow.ways[0][0]] if flow.ways else END
            else:
                targets[name] = name
        return targets

    def _is_folded(self, flow: StateFlow, targets: dict[str, str]) -> bool:
        state = flow.state
        if isinstance(state, Pass):
            return flow.name not in self.tasks_of_pass
        if isinstance(state, Choice):
            return state.default is not None and len({targets[target] for target, _ in flow.ways}) == 1
        if state.type == "Map":
            return map_form(flow) == "list" and flow.name not in self.collected
        if state.type == "Parallel":
            return all(self._is_empty(scope) for scope in flow.scopes)
        return isinstance(state, Succeed)

    def _is_empty(self, scope: ScopeFlow) -> bool:
        return self._targets(scope)[scope.start_at] == END

    def _arrivals(self, scope: ScopeFlow, targets: dict[str, str]) -> dict[str, list[tuple[str, EdgeKind]]]:
        """Return for each task the states and kinds of the ways that lead to it."""
        arrivals: dict[str, list[tuple[str, EdgeKind]]] = {}
        for name, flow in scope.states.items():
            if name in self.routes.folded:
                continue
            for target, kind in _ways(flow):
                arrival = (name, kind)
                if arrival not in arrivals.setdefault(targets[target], []):
                    arrivals[targets[target]].append(arrival)
        return arrivals

    def _add(self, flow: StateFlow, groups: tuple[str, ...], arrivals: list[tuple[str, EdgeKind]]) -> None:
        name, routes = flow.name, self.routes
        if flow.state.type == "Map" and map_form(flow) != "list":
            self._add_map(name, groups)
            return
        if isinstance(flow.state, LoopPart) and len(flow.ways) > 1:
            branch = f"{name}\0exits"
            routes.nodes[name] = RouteNode(name, "state", name, groups)
            routes.nodes[branch] = RouteNode(branch, "exits", name, groups)
            routes.edges[name, branch] = "next"
            self.entries[name], self.exits[name], self.inside[name] = [name], [branch], [name, branch]
            return
        if flow.state.type != "Parallel":
            routes.nodes[name] = RouteNode(name, "state", name, groups)
            self.entries[name] = self.exits[name] = self.inside[name] = [name]
            if flow.name in self.choosing:
                catch = f"{name}\0catch"
                routes.nodes[catch] = RouteNode(catch, "catch", name, groups)
                self._edge(name, catch, "error", name)
            return
        inner = (*groups, name)
        before = set(routes.nodes)
        start = f"{name}\0start"
        if len(arrivals) > 1 or any(kind != "next" for _, kind in arrivals):
            routes.nodes[start] = RouteNode(start, "start", name, inner)
        entries: list[str] = []
        exits: list[str] = []
        failing: list[str] = []
        for number, scope in enumerate(flow.scopes, 1):
            first, ends = self.scope(scope, inner)
            entries += first
            exits += self._end_of_branch(name, number, ends, inner) or self._failing(scope)
            failing += self._failing(scope)
        if start in routes.nodes:
            routes.edges |= dict.fromkeys(((start, entry) for entry in entries), "next")
            entries = [start]
        self.entries[name], self.exits[name] = entries, exits
        self.failing[name] = [key for key in failing if key not in exits]
        self.inside[name] = [key for key in routes.nodes if key not in before]

    def _failing(self, scope: ScopeFlow) -> list[str]:
        """Return the last tasks of a branch that fail, with whose failure its end is skipped, which no handler sees."""
        found: list[str] = []
        for name, flow in scope.states.items():
            if name in self.routes.folded:
                continue
            if not _ways(flow):
                found.append(name)
            elif flow.state.type == "Parallel" and len(flow.ways) == 1:
                found += self.failing[name]
        return found

    def _add_map(self, name: str, groups: tuple[str, ...]) -> None:
        items, results = f"{name}\0items", f"{name}\0results"
        self.routes.nodes[items] = RouteNode(items, "items", name, groups)
        self.routes.nodes[name] = RouteNode(name, "state", name, groups)
        self.routes.edges[items, name] = "next"
        self.entries[name], self.exits[name], self.inside[name] = [items], [items, name], [items, name]
        if name in self.collected:
            self.routes.nodes[results] = RouteNode(results, "results", name, groups)
            self.routes.edges |= dict.fromkeys(((items, results), (name, results)), "mapped")
            self.exits[name] = [results]

    def _end_of_branch(
        self, name: str, number: int, ends: list[tuple[str, EdgeKind]], groups: tuple[str, ...]
    ) -> list[str]:
        """Return the task at the end of a branch; an empty one where several tasks may be the last."""
        if not ends:
            return []
        if len(ends) == 1 and ends[0][1] == "next":
            return [ends[0][0]]
        key = f"{name}\0end{number}"
        self.routes.nodes[key] = RouteNode(key, "end", name, groups)
        for left, kind in ends:
            self._edge(left, key, kind, self.routes.nodes[left].state)
            if kind == "choice":
                ways = self.routes.choices.setdefault(left, {})
                ways |= {way: key for way in (END, *ways) if ways.get(way, END) == END}
        return [key]

    def _edge(self, left: str, right: str, kind: EdgeKind, state: str = "") -> None:
        known = self.routes.edges.get((left, right), kind)
        if known != kind and "error" in (known, kind):
            # Success and error lead to the same task: each has an edge of its own.
            key = f"{left}\0failed"
            self.routes.insert(RouteNode(key, "one_failed", left, self.routes.nodes[left].groups), right)
            self.routes.edges[left, right] = known if kind == "error" else kind
            self.routes.edges[key, right] = "next"
            right, kind = key, "error"
        if kind == "error":
            self.routes.caught[left, right] = state
        self.routes.edges[left, right] = kind

    def _connect(
        self,
        flow: StateFlow,
        targets: dict[str, str],
        arrivals: dict[str, list[tuple[str, EdgeKind]]],
        *,
        is_inner: bool,
    ) -> list[tuple[str, EdgeKind]]:
        """Add the edges from the tasks of a state; return those that end the scope."""
        ends: list[tuple[str, EdgeKind]] = []
        for target, kind in _ways(flow):
            resolved = targets[target]
            branch = self.exits[flow.name][0]
            if kind == "error" and flow.name in self.choosing:
                branch, kind = f"{flow.name}\0catch", "choice"
            if kind == "choice":
                self.routes.choices.setdefault(branch, {})[target] = END if resolved == END else ""
            if resolved == END and not is_inner:
                continue  # nothing comes behind the last tasks of a run
            lefts = [branch] if kind == "choice" else self._lefts(flow, resolved, kind, arrivals)
            if resolved == END:
                ends += [(left, kind) for left in lefts]
                continue
            rights = self.entries[resolved]
            if kind == "choice":
                self.routes.choices[branch][target] = rights[0]
            for left in lefts:
                for right in rights:
                    joins = kind == "next" and len(lefts) > 1
                    self._edge(left, right, self._join_kind(flow) if joins else kind, flow.name)
        return list(dict.fromkeys(ends))

    @staticmethod
    def _join_kind(flow: StateFlow) -> EdgeKind:
        return "mapped" if flow.state.type == "Map" else "join"

    def _lefts(
        self, flow: StateFlow, target: str, kind: EdgeKind, arrivals: dict[str, list[tuple[str, EdgeKind]]]
    ) -> list[str]:
        """Return the tasks from which a way leads; one of their own behind several where others lead there, too."""
        lefts = self.exits[flow.name]
        if kind == "error":
            return [*lefts, *self.failing.get(flow.name, ())]
        if kind != "next" or len(lefts) < 2:
            return lefts
        if target != END and len(arrivals[target]) == 1 and len(self.entries[target]) == 1:
            return lefts
        key = f"{flow.name}\0done"
        node = self.routes.nodes[lefts[-1]]
        if key not in self.routes.nodes:
            around = node.groups[: node.groups.index(flow.name) + 1] if flow.name in node.groups else node.groups
            done = RouteNode(key, "done", flow.name, around)
            position = list(self.routes.nodes).index(self.inside[flow.name][-1]) + 1
            items = list(self.routes.nodes.items())
            self.routes.nodes = dict([*items[:position], (key, done), *items[position:]])
            self.routes.edges |= dict.fromkeys(((left, key) for left in lefts), self._join_kind(flow))
        return [key]


def _always_fails(flow: StateFlow) -> bool:
    return isinstance(flow.state, Task) and always_absent(flow.effective) is not None


def _ways(flow: StateFlow) -> list[tuple[str, EdgeKind]]:
    """Return the next states with the kinds of the ways; none behind a Fail."""
    if flow.state.type == "Fail":
        return []
    is_branch = isinstance(flow.state, Choice) or (isinstance(flow.state, ExactPart) and len(flow.ways) != 1)
    if is_branch:
        return list(dict.fromkeys((target, "choice") for target, _ in flow.ways))
    first, *caught = [target for target, _ in flow.ways]
    return [(first, "next"), *dict.fromkeys((target, "error") for target in caught)]


def _remove_idle_branches(routes: Routes) -> None:
    """Remove the branches behind loops that have no task behind them."""
    after = routes.links().after
    for key in [key for key, node in routes.nodes.items() if node.kind == "exits" and not after[key]]:
        del routes.nodes[key], routes.choices[key]
        routes.edges = {edge: kind for edge, kind in routes.edges.items() if edge[1] != key}


def _separate_choices(routes: Routes) -> None:
    """Put an empty task between a branch and a task that can also be reached by what the branch may choose instead."""
    links = routes.links()  # what is put in between changes nothing of what a task leads to
    for name, chosen in routes.choices.items():
        targets = list(dict.fromkeys(key for key in chosen.values() if key != END))
        behind = links.descendants(targets)
        for target in targets:
            if target in behind:
                key = f"{name}\0{target}"
                groups = routes.nodes[name].groups
                routes.insert(RouteNode(key, "skippable", name, groups), target)
                del routes.edges[name, target]
                routes.edges |= {(name, key): "choice", (key, target): "next"}
                routes.choices[name] = {way: key if to == target else to for way, to in routes.choices[name].items()}


def _protect_handlers(routes: Routes, inside: dict[str, list[str]]) -> None:
    """Put a task before each handler that would also run after another failure, or that has other ways to it."""
    handlers = dict.fromkeys(right for (_, right), kind in routes.edges.items() if kind == "error")
    for handler in handlers:
        if routes.nodes[handler].kind == "catch":
            continue  # it looks for the error of its Task
        incoming = {left: kind for (left, right), kind in routes.edges.items() if right == handler}
        sources = [left for left, kind in incoming.items() if kind == "error"]
        states = dict.fromkeys(routes.caught[source, handler] for source in sources)
        own = [key for state in states for key in inside[state]]
        watched = [key for key in own if routes.nodes[key].kind in ("state", "items")]
        others = routes.ancestors(sources) - set(own)
        needs_guard = any(routes.nodes[key].kind in _MAY_FAIL for key in others)
        if not needs_guard and len(sources) == len(incoming):
            continue
        node = routes.nodes[handler]
        key = f"{handler}\0guard"
        kind: NodeKind = "guard" if needs_guard else "one_failed"
        routes.insert(RouteNode(key, kind, node.state, node.groups, tuple(watched) if needs_guard else ()), handler)
        for source in sources:
            del routes.edges[source, handler]
            routes.edges[source, key] = "error"
            routes.caught[source, key] = routes.caught.pop((source, handler))
        routes.edges[key, handler] = "next"
