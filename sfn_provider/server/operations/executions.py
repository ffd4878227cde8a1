"""Starts, stops, redrives, describes and lists executions."""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import islice
from typing import Final

from sfn_provider.engine.limits import to_json
from sfn_provider.server.api_errors import (
    VALIDATION,
    ApiError,
    resource_not_found,
    type_not_supported,
)
from sfn_provider.server.arns import check_arn, check_name
from sfn_provider.server.operations.operation_table import Json, OperationTable, Parameters, Response, without_missing
from sfn_provider.server.redrives import redrive, redrive_status
from sfn_provider.server.requests.json_input import read_input
from sfn_provider.server.resources.execution import Execution, list_item
from sfn_provider.server.service_state import ServiceState, Target

NAME_LIFETIME: Final = 90 * 86_400.0
"""Seconds after which a name can be used again (AWS's documentation of StartExecution)."""


def start_execution(state: ServiceState, parameters: Parameters, now: float) -> Response:
    """Start an execution; of a standard one with the same name and input, that runs, it is the answer again."""
    execution = _start(state, state.find_target(parameters["stateMachineArn"]), parameters, now)
    return {"executionArn": execution.arn, "startDate": execution.started}


def _start(state: ServiceState, target: Target, parameters: Parameters, now: float) -> Execution:
    name, text = parameters.get("name"), parameters.get("input", "{}")
    if name is not None:
        check_name(name)
    input = read_input(text)
    if name is not None and target.machine.execution_type == "STANDARD":
        found = state.executions.get(state.arns.execution(target.machine.name, name))
        if found is not None and not _name_is_free(found, now):
            if found.status == "RUNNING" and to_json(found.input) == to_json(input):
                return found
            raise ApiError("ExecutionAlreadyExists", f"Execution Already Exists: '{found.arn}'")
    return state.start_execution(target, name, input, text, now, parameters.get("traceHeader"))


def _name_is_free(execution: Execution, now: float) -> bool:
    return execution.stopped is not None and now - execution.stopped > NAME_LIFETIME


async def start_sync_execution(state: ServiceState, parameters: Parameters, now: float) -> Response:
    """Run an Express execution to its end."""
    target = state.find_target(parameters["stateMachineArn"])
    if target.machine.execution_type != "EXPRESS":
        raise type_not_supported()
    execution = _start(state, target, parameters, now)
    await execution.ended.wait()
    seconds = (execution.stopped or now) - execution.started
    billing = {
        "billedMemoryUsedInMB": 64,
        "billedDurationInMilliseconds": max(100, 100 * math.ceil(seconds * 10)),
    }
    status = "FAILED" if execution.status == "ABORTED" else execution.status
    described = {**_identity(execution), **_outcome(execution, parameters), "status": status}
    return {**described, "billingDetails": billing}


def stop_execution(state: ServiceState, parameters: Parameters, now: float) -> Response:
    """Stop a standard execution."""
    execution = state.find_execution(parameters["executionArn"])
    if execution.map_run_arn is not None:
        message = "A child execution of a Map Run cannot be stopped here: stop the execution that has the Map Run"
        raise ApiError(VALIDATION, message)
    return {"stopDate": state.stop_execution(execution, parameters.get("error"), parameters.get("cause"), now)}


def redrive_execution(state: ServiceState, parameters: Parameters, now: float) -> Response:
    """Start a standard execution again where it has failed."""
    execution = state.find_execution(parameters["executionArn"])
    return {"redriveDate": redrive(state, execution, parameters.get("clientToken"), now)}


def describe_execution(state: ServiceState, parameters: Parameters, now: float) -> Response:
    """Describe a standard execution, or a child execution of a Map Run."""
    execution = state.find_execution(parameters["executionArn"])
    status, reason = redrive_status(execution, now)
    return without_missing(
        {
            **_identity(execution),
            **_outcome(execution, parameters),
            "mapRunArn": execution.map_run_arn,
            "stateMachineVersionArn": execution.version_arn,
            "stateMachineAliasArn": execution.alias_arn,
            "redriveCount": execution.redrives,
            "redriveDate": execution.redriven,
            "redriveStatus": status,
            "redriveStatusReason": reason,
        }
    )


def _identity(execution: Execution) -> Response:
    return {
        "executionArn": execution.arn,
        "stateMachineArn": execution.machine_arn,
        "name": execution.name,
        "startDate": execution.started,
    }


def _outcome(execution: Execution, parameters: Parameters) -> Response:
    """Return what an execution was given and what it came to; its data only where they are asked for."""
    outcome: Response = {
        "status": execution.status,
        "stopDate": execution.stopped,
        "error": execution.error,
        "cause": execution.cause,
        "traceHeader": execution.trace_header,
    }
    if parameters.get("includedData") != "METADATA_ONLY":
        included = {"included": True}
        outcome |= {"input": execution.input_text, "inputDetails": included}
        if execution.output is not None:
            outcome |= {"output": execution.output, "outputDetails": included}
    return without_missing(outcome)


def list_executions(state: ServiceState, parameters: Parameters, now: float) -> Response:
    """List executions of a state machine, a version, an alias or a Map Run, the most recent first."""
    machine_arn, run_arn = parameters.get("stateMachineArn"), parameters.get("mapRunArn")
    if (machine_arn is None) == (run_arn is None):
        raise ApiError(VALIDATION, "Must provide a StateMachine ARN or MapRun ARN")
    status = parameters.get("statusFilter")
    candidates = _of_machine(state, machine_arn, status) if machine_arn is not None else _of_map_run(state, run_arn)
    redriven = parameters.get("redriveFilter")
    if redriven is not None and run_arn is None:
        raise ApiError(VALIDATION, "redriveFilter can only be specified with mapRunArn")
    found = [
        execution
        for execution in candidates
        if status in (None, execution.status)
        and (redriven is None or (redriven == "REDRIVEN") == (execution.redrives > 0))
    ]
    found.reverse()

    def after(position: Json) -> Iterable[Execution]:
        if position is None:
            return found
        started, arn = position
        index = next((at for at, each in enumerate(found) if each.arn == arn), None)
        if index is not None:
            return islice(found, index + 1, None)
        return (each for each in found if each.started < started)

    scope = f"ListExecutions {machine_arn or run_arn} {status} {redriven}"
    page, more = state.page_tokens.page(scope, after, lambda each: [each.started, each.arn], parameters, now)
    return {"executions": [list_item(execution) for execution in page], **more}


def _of_machine(state: ServiceState, arn: str, status: str | None) -> list[Execution]:
    check_arn(arn, "stateMachine")
    base = ":".join(arn.split(":")[:7])
    machine = state.find_machine(base) if base in state.state_machines else state.find_machine(arn)
    if machine.execution_type == "EXPRESS":
        raise type_not_supported()
    found = [*(machine.running if status == "RUNNING" else machine.executions).values()]
    if arn == base:
        return found
    if arn not in machine.versions and arn not in machine.aliases:
        state.find_machine(arn)
    return [execution for execution in found if arn in (execution.version_arn, execution.alias_arn)]


def _of_map_run(state: ServiceState, arn: Json) -> list[Execution]:
    run = state.map_runs.get(check_arn(arn, "mapRun"))
    if run is None:
        raise resource_not_found(arn)
    return [*run.children.values()]


OPERATIONS: Final[OperationTable] = {
    "StartExecution": start_execution,
    "StartSyncExecution": start_sync_execution,
    "StopExecution": stop_execution,
    "RedriveExecution": redrive_execution,
    "DescribeExecution": describe_execution,
    "ListExecutions": list_executions,
}
