"""Waits that end by messages of a status queue, on virtual time."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any, cast

import pytest

from sfn_provider._compat import TaskDeferred
from sfn_provider.operators.step_function import (
    StepFunctionRedriveExecutionOperator,
    StepFunctionStartExecutionOperator,
)
from sfn_provider.sensors.step_function import StepFunctionExecutionSensor
from sfn_provider.triggers.step_function import QUEUE_POLL_INTERVAL
from sfn_provider.waiting.status_queue.queue_reader import queue_region
from tests.aws.status_events import status_change_event
from tests.aws.step_functions import PREFIX, InjectedFault, Message, SimulatedStepFunctions
from tests.fixtures.virtual_time import run_virtually
from tests.waiting.execution_waits import QUEUE_URL, queue_trigger_of, wait_for
from tests.waiting.status_queue.test_queue_faults import DENIED

pytestmark = pytest.mark.usefixtures("virtual_clock")


def test_ends_are_taken_from_messages(simulated_aws: SimulatedStepFunctions) -> None:
    arns = [simulated_aws.plan(f"run-{n}", 20.0 + n / 10, final=("FAILED", "SUCCEEDED")[n % 2]) for n in range(1_000)]
    simulated_aws.send_end_events()
    seen = wait_for(map(queue_trigger_of, arns))
    assert seen.statuses() == {arn: each.final for arn, each in simulated_aws.executions.items()}
    assert seen.lateness(simulated_aws)[-1] < 2.5
    assert simulated_aws.calls["DescribeExecution"] == 1, "the permission is checked once"
    assert simulated_aws.calls["ListExecutions"] <= 10
    assert simulated_aws.calls.total() < 0.3 * len(arns)
    assert not simulated_aws.messages


def test_many_ends_at_once_are_received_side_by_side(simulated_aws: SimulatedStepFunctions) -> None:
    arns = [simulated_aws.plan(f"run-{n}", 20.0 + n / 3_000) for n in range(3_000)]
    simulated_aws.send_end_events()
    assert wait_for(map(queue_trigger_of, arns)).lateness(simulated_aws)[-1] < 5
    assert simulated_aws.calls.total() < 0.3 * len(arns)
    assert not simulated_aws.messages


def test_an_event_has_what_the_message_says(simulated_aws: SimulatedStepFunctions) -> None:
    arns = [simulated_aws.plan(name, 20.0, final=name) for name in ("SUCCEEDED", "FAILED", "ABORTED")]
    arns.append(simulated_aws.plan("large", 20.0))
    simulated_aws.send_end_events()
    left_out = status_change_event(
        arns[3], output=None, outputDetails={"included": False}, startDate=0, stopDate=20_000
    )
    simulated_aws.messages[3].body = json.dumps(left_out)
    events = wait_for(map(queue_trigger_of, arns)).events
    dates = {"startDate": "1970-01-01T00:00:00+00:00", "stopDate": "1970-01-01T00:00:20+00:00"}
    results: dict[str, dict[str, str]] = {
        "SUCCEEDED": {"output": '{"did": "SUCCEEDED"}'},
        "FAILED": {"error": "States.TaskFailed", "cause": "No such order"},
        "ABORTED": {},
    }
    for arn in arns[:3]:
        status = arn.rpartition(":")[2]
        description = {"executionArn": arn, "status": status, **dates, **results[status]}
        base = {"status": "success", "execution_arn": arn, "execution_status": status}
        assert events[arn] == {**base, "description": description}
    assert events[arns[3]] == {"status": "success", "execution_arn": arns[3], "execution_status": "SUCCEEDED"}


def test_a_poll_that_finds_an_end_before_its_message_is_no_lost_message(
    simulated_aws: SimulatedStepFunctions, caplog: pytest.LogCaptureFixture
) -> None:
    arns = [
        simulated_aws.plan("before", -100.0, start=-200.0),
        simulated_aws.plan("just", 20 + QUEUE_POLL_INTERVAL - 0.5),
    ]
    with caplog.at_level(logging.WARNING):
        wait_for(map(queue_trigger_of, arns), begin=20.0)
    assert "EventBridge" not in caplog.text


def test_a_message_that_comes_after_its_wait_has_ended_is_deleted(simulated_aws: SimulatedStepFunctions) -> None:
    arns = [simulated_aws.plan(f"run-{n}", 5.0) for n in range(20)]
    for arn in arns:
        simulated_aws.send_event(arn, "SUCCEEDED", 40.0, stopDate=5_001)
    goes_on = simulated_aws.plan("goes-on", 60.0)
    simulated_aws.send_event(goes_on, "SUCCEEDED", 61.0)
    wait_for(map(queue_trigger_of, [*arns, goes_on]), begin=10.0)
    assert not simulated_aws.messages
    assert simulated_aws.calls["ChangeMessageVisibilityBatch"] == 0
    assert simulated_aws.calls["ReceiveMessage"] < 12


def test_all_waits_share_one_reader(simulated_aws: SimulatedStepFunctions) -> None:
    arns = [simulated_aws.plan(f"run-{n}", 100.0) for n in range(50)]
    simulated_aws.send_end_events()
    wait_for(map(queue_trigger_of, arns))
    assert simulated_aws.calls["ReceiveMessage"] <= 5 + 50 / 10 + 1
    assert simulated_aws.clients == 2


def test_messages_of_others_are_left_for_them_for_a_while(simulated_aws: SimulatedStepFunctions) -> None:
    own = simulated_aws.plan("own", 200.0)
    simulated_aws.send_event(PREFIX + "theirs", "FAILED", 5.0)
    simulated_aws.messages.append(Message(json.dumps({"order": 7}), 5.0))
    simulated_aws.messages.append(Message("no JSON", 5.0))
    simulated_aws.send_end_events()
    wait_for([queue_trigger_of(own)])
    assert [(message.body[:8], message.receives > 5) for message in simulated_aws.messages] == [
        ('{"order"', True),
        ("no JSON", True),
    ]


@pytest.mark.parametrize("permitted", [True, False])
def test_two_triggerers_share_a_queue(
    simulated_aws: SimulatedStepFunctions, caplog: pytest.LogCaptureFixture, permitted: bool
) -> None:
    if not permitted:
        simulated_aws.faults = [InjectedFault(DENIED, "ChangeMessageVisibilityBatch")]
    arns = [simulated_aws.plan(f"run-{n}", 20.0 + n) for n in range(200)]
    simulated_aws.send_end_events()
    # Another connection, another client, another reader.
    triggers = [queue_trigger_of(arn, aws_conn_id=("one", "two")[n % 2]) for n, arn in enumerate(arns)]
    with caplog.at_level(logging.WARNING):
        late = wait_for(triggers).lateness(simulated_aws)
    assert late[197] < (5 if permitted else QUEUE_POLL_INTERVAL + 5)
    assert simulated_aws.calls.total() < 5 * len(arns)
    assert caplog.text.count("without sqs:ChangeMessageVisibility") == (0 if permitted else 2)


def test_waits_that_begin_one_by_one_share_calls(simulated_aws: SimulatedStepFunctions) -> None:
    arns = [simulated_aws.plan(f"run-{n}", 60.0 + n / 2, start=n / 2) for n in range(200)]
    simulated_aws.send_end_events()

    async def begin_one_by_one() -> None:
        async with asyncio.TaskGroup() as group:
            for arn in arns:
                group.create_task(anext(queue_trigger_of(arn).run()))
                await asyncio.sleep(0.5)

    run_virtually(begin_one_by_one())
    assert simulated_aws.calls["DescribeExecution"] + simulated_aws.calls["ListExecutions"] < 0.4 * len(arns)


def test_the_number_of_looks_means_the_same_time(simulated_aws: SimulatedStepFunctions) -> None:
    arn = simulated_aws.plan("run", 1e6)
    seen = wait_for([queue_trigger_of(arn, waiter_delay=60, waiter_max_attempts=30)])
    assert 1_600 <= seen.times[arn] <= 1_800
    assert seen.events[arn]["status"] == "error"


@pytest.mark.parametrize(
    ("url", "region"),
    [
        (QUEUE_URL, "us-east-1"),
        ("https://sqs.cn-north-1.amazonaws.com.cn/1/q", "cn-north-1"),
        ("https://eu-west-1.queue.amazonaws.com/1/q", "eu-west-1"),
        ("http://localhost:4566/1/q", None),
    ],
)
def test_the_region_of_a_queue(url: str, region: str | None) -> None:
    assert queue_region(url) == region


def test_the_operators_and_the_sensor_hand_the_queue_on() -> None:
    machine, execution = "arn:aws:states:us-east-1:1:stateMachine:M", "arn:aws:states:us-east-1:1:execution:M:one"
    queue: Any = {"status_queue_url": QUEUE_URL, "deferrable": True}
    start = StepFunctionStartExecutionOperator(task_id="a", state_machine_arn=machine, **queue)
    redrive = StepFunctionRedriveExecutionOperator(task_id="b", execution_arn=execution, **queue)
    sensor = StepFunctionExecutionSensor(task_id="c", execution_arn=execution, **queue)
    assert sensor._create_trigger().serialize()[1]["status_queue_url"] == QUEUE_URL
    for operator in (start, redrive):
        with pytest.raises(TaskDeferred) as deferral:
            operator._defer(cast("Any", {}), execution)
        assert deferral.value.trigger.serialize()[1]["status_queue_url"] == QUEUE_URL
