"""Finds the integration of a Task's resource ARN."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from sfn_provider.asl.resources import Resource
from sfn_provider.exceptions import StatesError
from sfn_provider.integrations.botocore_names import boto_service, closest_action, closest_service, operation_name
from sfn_provider.integrations.errors import runtime_error, sdk_error_names
from sfn_provider.integrations.integration import Integration
from sfn_provider.integrations.optimized.table import LAMBDA_FUNCTION, OPTIMIZED_INTEGRATIONS
from sfn_provider.integrations.value_shapes import SDK_STYLE

if TYPE_CHECKING:
    from sfn_provider.integrations.clients import Clients


def find_integration(resource: Resource, clients: Clients) -> Integration:
    """Return the integration that a resource means.

    Args:
        resource: the parsed Resource.
        clients: knows which services there are, and their models.

    Raises:
        StatesError: ``States.Runtime``: there is no such service or action, or this package does not call it.
    """
    if "${" in resource.text:
        reason = "a name in it has no value; translate the definition again with --substitutions"
        raise _refusal(resource, reason)
    finder = _FINDERS.get(resource.kind)
    if finder is None:
        raise _refusal(resource, _REFUSED_KINDS[resource.kind])
    integration = finder(resource, clients)
    if resource.pattern not in integration.patterns:
        known = ", ".join(integration.patterns)
        raise _refusal(resource, f"it cannot be called with the pattern {resource.pattern}, only with: {known}")
    return integration


def _function(resource: Resource, clients: Clients) -> Integration:
    return LAMBDA_FUNCTION


def _optimized(resource: Resource, clients: Clients) -> Integration:
    integration = OPTIMIZED_INTEGRATIONS.get(f"{resource.service}:{resource.action}")
    if integration is None:
        same = [name for name in OPTIMIZED_INTEGRATIONS if name.startswith(f"{resource.service}:")]
        known = ", ".join(same or OPTIMIZED_INTEGRATIONS)
        why = f"the optimized integrations that this package calls are {known}; aws-sdk integrations call every action"
        raise _refusal(resource, why)
    return integration


def _sdk(resource: Resource, clients: Clients) -> Integration:
    name, action = resource.service or "", resource.action or ""
    service = boto_service(name, clients.services())
    if service is None:
        raise _unknown(resource, "service", closest_service(name, clients.services()))
    model = clients.model(service)
    operation = operation_name(model, action)
    if operation is None:
        raise _unknown(resource, "action", closest_action(model, action))
    details = model.operation_model(operation)
    if details.has_event_stream_input or details.has_event_stream_output:
        raise _refusal(resource, "it streams events")
    names = sdk_error_names(str(model.service_id))
    return Integration(
        f"aws-sdk:{name}", action, service, operation, names, http_metadata=False, style=SDK_STYLE, callback=True
    )


_FINDERS: Final[dict[str, Callable[[Resource, Clients], Integration]]] = {
    "lambda": _function,
    "optimized": _optimized,
    "http:invoke": _optimized,
    "aws-sdk": _sdk,
}

_REFUSED_KINDS: Final[dict[str, str]] = {
    "activity": "an activity is not called, its workers ask for work",
    "unknown": "it is no ARN of a function, an activity or an integration",
}


def _refusal(resource: Resource, why: str) -> StatesError:
    return runtime_error(f"The resource {resource.text} is not supported: {why}.")


def _unknown(resource: Resource, what: str, closest: str | None) -> StatesError:
    hint = f" Did you mean the {what} '{closest}'?" if closest else f" There is no such {what}."
    return runtime_error(
        f"The resource provided {resource.text} is not recognized. "
        f"The value is not a valid resource ARN, or the resource is not available in this region.{hint}",
    )
