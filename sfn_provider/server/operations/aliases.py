"""Creates, updates, deletes, describes and lists aliases of state machines."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Final

from sfn_provider.server.api_errors import VALIDATION, ApiError
from sfn_provider.server.arns import check_arn
from sfn_provider.server.operations.operation_table import (
    Json,
    OperationTable,
    Parameters,
    Response,
    without_missing,
)
from sfn_provider.server.resources.state_machines import Alias, StateMachine
from sfn_provider.server.service_state import ServiceState

MAX_ALIASES: Final = 100
"""Aliases of a state machine (AWS's quotas)."""

Routes = tuple[tuple[str, int], ...]

_NAME: Final = r"^(?=.*[a-zA-Z_\-\.])[a-zA-Z0-9_\-\.]+$"
_MISSING: Final = "Request references a resource that does not exist."


def create_state_machine_alias(state: ServiceState, parameters: Parameters, now: float) -> Response:
    """Create an alias; the same request again has the same answer."""
    name, description = parameters["name"], parameters.get("description")
    if not re.fullmatch(_NAME, name):
        shown = _NAME.replace("\\", "\\\\")
        message = (
            f"1 validation error detected: Value '{name}' at 'name' failed to satisfy constraint: Member must satisfy "
            f"regular expression pattern: {shown}"
        )
        raise ApiError(VALIDATION, message)
    machine, routes = _read_routes(state, parameters["routingConfiguration"])
    arn = f"{machine.arn}:{name}"
    alias = machine.aliases.get(arn)
    if alias is None:
        if len(machine.aliases) >= MAX_ALIASES:
            raise ApiError("ServiceQuotaExceededException", f"A state machine has at most {MAX_ALIASES} aliases")
        alias = machine.aliases[arn] = Alias(arn, name, description, routes, now, now)
    elif (alias.description, alias.routes) != (description, routes):
        message = (
            "Failed to create alias because an alias with the same name and a different routing configuration already "
            "exists."
        )
        raise ApiError("ConflictException", message)
    return {"stateMachineAliasArn": arn, "creationDate": alias.created}


def _read_routes(state: ServiceState, entries: list[dict[str, Json]]) -> tuple[StateMachine, Routes]:
    """Return the state machine and the routes of a routing configuration.

    Raises:
        ApiError: ``ValidationException``, in AWS's words (recorded).
    """
    routes = tuple((entry["stateMachineVersionArn"], entry["weight"]) for entry in entries)
    arns, weights = [arn for arn, _ in routes], [weight for _, weight in routes]
    received = f"Received: [{', '.join(arns)}]"
    if len(set(arns)) < len(arns):
        raise ApiError(
            VALIDATION, f"Routing configuration must contain distinct state machine version ARNs. {received}"
        )
    if sum(weights) != 100:
        message = f"Sum of routing configuration weights must equal 100. Received: {json.dumps(weights)}"
        raise ApiError(VALIDATION, message)
    machines = {arn.rpartition(":")[0] for arn in arns}
    machine = state.state_machines.get(next(iter(machines)))
    if machine is None or any(arn not in machine.versions for arn in arns):
        if machine is not None and len(machines) > 1:
            message = f"Routing configuration must contain versions of one state machine. {received}"
            raise ApiError(VALIDATION, message)
        raise ApiError(VALIDATION, f"Routing configuration must contain state machine version ARNs. {received}")
    if machine.status == "DELETING":
        raise ApiError("StateMachineDeleting", f"State Machine Deleting: '{machine.arn}'")
    return machine, routes


def _find(state: ServiceState, arn: str) -> tuple[StateMachine | None, Alias | None]:
    check_arn(arn, "stateMachine")
    machine = state.state_machines.get(arn.rpartition(":")[0])
    return machine, machine.aliases.get(arn) if machine is not None else None


def _require(state: ServiceState, arn: str) -> Alias:
    _, alias = _find(state, arn)
    if alias is None:
        raise ApiError("ResourceNotFound", _MISSING)
    return alias


def update_state_machine_alias(state: ServiceState, parameters: Parameters, now: float) -> Response:
    """Update an alias."""
    entries, description = parameters.get("routingConfiguration"), parameters.get("description")
    if entries is None and description is None:
        message = "Either the description or the RoutingConfiguration must be specified"
        raise ApiError(VALIDATION, message)
    alias = _require(state, parameters["stateMachineAliasArn"])
    if entries is not None:
        machine, routes = _read_routes(state, entries)
        if machine.arn != alias.arn.rpartition(":")[0]:
            message = f"Routing configuration must contain versions of the state machine of {alias.arn}"
            raise ApiError(VALIDATION, message)
        alias.routes = routes
    if description is not None:
        alias.description = description
    alias.updated = now
    return {"updateDate": now}


def delete_state_machine_alias(state: ServiceState, parameters: Parameters, now: float) -> Response:
    """Delete an alias; executions that run go on."""
    machine, alias = _find(state, parameters["stateMachineAliasArn"])
    if machine is not None and alias is not None:
        del machine.aliases[alias.arn]
    return {}


def describe_state_machine_alias(state: ServiceState, parameters: Parameters, now: float) -> Response:
    """Describe an alias."""
    alias = _require(state, parameters["stateMachineAliasArn"])
    return without_missing(
        {
            "stateMachineAliasArn": alias.arn,
            "name": alias.name,
            "description": alias.description,
            "routingConfiguration": alias.routing_configuration,
            "creationDate": alias.created,
            "updateDate": alias.updated,
        }
    )


def list_state_machine_aliases(state: ServiceState, parameters: Parameters, now: float) -> Response:
    """List the aliases of a state machine, or those that lead to a version."""
    arn = check_arn(parameters["stateMachineArn"], "stateMachine")
    base = ":".join(arn.split(":")[:7])
    machine = state.find_machine(base if base in state.state_machines else arn)
    aliases = [alias for alias in machine.aliases.values() if arn == base or arn in dict(alias.routes)]
    aliases.sort(key=lambda alias: (alias.created, alias.arn))

    def after(position: Json) -> Iterable[Alias]:
        return aliases if position is None else (each for each in aliases if [each.created, each.arn] > position)

    scope = f"Aliases {arn}"
    page, more = state.page_tokens.page(scope, after, lambda each: [each.created, each.arn], parameters, now)
    listed = [{"stateMachineAliasArn": alias.arn, "creationDate": alias.created} for alias in page]
    return {"stateMachineAliases": listed, **more}


OPERATIONS: Final[OperationTable] = {
    "CreateStateMachineAlias": create_state_machine_alias,
    "UpdateStateMachineAlias": update_state_machine_alias,
    "DeleteStateMachineAlias": delete_state_machine_alias,
    "DescribeStateMachineAlias": describe_state_machine_alias,
    "ListStateMachineAliases": list_state_machine_aliases,
}
