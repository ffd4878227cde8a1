"""Waits that end by messages of a status queue, on virtual time."""

from __future__ import annotations

import asyncio
import json
import logging
import random
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, cast

import pytest

from sfn_provider._compat import TaskDeferred
from sfn_provider.operators.step_function import (
    StepFunctionRedriveExecutionOperator,
    StepFunctionStartExecutionOperator,
)
from sfn_provider.sensors.step_function import StepFunctionExecutionSensor
from sfn_provider.triggers.step_function import QUEUE_POLL_INTERVAL, StepFunctionsExecutionCompleteTrigger
from sfn_provider.waiting.status_queue.queue_reader import queue_region
from tests.aws.server import ErrorResponse
from tests.aws.step_functions import (
    MACHINE,
    PREFIX,
    InjectedFault,
    Message,
    SimulatedStepFunctions,
    status_change_event,
)
from tests.fixtures.virtual_time import run_virtually

URL = "https://sqs.us-east-1.amazonaws.com/123456789012/ends"
DENIED = ErrorResponse("AccessDenied")

Events = dict[str, tuple[float, Any]]


@pytest.fixture(autouse=True)
def virtual_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the poller compare messages' dates with the event loop's clock."""
    clock = SimpleNamespace(time=lambda: asyncio.get_running_loop().time())
    monkeypatch.setattr("sfn_provider.waiting.executions.execution_poller.time", clock)


def trigger_of(arn: str, **arguments: Any) -> StepFunctionsExecutionCompleteTrigger:
    return StepFunctionsExecutionCompleteTrigger(execution_arn=arn, **({"status_queue_url": URL} | arguments))


def wait_for(*triggers: StepFunctionsExecutionCompleteTrigger, begin: float = 0.0, seconds: float = 20_000) -> Events:
    """Run triggers together. Gives when each one's event came, and the event."""
    events: Events = {}

    async def watch(trigger: StepFunctionsExecutionCompleteTrigger) -> None:
        async for event in trigger.run():
            events[trigger.execution_arn] = asyncio.get_running_loop().time(), event.payload

    async def together() -> None:
        await asyncio.sleep(begin)
        async with asyncio.timeout(seconds), asyncio.TaskGroup() as group:
            for trigger in triggers:
                group.create_task(watch(trigger))

    run_virtually(together())
    return events


def lateness(aws: SimulatedStepFunctions, events: Events) -> list[float]:
    """How long after its end each event came, ascending."""
    return sorted(at - aws.executions[arn].end for arn, (at, _) in events.items())


def test_ends_are_taken_from_messages(simulated_aws: SimulatedStepFunctions) -> None:
    arns = [simulated_aws.plan(f"run-{n}", 20.0 + n / 10, final=("FAILED", "SUCCEEDED")[n % 2]) for n in range(1_000)]
    simulated_aws.send_end_events()
    events = wait_for(*map(trigger_of, arns))
    assert {arn: event["execution_status"] for arn, (_, event) in events.items()} == {
        arn: each.final for arn, each in simulated_aws.executions.items()
    }
    assert lateness(simulated_aws, events)[-1] < 2.5
    assert simulated_aws.calls["DescribeExecution"] == 1, "the permission is checked once"
    assert simulated_aws.calls["ListExecutions"] <= 10
    assert simulated_aws.calls.total() < 0.3 * len(arns)
    assert not simulated_aws.messages


def test_many_ends_at_once_are_received_side_by_side(simulated_aws: SimulatedStepFunctions) -> None:
    arns = [simulated_aws.plan(f"run-{n}", 20.0 + n / 3_000) for n in range(3_000)]
    simulated_aws.send_end_events()
    assert lateness(simulated_aws, wait_for(*map(trigger_of, arns)))[-1] < 5
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
    events = {event["execution_arn"]: event for _, event in wait_for(*map(trigger_of, arns)).values()}
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
        background = [asyncio.create_task(anext(trigger_of(other).run())) for other in others]
        async for event in trigger_of(arn).run():
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
        first = asyncio.create_task(anext(trigger_of(arn).run()))
        await asyncio.sleep(21)
        second = await anext(trigger_of(arn).run())
        return [second.payload["execution_status"], (await first).payload["execution_status"]]

    assert run_virtually(both()) == ["ABORTED", "ABORTED"]


def test_a_success_of_before_the_wait_ends_it_without_a_description(simulated_aws: SimulatedStepFunctions) -> None:
    simulated_aws.lag = 1e9
    arns = [simulated_aws.plan(f"run-{n}", 5.0) for n in range(10)]
    for arn in arns:
        simulated_aws.send_event(arn, "SUCCEEDED", 10.0)
    for _, event in wait_for(*map(trigger_of, arns), begin=9.9).values():
        assert event["execution_status"] == "SUCCEEDED"
        assert "description" not in event, "a deleted state machine's execution may have had the same ARN"


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
    [(at, payload)] = wait_for(trigger_of(arn)).values()
    assert 300 < at < 302.5
    assert payload["description"]["stopDate"] == "1970-01-01T00:05:00+00:00"
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
    events = wait_for(*map(trigger_of, arns))
    assert {arn: event["execution_status"] for arn, (_, event) in events.items()} == {
        arn: each.final for arn, each in simulated_aws.executions.items()
    }
    late = lateness(simulated_aws, events)
    assert late[370] < 11
    assert late[-1] < QUEUE_POLL_INTERVAL + 5
    assert simulated_aws.calls["DescribeExecution"] < 30


@pytest.mark.parametrize("count", [1, 50])
def test_a_lost_message_is_made_up_for_by_polling(
    simulated_aws: SimulatedStepFunctions, caplog: pytest.LogCaptureFixture, count: int
) -> None:
    arns = [simulated_aws.plan(f"run-{n}", 100.0) for n in range(count)]
    with caplog.at_level(logging.WARNING):
        events = wait_for(*map(trigger_of, arns))
    assert max(at for at, _ in events.values()) <= 2 * QUEUE_POLL_INTERVAL + 3
    assert simulated_aws.calls.total() - simulated_aws.calls["ReceiveMessage"] < 8 + count / 10
    assert caplog.text.count("check the pattern of the EventBridge rule") == 1


def test_a_poll_that_finds_an_end_before_its_message_is_no_lost_message(
    simulated_aws: SimulatedStepFunctions, caplog: pytest.LogCaptureFixture
) -> None:
    arns = [
        simulated_aws.plan("before", -100.0, start=-200.0),
        simulated_aws.plan("just", 20 + QUEUE_POLL_INTERVAL - 0.5),
    ]
    with caplog.at_level(logging.WARNING):
        wait_for(*map(trigger_of, arns), begin=20.0)
    assert "EventBridge" not in caplog.text


def test_a_message_that_comes_after_its_wait_has_ended_is_deleted(simulated_aws: SimulatedStepFunctions) -> None:
    arns = [simulated_aws.plan(f"run-{n}", 5.0) for n in range(20)]
    for arn in arns:
        simulated_aws.send_event(arn, "SUCCEEDED", 40.0, stopDate=5_001)
    goes_on = simulated_aws.plan("goes-on", 60.0)
    simulated_aws.send_event(goes_on, "SUCCEEDED", 61.0)
    wait_for(*map(trigger_of, [*arns, goes_on]), begin=10.0)
    assert not simulated_aws.messages
    assert simulated_aws.calls["ChangeMessageVisibilityBatch"] == 0
    assert simulated_aws.calls["ReceiveMessage"] < 12


def test_all_waits_share_one_reader(simulated_aws: SimulatedStepFunctions) -> None:
    arns = [simulated_aws.plan(f"run-{n}", 100.0) for n in range(50)]
    simulated_aws.send_end_events()
    wait_for(*map(trigger_of, arns))
    assert simulated_aws.calls["ReceiveMessage"] <= 5 + 50 / 10 + 1
    assert simulated_aws.clients == 2


def test_messages_of_others_are_left_for_them_for_a_while(simulated_aws: SimulatedStepFunctions) -> None:
    own = simulated_aws.plan("own", 200.0)
    simulated_aws.send_event(PREFIX + "theirs", "FAILED", 5.0)
    simulated_aws.messages.append(Message(json.dumps({"order": 7}), 5.0))
    simulated_aws.messages.append(Message("no JSON", 5.0))
    simulated_aws.send_end_events()
    wait_for(trigger_of(own))
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
    triggers = [trigger_of(arn, aws_conn_id=("one", "two")[n % 2]) for n, arn in enumerate(arns)]
    with caplog.at_level(logging.WARNING):
        late = lateness(simulated_aws, wait_for(*triggers))
    assert late[197] < (5 if permitted else QUEUE_POLL_INTERVAL + 5)
    assert simulated_aws.calls.total() < 5 * len(arns)
    assert caplog.text.count("without sqs:ChangeMessageVisibility") == (0 if permitted else 2)


@pytest.mark.parametrize("action", ["ReceiveMessage", "DeleteMessageBatch"])
def test_a_missing_permission_ends_the_waits_at_once(simulated_aws: SimulatedStepFunctions, action: str) -> None:
    simulated_aws.faults = [InjectedFault(DENIED, action)]
    arns = [simulated_aws.plan(f"run-{n}", 20.0) for n in range(3)]
    simulated_aws.send_event(PREFIX + "started", "RUNNING", 0.0)
    for at, event in wait_for(*map(trigger_of, arns)).values():
        assert at < 12
        assert event["final"]
        assert "sqs:ReceiveMessage and sqs:DeleteMessage" in event["message"]


def test_a_wait_that_begins_while_others_fail_has_the_queue_read(simulated_aws: SimulatedStepFunctions) -> None:
    simulated_aws.faults = [InjectedFault(DENIED, "ReceiveMessage", end=0.1)]
    first, second, next_one = (simulated_aws.plan(name, 50.0) for name in ("first", "second", "next"))
    simulated_aws.send_end_events()

    async def one_after_the_other() -> tuple[float, str]:
        background = asyncio.create_task(anext(trigger_of(second).run()))
        async for event in trigger_of(first).run():
            assert event.payload["final"]
            simulated_aws.faults = []
            async for last in trigger_of(next_one).run():  # begins before the second one has ended
                await background
                return asyncio.get_running_loop().time(), last.payload["status"]
        raise AssertionError("no event")

    at, status = run_virtually(one_after_the_other())
    assert status == "success"
    assert 50 < at < 53


def test_waits_that_begin_one_by_one_share_calls(simulated_aws: SimulatedStepFunctions) -> None:
    arns = [simulated_aws.plan(f"run-{n}", 60.0 + n / 2, start=n / 2) for n in range(200)]
    simulated_aws.send_end_events()

    async def begin_one_by_one() -> None:
        async with asyncio.TaskGroup() as group:
            for arn in arns:
                group.create_task(anext(trigger_of(arn).run()))
                await asyncio.sleep(0.5)

    run_virtually(begin_one_by_one())
    assert simulated_aws.calls["DescribeExecution"] + simulated_aws.calls["ListExecutions"] < 0.4 * len(arns)


def test_a_queue_that_fails_for_a_while_is_waited_for(simulated_aws: SimulatedStepFunctions) -> None:
    simulated_aws.faults = [InjectedFault(ErrorResponse("ServiceUnavailable", status=503), "ReceiveMessage", end=60.0)]
    arn = simulated_aws.plan("run", 50.0)
    simulated_aws.send_end_events()
    [(at, _)] = wait_for(trigger_of(arn)).values()
    assert at < 90


def test_deletions_that_fail_delay_the_last_event_little(
    simulated_aws: SimulatedStepFunctions, caplog: pytest.LogCaptureFixture
) -> None:
    simulated_aws.faults = [InjectedFault(ErrorResponse("ServiceUnavailable", status=503), "DeleteMessageBatch")]
    arn = simulated_aws.plan("run", 50.0)
    simulated_aws.send_end_events()
    with caplog.at_level(logging.WARNING):
        [(at, _)] = wait_for(trigger_of(arn)).values()
    assert at < 54
    assert "1 messages of" in caplog.text


def test_the_number_of_looks_means_the_same_time(simulated_aws: SimulatedStepFunctions) -> None:
    arn = simulated_aws.plan("run", 1e6)
    [(at, event)] = wait_for(trigger_of(arn, waiter_delay=60, waiter_max_attempts=30)).values()
    assert 1_600 <= at <= 1_800
    assert event["status"] == "error"


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
    queue: Any = {"status_queue_url": URL, "deferrable": True}
    start = StepFunctionStartExecutionOperator(task_id="a", state_machine_arn=machine, **queue)
    redrive = StepFunctionRedriveExecutionOperator(task_id="b", execution_arn=execution, **queue)
    sensor = StepFunctionExecutionSensor(task_id="c", execution_arn=execution, **queue)
    assert sensor._create_trigger().serialize()[1]["status_queue_url"] == URL
    for operator in (start, redrive):
        with pytest.raises(TaskDeferred) as deferral:
            operator._defer(cast("Any", {}), execution)
        assert deferral.value.trigger.serialize()[1]["status_queue_url"] == URL
