"""A Map as it stands in the definition, put together from the tasks that it has become."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfn_provider.operators.distributed_map import ChildExecutionsOperator
from sfn_provider.runtime.branches import join_of, tasks_between

if TYPE_CHECKING:
    from sfn_provider.operators.groups import StartOperator
    from sfn_provider.runtime.state_operator import StateOperator

Json = Any


def rebuild_map_state(start: StartOperator) -> dict[str, Json]:
    """A state machine, or a region of one, that is the Map of a start task and nothing else."""
    inside = tasks_between(start)
    own = {**start.state_fields, **join_of(start).state_fields}
    del own["ItemProcessor"]  # the one that start and join have is empty
    own |= _body(start, inside)
    return {"QueryLanguage": start.query_language, "StartAt": start.state_name, "States": {start.state_name: own}}


def _body(start: StartOperator, inside: list[StateOperator]) -> dict[str, Json]:
    """The fields that say what runs for each item."""
    children = next((task for task in inside if isinstance(task, ChildExecutionsOperator)), None)
    if children is not None:
        names = ("ItemProcessor", "Iterator")
        return {name: children.state_fields[name] for name in names if name in children.state_fields}
    first = next(task for task in inside if start.task_id in task.upstream_task_ids)
    states = {name: _in_language(state, task) for task in inside for name, state in task.states.items()}
    limit = first.max_active_tis_per_dagrun
    processor = {"StartAt": next(iter(first.states)), "States": states}
    return {"ItemProcessor": processor, **({"MaxConcurrency": limit} if limit else {})}


def _in_language(state: dict[str, Json], task: StateOperator) -> dict[str, Json]:
    """A state that says its query language, and that of what is inside of it, itself."""
    language = {"QueryLanguage": task.query_language}
    made = {**language, **state}
    for name in ("ItemProcessor", "Iterator"):
        if name in made:
            made[name] = {**language, **made[name]}
    if "Branches" in made:
        made["Branches"] = [{**language, **branch} for branch in made["Branches"]]
    return made
