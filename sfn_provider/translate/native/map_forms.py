"""Says how a Map is written: as a mapped task for each item, or as one list."""

from __future__ import annotations

import re
from typing import Literal

from sfn_provider.asl.json_values.json_walk import walk_texts
from sfn_provider.asl.model import Map, Pass, Succeed, Task
from sfn_provider.translate.native.data_flow.evaluation import StateFlow
from sfn_provider.translate.native.model import NotNative

MapForm = Literal["task", "states", "list"]
"""``task``: a mapped task for the one Task of an item; ``states``: one that goes through all states of an item;
``list``: no task for an item, as none calls anything."""


_OF_EXECUTION = re.compile(r"(\$\$|\$states\.context\b)(?!\.(Map|State|Task)\b)")
"""The context object of an execution in an expression: as a whole, or more of it than what tells states and items."""


def check_map(state: Map) -> None:
    """Raise `NotNative` with the reason where a Map cannot be said without this package."""
    if state.distributed and state.result_writer is not None:
        raise NotNative("it writes the results of its child executions to S3, which no operator does")
    if state.distributed and any(_OF_EXECUTION.search(text) for _, text in walk_texts(state.body.model_dump())):
        raise NotNative("its states read what the context object has of their child execution")
    if state.retry:
        raise NotNative("Airflow tries single tasks again, not a group of them")
    if not isinstance(state.max_concurrency, int | None) or state.max_concurrency_path is not None:
        raise NotNative("MaxConcurrency is known only in a run")
    tolerated = ("tolerated_failure_count", "tolerated_failure_percentage")
    others = (*tolerated, *(f"{name}_path" for name in tolerated), "item_reader", "item_batcher")
    if any(getattr(state, name) is not None for name in others):
        raise NotNative("Airflow tolerates no failed items, and reads no items from files")


def map_form(flow: StateFlow) -> MapForm | None:
    """Return how a Map is written; None for other states."""
    if not isinstance(flow.state, Map):
        return None
    inside = [inner.state for inner in flow.scopes[0].walk()]
    if not any(inner.type in ("Task", "Wait", "Fail") for inner in inside):
        return "list"
    tasks = [inner for inner in inside if isinstance(inner, Task)]
    is_plain = len(tasks) == 1 and all(isinstance(inner, Task | Pass | Succeed) for inner in inside)
    assigns = any(getattr(inner, "assign", None) is not None for inner in inside)
    return "task" if is_plain and not tasks[0].catch and not assigns else "states"


def task_of_map(flow: StateFlow) -> StateFlow | None:
    """Return the Task of a Map whose items are each given to one Task; None for others."""
    if map_form(flow) != "task":
        return None
    return next(inner for inner in flow.scopes[0].walk() if isinstance(inner.state, Task))
