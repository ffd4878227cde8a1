"""Checks a task's parameters as Step Functions does before it starts the task.

Source: recorded executions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sfn_provider.asl.resources import Resource
from sfn_provider.asl.scope import Json
from sfn_provider.engine.limits import to_json
from sfn_provider.exceptions import StatesError


def check_parameters(resource: Resource, parameters: Json) -> None:
    """Refuse parameters with which the task cannot start.

    Args:
        resource: what the task calls.
        parameters: what Parameters or Arguments made.

    Raises:
        StatesError: ``States.Runtime`` with all problems in its cause, if there are any.
    """
    check = _CHECKS.get((resource.service, resource.action)) if resource.kind == "optimized" else None
    problems = list(check(parameters)) if check is not None else []
    if problems:
        problem = f"could not be used to start the Task: [{', '.join(problems)}]"
        raise StatesError("States.Runtime", f"The Parameters '{to_json(parameters)}' {problem}")


def _api_gateway(parameters: Json) -> Iterator[str]:
    for field in ("Headers", "QueryParameters"):
        values = parameters.get(field) if isinstance(parameters, dict) else None
        if values is not None and not _are_lists_of_text(values):
            yield f"The value of the field '{field}' has an invalid format"


def _are_lists_of_text(values: Json) -> bool:
    return isinstance(values, dict) and all(
        isinstance(value, list) and all(isinstance(entry, str) for entry in value) for value in values.values()
    )


_CHECKS: dict[tuple[str | None, str | None], Callable[[Json], Iterator[str]]] = {
    ("apigateway", "invoke"): _api_gateway,
}
