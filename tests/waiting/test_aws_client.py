"""The client that waits share: what it makes of AWS's answers."""

from __future__ import annotations

import asyncio
import gc
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC
from typing import Any

import pytest
from botocore.parsers import create_parser
from botocore.session import get_session

from sfn_provider.waiting.aws_client import AwsClient, ClientSettings, create_client, freeze_loaded_objects

DATES = (0, 1_700_000_000, 1_700_000_000.123, "2023-11-14T22:13:20.123Z", "2023-11-14T23:13:20+01:00", "1700000000")


@pytest.mark.parametrize("date", DATES, ids=str)
def test_dates_are_those_of_botocore_in_utc_or_their_own_zone(date: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    settings = ClientSettings.from_arguments("stepfunctions", None, "us-east-1")
    shape = get_session().get_service_model("stepfunctions").operation_model("ListExecutions").output_shape
    body = json.dumps({"executions": [{"name": "a", "startDate": date}]}).encode()
    response = {"status_code": 200, "headers": {}, "body": body}

    async def parse() -> dict[str, Any]:
        async with await create_client(settings.make_hook) as client:
            factory = client._endpoint._response_parser_factory
            answer: dict[str, Any] = await factory.create_parser("json").parse(response, shape)
            return answer

    [parsed] = asyncio.run(parse())["executions"]
    [expected] = create_parser("json").parse(response, shape)["executions"]
    assert parsed == expected
    if not isinstance(date, str):
        assert parsed["startDate"].tzinfo is UTC


class Client:
    """A client that counts its calls."""

    calls = 0

    async def describe_execution(self) -> dict[str, Any]:
        self.calls += 1
        return {"status": "RUNNING"}


def test_what_is_loaded_is_left_out_of_garbage_collections_once() -> None:
    """A collection that visits all of Airflow stops the event loop for a fifth of a second."""
    freeze_loaded_objects.cache_clear()  # this process has frozen before
    client = Client()

    @asynccontextmanager
    async def opened() -> AsyncIterator[Client]:
        yield client

    async def create() -> Any:
        return opened()

    async def poll() -> list[int]:
        counts = []
        for _ in range(2):
            shared = AwsClient(create)
            await shared.call("describe_execution")
            counts.append(gc.get_freeze_count())
            await shared.aclose()
        return counts

    cyclic: list[Any] = []
    cyclic.append(cyclic)
    first, second = asyncio.run(poll())
    assert second <= first and client.calls == 2
    assert all(each is not cyclic for each in gc.get_objects())
