"""Builds the definition that a task runs on the engine: its own states, or the Map around it."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from pydantic import ValidationError

from sfn_provider._compat import AirflowFailException
from sfn_provider.asl.model import StateMachine
from sfn_provider.runtime.routing.group_tasks import find_join_task, find_start_task, first_task_of_map, tasks_in_group
from sfn_provider.runtime.state_task import GroupStartTask, StateTask

Json = Any


@lru_cache(maxsize=256)
def parse_task_definition(text: str) -> StateMachine:
    """Validates a definition once in a process: tries, deferrals and mapped task instances run the same one.

    Raises:
        AirflowFailException: the fields of a state are not those of its type: the DAG file was edited.
    """
    try:
        return StateMachine.model_validate(json.loads(text))
    except ValidationError as error:
        raise AirflowFailException(f"the arguments of this task make no valid state: {error}") from error


def own_definition(task: StateTask) -> dict[str, Json]:
    """Return the states of a task as a state machine, or as a region of one.

    A region is the part of a machine's graph that one task runs: most often a single state, and all states of a loop
    or segment otherwise. A state that goes on to one outside of it ends the region.
    """
    return {"QueryLanguage": task.query_language, "StartAt": next(iter(task.states)), "States": task.states}


def rebuild_map_state(task: StateTask) -> dict[str, Json]:
    """Return a state machine, or a region of one, whose only state is the Map that a task is a part of.

    Args:
        task: the Map's start task, its join task, or the task that runs its child executions.
    """
    start = find_start_task(task)
    fields = {**start.state_fields, **find_join_task(start).state_fields}
    del fields["ItemProcessor"]  # start and join have an empty one
    fields |= _processor_fields(start, tasks_in_group(start))
    return {"QueryLanguage": start.query_language, "StartAt": start.state_name, "States": {start.state_name: fields}}


def _processor_fields(start: GroupStartTask, inside: list[StateTask]) -> dict[str, Json]:
    """Return the fields that say what runs for each item."""
    children = next((task for task in inside if task.role == "children"), None)
    if children is not None:
        names = ("ItemProcessor", "Iterator")
        return {name: children.state_fields[name] for name in names if name in children.state_fields}
    first = first_task_of_map(start)
    states = {name: _with_query_language(state, task) for task in inside for name, state in task.states.items()}
    limit = first.max_active_tis_per_dagrun
    processor = {"StartAt": next(iter(first.states)), "States": states}
    return {"ItemProcessor": processor, **({"MaxConcurrency": limit} if limit else {})}


def _with_query_language(state: dict[str, Json], task: StateTask) -> dict[str, Json]:
    """Return a state with the task's query language written into it and into the state machines inside of it."""
    language = {"QueryLanguage": task.query_language}
    made = {**language, **state}
    for name in ("ItemProcessor", "Iterator"):
        if name in made:
            made[name] = {**language, **made[name]}
    if "Branches" in made:
        made["Branches"] = [{**language, **branch} for branch in made["Branches"]]
    return made
