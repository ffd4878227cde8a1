"""Lays out a DAG: its tasks and task groups with ids, variables and edges.

Both back ends of a plan, the Python file and the live DAG, are made from the layout, so that they agree.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sfn_provider.asl.model import Fail, Succeed
from sfn_provider.translate.plan import naming
from sfn_provider.translate.plan.model import BranchPlan, DagPlan, GroupPlan, Node, TaskPlan

Json = Any

_MAX_PATH = 240
"""Upper limit of characters of a task's id with its groups'; Airflow allows 250, and a numeric suffix may follow."""

_MAX_VARIABLE = 60
"""Upper limit of characters of a variable at the top level, so that an edge fits on a line."""


@dataclass(frozen=True, slots=True)
class Edges:
    """Edges from one node: ``left >> rights``, or ``left >> rights >> last``."""

    left: LayoutNode
    rights: list[LayoutNode]
    last: LayoutNode | None = None


@dataclass(slots=True)
class LayoutNode:
    """A task, or a task group with its content.

    Args:
        preferred_id: its id, unless another node has the same.
        title: the display name.
        task: the task; None for a group.
        state_name: name of the task's state, an argument if the task's id is another.
        comment: text of the comment above the task, if the task has no argument ``comment``.
        has_comment_argument: True if the task's operator has an argument ``comment``.
        states: the states that it runs; none for the start and the join of a group.
        boundary: True for these.
        group: ``TaskGroup`` or ``MapTaskGroup`` for a group.
        children: the content of the group, in order.
        edges: the edges between them.
        items: for a MapTaskGroup the task that lists the items.
        max_concurrency: for a MapTaskGroup the upper limit of items in the same task at the same time.
        id: its id, without those of the groups around.
        path: its id with those of the groups around, as in Airflow.
        variable: its variable.
        preferred_variable: its variable, unless another node has the same.
    """

    preferred_id: str
    title: str
    task: TaskPlan | None = None
    state_name: str | None = None
    comment: str | None = None
    has_comment_argument: bool = False
    states: tuple[str, ...] = ()
    boundary: bool = False
    group: str | None = None
    children: list[LayoutNode] = field(default_factory=list)
    edges: list[Edges] = field(default_factory=list)
    items: LayoutNode | None = None
    max_concurrency: int | None = None
    id: str = ""
    path: str = ""
    variable: str = ""
    preferred_variable: str = ""

    def arguments(self) -> dict[str, Json]:
        """Return the arguments of the task's operator in order; JSON values."""
        if self.task is None:
            raise ValueError(f"{self.path!r} is a group: it has no operator")
        arguments: dict[str, Json] = {"task_id": self.id}
        if self.title != self.id:
            arguments["task_display_name"] = self.title
        if self.state_name is not None and self.state_name != self.id:
            arguments["state_name"] = self.state_name
        if self.has_comment_argument and self.task.comment is not None:
            arguments["comment"] = self.task.comment
        return arguments | dict(self.task.arguments)

    def group_arguments(self) -> dict[str, Json]:
        """Return the arguments of the group, without the task that lists its items; JSON values."""
        arguments: dict[str, Json] = {"group_id": self.id}
        if self.max_concurrency is not None:
            arguments["max_concurrency"] = self.max_concurrency
        if self.title != self.id:
            arguments["tooltip"] = self.title
        return arguments


def lay_out(plan: DagPlan) -> LayoutNode:
    """Lay out a DAG, as a group without a name that represents the DAG itself."""
    root = LayoutNode("", "", group="DAG")
    _add_children(root, plan.tasks)
    _set_ids(root)
    preferred = {node.path: _preferred_variable(node) for node in walk(root)}
    variables = naming.unique(preferred, preferred)
    for node in walk(root):
        node.variable = variables[node.path]
    return root


def task_ids(plan: DagPlan) -> dict[str, str]:
    """Return the id of each task and task group, with those of the groups around, by its first state."""
    return {node.states[0]: node.path for node in walk(lay_out(plan)) if node.states}


def walk(group: LayoutNode) -> Iterator[LayoutNode]:
    """Iterate over all nodes in a group, each group before its content."""
    for item in group.children:
        yield item
        yield from walk(item)


def _add_children(group: LayoutNode, nodes: tuple[Node, ...]) -> dict[str, LayoutNode]:
    """Add tasks and groups with their edges to a group; return them by the names of their states."""
    found: dict[str, LayoutNode] = {}
    for node in nodes:
        item = _layout_node(node)
        group.children.append(item)
        found |= dict.fromkeys(node.states, item)
    for node in nodes:
        _connect(group, found[node.states[0]], [found[name] for name in node.targets])
    return found


def _connect(group: LayoutNode, left: LayoutNode, rights: list[LayoutNode]) -> None:
    distinct = list({id(right): right for right in rights}.values())
    if distinct:
        group.edges.append(Edges(left, distinct))


def _layout_node(node: Node) -> LayoutNode:
    preferred = naming.task_id(getattr(node, "named_after", None) or node.title)
    if isinstance(node, TaskPlan):
        name = node.states[0] if len(node.states) == 1 else None
        item = LayoutNode(preferred, node.title, node, name, states=node.states, preferred_variable=preferred)
        # The comment of a loop is made by us; no state has it.
        item.has_comment_argument = "states" not in node.arguments
        item.comment = node.comment if not item.has_comment_argument else None
        return item
    group = LayoutNode(preferred, node.title, states=node.states, group="TaskGroup", preferred_variable=preferred)
    start, join = (_boundary(node, task, part) for task, part in ((node.start, "start"), (node.join, "join")))
    branches = [_branch(node, branch, start) for branch in node.branches]
    if node.children is not None:
        branches = [(_children_group(node, node.children, start), [])]
    group.children = [start, *(item for item, _ in branches), join]
    if node.mapped:  # its items say what it comes after
        _connect(group, branches[0][0], [join])
    else:
        group.edges.append(Edges(start, [item for item, _ in branches], join))
    for _, ends in branches:
        for end in ends:
            _connect(group, end, [join])
    return group


def _boundary(group: GroupPlan, task: TaskPlan, part: str) -> LayoutNode:
    variable = f"{naming.task_id(group.title)}_{part}"
    item = LayoutNode(part, part, task, group.states[0], boundary=True, preferred_variable=variable)
    item.has_comment_argument = part == "start"
    return item


def _children_group(group: GroupPlan, task: TaskPlan, start: LayoutNode) -> LayoutNode:
    """Make the mapped group with the task that runs child executions, or a batch of items."""
    part, children = group.inner_ids
    item = LayoutNode(part, part, group="MapTaskGroup", items=start, max_concurrency=group.max_concurrency)
    item.preferred_variable = f"{naming.task_id(group.title)}_{part}"
    item.children = [_boundary(group, task, children)]
    return item


def _branch(group: GroupPlan, branch: BranchPlan, start: LayoutNode) -> tuple[LayoutNode, list[LayoutNode]]:
    """Make the task or group of a branch; return with it the nodes that may end the branch but have successors."""
    if not group.mapped and len(branch.tasks) == 1:
        return _layout_node(branch.tasks[0]), []
    name = naming.task_id(branch.title)
    item = LayoutNode(name, name, group="MapTaskGroup" if group.mapped else "TaskGroup")
    item.preferred_variable = f"{naming.task_id(group.title)}_{name}"
    if group.mapped:
        item.items, item.max_concurrency = start, group.max_concurrency
    found = _add_children(item, branch.tasks)
    early = [found[node.states[0]] for node in branch.tasks if node.targets and _may_end(node)]
    return item, early


def _may_end(node: Node) -> bool:
    """Whether the branch may end in a task that has successors."""
    return any(isinstance(state, Succeed | Fail) or getattr(state, "end", None) for state in node.models)


def _set_ids(group: LayoutNode, outermost: frozenset[str] = frozenset()) -> None:
    """Set ids that are unique within their group, recursively.

    Args:
        group: the group.
        outermost: the ids at the top level. Airflow 2 allows none of them for an inner group.
    """
    keys = [str(place) for place in range(len(group.children))]
    # The start and join of a group come first: a state may have the same name.
    order = sorted(keys, key=lambda key: not group.children[int(key)].boundary)
    room = _MAX_PATH - len(group.path)
    preferred = {
        key: item.preferred_id[: _max_length(item, room)] for key, item in zip(keys, group.children, strict=True)
    }
    groups = {key: outermost for key, item in zip(keys, group.children, strict=True) if item.group is not None}
    ids = naming.unique(order, preferred, groups)
    for key, item in zip(keys, group.children, strict=True):
        item.id = ids[key]
        item.path = f"{group.path}.{item.id}" if group.path else item.id
        if item.group is not None:
            _set_ids(item, outermost or frozenset(ids.values()))


def _max_length(item: LayoutNode, room: int) -> int:
    """Return the upper limit of characters of an id. A group leaves two thirds of them to its content."""
    return max(room - 1 if item.group is None else room // 3, len("branch_1"))


def _preferred_variable(item: LayoutNode) -> str:
    """Return the preferred variable of a node: the deeper, the shorter, because of the indentation."""
    return naming.variable(item.preferred_variable)[: max(_MAX_VARIABLE - 4 * item.path.count("."), 12)]
