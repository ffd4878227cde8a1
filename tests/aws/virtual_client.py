"""Clients of the simulated Step Functions without HTTP: virtual time knows no sockets."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from botocore import exceptions

from tests.aws.server import Disconnect, ErrorResponse
from tests.aws.step_functions import Failure, Json, SimulatedStepFunctions


class InProcessClient:
    """An aiobotocore client of Step Functions and of the queue, without HTTP: virtual time knows no sockets."""

    def __init__(self, service: SimulatedStepFunctions) -> None:
        self.service = service
        self.made_at = service.clock()
        service.clients += 1

    async def __aenter__(self) -> InProcessClient:
        return self

    async def __aexit__(self, *error: object) -> None:
        self.service.closed += 1

    async def describe_execution(self, **parameters: Json) -> dict[str, Json]:
        assert parameters["includedData"] == "METADATA_ONLY"
        await asyncio.sleep(0.02)
        return _with_datetimes(self._call("DescribeExecution", parameters))

    async def list_executions(self, **parameters: Json) -> dict[str, Json]:
        await asyncio.sleep(0.05)
        found = self._call("ListExecutions", parameters)
        return found | {"executions": [_with_datetimes(row) for row in found["executions"]]}

    async def receive_message(
        self, *, QueueUrl: str, MaxNumberOfMessages: int, WaitTimeSeconds: float, AttributeNames: list[str]
    ) -> dict[str, Json]:
        end = self.service.clock() + WaitTimeSeconds
        await asyncio.sleep(0.02)
        _raise_for("ReceiveMessage", self.service.count("ReceiveMessage", self.made_at))
        while not (received := self.service.receive(MaxNumberOfMessages)):
            if self.service.clock() >= end:
                return {}
            await asyncio.sleep(0.1)
        return {"Messages": received}

    async def delete_message_batch(self, *, QueueUrl: str, Entries: list[dict[str, str]]) -> dict[str, Json]:
        await asyncio.sleep(0.02)
        _raise_for("DeleteMessageBatch", self.service.count("DeleteMessageBatch", self.made_at))
        self.service.delete(Entries)
        return {}

    async def change_message_visibility_batch(self, *, QueueUrl: str, Entries: list[dict[str, Json]]) -> Json:
        action = "ChangeMessageVisibilityBatch"
        _raise_for(action, self.service.count(action, self.made_at))
        self.service.hide(Entries)
        return {}

    def _call(self, action: str, parameters: Json) -> Json:
        answer = self.service.answer(action, parameters, self.made_at)
        _raise_for(action, answer)
        return answer


def _raise_for(action: str, answer: Json | Failure | None) -> None:
    """Raise what botocore raises for a failure."""
    if isinstance(answer, Disconnect):
        raise exceptions.ConnectionClosedError(endpoint_url="http://simulated")
    if isinstance(answer, ErrorResponse):
        error = {"Code": answer.code, "Message": answer.message}
        raise exceptions.ClientError({"Error": error, "ResponseMetadata": {"HTTPStatusCode": answer.status}}, action)


def _with_datetimes(row: dict[str, Json]) -> dict[str, Json]:
    dates = {key: datetime.fromtimestamp(row[key], UTC) for key in ("startDate", "stopDate") if key in row}
    return row | dates


@pytest.fixture
def simulated_aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[SimulatedStepFunctions]:
    """Have every shared client be one of the simulated service. For tests on virtual time."""
    service = SimulatedStepFunctions(clock=lambda: asyncio.get_running_loop().time())

    async def connected(make_hook: object) -> InProcessClient:
        return InProcessClient(service)

    monkeypatch.setattr("sfn_provider.waiting.aws_client.create_client", connected)
    yield service
    assert service.closed == service.clients, "a client was left open"
