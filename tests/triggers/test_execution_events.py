"""The trigger that starts DAGs when executions end, on virtual time."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest

from sfn_provider.exceptions import UsageError
from sfn_provider.triggers import execution_events
from sfn_provider.triggers.execution_events import StepFunctionExecutionEventTrigger
from sfn_provider.waiting.executions.ended_executions import OVERLAP_SECONDS, SeenExecutions
from sfn_provider.waiting.status_queue.status_messages import parse_message
from tests.aws.server import ErrorResponse
from tests.aws.status_events import status_change_event
from tests.aws.step_functions import MACHINE, PREFIX, InjectedFault, Message, SimulatedStepFunctions
from tests.fixtures.session.versions import AIRFLOW, from_airflow
from tests.fixtures.virtual_time import run_virtually

URL = "https://sqs.us-east-1.amazonaws.com/123456789012/ends"


@dataclass
class Store:
    """The state of an asset, as Airflow 3.3 keeps it."""

    values: dict[str, Any] = field(default_factory=dict)
    writes: int = 0

    async def aget(self, key: str) -> Any:
        return self.values.get(key)

    async def aset(self, key: str, value: Any) -> None:
        self.values[key], self.writes = value, self.writes + 1


@pytest.fixture(autouse=True)
def virtual_clock(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Have the trigger read the event loop's clock, as the planned service does."""
    if AIRFLOW < (3,) and request.function is not test_airflow_2_is_refused:
        pytest.skip("Airflow 2 does not start DAGs by triggers")
    monkeypatch.setattr(execution_events.time, "time", lambda: asyncio.get_running_loop().time())


def watch(seconds: float, begin: float = 0.0, store: Any = None, **arguments: Any) -> list[tuple[str, str]]:
    """Run a trigger for some time. Gives name and status of each event."""
    events: list[tuple[str, str]] = []

    async def run() -> None:
        await asyncio.sleep(begin)
        trigger = StepFunctionExecutionEventTrigger(state_machine_arn=MACHINE, **arguments)
        trigger.asset_state_store = store
        try:
            async with asyncio.timeout(seconds):
                async for event in trigger.run():
                    events.append((event.payload["name"], event.payload["status"]))
        except TimeoutError:
            return

    run_virtually(run())
    return events


@pytest.fixture
def ends(simulated_aws: SimulatedStepFunctions) -> list[tuple[str, str]]:
    """Executions that end one every 10 s, from 5 s on for 1,000 s, every fourth one badly."""
    expected = []
    for number in range(100):
        final = "FAILED" if number % 4 == 3 else "SUCCEEDED"
        simulated_aws.plan(f"run-{number}", 5.0 + 10 * number, final=final)
        expected.append((f"run-{number}", final))
    return expected


def test_each_end_is_given_once_and_in_order(
    simulated_aws: SimulatedStepFunctions, ends: list[tuple[str, str]]
) -> None:
    simulated_aws.plan("before", -50.0, start=-60.0)
    simulated_aws.lag = 3
    assert watch(1_200) == ends
    assert simulated_aws.calls == {"ListExecutions": 4 * 20}


def test_only_the_wanted_ends_are_given(simulated_aws: SimulatedStepFunctions, ends: list[tuple[str, str]]) -> None:
    assert watch(1_200, statuses=["FAILED"]) == [end for end in ends if end[1] == "FAILED"]


def test_late_rows_of_the_list_are_not_lost(simulated_aws: SimulatedStepFunctions, ends: list[tuple[str, str]]) -> None:
    simulated_aws.lag = OVERLAP_SECONDS * 0.9
    assert watch(1_300) == ends


def test_a_watch_goes_on_where_it_was_interrupted(
    simulated_aws: SimulatedStepFunctions, ends: list[tuple[str, str]]
) -> None:
    store = Store()
    first = watch(400, store=store)
    rest = watch(900, begin=700, store=store)
    assert set(first) | set(rest) == set(ends)
    twice = [end for end, times in Counter(first + rest).items() if times > 1]
    assert len(twice) <= 6, "what was given at the last look before the end may come again"
    assert store.writes <= 25


def test_without_a_store_a_watch_begins_anew(
    simulated_aws: SimulatedStepFunctions, ends: list[tuple[str, str]]
) -> None:
    assert watch(900, begin=700) == ends[70:]


def test_the_watcher_of_several_assets_keeps_no_position(
    simulated_aws: SimulatedStepFunctions, ends: list[tuple[str, str]]
) -> None:
    class Several(Store):
        async def aget(self, key: str) -> Any:
            raise ValueError("2 inlets")

    assert watch(1_200, store=Several()) == ends


def test_trouble_passes(simulated_aws: SimulatedStepFunctions, ends: list[tuple[str, str]]) -> None:
    simulated_aws.faults = [
        InjectedFault(ErrorResponse("ServiceUnavailable", status=503), begin=100, end=200),
        InjectedFault(ErrorResponse("AccessDeniedException"), begin=300, end=400),
    ]
    assert watch(1_300) == ends


def test_a_queue_gives_the_same(simulated_aws: SimulatedStepFunctions, ends: list[tuple[str, str]]) -> None:
    simulated_aws.send_end_events()
    simulated_aws.messages += simulated_aws.messages[:5]  # SQS may give one twice
    simulated_aws.send_event(PREFIX + "starts", "RUNNING", 3.0)
    assert sorted(watch(1_300, status_queue_url=URL)) == sorted(ends)
    assert not simulated_aws.messages
    assert simulated_aws.calls["ListExecutions"] == 0


def test_messages_that_are_no_ends_of_the_machine_fire_nothing(
    simulated_aws: SimulatedStepFunctions, ends: list[tuple[str, str]], caplog: pytest.LogCaptureFixture
) -> None:
    simulated_aws.send_end_events()
    forged = status_change_event(PREFIX.replace("Orders", "Others") + "run-1", stateMachineArn=MACHINE)
    no_status = status_change_event(PREFIX + "a")
    del no_status["detail"]["status"]
    others = [forged, {**forged, "detail": None}, status_change_event(PREFIX.replace("Orders", "Others") + "b")]
    undated = [status_change_event(PREFIX + name, **{name: "today"}) for name in ("startDate", "stopDate")]
    for event in (*others, no_status, *undated):
        simulated_aws.messages.append(Message(json.dumps(event), 10.0))
    assert sorted(watch(1_300, status_queue_url=URL)) == sorted(ends)
    assert len(simulated_aws.messages) == len(others), "messages about the machine are deleted"
    assert caplog.text.count("it has no valid dates") == 2


def test_a_message_is_deleted_only_when_its_event_is_stored(
    simulated_aws: SimulatedStepFunctions, ends: list[tuple[str, str]]
) -> None:
    simulated_aws.send_end_events()
    first = watch(107, status_queue_url=URL)
    rest = watch(1_300, begin=110, status_queue_url=URL)
    assert set(first) | set(rest) == set(ends)


def test_a_queue_that_cannot_be_read_is_tried_again(
    simulated_aws: SimulatedStepFunctions, ends: list[tuple[str, str]]
) -> None:
    simulated_aws.send_end_events()
    simulated_aws.faults = [InjectedFault(ErrorResponse("AccessDenied"), "ReceiveMessage", end=200)]
    assert sorted(watch(1_300, status_queue_url=URL)) == sorted(ends)


def test_a_payload_has_the_dates_as_text(simulated_aws: SimulatedStepFunctions) -> None:
    arn = simulated_aws.plan("run", 90.0, start=30.0)

    async def first() -> Any:
        trigger = StepFunctionExecutionEventTrigger(state_machine_arn=MACHINE)
        async for event in trigger.run():
            return event.payload

    expected = {
        "execution_arn": arn,
        "state_machine_arn": MACHINE,
        "name": "run",
        "status": "SUCCEEDED",
        "start_date": "1970-01-01T00:00:30+00:00",
        "stop_date": "1970-01-01T00:01:30+00:00",
    }
    assert run_virtually(first()) == expected


@dataclass
class Outcome:
    is_clean: bool


@dataclass
class Item:
    broker_payload: Any
    outcome: Outcome


@from_airflow(3, 3, reason="has no shared streams")
def test_watches_of_one_queue_share_a_stream(
    simulated_aws: SimulatedStepFunctions, ends: list[tuple[str, str]]
) -> None:
    simulated_aws.send_end_events()
    for message in simulated_aws.messages:
        message.at = 0.0
    failed = StepFunctionExecutionEventTrigger(state_machine_arn=MACHINE, statuses=["FAILED"], status_queue_url=URL)
    every = StepFunctionExecutionEventTrigger(state_machine_arn=MACHINE, status_queue_url=URL)
    other = StepFunctionExecutionEventTrigger(state_machine_arn=MACHINE, status_queue_url=URL + "2")
    alone = StepFunctionExecutionEventTrigger(state_machine_arn=MACHINE)
    assert failed.shared_stream_key() == every.shared_stream_key() != other.shared_stream_key()
    assert alone.shared_stream_key() is None

    async def some() -> tuple[list[Any], list[Any]]:
        producer = every.create_shared_stream_producer(every.serialize()[1])
        pairs = []
        stream = producer.open_stream()
        async for pair in stream:
            pairs.append(pair)
            if len(pairs) == 8:
                break
        await producer.advance([Item(message, Outcome(n < 6)) for n, (_, message) in enumerate(pairs)])
        await stream.aclose()

        async def shared() -> Any:
            for message, _ in [*pairs, *pairs[:1]]:
                yield message

        return (
            [event.payload["name"] async for event in every.filter_shared_stream(shared())],
            [event.payload["name"] async for event in failed.filter_shared_stream(shared())],
        )

    assert run_virtually(some()) == ([f"run-{n}" for n in range(8)], ["run-3", "run-7"])
    assert len(simulated_aws.messages) == 94


def test_it_survives_serialisation() -> None:
    path, arguments = StepFunctionExecutionEventTrigger(state_machine_arn=MACHINE, statuses=("FAILED",)).serialize()
    assert path == "sfn_provider.triggers.execution_events.StepFunctionExecutionEventTrigger"
    assert StepFunctionExecutionEventTrigger(**arguments).serialize() == (path, arguments)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"state_machine_arn": MACHINE, "statuses": ["RUNNING"]}, "no ends of an execution: \\['RUNNING'\\]"),
        ({"state_machine_arn": MACHINE + ":live"}, "without version or alias"),
        ({"state_machine_arn": PREFIX + "one"}, "not the ARN of a state machine"),
    ],
)
def test_what_cannot_be_watched_is_refused(arguments: dict[str, Any], reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        StepFunctionExecutionEventTrigger(**arguments)


def test_airflow_2_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    if AIRFLOW >= (3,):
        monkeypatch.setattr("sfn_provider.triggers.execution_events.has_event_triggers", lambda: False)
    with pytest.raises(UsageError, match=r"from 3\.0 on"):
        StepFunctionExecutionEventTrigger(state_machine_arn=MACHINE)


def test_a_message_about_something_else_is_no_end() -> None:
    trigger = StepFunctionExecutionEventTrigger(state_machine_arn=MACHINE, status_queue_url=URL)
    message = parse_message({"MessageId": "1", "ReceiptHandle": "r", "Body": "{}"})
    assert trigger._filter.select(message, SeenExecutions()) is None
