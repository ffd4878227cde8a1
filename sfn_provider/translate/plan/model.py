"""The data model of a planned DAG: tasks and task groups, with literal arguments and class paths.

A plan is made once. A back end turns it into Python text (`sfn_provider.translate.emit.python_file`) or a live DAG.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sfn_provider.translate.plan.granularity import ONE_STATE, Granularity
from sfn_provider.translate.plan.schedule import Schedule

if TYPE_CHECKING:
    from sfn_provider.asl.model import State, StateMachine

OPERATORS = "sfn_provider.operators.state_machine"
"""Module of the operators of single states."""

GROUPS = "sfn_provider.operators.groups"
"""Module of the task groups of Parallel and Map, and of the operators at their start and join."""

DISTRIBUTED = "sfn_provider.operators.distributed_map"
"""Module of the operators in the task group of a distributed Map."""

Json = Any


@dataclass(frozen=True, slots=True)
class TaskPlan:
    """One task.

    Args:
        states: names of the states that it runs; more than one for a loop or a segment.
        operator: dotted path of its operator's class.
        arguments: the operator's arguments in order, without task_id and names; JSON values.
        targets: names of the states that it may go to.
        comment: the state's Comment.
        title: the display name.
        models: the models of its states, in the order of ``states``.
        named_after: what its id is made from; None for the title.
    """

    states: tuple[str, ...]
    operator: str
    arguments: Mapping[str, Json]
    targets: tuple[str, ...]
    comment: str | None = None
    title: str = ""
    models: tuple[State, ...] = field(default=(), compare=False, repr=False)
    named_after: str | None = None


@dataclass(frozen=True, slots=True)
class BranchPlan:
    """One branch of a Parallel, or the item processor of a Map.

    Args:
        start_at: name of the first state.
        tasks: its tasks in topological order.
        title: the display name.
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
        branches: the branches of a Parallel, or the item processor of a Map as the only one.
        join: the task after the branches.
        mapped: True for a Map.
        children: for a distributed Map the task that runs child executions, for an inline one the task that runs a
            batch of items, in place of branches.
        max_concurrency: upper limit of items of a Map in one state at the same time, or of batches; None for no limit.
        inner_ids: ids of the mapped group and of the task in it, where there are ``children``.
    """

    states: tuple[str, ...]
    start: TaskPlan
    branches: tuple[BranchPlan, ...]
    join: TaskPlan
    mapped: bool = False
    children: TaskPlan | None = None
    max_concurrency: int | None = None
    inner_ids: tuple[str, str] = ("part", "children")

    @property
    def targets(self) -> tuple[str, ...]:
        """Names of the states that it may go to."""
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
        """The display name."""
        return self.join.title

    @property
    def comment(self) -> str | None:
        """The state's Comment."""
        return self.join.comment

    @property
    def models(self) -> tuple[State, ...]:
        """The model of the Parallel or Map."""
        return self.join.models


Node = TaskPlan | GroupPlan
"""A node of the graph of one scope: the machine or a branch."""


@dataclass(frozen=True, slots=True)
class DagPlan:
    """One DAG.

    Args:
        dag_id: the DAG's id.
        machine: the model of the state machine.
        tasks: the tasks and task groups in topological order.
        schedule: the schedule; None for manual runs only.
        params: the default input; None if there is none.
        origin: a label of the definition's source, for people.
        granularity: what one task runs.
    """

    dag_id: str
    machine: StateMachine
    tasks: tuple[Node, ...]
    schedule: Schedule | None = None
    params: Mapping[str, Json] | None = None
    origin: str | None = None
    granularity: Granularity = ONE_STATE

    @property
    def start_at(self) -> str:
        """Name of the first state."""
        return self.machine.start_at

    @property
    def description(self) -> str | None:
        """The machine's Comment."""
        return self.machine.comment

    @property
    def timeout(self) -> int | None:
        """Upper limit of a run in seconds; None for no limit."""
        return self.machine.timeout_seconds


def walk(nodes: tuple[Node, ...]) -> Iterator[Node]:
    """Iterate over all tasks and task groups, each group before its content."""
    for node in nodes:
        yield node
        if isinstance(node, GroupPlan):
            for branch in node.branches:
                yield from walk(branch.tasks)


def tasks_of(nodes: tuple[Node, ...]) -> tuple[TaskPlan, ...]:
    """Return all tasks, also those inside groups, and the start and join of these."""
    return tuple(task for node in walk(nodes) for task in _tasks_at(node))


def _tasks_at(node: Node) -> Iterator[TaskPlan]:
    parts = (node.start, node.children, node.join) if isinstance(node, GroupPlan) else (node,)
    return (task for task in parts if task is not None)
