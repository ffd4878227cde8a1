"""What a translated DAG consists of: literals and dotted class paths only.

A plan is made once and turned into Python text (`sfn_provider.translate.emit.python_file`) or a live DAG.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sfn_provider.translate.plan.schedule import Schedule

OPERATORS = "sfn_provider.operators.state_machine"
"""Module of the operators that tasks are made of."""

GROUPS = "sfn_provider.operators.groups"
"""Module of the operators and groups that a Parallel or Map is made of where it is a task group."""

DISTRIBUTED = "sfn_provider.operators.distributed_map"
"""Module of the operators that a distributed Map is made of."""

Json = Any


@dataclass(frozen=True, slots=True)
class TaskPlan:
    """One task.

    Args:
        states: names of the states that it runs; one, but for a loop.
        operator: dotted path of its operator's class.
        arguments: the operator's arguments in order, without task_id and names; JSON values.
        targets: names of the states that it may go on to.
        comment: the state's Comment.
        title: the name that people see.
    """

    states: tuple[str, ...]
    operator: str
    arguments: Mapping[str, Json]
    targets: tuple[str, ...]
    comment: str | None = None
    title: str = ""


@dataclass(frozen=True, slots=True)
class BranchPlan:
    """One branch of a Parallel, or what a Map runs for each item.

    Args:
        start_at: name of the state that it starts at.
        tasks: its tasks in the order in which the flow reads.
        title: the name that people see.
    """

    start_at: str
    tasks: tuple[TaskPlan | GroupPlan, ...]
    title: str


@dataclass(frozen=True, slots=True)
class GroupPlan:
    """A Parallel or Map as a task group: a start task, its branches, a join task.

    Args:
        states: name of the Parallel or Map.
        start: the task before the branches.
        branches: the branches of a Parallel, or the one that a Map runs for each item.
        join: the task after the branches.
        mapped: True for a Map.
        children: for a distributed Map the task that runs child executions, in place of branches.
        max_concurrency: how many items of a Map may be in one state at once; None for no limit.
    """

    states: tuple[str, ...]
    start: TaskPlan
    branches: tuple[BranchPlan, ...]
    join: TaskPlan
    mapped: bool = False
    children: TaskPlan | None = None
    max_concurrency: int | None = None

    @property
    def targets(self) -> tuple[str, ...]:
        """Names of the states that it may go on to."""
        return self.join.targets

    @property
    def operator(self) -> str:
        """Dotted path of the class of the task after the branches."""
        return self.join.operator

    @property
    def arguments(self) -> Mapping[str, Json]:
        """The arguments of the task after the branches."""
        return self.join.arguments

    @property
    def title(self) -> str:
        """The name that people see."""
        return self.join.title

    @property
    def comment(self) -> str | None:
        """The state's Comment."""
        return self.join.comment


Node = TaskPlan | GroupPlan
"""What the flow between two states of one scope leads through."""


@dataclass(frozen=True, slots=True)
class DagPlan:
    """One DAG.

    Args:
        dag_id: the DAG's id.
        start_at: name of the state that the execution starts at.
        tasks: the tasks and task groups in the order in which the flow reads.
        description: the machine's Comment.
        schedule: when it runs; None for by hand only.
        timeout: seconds that a run may take; None for no limit.
        params: the default input.
        origin: where the definition came from, for people.
    """

    dag_id: str
    start_at: str
    tasks: tuple[Node, ...]
    description: str | None = None
    schedule: Schedule | None = None
    timeout: int | None = None
    params: Mapping[str, Json] = field(default_factory=dict)
    origin: str | None = None

    def task_of(self, state: str) -> Node:
        """The task or task group that runs a state, be it within another group.

        Raises:
            KeyError: where there is none.
        """
        for node in walk(self.tasks):
            if state in node.states:
                return node
        raise KeyError(state)


def walk(nodes: tuple[Node, ...]) -> Iterator[Node]:
    """All tasks and task groups, those within groups after the group."""
    for node in nodes:
        yield node
        if isinstance(node, GroupPlan):
            for branch in node.branches:
                yield from walk(branch.tasks)


def tasks_of(nodes: tuple[Node, ...]) -> tuple[TaskPlan, ...]:
    """All tasks, those within groups and the start and join of these included."""
    return tuple(task for node in walk(nodes) for task in _own_tasks(node))


def _own_tasks(node: Node) -> Iterator[TaskPlan]:
    parts = (node.start, node.children, node.join) if isinstance(node, GroupPlan) else (node,)
    return (task for task in parts if task is not None)
