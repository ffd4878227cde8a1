"""What stands where in a DAG: tasks and task groups with their names, and the edges between them.

Both back ends of a plan, the file and the live DAG, are made from it, so that they agree.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sfn_provider.translate.plan import naming
from sfn_provider.translate.plan.model import BranchPlan, DagPlan, GroupPlan, Node, TaskPlan

Json = Any

_MAX_PATH = 240
"""Letters of a task's id, with those of the groups around; Airflow takes 250, a number to tell it apart included."""

_MAX_VARIABLE = 60
"""Letters of a variable at the top level, so that the longest state name still leaves room on a line."""


@dataclass(frozen=True, slots=True)
class Edges:
    """What comes after something: ``left >> rights``, or ``left >> rights >> last``."""

    left: LayoutNode
    rights: list[LayoutNode]
    last: LayoutNode | None = None


@dataclass(slots=True)
class LayoutNode:
    """A task, or a task group with what is in it.

    Args:
        wanted: the id that it is to have.
        title: the name that people see.
        task: the task; None for a group.
        state_name: name of the task's state, where the task's id does not say it.
        comment: what it is for, where no argument says it.
        says_comment: True where an argument of the task says what it is for.
        states: the states that it stands for; none for the start and the join of a group.
        boundary: True for these.
        group: ``TaskGroup`` or ``MapTaskGroup`` for a group.
        children: what is in the group, in order.
        edges: which of them come after which.
        items: for a MapTaskGroup the task that lists the items.
        max_concurrency: for a MapTaskGroup how many of them may be in the same task at once.
        id: its id, without those of the groups around.
        path: its id with those of the groups around, as Airflow has it.
        variable: its variable.
        wanted_variable: the variable that it is to have.
    """

    wanted: str
    title: str
    task: TaskPlan | None = None
    state_name: str | None = None
    comment: str | None = None
    says_comment: bool = False
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
    wanted_variable: str = ""

    def arguments(self) -> dict[str, Json]:
        """The arguments of the task's operator in order; JSON values."""
        if self.task is None:
            raise ValueError(f"{self.path!r} is a group: it has no operator")
        given: dict[str, Json] = {"task_id": self.id}
        if self.title != self.id:
            given["task_display_name"] = self.title
        if self.state_name is not None and self.state_name != self.id:
            given["state_name"] = self.state_name
        if self.says_comment and self.task.comment is not None:
            given["comment"] = self.task.comment
        return given | dict(self.task.arguments)

    def group_arguments(self) -> dict[str, Json]:
        """The arguments of the group, without the task that lists its items; JSON values."""
        given: dict[str, Json] = {"group_id": self.id}
        if self.max_concurrency is not None:
            given["max_concurrency"] = self.max_concurrency
        if self.title != self.id:
            given["tooltip"] = self.title
        return given


def lay_out(plan: DagPlan) -> LayoutNode:
    """Lay out a DAG, as a group without a name that stands for the DAG itself."""
    root = LayoutNode("", "", group="DAG")
    _fill(root, plan.tasks)
    _name(root)
    wanted = {item.path: _variable(item) for item in walk(root)}
    made = naming.unique(wanted, wanted)
    for item in walk(root):
        item.variable = made[item.path]
    return root


def walk(group: LayoutNode) -> Iterator[LayoutNode]:
    """Everything in a group, each group before what is in it."""
    for item in group.children:
        yield item
        yield from walk(item)


def _fill(group: LayoutNode, nodes: tuple[Node, ...]) -> dict[str, LayoutNode]:
    """Put tasks and groups into a group, with the edges between them; return them by the names of their states."""
    found: dict[str, LayoutNode] = {}
    for node in nodes:
        item = _item(node)
        group.children.append(item)
        found |= dict.fromkeys(node.states, item)
    for node in nodes:
        _connect(group, found[node.states[0]], [found[name] for name in node.targets])
    return found


def _connect(group: LayoutNode, left: LayoutNode, rights: list[LayoutNode]) -> None:
    distinct = list({id(right): right for right in rights}.values())
    if distinct:
        group.edges.append(Edges(left, distinct))


def _item(node: Node) -> LayoutNode:
    wanted = naming.task_id(node.title)
    if isinstance(node, TaskPlan):
        name = node.states[0] if len(node.states) == 1 else None
        item = LayoutNode(wanted, node.title, node, name, states=node.states, wanted_variable=wanted)
        # The comment of a loop is not its states' own.
        item.says_comment = "states" not in node.arguments
        item.comment = node.comment if not item.says_comment else None
        return item
    group = LayoutNode(wanted, node.title, states=node.states, group="TaskGroup", wanted_variable=wanted)
    start, join = (_boundary(node, task, part) for task, part in ((node.start, "start"), (node.join, "join")))
    branches = [_branch(node, branch, start) for branch in node.branches]
    if node.children is not None:
        branches = [(_parts(node, node.children, start), [])]
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
    wanted = f"{naming.task_id(group.title)}_{part}"
    item = LayoutNode(part, part, task, group.states[0], boundary=True, wanted_variable=wanted)
    item.says_comment = part == "start"
    return item


def _parts(group: GroupPlan, task: TaskPlan, start: LayoutNode) -> LayoutNode:
    """The mapped group with the task that runs child executions."""
    item = LayoutNode("part", "part", group="MapTaskGroup", items=start)
    item.wanted_variable = f"{naming.task_id(group.title)}_part"
    item.children = [_boundary(group, task, "children")]
    return item


def _branch(group: GroupPlan, branch: BranchPlan, start: LayoutNode) -> tuple[LayoutNode, list[LayoutNode]]:
    """A branch as a task or a group, and what ends the branch without being among the last in that group."""
    if not group.mapped and len(branch.tasks) == 1:
        return _item(branch.tasks[0]), []
    wanted = naming.task_id(branch.title)
    item = LayoutNode(wanted, wanted, group="MapTaskGroup" if group.mapped else "TaskGroup")
    item.wanted_variable = f"{naming.task_id(group.title)}_{wanted}"
    if group.mapped:
        item.items, item.max_concurrency = start, group.max_concurrency
    found = _fill(item, branch.tasks)
    early = [found[node.states[0]] for node in branch.tasks if node.targets and _may_end(node)]
    return item, early


def _may_end(node: Node) -> bool:
    """May the branch end in this task, beside going on?"""
    arguments = node.arguments
    written = arguments.get("states", {}).values()
    return bool(arguments.get("end")) or any(
        state.get("End") or state["Type"] in ("Succeed", "Fail") for state in written
    )


def _name(group: LayoutNode, outermost: frozenset[str] = frozenset()) -> None:
    """Give everything in a group an id that nothing beside it has, and so on inside.

    Args:
        group: the group.
        outermost: the ids at the top level. Airflow 2 takes none of them for a group further inside.
    """
    keys = [str(place) for place in range(len(group.children))]
    # A group's own start and join are served first: a state may be called like that, too.
    order = sorted(keys, key=lambda key: not group.children[int(key)].boundary)
    room = _MAX_PATH - len(group.path)
    wanted = {key: item.wanted[: _most(item, room)] for key, item in zip(keys, group.children, strict=True)}
    groups = {key: outermost for key, item in zip(keys, group.children, strict=True) if item.group is not None}
    made = naming.unique(order, wanted, groups)
    for key, item in zip(keys, group.children, strict=True):
        item.id = made[key]
        item.path = f"{group.path}.{item.id}" if group.path else item.id
        if item.group is not None:
            _name(item, outermost or frozenset(made.values()))


def _most(item: LayoutNode, room: int) -> int:
    """Letters that an id may have. A group leaves two thirds of the room to what is in it."""
    return max(room - 1 if item.group is None else room // 3, len("branch_1"))


def _variable(item: LayoutNode) -> str:
    """The variable that is wanted: the deeper, the shorter, as a line has room for."""
    return naming.variable(item.wanted_variable)[: max(_MAX_VARIABLE - 4 * item.path.count("."), 12)]
