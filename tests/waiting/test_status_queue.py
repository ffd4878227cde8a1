"""Waits that hear of an execution's end through a queue."""

from __future__ import annotations

import asyncio
import json
from typing import Any, cast

import pytest

from sfn_provider._compat import TaskDeferred
from sfn_provider.operators.step_function import (
    StepFunctionRedriveExecutionOperator,
    StepFunctionStartExecutionOperator,
)
from sfn_provider.sensors.step_function import StepFunctionExecutionSensor
from sfn_provider.triggers.step_function import StepFunctionsExecutionCompleteTrigger
from sfn_provider.waiting.status_queue import parse_message, queue_region
from tests.aws.server import ErrorResponse
from tests.aws.step_functions import InjectedFault, Message, SimulatedStepFunctions
from tests.fixtures.virtual_time import run_virtually

URL = "https://sqs.us-east-1.amazonaws.com/123456789012/ends"


def trigger_of(arn: str, **arguments: Any) -> StepFunctionsExecutionCompleteTrigger:
    return StepFunctionsExecutionCompleteTrigger(execution_arn=arn, **({"status_queue_url": URL} | arguments))


def wait_for(*triggers: StepFunctionsExecutionCompleteTrigger) -> dict[str, tuple[float, Any]]:
    """Run triggers together. Gives when each one's event came, and the event."""
    events = {}

    async def watch(trigger: StepFunctionsExecutionCompleteTrigger) -> None:
        async for event in trigger.run():
            events[trigger.execution_arn] = asyncio.get_running_loop().time(), event.payload

    async def together() -> None:
        async with asyncio.timeout(20_000), asyncio.TaskGroup() as group:
            for trigger in triggers:
                group.create_task(watch(trigger))

    run_virtually(together())
    return events


def test_ends_are_heard_of_and_confirmed(simulated_aws: SimulatedStepFunctions) -> None:
    arns = [simulated_aws.plan(f"run-{n}", 20.0 + n, final=("FAILED", "SUCCEEDED")[n % 2]) for n in range(100)]
    simulated_aws.send_end_events()
    events = wait_for(*map(trigger_of, arns))
    assert all(at - simulated_aws.executions[arn].end < 2 for arn, (at, _) in events.items())
    assert {event["execution_status"] for _, event in events.values()} == {"FAILED", "SUCCEEDED"}
    assert simulated_aws.calls["DescribeExecution"] == 101
    assert simulated_aws.calls["ListExecutions"] == 1
    assert not simulated_aws.messages


def test_a_lost_event_is_made_up_for_by_a_slow_look(simulated_aws: SimulatedStepFunctions) -> None:
    arn = simulated_aws.plan("run", 100.0)
    [(at, event)] = wait_for(trigger_of(arn)).values()
    assert 600 <= at < 602
    assert event["execution_status"] == "SUCCEEDED"
    assert simulated_aws.calls["DescribeExecution"] == 2


def test_an_event_before_the_description_knows_of_it(simulated_aws: SimulatedStepFunctions) -> None:
    arn = simulated_aws.plan("run", 25.0)
    simulated_aws.send_event(arn, "SUCCEEDED", 21.0)
    [(at, _)] = wait_for(trigger_of(arn)).values()
    assert at < 28


def test_a_wrong_event_ends_nothing(simulated_aws: SimulatedStepFunctions) -> None:
    arn = simulated_aws.plan("run", 700.0)
    simulated_aws.send_event(arn, "SUCCEEDED", 21.0)
    [(at, _)] = wait_for(trigger_of(arn)).values()
    assert at > 700
    assert simulated_aws.calls["DescribeExecution"] < 10


def test_all_waits_share_one_reader(simulated_aws: SimulatedStepFunctions) -> None:
    arns = [simulated_aws.plan(f"run-{n}", 100.0) for n in range(50)]
    simulated_aws.send_end_events()
    wait_for(*map(trigger_of, arns))
    assert simulated_aws.calls["ReceiveMessage"] <= 5 + 50 / 10 + 1
    assert simulated_aws.clients == 2


def test_messages_of_others_are_left_for_them_for_a_while(simulated_aws: SimulatedStepFunctions) -> None:
    ours = simulated_aws.plan("ours", 200.0)
    simulated_aws.send_event("arn:aws:states:us-east-1:123456789012:execution:Orders:theirs", "FAILED", 5.0)
    simulated_aws.messages.append(Message(json.dumps({"order": 7}), 5.0))
    simulated_aws.messages.append(Message("no JSON", 5.0))
    simulated_aws.send_end_events()
    wait_for(trigger_of(ours))
    assert [(message.body[:8], message.receives > 3) for message in simulated_aws.messages] == [
        ('{"order"', True),
        ("no JSON", True),
    ]


def test_a_queue_that_cannot_be_read_ends_the_waits_at_once(simulated_aws: SimulatedStepFunctions) -> None:
    simulated_aws.faults = [InjectedFault(ErrorResponse("AccessDenied"), "ReceiveMessage")]
    arns = [simulated_aws.plan(f"run-{n}", 20.0) for n in range(3)]
    for at, event in wait_for(*map(trigger_of, arns)).values():
        assert at < 1
        assert event["final"]
        assert "sqs:ReceiveMessage" in event["message"]


def test_a_queue_that_fails_for_a_while_is_waited_for(simulated_aws: SimulatedStepFunctions) -> None:
    simulated_aws.faults = [InjectedFault(ErrorResponse("ServiceUnavailable", status=503), "ReceiveMessage", end=60.0)]
    arn = simulated_aws.plan("run", 50.0)
    simulated_aws.send_end_events()
    [(at, _)] = wait_for(trigger_of(arn)).values()
    assert at < 90


def test_the_number_of_looks_means_the_same_time(simulated_aws: SimulatedStepFunctions) -> None:
    arn = simulated_aws.plan("run", 1e6)
    [(at, event)] = wait_for(trigger_of(arn, waiter_delay=60, waiter_max_attempts=30)).values()
    assert 1_200 <= at <= 1_800
    assert event["status"] == "error"


def test_a_message_as_sqs_gives_it() -> None:
    body = json.dumps({"detail-type": "Step Functions Execution Status Change", "detail": {"executionArn": "a:b"}})
    message = parse_message({"MessageId": "1", "ReceiptHandle": "r", "Body": body})
    assert (message.execution_arn, message.receives) == ("a:b", 1)


@pytest.mark.parametrize(
    ("url", "region"),
    [
        (URL, "us-east-1"),
        ("https://sqs.cn-north-1.amazonaws.com.cn/1/q", "cn-north-1"),
        ("https://eu-west-1.queue.amazonaws.com/1/q", "eu-west-1"),
        ("http://localhost:4566/1/q", None),
    ],
)
def test_the_region_of_a_queue(url: str, region: str | None) -> None:
    assert queue_region(url) == region


def test_the_operators_and_the_sensor_hand_the_queue_on() -> None:
    machine, execution = "arn:aws:states:us-east-1:1:stateMachine:M", "arn:aws:states:us-east-1:1:execution:M:one"
    start = StepFunctionStartExecutionOperator(task_id="a", state_machine_arn=machine, status_queue_url=URL)
    redrive = StepFunctionRedriveExecutionOperator(task_id="b", execution_arn=execution, status_queue_url=URL)
    sensor = StepFunctionExecutionSensor(task_id="c", execution_arn=execution, status_queue_url=URL)
    assert sensor._create_trigger().serialize()[1]["status_queue_url"] == URL
    for operator in (start, redrive):
        with pytest.raises(TaskDeferred) as deferral:
            operator._defer(cast("Any", {}), execution)
        assert deferral.value.trigger.serialize()[1]["status_queue_url"] == URL
