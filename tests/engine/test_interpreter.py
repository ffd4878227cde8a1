"""The interpreter between two events: its state as JSON, late answers, and what it asks for."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sfn_provider.asl import parse
from sfn_provider.engine.dataflow.context_object import execution_context
from sfn_provider.engine.execution import Execution
from sfn_provider.engine.interpreter import Interpreter, StepResult
from sfn_provider.engine.progress.execution_state import ExecutionState
from sfn_provider.engine.requests import (
    CallTask,
    Cancel,
    Event,
    TaskFailed,
    TaskHeartbeat,
    TaskSubmitted,
    TaskSucceeded,
    TimerFired,
    WakeAt,
)
from sfn_provider.engine.simulation.mocks import Mocks
from sfn_provider.engine.simulation.simulator import drive
from tests.fixtures.machines.engine import (
    FUNCTION,
    Hand,
    group,
    inline_map,
    jsonata,
    one,
    parallel,
    returns,
    task,
    throws,
)

RETRY = [{"ErrorEquals": ["E"], "MaxAttempts": 2, "JitterStrategy": "FULL"}]
CATCH = [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Assign": {"why.$": "$.Error"}, "Next": "After"}]
DEEP = {
    "Set": {"Type": "Pass", "Assign": {"n.$": "$.n"}, "Next": "Fork"},
    "Fork": parallel(
        {"Work": task(Retry=RETRY, TimeoutSeconds=60)},
        {
            "Each": {
                **inline_map(
                    {
                        "Nap": {"Type": "Wait", "Seconds": 2, "Next": "Inner"},
                        "Inner": task(Parameters={"v.$": "$", "n.$": "$n"}),
                    },
                    ItemsPath="$.items",
                    MaxConcurrency=2,
                ),
                "Next": "Sum",
            },
            "Sum": {"Type": "Pass", "Parameters": {"n.$": "$n", "all.$": "$"}},
        },
        Catch=CATCH,
        Next="After",
    ),
    "After": {"Type": "Wait", "Seconds": 1, "Next": "End"},
    "End": {"Type": "Pass", "Parameters": {"in.$": "$", "u.$": "States.UUID()", "n.$": "$n"}},
}
LOOP = jsonata(
    {
        "Set": {"Type": "Pass", "Assign": {"n": 0}, "Next": "Poll"},
        "Poll": task(Arguments={"n": "{% $n %}"}, Assign={"n": "{% $n + 1 %}"}, Next="Ready"),
        "Ready": {
            "Type": "Choice",
            "Choices": [{"Condition": "{% $states.input = 'ready' %}", "Next": "Done"}],
            "Default": "Wait",
        },
        "Wait": {"Type": "Wait", "Seconds": 30, "Next": "Poll"},
        "Done": {"Type": "Succeed", "Output": "{% $n %}"},
    }
)
INPUT = {"n": 7, "items": [1, 2, 3]}
MACHINES: dict[str, tuple[dict[str, Any], Any, dict[str, Any]]] = {
    "all goes well": (group(DEEP), INPUT, {"Work": returns("w"), "Inner": returns("a", "b", "c")}),
    "retried": (group(DEEP), INPUT, {"Work": throws("E", "E") + returns("w"), "Inner": returns("i")}),
    "caught": (group(DEEP), INPUT, {"Work": throws("E"), "Inner": returns("i")}),
    "an item fails": (group(DEEP), INPUT, {"Work": returns("w"), "Inner": returns("i") + throws("X")}),
    "times out": (group(DEEP, TimeoutSeconds=3), INPUT, {"Work": throws("States.Timeout"), "Inner": returns("i")}),
    "loop": (LOOP, {}, {"Poll": returns("not yet", "not yet", "ready")}),
    "runtime": (one(inline_map({"W": {"Type": "Wait", "SecondsPath": "$.s", "OutputPath": "$.x"}})), [{"s": 1}], {}),
    "retried map": (one(inline_map({"T": task()}, Retry=RETRY)), [1, 2], {"T": returns(1) + throws("E") + returns(2)}),
}


class Restored(Interpreter):
    """Reads the state back from JSON text, with a new interpreter, before each event."""

    def __init__(self, definition: dict[str, Any]) -> None:
        self._definition = parse(definition)
        self.steps = 0
        super().__init__(self._definition)

    def resume(self, state: ExecutionState, *events: Event) -> StepResult:
        self.steps += 1
        restored = ExecutionState.from_json(json.loads(json.dumps(state.to_json())))
        return Interpreter(self._definition).resume(restored, *events)


class Repeating(Interpreter):
    """Gives each event twice, and answers of other kinds to requests that are over."""

    def resume(self, state: ExecutionState, *events: Event) -> StepResult:
        step = super().resume(state, *events)
        for late in (
            late
            for event in events
            for late in (
                event,
                TaskSucceeded(event.id, "late", event.at),
                TaskFailed(event.id, "Late", None, event.at),
                TaskSubmitted(event.id, "late", event.at),
                TaskHeartbeat(event.id, event.at),
                TimerFired(event.id, event.at),
                TimerFired("no such request", event.at),
            )
        ):
            before = json.dumps(step.state.to_json())
            again = super().resume(step.state, late)
            assert (again.requests, again.records) == ([], [])
            assert json.dumps(again.state.to_json()) == before
        return step


def run(interpreter: Interpreter, input: Any, mocks: dict[str, Any], deadline: float | None = None) -> Execution:
    context = execution_context(input, 0.0, machine="Machine", name="run")
    step = interpreter.start(input, at=0.0, context=context, seed="run", deadline=deadline)
    return drive(interpreter, step, Mocks.from_mapping(mocks))


EVERY = pytest.mark.parametrize(("definition", "input", "mocks"), MACHINES.values(), ids=MACHINES)


@EVERY
def test_the_state_survives_json_between_any_two_events(definition: Any, input: Any, mocks: Any) -> None:
    straight = run(Interpreter(parse(definition)), input, mocks)
    restored = Restored(definition)
    again = run(restored, input, mocks)
    assert restored.steps >= 1
    assert again == straight
    assert again.events == straight.events


@EVERY
def test_late_answers_change_nothing(definition: Any, input: Any, mocks: Any) -> None:
    assert run(Repeating(parse(definition)), input, mocks) == run(Interpreter(parse(definition)), input, mocks)


@EVERY
def test_every_request_is_answered_or_withdrawn(definition: Any, input: Any, mocks: Any) -> None:
    asked: set[str] = set()

    class Watched(Interpreter):
        def resume(self, state: ExecutionState, *events: Event) -> StepResult:
            answered = {event.id for event in events}
            assert answered <= asked
            step = super().resume(state, *events)
            # One of several events at the same time may withdraw the request of another.
            asked.difference_update(answered - {request.id for request in step.requests if isinstance(request, Cancel)})
            return note(step)

    def note(step: StepResult) -> StepResult:
        for request in step.requests:
            if isinstance(request, Cancel):
                asked.remove(request.id)
            else:
                assert request.id not in asked
                asked.add(request.id)
        assert set(step.state.pending) == asked
        return step

    interpreter = Watched(parse(definition))
    context = execution_context(input, 0.0, machine="Machine", name="run")
    drive(interpreter, note(interpreter.start(input, at=0.0, context=context)), Mocks.from_mapping(mocks))
    assert asked == set()


@EVERY
def test_nothing_is_kept_of_an_execution_that_has_ended(definition: Any, input: Any, mocks: Any) -> None:
    context = execution_context(input, 0.0, machine="Machine", name="run")
    interpreter = Interpreter(parse(definition))
    step = interpreter.start(input, at=0.0, context=context)
    drive(interpreter, step, Mocks.from_mapping(mocks))
    assert (step.state.frames, step.state.pending) == ({}, {})


def test_a_call_says_what_to_do() -> None:
    state = task(Parameters={"a": 1}, TimeoutSeconds=30, HeartbeatSeconds=10, Credentials={"RoleArn.$": "$.role"})
    hand = Hand(one(state), {"role": "arn:aws:iam::123456789012:role/r"})
    assert hand.calls == [
        CallTask(
            id="1",
            state="State",
            resource=FUNCTION,
            arguments={"a": 1},
            attempt=0,
            index=None,
            timeout=30.0,
            heartbeat=10.0,
            credentials={"RoleArn": "arn:aws:iam::123456789012:role/r"},
            token=None,
            purpose="task",
            place="/0.0",
        )
    ]
    assert hand.timers == [WakeAt("2", 30.0), WakeAt("3", 10.0)]


def test_the_attempt_counts_the_calls_of_a_visit() -> None:
    state = task(Retry=[{"ErrorEquals": ["E"], "IntervalSeconds": 0}], Catch=[{"ErrorEquals": ["X"], "Next": "State"}])
    hand = Hand(one(state), {})
    attempts = []
    for error in ("E", "E", "X", "E"):
        attempts.append(hand.calls[0].attempt)
        hand.fail(hand.calls[0], error)
    assert attempts == [0, 1, 2, 0]


def test_time_does_not_go_back() -> None:
    hand = Hand(group({"A": task(Next="B"), "B": task()}), {}, at=100.0)
    hand.succeed(hand.calls[0], 1, at=50.0)
    assert hand.step.state.now == 100.0


def test_state_and_requests_are_plain_data() -> None:
    hand = Hand(group(DEEP), INPUT)
    written = hand.step.state.to_json()
    assert written == json.loads(json.dumps(written)) | {"frames": written["frames"]}
    assert ExecutionState.from_json(written) == hand.step.state


def test_a_state_read_back_shares_nothing() -> None:
    hand = Hand(one(task()), {"a": [1]})
    snapshot = json.dumps(hand.step.state.to_json())
    copy = ExecutionState.from_json(json.loads(snapshot))
    hand.interpreter.resume(copy, TaskSucceeded("1", 5, 1.0))
    assert (copy.status, hand.step.state.status) == ("SUCCEEDED", "RUNNING")
    assert json.dumps(hand.step.state.to_json()) == snapshot


def test_names_with_slashes_and_tildes_are_found_again() -> None:
    machine = group(
        {
            "a/b~c": inline_map(
                {"d~1/States/e": parallel({"f/": task(Next="~0"), "~0": {"Type": "Pass", "Result": "end"}})}
            )
        }
    )
    execution = run(Restored(machine), [1, 2], {"f/": returns(1)})
    assert execution.output == [["end"], ["end"]]


def test_an_empty_answer_is_a_result() -> None:
    empty: list[Any] = [None, False, 0, "", [], {}]
    for value in empty:
        hand = Hand(one(task()), {})
        hand.succeed(hand.calls[0], value)
        assert hand.step.state.output == value
