"""What a translated DAG consists of: literals and dotted class paths only.

A plan is made once and turned into Python text (`sfn_provider.translate.emit`) or a live DAG.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sfn_provider.translate.schedule import Schedule

OPERATORS = "sfn_provider.operators.state_machine"
"""Module of the operators that tasks are made of."""

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
class DagPlan:
    """One DAG.

    Args:
        dag_id: the DAG's id.
        start_at: name of the state that the execution starts at.
        tasks: the tasks in the order in which the flow reads.
        description: the machine's Comment.
        schedule: when it runs; None for by hand only.
        timeout: seconds that a run may take; None for no limit.
        params: the default input.
        origin: where the definition came from, for people.
    """

    dag_id: str
    start_at: str
    tasks: tuple[TaskPlan, ...]
    description: str | None = None
    schedule: Schedule | None = None
    timeout: int | None = None
    params: Mapping[str, Json] = field(default_factory=dict)
    origin: str | None = None

    def task_of(self, state: str) -> TaskPlan:
        """The task that runs a state.

        Raises:
            KeyError: where there is none.
        """
        for task in self.tasks:
            if state in task.states:
                return task
        raise KeyError(state)
