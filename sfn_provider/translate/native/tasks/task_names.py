"""Makes the ids and the variables of the tasks of a native DAG."""

from __future__ import annotations

import re

from sfn_provider.translate.native.model import ATTRIBUTE, ATTRIBUTES, ERROR_NAME, INVOKE
from sfn_provider.translate.native.routing.routes import RouteNode
from sfn_provider.translate.plan import naming


def preferred_id(node: RouteNode) -> str:
    """Return the id of a task, unless another one has the same."""
    name = naming.task_id(node.state)
    if node.kind == "state" or node.key == node.state:
        return name
    behind = naming.task_id(node.key.rpartition("\0")[2])
    return {
        "start": f"{name}_start",
        "items": f"{name}_items",
        "exits": f"{name}_exits",
        "results": f"{name}_results",
        "end": f"{name}_{behind}",
        "done": f"{name}_done",
        "skippable": f"{name}_to_{behind}",
        "merge": f"{name}_{behind}",
        "guard": f"{naming.task_id(node.key.partition(chr(0))[0])}_is_due",
        "catch": f"{name}_failed",
        "one_failed": f"{name}_failed",
    }[node.kind]


def variable_of(task_id: str) -> str:
    """Return the variable of a task, unless another one has the same."""
    name = naming.variable(task_id)
    return f"{name}_" if name in RESERVED else name


def constant_name(value: str) -> str:
    """Return the name of the constant of an ARN or a placeholder: ``PIPELINE_ALERTS``."""
    function = re.search(":function:([^:]+)", value)  # what may follow is a version or an alias
    last = function[1] if function is not None else re.split("[:/]", value.strip("${}").rstrip(":/*"))[-1]
    return naming.variable(last).strip("_").upper()


JOB_VARIABLES = ("response", "job")
"""Variables of a function that starts a job and waits for it."""

RESERVED = frozenset(
    {
        "task",
        "json",
        "re",
        "params",
        "ti",
        "dag_run",
        "states",
        "response",
        "uuid4",
        INVOKE,
        ERROR_NAME,
        ATTRIBUTE,
        ATTRIBUTES,
    }
)
"""Variables that would hide a name that the file uses."""
