"""Checks a task's parameters as Step Functions does before it starts the task.

Source: recorded executions. Unknown and missing fields are left to the call itself, which with mocks is none: what a
mock answers to them is what its author means.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sfn_provider.asl.aws_actions.parameter_types import actions_of, find_wrong_types
from sfn_provider.asl.json_values.java_values import compact_json
from sfn_provider.asl.json_values.json_checks import is_object_of_text_lists
from sfn_provider.asl.resources import Resource
from sfn_provider.asl.scope import Json
from sfn_provider.exceptions import StatesError


def check_parameters(resource: Resource, parameters: Json, *, with_types: bool) -> None:
    """Refuse parameters with which the task cannot start.

    Args:
        resource: what the task calls.
        parameters: what Parameters or Arguments made.
        with_types: check the types of the fields, too.

    Raises:
        StatesError: ``States.Runtime`` with all problems in its cause, if there are any.
    """
    check = _CHECKS.get((resource.service, resource.action)) if resource.kind == "optimized" else None
    problems = list(check(parameters)) if check is not None else []
    if with_types:
        problems += dict.fromkeys(_type_problems(resource, parameters))
    if problems:
        problem = f"could not be used to start the Task: [{', '.join(problems)}]"
        raise StatesError("States.Runtime", f"The Parameters '{compact_json(parameters)}' {problem}")


def _type_problems(resource: Resource, parameters: Json) -> Iterator[str]:
    actions = actions_of(resource)
    if actions is not None:
        for found in find_wrong_types(actions, str(resource.action), parameters):
            yield f"The value for the field '{found.field}' must be {found.expected}"


def _api_gateway(parameters: Json) -> Iterator[str]:
    for field in ("Headers", "QueryParameters"):
        values = parameters.get(field) if isinstance(parameters, dict) else None
        if values is not None and not is_object_of_text_lists(values):
            yield f"The value of the field '{field}' has an invalid format"


_CHECKS: dict[tuple[str | None, str | None], Callable[[Json], Iterator[str]]] = {
    ("apigateway", "invoke"): _api_gateway,
}
