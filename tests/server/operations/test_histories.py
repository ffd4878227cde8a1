"""GetExecutionHistory: pages, order and data."""

from __future__ import annotations

import pytest

from sfn_provider.engine import simulate
from tests.fixtures.local_service import Service, serve
from tests.fixtures.machines.engine import group

STATES = group(
    {
        "Set": {"Type": "Pass", "Result": {"n": 1}, "Next": "Wait"},
        "Wait": {"Type": "Wait", "Seconds": 5, "Next": "End"},
        "End": {"Type": "Succeed"},
    }
)


@pytest.fixture(scope="module")
def execution(service: Service) -> str:
    return str(service.run(STATES, {"a": "ä"})["executionArn"])


def test_a_history_is_that_of_the_engine() -> None:
    start = 1_735_689_600.0
    with serve(now=lambda: start) as service:
        events = service.events(service.run(STATES, {"a": "ä"})["executionArn"])
    expected = simulate(STATES, {"a": "ä"}, start_time=start).events
    events[0]["executionStartedEventDetails"].pop("roleArn")
    expected[0]["executionStartedEventDetails"].pop("roleArn")
    assert events == expected


@pytest.mark.parametrize("is_reversed", [False, True], ids=["oldest first", "latest first"])
@pytest.mark.parametrize("size", [1, 3, 7, 8, 1_000])
def test_pages_have_each_event_once(service: Service, execution: str, size: int, is_reversed: bool) -> None:
    whole = service.events(execution)
    pages = service.client.get_paginator("get_execution_history").paginate(
        executionArn=execution, reverseOrder=is_reversed, PaginationConfig={"PageSize": size}
    )
    found = [page["events"] for page in pages]
    assert all(len(events) <= size for events in found)
    events = [event for page in found for event in page]
    assert events == (whole[::-1] if is_reversed else whole)


def test_a_full_last_page_has_no_token(service: Service, execution: str) -> None:
    count = len(service.events(execution))
    assert "nextToken" not in service.client.get_execution_history(executionArn=execution, maxResults=count)
    assert "nextToken" in service.client.get_execution_history(executionArn=execution, maxResults=count - 1)


def test_data_can_be_left_out(service: Service, execution: str) -> None:
    events = service.events(execution, includeExecutionData=False)
    assert events[1]["stateEnteredEventDetails"] == {"name": "Set"}
    assert [event["id"] for event in events] == [event["id"] for event in service.events(execution)]


def test_a_page_token_is_valid_for_a_day() -> None:
    times = [1_000_000.0]
    with serve(now=lambda: times[0]) as service:
        execution = service.run(STATES)["executionArn"]
        token = service.client.get_execution_history(executionArn=execution, maxResults=1)["nextToken"]
        times[0] += 86_000
        assert service.client.get_execution_history(executionArn=execution, nextToken=token)["events"]
        times[0] += 1_000
        assert service.refusal("get_execution_history", executionArn=execution, nextToken=token)[0] == "InvalidToken"
