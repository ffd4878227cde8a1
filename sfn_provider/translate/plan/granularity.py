"""Defines the granularity of a DAG: how many states one task runs, and how many items of a Map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from sfn_provider.exceptions import UsageError
from sfn_provider.formatting import count

TasksName = Literal["state", "segment", "machine"]
"""What one task runs: a state; the longest run of states that one task can hold without losing what Airflow gives; or
the whole machine."""

TASKS_NAMES: tuple[TasksName, ...] = get_args(TasksName)

_MAX_MAP_BATCH = 10_000
"""Upper limit of items that one task runs: more are a distributed Map."""


@dataclass(frozen=True, slots=True)
class Granularity:
    """How much of a machine one task runs.

    Args:
        tasks: what one task runs.
        map_batch: how many items of an inline Map one task runs; None for one.

    Raises:
        UsageError: there is no such granularity, or the number is none for it.
    """

    tasks: TasksName = "state"
    map_batch: int | None = None

    def __post_init__(self) -> None:
        """Checks the values, which are a user's."""
        if self.tasks not in TASKS_NAMES:
            raise UsageError(f"there is no granularity {self.tasks!r}: choose one of {', '.join(TASKS_NAMES)}")
        number = self.map_batch
        if number is None:
            return
        if not isinstance(number, int) or isinstance(number, bool) or not 1 <= number <= _MAX_MAP_BATCH:
            raise UsageError(f"a batch of {number!r} items of a Map: give a number from 1 to {_MAX_MAP_BATCH}")
        if self.tasks == "machine":
            raise UsageError(
                f"a batch of {count(number, 'item')} of a Map has no task of its own where one task runs the whole "
                "machine: leave the batch out, or let a task run a state or a segment"
            )


ONE_STATE = Granularity()
"""One task for each state, and for each item of a Map."""
