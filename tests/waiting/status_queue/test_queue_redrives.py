"""Redriven executions whose ends come by a status queue, on virtual time."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest

from sfn_provider.triggers.step_function import QUEUE_POLL_INTERVAL
from tests.aws.step_functions import (
    SimulatedStepFunctions,
)
from tests.fixtures.virtual_time import run_virtually
from tests.waiting.execution_waits import queue_trigger_of, wait_for

pytestmark = pytest.mark.usefixtures("virtual_clock")


@dataclass(frozen=True)
class RedriveCase:
    """An execution fails at 10 s, is redriven at 20 s, awaited from 21 s on, and ends again at 100 s as ABORTED.

    Args:
        id: the case.
        messages: status, time of arrival, and replaced fields of each message.
        at: when the event must have come, in seconds.
        lag: seconds that lists lag behind.
    """

    id: str
    messages: tuple[tuple[str, float, dict[str, Any]], ...]
    at: float = 102.5
    lag: float = 0.0


FIRST_END = {"stopDate": 10_000}
REDRIVE = {"redriveCount": 1, "redriveDate": 20_000}
SECOND_END = {**REDRIVE, "stopDate": 100_000}
LAST = ("ABORTED", 101.0, SECOND_END)

REDRIVES = [
    RedriveCase("in order", (("FAILED", 11, FIRST_END), ("RUNNING", 21.5, {**REDRIVE, "stopDate": None}), LAST)),
    RedriveCase("the first end comes late", (("FAILED", 30, FIRST_END), LAST)),
    RedriveCase("the first end comes late and twice", (("FAILED", 22, FIRST_END), ("FAILED", 90, FIRST_END), LAST)),
    RedriveCase("the first end without its number", (("FAILED", 30, {"stopDate": 29_000, "redriveCount": None}), LAST)),
    RedriveCase("the first end without a date", (("FAILED", 30, {"stopDate": None}), LAST)),
    RedriveCase("the first end dated as text", (("FAILED", 30, {"stopDate": "1970-01-01T00:00:10Z"}), LAST)),
    RedriveCase("the first end, by a fast clock", (("FAILED", 30, {"stopDate": 29_000}), LAST)),
    RedriveCase("the first end comes late, and lists lag", (("FAILED", 21.1, FIRST_END), LAST), lag=5),
    RedriveCase("no status", (("", 30, SECOND_END), LAST)),
    RedriveCase("a status that nobody knows", (("DONE", 30, SECOND_END), LAST)),
    RedriveCase("pending", (("PENDING_REDRIVE", 30, REDRIVE), LAST)),
    RedriveCase("an end of next year", (("SUCCEEDED", 30, {"stopDate": 31_536_000_000}), LAST)),
    RedriveCase("the second end is lost", (("FAILED", 30, FIRST_END),), at=100 + QUEUE_POLL_INTERVAL + 3),
    RedriveCase("the second end comes first", (LAST, ("FAILED", 110, FIRST_END))),
    RedriveCase("the second end without its date", (("ABORTED", 101, {**SECOND_END, "stopDate": None}),)),
    RedriveCase("the second end before AWS shows it", (("ABORTED", 97, {**REDRIVE, "stopDate": "?"}),)),
]


@pytest.mark.parametrize("case", REDRIVES, ids=lambda case: case.id)
def test_only_the_end_of_the_redrive_ends_its_wait(simulated_aws: SimulatedStepFunctions, case: RedriveCase) -> None:
    simulated_aws.lag = case.lag
    arn = simulated_aws.plan("run", 10.0, final="FAILED", redrive=(20.0, 100.0, "ABORTED"))
    others = [simulated_aws.plan(f"other-{n}", 1e9) for n in range(5)]  # so that lists are read
    for status, at, detail in case.messages:
        simulated_aws.send_event(arn, status, at, **detail)

    async def watch(events: list[tuple[float, Any]]) -> None:
        await asyncio.sleep(21)
        background = [asyncio.create_task(anext(queue_trigger_of(other).run())) for other in others]
        async for event in queue_trigger_of(arn).run():
            events.append((asyncio.get_running_loop().time(), event.payload))
        for task in background:
            task.cancel()
        await asyncio.gather(*background, return_exceptions=True)

    events: list[tuple[float, Any]] = []
    run_virtually(watch(events))
    [(at, event)] = events
    assert 100 <= at < case.at
    assert event["execution_status"] == "ABORTED"
    assert simulated_aws.calls["DescribeExecution"] < 15


def test_a_wait_for_the_redrive_joins_one_from_before(simulated_aws: SimulatedStepFunctions) -> None:
    arn = simulated_aws.plan("run", 10.0, final="FAILED", redrive=(20.0, 100.0, "ABORTED"))
    simulated_aws.send_event(arn, "FAILED", 21.5, **FIRST_END)
    simulated_aws.send_event(*(arn, *LAST[:2]), **LAST[2])

    async def both() -> list[Any]:
        first = asyncio.create_task(anext(queue_trigger_of(arn).run()))
        await asyncio.sleep(21)
        second = await anext(queue_trigger_of(arn).run())
        return [second.payload["execution_status"], (await first).payload["execution_status"]]

    assert run_virtually(both()) == ["ABORTED", "ABORTED"]


def test_a_success_of_before_the_wait_ends_it_without_a_description(simulated_aws: SimulatedStepFunctions) -> None:
    simulated_aws.lag = 1e9
    arns = [simulated_aws.plan(f"run-{n}", 5.0) for n in range(10)]
    for arn in arns:
        simulated_aws.send_event(arn, "SUCCEEDED", 10.0)
    seen = wait_for(map(queue_trigger_of, arns), begin=9.9)
    assert len(seen.events) == 10
    for event in seen.events.values():
        assert event["execution_status"] == "SUCCEEDED"
        assert "description" not in event, "a deleted state machine's execution may have had the same ARN"
