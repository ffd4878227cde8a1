"""Creates, updates, deletes, describes, lists and validates state machines."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from sfn_provider.asl import lint
from sfn_provider.server.api_errors import VALIDATION, ApiError, not_found
from sfn_provider.server.arns import check_arn, check_name, check_role
from sfn_provider.server.operations.operation_table import Json, OperationTable, Parameters, Response
from sfn_provider.server.operations.tags import read_tags
from sfn_provider.server.resources.revisions import DEFAULT_LOGGING, DEFAULT_TRACING, Revision
from sfn_provider.server.resources.state_machines import StateMachine, Version
from sfn_provider.server.service_state import ServiceState

MAX_DIAGNOSTICS: Final = 100


def create_state_machine(state: ServiceState, parameters: Parameters, now: float) -> Response:
    """Create a state machine; the same request again has the same answer."""
    _check_version_description(parameters)
    check_name(parameters["name"])
    revision = Revision(
        parameters["definition"],
        parameters.get("type", "STANDARD"),
        check_role(parameters["roleArn"]),
        _logging(parameters.get("loggingConfiguration", {})),
        DEFAULT_TRACING | parameters.get("tracingConfiguration", {}),
        parameters.get("encryptionConfiguration"),
        now,
    )
    arn = state.arns.state_machine(parameters["name"])
    machine = state.state_machines.get(arn)
    if machine is None:
        _ = revision.compiled  # a definition that Step Functions refuses
        tags = read_tags(parameters.get("tags", []), {})
        machine = state.state_machines[arn] = StateMachine(arn, parameters["name"], now, revision)
        state.tags[arn] = tags
    elif machine.status == "DELETING":
        raise ApiError("StateMachineDeleting", f"State Machine Deleting: '{arn}'")
    elif not _is_same(machine.revision, revision):
        raise ApiError("StateMachineAlreadyExists", f"State Machine Already Exists: '{arn}'")
    response: Response = {"stateMachineArn": arn, "creationDate": machine.created}
    if parameters.get("publish"):
        version = machine.publish(parameters.get("versionDescription"), now)
        response["stateMachineVersionArn"] = version.arn
    return response


def _is_same(existing: Revision, requested: Revision) -> bool:
    """Return True where a request to create a state machine is a repeated one: role and tags do not count (AWS)."""
    return replace(existing, role_arn="", updated=0.0, id=None) == replace(requested, role_arn="", updated=0.0, id=None)


def _check_version_description(parameters: Parameters) -> None:
    if parameters.get("versionDescription") is not None and not parameters.get("publish"):
        raise ApiError(VALIDATION, "Version description can only be set when publish is true")


def _logging(configuration: dict[str, Json]) -> dict[str, Json]:
    level, destinations = configuration.get("level", "OFF"), configuration.get("destinations", [])
    if len(destinations) > 1 or (level != "OFF" and not destinations):
        message = "Invalid Logging Configuration: Must specify exactly one Log Destination."
        raise ApiError("InvalidLoggingConfiguration", message)
    return DEFAULT_LOGGING | configuration


def update_state_machine(state: ServiceState, parameters: Parameters, now: float) -> Response:
    """Update a state machine; executions that run go on with what they were started with."""
    _check_version_description(parameters)
    arn = check_arn(parameters["stateMachineArn"], "stateMachine")
    machine = state.find_active_machine(arn)
    current, changes = machine.revision, _changes(machine.revision, parameters)
    if not changes and not parameters.get("publish"):
        # AWS's message does not name the encryption, which came later (recorded).
        message = (
            "Either the definition, the role ARN, the LoggingConfiguration, or the TracingConfiguration must be "
            "specified"
        )
        raise ApiError("MissingRequiredParameter", message)
    revision = replace(current, **changes, updated=now, id=str(uuid.uuid4()))
    if revision.configuration != current.configuration:
        _ = revision.compiled
        machine.revision = revision
    response: Response = {"updateDate": now}
    if machine.revision.id is not None:
        response["revisionId"] = machine.revision.id
    if parameters.get("publish"):
        response["stateMachineVersionArn"] = machine.publish(parameters.get("versionDescription"), now).arn
    return response


def _changes(current: Revision, parameters: Parameters) -> dict[str, Json]:
    changes = {
        field: parameters[name]
        for name, field in (
            ("definition", "definition"),
            ("roleArn", "role_arn"),
            ("encryptionConfiguration", "encryption"),
        )
        if name in parameters
    }
    if "role_arn" in changes:
        check_role(changes["role_arn"])
    if "loggingConfiguration" in parameters:
        changes["logging"] = _logging(parameters["loggingConfiguration"])
    if "tracingConfiguration" in parameters:
        changes["tracing"] = current.tracing | parameters["tracingConfiguration"]
    return changes


def delete_state_machine(state: ServiceState, parameters: Parameters, now: float) -> Response:
    """Delete a state machine, once its executions have ended."""
    machine = state.state_machines.get(check_arn(parameters["stateMachineArn"], "stateMachine"))
    if machine is not None:
        machine.status = "DELETING"
        machine.versions.clear()
        machine.aliases.clear()
        if not machine.running:
            state.remove_machine(machine)
    return {}


def describe_state_machine(state: ServiceState, parameters: Parameters, now: float) -> Response:
    """Describe a state machine or a version of it."""
    arn = check_arn(parameters["stateMachineArn"], "stateMachine")
    machine = state.state_machines.get(":".join(arn.split(":")[:7]))
    version = machine.versions.get(arn) if machine is not None else None
    if machine is None or (version is None and arn != machine.arn):
        raise not_found("State Machine", arn)
    return _described(machine, version, parameters)


def _described(machine: StateMachine, version: Version | None, parameters: Parameters) -> Response:
    revision = version.revision if version is not None else machine.revision
    described = {
        "stateMachineArn": version.arn if version is not None else machine.arn,
        "name": machine.name,
        "status": machine.status,
        "type": machine.execution_type,
        "creationDate": version.created if version is not None else machine.created,
        **revision.describe(),
    }
    if version is not None and version.description is not None:
        described["description"] = version.description
    return _metadata_only(described, parameters)


def _metadata_only(described: Response, parameters: Parameters) -> Response:
    """Return a description with the definition ``{}`` where only metadata are asked for (AWS's documentation)."""
    return described | {"definition": "{}"} if parameters.get("includedData") == "METADATA_ONLY" else described


def describe_state_machine_for_execution(state: ServiceState, parameters: Parameters, now: float) -> Response:
    """Describe what an execution runs."""
    execution = state.find_execution(parameters["executionArn"])
    described = {
        "stateMachineArn": execution.machine_arn,
        "name": execution.machine_name,
        "updateDate": execution.revision.updated,
        **execution.revision.describe(),
    }
    if execution.map_run_arn is not None:
        described |= {"mapRunArn": execution.map_run_arn, "label": execution.machine_arn.rpartition("/")[2]}
    return _metadata_only(described, parameters)


def list_state_machines(state: ServiceState, parameters: Parameters, now: float) -> Response:
    """List state machines by their names."""
    machines = sorted(state.state_machines.values(), key=lambda machine: machine.name)

    def after(name: Json) -> Iterable[StateMachine]:
        return machines if name is None else (machine for machine in machines if machine.name > name)

    page, more = state.page_tokens.page("ListStateMachines", after, lambda each: each.name, parameters, now)
    listed = [
        {
            "stateMachineArn": machine.arn,
            "name": machine.name,
            "type": machine.execution_type,
            "creationDate": machine.created,
        }
        for machine in page
    ]
    return {"stateMachines": listed, **more}


def validate_state_machine_definition(state: ServiceState, parameters: Parameters, now: float) -> Response:
    """Check a definition as `sfn_provider.asl.lint` does."""
    found = lint(parameters["definition"], execution_type=parameters.get("type", "STANDARD"))
    least = parameters.get("severity", "ERROR")
    shown = [each for each in found if each.level == "error" or least == "WARNING"]
    limit = parameters.get("maxResults") or MAX_DIAGNOSTICS
    diagnostics = [
        {
            "severity": each.level.upper(),
            "code": each.code,
            "message": each.message,
            **({"location": each.location} if each.location else {}),
        }
        for each in shown[:limit]
    ]
    result = "FAIL" if any(each.level == "error" for each in found) else "OK"
    return {"result": result, "diagnostics": diagnostics, "truncated": len(shown) > limit}


OPERATIONS: Final[OperationTable] = {
    "CreateStateMachine": create_state_machine,
    "UpdateStateMachine": update_state_machine,
    "DeleteStateMachine": delete_state_machine,
    "DescribeStateMachine": describe_state_machine,
    "DescribeStateMachineForExecution": describe_state_machine_for_execution,
    "ListStateMachines": list_state_machines,
    "ValidateStateMachineDefinition": validate_state_machine_definition,
}
