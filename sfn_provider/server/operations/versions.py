"""Publishes, deletes and lists versions of state machines."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sfn_provider.server.api_errors import ApiError
from sfn_provider.server.arns import check_arn
from sfn_provider.server.operations.operation_table import Json, OperationTable, Parameters, Response
from sfn_provider.server.resources.state_machines import Version
from sfn_provider.server.service_state import ServiceState

MAX_VERSIONS: Final = 1_000
"""Versions of a state machine (AWS's quotas)."""


def publish_state_machine_version(state: ServiceState, parameters: Parameters, now: float) -> Response:
    """Publish the current revision of a state machine."""
    machine = state.find_active_machine(parameters["stateMachineArn"])
    requested, current = parameters.get("revisionId"), machine.revision.id or "INITIAL"
    if requested is not None and requested != current:
        message = (
            f"Failed to publish the State Machine version for revision {requested}. "
            f"The current State Machine revision is {current}."
        )
        raise ApiError("ConflictException", message)
    if len(machine.versions) >= MAX_VERSIONS:
        raise ApiError("ServiceQuotaExceededException", f"A state machine has at most {MAX_VERSIONS} versions")
    version = machine.publish(parameters.get("description"), now)
    return {"creationDate": version.created, "stateMachineVersionArn": version.arn}


def delete_state_machine_version(state: ServiceState, parameters: Parameters, now: float) -> Response:
    """Delete a version that no alias leads to; executions that run go on."""
    arn = check_arn(parameters["stateMachineVersionArn"], "stateMachine")
    machine = state.state_machines.get(arn.rpartition(":")[0])
    if machine is not None and arn in machine.versions:
        users = [alias.name for alias in machine.aliases.values() if arn in dict(alias.routes)]
        if users:
            message = (
                "Version to be deleted must not be referenced by an alias. Current list of aliases referencing this "
                f"version: [{', '.join(users)}]"
            )
            raise ApiError("ConflictException", message)
        del machine.versions[arn]
    return {}


def list_state_machine_versions(state: ServiceState, parameters: Parameters, now: float) -> Response:
    """List the versions of a state machine, the latest first."""
    machine = state.find_machine(parameters["stateMachineArn"])
    versions = [*reversed(machine.versions.values())]

    def after(number: Json) -> Iterable[Version]:
        return versions if number is None else (version for version in versions if _number(version) < number)

    page, more = state.page_tokens.page(f"Versions {machine.arn}", after, _number, parameters, now)
    listed = [{"stateMachineVersionArn": version.arn, "creationDate": version.created} for version in page]
    return {"stateMachineVersions": listed, **more}


def _number(version: Version) -> int:
    return int(version.arn.rpartition(":")[2])


OPERATIONS: Final[OperationTable] = {
    "PublishStateMachineVersion": publish_state_machine_version,
    "DeleteStateMachineVersion": delete_state_machine_version,
    "ListStateMachineVersions": list_state_machine_versions,
}
