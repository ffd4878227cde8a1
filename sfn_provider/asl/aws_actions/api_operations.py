"""Finds the API operation that a Task's resource calls, and where its result comes from.

``make aws-models`` writes the shipped table of the optimized integrations' operations, from those that this package
calls (`sfn_provider.integrations.optimized`); operations of the AWS SDK are found in botocore's models.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sfn_provider.asl.resources import Pattern, Resource
from sfn_provider.asl.suggestions import closest_word
from sfn_provider.botocore_models.naming import capitalize, sdk_field, uncapitalize
from sfn_provider.botocore_models.resource_names import RESOURCE_NAMES, boto_service, operation_name, resource_service
from sfn_provider.exceptions import StatesError

if TYPE_CHECKING:
    from sfn_provider.botocore_models.models import BotocoreModels, ServiceModel

OPERATIONS_FILE: Final = Path(__file__).with_name("optimized_operations.json")


@dataclass(frozen=True, slots=True)
class ResultSource:
    """What a task's result is made from.

    Args:
        operation: the operation with whose response it begins.
        path: the path of the result in the response, such as ``Jobs.0``; ``""`` for the whole.
        free: its fields that may be any JSON value.
    """

    operation: str
    path: str = ""
    free: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class CalledOperation:
    """An operation as a Task calls it.

    Args:
        client: boto3's name of the service.
        operation: the operation: ``StartJobRun``; ``""`` for what botocore has no model of.
        spell_field: spells a field as the task's parameters and results have it, given the service's own name of it.
        results: what the result is made from, by each pattern it can be called with; None for any JSON value.
        required: fields that the task's parameters must have, where they differ from the operation's.
        unsupported: fields of the operation that the integration does not accept.
        added: fields that the integration adds to those of its operation, beside the required ones.
    """

    client: str
    operation: str
    spell_field: Callable[[str], str]
    results: Mapping[Pattern, ResultSource | None]
    required: tuple[str, ...] | None = None
    unsupported: frozenset[str] = frozenset()
    added: tuple[str, ...] = ()


@cache
def optimized_operations() -> Mapping[str, CalledOperation]:
    """Return the operations of the optimized integrations by service and action: ``glue:startJobRun``."""
    return {name: _read_operation(**row) for name, row in json.loads(OPERATIONS_FILE.read_bytes()).items()}


def _read_operation(
    client: str,
    results: dict[Pattern, dict[str, Any] | None],
    operation: str = "",
    required: list[str] | None = None,
    unsupported: Iterable[str] = (),
    added: Iterable[str] = (),
) -> CalledOperation:
    sources = {
        pattern: None
        if source is None
        else ResultSource(source["operation"], source.get("path", ""), frozenset(source.get("free", ())))
        for pattern, source in results.items()
    }
    always = None if required is None else tuple(required)
    return CalledOperation(client, operation, capitalize, sources, always, frozenset(unsupported), tuple(added))


def find_operation(resource: Resource, models: BotocoreModels) -> CalledOperation:
    """Return the operation that a resource means.

    Args:
        resource: the parsed Resource.
        models: those of botocore.

    Raises:
        StatesError: ``States.Runtime``: there is no such service or action, or this package does not call it.
    """
    if "${" in resource.text:
        reason = "a name in it has no value; translate the definition again with --substitutions"
        raise _refusal(resource, reason)
    finder = _FINDERS.get(resource.kind)
    if finder is None:
        raise _refusal(resource, _REFUSED_KINDS[resource.kind])
    operation = finder(resource, models)
    if resource.pattern not in operation.results:
        known = ", ".join(operation.results)
        raise _refusal(resource, f"it cannot be called with the pattern {resource.pattern}, only with: {known}")
    return operation


def _function(resource: Resource, models: BotocoreModels) -> CalledOperation:
    return optimized_operations()["lambda:invoke"]


def _optimized(resource: Resource, models: BotocoreModels) -> CalledOperation:
    operations = optimized_operations()
    operation = operations.get(f"{resource.service}:{resource.action}")
    if operation is None:
        same = [name for name in operations if name.startswith(f"{resource.service}:")]
        known = ", ".join(same or operations)
        why = f"the optimized integrations that this package calls are {known}; aws-sdk integrations call every action"
        raise _refusal(resource, why)
    return operation


def _sdk(resource: Resource, models: BotocoreModels) -> CalledOperation:
    name, action = resource.service or "", resource.action or ""
    service = boto_service(name, models.services())
    if service is None:
        raise _unknown(resource, "service", closest_service(name, models.services()))
    model = models.model(service)
    operation = operation_name(model, action)
    if operation is None:
        raise _unknown(resource, "action", closest_action(model, action))
    details = model.operation_model(operation)
    if details.has_event_stream_input or details.has_event_stream_output:
        raise _refusal(resource, "it streams events")
    results: dict[Pattern, ResultSource | None] = {
        "request_response": ResultSource(operation),
        "waitForTaskToken": None,
    }
    return CalledOperation(service, operation, sdk_field, results)


_FINDERS: Final[dict[str, Callable[[Resource, BotocoreModels], CalledOperation]]] = {
    "lambda": _function,
    "optimized": _optimized,
    "http:invoke": _optimized,
    "aws-sdk": _sdk,
}

_REFUSED_KINDS: Final[dict[str, str]] = {
    "activity": "an activity is not called, its workers ask for work",
    "unknown": "it is no ARN of a function, an activity or an integration",
}


def closest_service(service: str, available: Iterable[str]) -> str | None:
    """Return the most similar service, as a resource ARN names it."""
    return RESOURCE_NAMES.get(service) or closest_word(service, map(resource_service, available))


def closest_action(model: ServiceModel, action: str) -> str | None:
    """Return the most similar action."""
    return closest_word(action, [uncapitalize(name) for name in model.operation_names])


def _refusal(resource: Resource, why: str) -> StatesError:
    return StatesError("States.Runtime", f"The resource {resource.text} is not supported: {why}.")


def _unknown(resource: Resource, what: str, closest: str | None) -> StatesError:
    hint = f" Did you mean the {what} '{closest}'?" if closest else f" There is no such {what}."
    return StatesError(
        "States.Runtime",
        f"The resource provided {resource.text} is not recognized. "
        f"The value is not a valid resource ARN, or the resource is not available in this region.{hint}",
    )
