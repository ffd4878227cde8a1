"""Status queues that lose messages, deliver them late or twice, or refuse calls, on virtual time."""

from __future__ import annotations

import asyncio
import json
import logging
import random
from collections.abc import Callable
from typing import Any

import pytest

from sfn_provider.triggers.step_function import QUEUE_POLL_INTERVAL
from tests.aws.server import ErrorResponse
from tests.aws.status_events import status_change_event
from tests.aws.step_functions import MACHINE, PREFIX, InjectedFault, Message, SimulatedStepFunctions
from tests.fixtures.virtual_time import run_virtually
from tests.waiting.execution_waits import queue_trigger_of, wait_for

pytestmark = pytest.mark.usefixtures("virtual_clock")

DENIED = ErrorResponse("AccessDenied")
Alter = Callable[[dict[str, Any]], Any]

ANOTHER_ACCOUNTS = PREFIX.replace("1234", "4321")
FORGED: dict[str, Alter] = {
    "another machine": lambda e: e["detail"].update(stateMachineArn=MACHINE + "2"),
    "another account": lambda e: e.update(account="210987654321"),
    "another region": lambda e: e.update(region="eu-west-1"),
    "another source": lambda e: e.update(source="my.app"),
    "no source": lambda e: e.pop("source"),
    "no detail": lambda e: e.pop("detail"),
    "another's detail": lambda e: e.update(
        detail=status_change_event(PREFIX.replace("1234", "4321") + "run")["detail"]
    ),
}


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_message_ends_nothing(simulated_aws: SimulatedStepFunctions, name: str) -> None:
    arn = simulated_aws.plan("run", 300.0)
    event = status_change_event(arn, startDate=0, stopDate=25_000)
    FORGED[name](event)
    simulated_aws.messages.append(Message(json.dumps(event), 26.0))
    simulated_aws.send_end_events()
    seen = wait_for([queue_trigger_of(arn)])
    assert 300 < seen.times[arn] < 302.5
    assert seen.events[arn]["description"]["stopDate"] == "1970-01-01T00:05:00+00:00"
    assert not simulated_aws.messages, "a message that nobody can use is deleted after a while"


def test_messages_come_late_twice_out_of_order_or_never(simulated_aws: SimulatedStepFunctions) -> None:
    order = random.Random(5)
    finals = ("SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED")
    arns = [simulated_aws.plan(f"run-{n}", order.uniform(20, 80), final=finals[n % 4]) for n in range(400)]
    simulated_aws.send_end_events()
    for message in simulated_aws.messages:
        message.at += order.choice((0, 0, 1, 8))
    simulated_aws.messages += [
        Message(each.body, each.at + order.uniform(0, 9)) for each in simulated_aws.messages[::3]
    ]
    del simulated_aws.messages[5:200:10]
    for arn in arns[::2]:
        simulated_aws.send_event(arn, "RUNNING", order.uniform(0, 90), stopDate=None)
    order.shuffle(simulated_aws.messages)
    seen = wait_for(map(queue_trigger_of, arns))
    assert seen.statuses() == {arn: each.final for arn, each in simulated_aws.executions.items()}
    late = seen.lateness(simulated_aws)
    assert late[370] < 11
    assert late[-1] < QUEUE_POLL_INTERVAL + 5
    assert simulated_aws.calls["DescribeExecution"] < 30


@pytest.mark.parametrize("count", [1, 50])
def test_a_lost_message_is_made_up_for_by_polling(
    simulated_aws: SimulatedStepFunctions, caplog: pytest.LogCaptureFixture, count: int
) -> None:
    arns = [simulated_aws.plan(f"run-{n}", 100.0) for n in range(count)]
    with caplog.at_level(logging.WARNING):
        seen = wait_for(map(queue_trigger_of, arns))
    assert max(seen.times.values()) <= 2 * QUEUE_POLL_INTERVAL + 3
    assert simulated_aws.calls.total() - simulated_aws.calls["ReceiveMessage"] < 8 + count / 10
    assert caplog.text.count("check the pattern of the EventBridge rule") == 1


@pytest.mark.parametrize("action", ["ReceiveMessage", "DeleteMessageBatch"])
def test_a_missing_permission_ends_the_waits_at_once(simulated_aws: SimulatedStepFunctions, action: str) -> None:
    simulated_aws.faults = [InjectedFault(DENIED, action)]
    arns = [simulated_aws.plan(f"run-{n}", 20.0) for n in range(3)]
    simulated_aws.send_event(PREFIX + "started", "RUNNING", 0.0)
    seen = wait_for(map(queue_trigger_of, arns))
    assert max(seen.times.values()) < 12
    assert len(seen.events) == 3
    for event in seen.events.values():
        assert event["final"]
        assert "sqs:ReceiveMessage and sqs:DeleteMessage" in event["message"]


def test_a_wait_that_begins_while_others_fail_has_the_queue_read(simulated_aws: SimulatedStepFunctions) -> None:
    simulated_aws.faults = [InjectedFault(DENIED, "ReceiveMessage", end=0.1)]
    first, second, next_one = (simulated_aws.plan(name, 50.0) for name in ("first", "second", "next"))
    simulated_aws.send_end_events()

    async def one_after_the_other() -> tuple[float, str]:
        background = asyncio.create_task(anext(queue_trigger_of(second).run()))
        async for event in queue_trigger_of(first).run():
            assert event.payload["final"]
            simulated_aws.faults = []
            async for last in queue_trigger_of(next_one).run():  # begins before the second one has ended
                await background
                return asyncio.get_running_loop().time(), last.payload["status"]
        raise AssertionError("no event")

    at, status = run_virtually(one_after_the_other())
    assert status == "success"
    assert 50 < at < 53


def test_a_queue_that_fails_for_a_while_is_waited_for(simulated_aws: SimulatedStepFunctions) -> None:
    simulated_aws.faults = [InjectedFault(ErrorResponse("ServiceUnavailable", status=503), "ReceiveMessage", end=60.0)]
    arn = simulated_aws.plan("run", 50.0)
    simulated_aws.send_end_events()
    assert wait_for([queue_trigger_of(arn)]).times[arn] < 90


def test_deletions_that_fail_delay_the_last_event_little(
    simulated_aws: SimulatedStepFunctions, caplog: pytest.LogCaptureFixture
) -> None:
    simulated_aws.faults = [InjectedFault(ErrorResponse("ServiceUnavailable", status=503), "DeleteMessageBatch")]
    arn = simulated_aws.plan("run", 50.0)
    simulated_aws.send_end_events()
    with caplog.at_level(logging.WARNING):
        seen = wait_for([queue_trigger_of(arn)])
    assert seen.times[arn] < 54
    assert "1 messages of" in caplog.text
