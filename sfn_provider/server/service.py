"""The Step Functions API as a Python object: `StepFunctionsService`."""

from __future__ import annotations

import asyncio
import inspect
import time as wall_clock
from collections.abc import Callable, Mapping
from typing import Any, Final

from sfn_provider.engine.simulation.item_objects import S3Object
from sfn_provider.server.api_errors import ApiError
from sfn_provider.server.arns import ArnBuilder
from sfn_provider.server.driver.clocks import TimeMode
from sfn_provider.server.driver.task_runner import NoTaskRunner, TaskRunner
from sfn_provider.server.operations import (
    activities,
    aliases,
    executions,
    histories,
    map_runs,
    state_machines,
    state_tests,
    tags,
    versions,
)
from sfn_provider.server.operations.operation_table import OperationTable
from sfn_provider.server.requests.request_validation import validate_request
from sfn_provider.server.service_state import ServiceState

Json = Any

OPERATIONS: Final[OperationTable] = {
    **state_machines.OPERATIONS,
    **versions.OPERATIONS,
    **aliases.OPERATIONS,
    **executions.OPERATIONS,
    **histories.OPERATIONS,
    **map_runs.OPERATIONS,
    **activities.OPERATIONS,
    **state_tests.OPERATIONS,
    **tags.OPERATIONS,
}


class StepFunctionsService:
    """Answers the operations of Step Functions, with executions that run on the engine in this process.

    It is for development and tests: everything is in memory, and forgotten with the process. All calls come from one
    event loop.

    Args:
        region: the region in its ARNs.
        account_id: the account in its ARNs, twelve digits.
        time: ``virtual``: waits, retries and timeouts take no time unless somebody outside must answer a task;
            ``real``; or how many times faster than real time it passes.
        tasks: runs the tasks of executions.
        objects: contents of S3 objects by ``s3://bucket/key``, which distributed Maps read; what they write is added.
        now: returns the time at which a request is answered, seconds since the epoch.

    Raises:
        UsageError: an argument has a value that it cannot have.
    """

    def __init__(
        self,
        *,
        region: str = "us-east-1",
        account_id: str = "123456789012",
        time: TimeMode = "virtual",
        tasks: TaskRunner | None = None,
        objects: Mapping[str, S3Object] | None = None,
        now: Callable[[], float] = wall_clock.time,
    ) -> None:
        self._now = now
        arns, runner = ArnBuilder(region, account_id), tasks or NoTaskRunner()
        self.state = ServiceState(arns, time, runner, objects or {}, self._answer)

    async def call(self, operation: str, parameters: dict[str, Json]) -> dict[str, Json]:
        """Answer an operation.

        Args:
            operation: its name, for example ``StartExecution``.
            parameters: its parameters, as the API's JSON has them.

        Returns:
            The response, as the API's JSON has it: times are seconds since the epoch.

        Raises:
            ApiError: AWS's error.
        """
        return await self._answer(operation, parameters, round(self._now(), 3))

    async def _answer(self, operation: str, parameters: dict[str, Json], now: float) -> dict[str, Json]:
        parameters = validate_request(operation, parameters)
        answer = OPERATIONS.get(operation)
        if answer is None:
            raise ApiError("UnknownOperationException", f"{operation} is not available on this server")
        response = answer(self.state, parameters, now)
        return await response if inspect.isawaitable(response) else response

    async def close(self) -> None:
        """Stop all executions, and answer the workers that wait for tasks."""
        self.state.stop_all()
        await asyncio.sleep(0)
