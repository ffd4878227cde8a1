"""Tests single states: TestState, which calls a Task's resource where no mock stands for it."""

from __future__ import annotations

import json
from typing import Any, Final

from sfn_provider.asl.scope import Json
from sfn_provider.engine import test_state as run_state_test
from sfn_provider.engine.requests import CallTask
from sfn_provider.engine.state_test.tested_state import find_state
from sfn_provider.exceptions import StatesError, UsageError
from sfn_provider.server.api_errors import VALIDATION, ApiError
from sfn_provider.server.driver.task_runner import Marker, TaskAccepted, TaskRequest
from sfn_provider.server.operations.operation_table import OperationTable, Parameters, Response
from sfn_provider.server.service_state import ServiceState

_ARGUMENTS: Final = {
    "mock": "mock",
    "context": "context",
    "variables": "variables",
    "inspectionLevel": "inspection_level",
    "stateName": "state_name",
    "stateConfiguration": "state_configuration",
    "revealSecrets": "reveal_secrets",
}
"""Arguments of `sfn_provider.engine.test_state`, by the members of the request."""


async def test_state(state: ServiceState, parameters: Parameters, now: float) -> Response:
    """Test a state; a Task without a mock is run by the service's task runner."""
    if "mock" not in parameters and "roleArn" in parameters and _is_task(parameters):
        parameters = parameters | {"mock": await _run_task(state, parameters)}
    return _test(parameters)


def _test(parameters: Parameters) -> Response:
    arguments = {argument: parameters[name] for name, argument in _ARGUMENTS.items() if name in parameters}
    try:
        return run_state_test(parameters["definition"], parameters.get("input"), **arguments)
    except UsageError as error:
        raise ApiError(VALIDATION, str(error)) from error


def _is_task(parameters: Parameters) -> bool:
    tested = find_state(parameters["definition"], parameters.get("stateName"))
    return bool(tested.model.type == "Task")


async def _run_task(state: ServiceState, parameters: Parameters) -> dict[str, Any]:
    """Run a Task, and return what it comes to as a mock of it."""
    unchecked = {"fieldValidationMode": "NONE"}
    placeholder = {"result": "{}", **unchecked}
    inspected = _test(parameters | {"mock": placeholder, "inspectionLevel": "DEBUG"})
    tested = find_state(parameters["definition"], parameters.get("stateName"))
    call = CallTask("1", tested.name, tested.model.resource, _parameters(inspected))
    try:
        result = await state.runner.run(_request(state, call))
    except StatesError as error:
        return {"errorOutput": {"error": error.error or "", "cause": error.cause or ""}, **unchecked}
    except UsageError as error:
        raise ApiError(VALIDATION, str(error)) from error
    if isinstance(result, Marker | TaskAccepted):
        raise ApiError(VALIDATION, f"Nothing answers the call of {call.resource}: give the request a mock")
    return {"result": json.dumps(result), **unchecked}


def _parameters(response: Response) -> Json:
    """Return what the call gets, of the data that DEBUG shows: the last of them before the call."""
    data = response.get("inspectionData", {})
    for name in ("afterArguments", "afterParameters", "afterInputPath", "input"):
        if name in data:
            return json.loads(data[name])
    return {}


def _request(state: ServiceState, call: CallTask) -> TaskRequest:
    arn = state.arns.express_execution("TestState", "TestExecution", "1")
    return TaskRequest(arn, "TestExecution", state.arns.state_machine("TestState"), "TestState", "{}", call)


OPERATIONS: Final[OperationTable] = {"TestState": test_state}
