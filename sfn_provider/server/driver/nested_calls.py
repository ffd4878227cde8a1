"""Calls this server for tasks: nested executions, and the actions of ``aws-sdk:sfn``."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from sfn_provider.asl.resources import Resource, parse_resource
from sfn_provider.engine.requests import CallTask, TaskFailed, TaskSubmitted, TaskSucceeded
from sfn_provider.exceptions import RequestRefused
from sfn_provider.integrations.api_operation import TaskCall, call_arguments, http_metadata, idempotency_token
from sfn_provider.integrations.clients import Clients
from sfn_provider.integrations.errors import TASK_FAILED, service_error
from sfn_provider.integrations.integration import Integration
from sfn_provider.integrations.resolver import find_integration
from sfn_provider.integrations.sync_job import SyncJob
from sfn_provider.integrations.value_shapes import Values, json_text, read_response
from sfn_provider.server.driver.clocks import Clock
from sfn_provider.server.driver.execution_driver import CallAnswer, Emit
from sfn_provider.server.resources.execution import Execution

if TYPE_CHECKING:
    from botocore.model import OperationModel

Json = Any

CallOperation = Callable[[str, dict[str, Json], float], Awaitable[dict[str, Json]]]
"""Answers an operation of the API, of its name, its parameters and the time; raises RequestRefused."""

_SERVICES: Final = frozenset({("optimized", "states"), ("aws-sdk", "sfn")})


@cache
def _models() -> Clients:
    return Clients(None)  # models need no connection


class OwnActions:
    """Calls operations of this server for tasks.

    Args:
        call: answers an operation.
        executions: all executions by ARN.
        stop: stops an execution.
    """

    def __init__(
        self, call: CallOperation, executions: Mapping[str, Execution], stop: Callable[[Execution], None]
    ) -> None:
        self._call, self._executions, self._stop = call, executions, stop

    def has(self, resource: Resource) -> bool:
        """Return True for a resource of Step Functions itself."""
        return (resource.kind, resource.service) in _SERVICES

    async def perform(self, call: CallTask, clock: Clock, emit: Emit) -> CallAnswer:
        """Make a call; with ``.sync`` until the execution that it starts has ended.

        Args:
            call: the call.
            clock: the time of the execution that calls.
            emit: takes events of the call before its end.

        Raises:
            StatesError: the call failed.
        """
        resource = parse_resource(call.resource)
        integration = find_integration(resource, _models())
        task = TaskCall(call.state, resource, None, integration)
        model = _models().model(integration.client).operation_model(integration.operation)
        token = idempotency_token(f"{uuid.uuid4()}")
        arguments = call_arguments(task, model, call.arguments, call.arguments, token)
        response = await self._send(integration, model, arguments, clock.now())
        result = integration.result(_values(integration, model, response))
        output = result | _http_metadata() if integration.http_metadata else result
        if call.token is not None:
            return CallAnswer(TaskSubmitted(call.id, output, clock.now()), is_final=False)
        sync = integration.syncs.get(resource.pattern)
        if sync is None:
            return CallAnswer(TaskSucceeded(call.id, output, clock.now()))
        emit(TaskSubmitted(call.id, output, clock.now()))
        return await self._follow(call, integration, sync, response["executionArn"], clock)

    async def _follow(
        self, call: CallTask, integration: Integration, sync: SyncJob, arn: str, clock: Clock
    ) -> CallAnswer:
        """Wait for the end of a nested execution; stop it where the task ends before."""
        execution = self._executions[arn]
        try:
            await execution.ended.wait()
        except asyncio.CancelledError:
            self._stop(execution)
            raise
        at = max(execution.stopped or 0.0, clock.now())
        model = _models().model(integration.client).operation_model(sync.describe.operation)
        description = await self._send(integration, model, {"executionArn": arn}, at)
        result = sync.result(_values(integration, model, description))
        if execution.status != "SUCCEEDED":
            return CallAnswer(TaskFailed(call.id, TASK_FAILED, json_text(result), at))
        return CallAnswer(TaskSucceeded(call.id, result, at))

    async def _send(
        self, integration: Integration, model: OperationModel, arguments: dict[str, Json], now: float
    ) -> dict[str, Json]:
        from botocore.exceptions import ClientError

        try:
            return await self._call(model.name, arguments, now)
        except RequestRefused as refusal:
            metadata = {"HTTPStatusCode": 400, "RequestId": str(uuid.uuid4())}
            details = {"Error": {"Code": refusal.code, "Message": refusal.message}, "ResponseMetadata": metadata}
            error = ClientError(details, model.name)
            raise service_error(error, model.service_model, integration.errors) from refusal


def _values(integration: Integration, model: OperationModel, response: dict[str, Json]) -> Values:
    """Convert a response to a task's result, by way of what botocore makes of it."""
    from botocore.parsers import create_parser

    http = {"body": json.dumps(response).encode(), "headers": {}, "status_code": 200}
    parsed = create_parser("json").parse(http, model.output_shape)
    return read_response(model.output_shape, parsed, integration.style)


def _http_metadata() -> Values:
    headers = {"content-type": "application/x-amz-json-1.0"}
    return http_metadata(
        {"ResponseMetadata": {"HTTPHeaders": headers, "HTTPStatusCode": 200, "RequestId": str(uuid.uuid4())}}
    )
