"""Timeouts of tasks, of heartbeats, and of the whole execution."""

from __future__ import annotations

from typing import Any

import pytest

from sfn_provider.engine import simulate
from sfn_provider.engine.requests import TaskHeartbeat, TaskSubmitted
from sfn_provider.exceptions import UsageError
from tests.fixtures.machines.distributed_maps import event_types
from tests.fixtures.machines.engine import (
    Hand,
    call_times,
    group,
    inline_map,
    jsonata,
    one,
    outcome,
    parallel,
    returns,
    seconds,
    task,
    told,
)

TIMED_OUT = [{"Throw": {"Error": "States.Timeout"}}]
MISSED = [{"Throw": {"Error": "States.HeartbeatTimeout"}}]
TOKEN = {
    "Type": "Task",
    "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
    "Parameters": {"QueueUrl": "q", "MessageBody": {"token.$": "$$.Task.Token"}},
}


def test_a_task_that_takes_too_long_ends_with_states_timeout() -> None:
    hand = Hand(one(task(TimeoutSeconds=30)), {})
    assert hand.calls[0].timeout == 30
    hand.fire(hand.timers[0])
    state = hand.step.state
    assert (state.status, state.error, state.cause, state.now) == ("FAILED", "States.Timeout", None, 30.0)
    assert hand.types[-2:] == ["LambdaFunctionTimedOut", "ExecutionFailed"]
    assert hand.open == {}


def test_an_answer_in_time_withdraws_the_timer() -> None:
    hand = Hand(group({"Work": task(TimeoutSeconds=30, Next="Then"), "Then": task()}), {})
    timer = hand.timers[0]
    hand.succeed(hand.calls[0], 1, at=29.0)
    assert (hand.timers, [call.state for call in hand.calls]) == ([], ["Then"])
    hand.fire(timer)
    assert hand.step.state.status == "RUNNING"


def test_the_timeout_starts_anew_with_each_try() -> None:
    state = task(TimeoutSeconds=30, Retry=[{"ErrorEquals": ["States.Timeout"], "MaxAttempts": 1}])
    hand = Hand(one(state), {})
    hand.fire(hand.timers[0])
    assert [timer.at for timer in hand.timers] == [31.0]
    hand.fire(hand.timers[0])
    assert [timer.at for timer in hand.timers] == [61.0]


def test_a_missed_heartbeat_is_reported_as_a_timeout() -> None:
    hand = Hand(one({**TOKEN, "HeartbeatSeconds": 10, "TimeoutSeconds": 60}), {})
    assert (hand.calls[0].heartbeat, [timer.at for timer in hand.timers]) == (10, [60.0, 10.0])
    hand.fire(hand.timers[1])
    state = hand.step.state
    assert (state.status, state.error, state.cause) == ("FAILED", "States.Timeout", None)
    assert hand.types[-2:] == ["TaskTimedOut", "ExecutionFailed"]
    assert [record.details.get("error") for record in hand.records[-2:]] == ["States.Timeout", "States.Timeout"]


def test_a_missed_heartbeat_is_caught_by_its_own_name_and_a_timeout_is_not() -> None:
    catch = [{"ErrorEquals": ["States.HeartbeatTimeout"], "Next": "Caught"}]
    waits = {**TOKEN, "HeartbeatSeconds": 10, "TimeoutSeconds": 60, "Catch": catch}
    machine = group({"Ask": waits, "Caught": {"Type": "Pass"}})
    ends = []
    for at in (10.0, 60.0):
        hand = Hand(machine, {})
        hand.fire(next(timer for timer in hand.timers if timer.at == at))
        ends.append((hand.step.state.status, hand.step.state.output))
    assert ends == [("SUCCEEDED", {"Error": "States.Timeout", "Cause": ""}), ("FAILED", None)]


def test_a_heartbeat_starts_its_time_anew() -> None:
    hand = Hand(one({**TOKEN, "HeartbeatSeconds": 10, "TimeoutSeconds": 60}), {})
    call = hand.calls[0]
    for at in (8.0, 16.0, 24.0):
        hand.open[call.id] = call  # a heartbeat does not end the call
        hand.send(TaskHeartbeat(call.id, at))
        assert sorted(timer.at for timer in hand.timers) == [at + 10, 60.0]
    hand.open[call.id] = call
    hand.succeed(call, "done", at=30.0)
    assert (hand.step.state.output, hand.open) == ("done", {})


def test_heartbeats_do_not_put_off_the_timeout() -> None:
    hand = Hand(one({**TOKEN, "HeartbeatSeconds": 10, "TimeoutSeconds": 15}), {})
    call = hand.calls[0]
    hand.send(TaskHeartbeat(call.id, 9.0))
    hand.open[call.id] = call
    hand.fire(next(timer for timer in hand.timers if timer.at == 15.0))
    assert (hand.step.state.status, hand.step.state.error) == ("FAILED", "States.Timeout")


def test_a_heartbeat_is_nothing_to_a_task_without_one() -> None:
    hand = Hand(one(task()), {})
    call = hand.calls[0]
    hand.send(TaskHeartbeat(call.id, 9.0))
    assert hand.timers == []


def test_a_submission_is_recorded_and_the_task_goes_on() -> None:
    hand = Hand(one(TOKEN), {})
    call = hand.calls[0]
    hand.send(TaskSubmitted(call.id, {"MessageId": "m"}, 1.0))
    assert hand.types[-1] == "TaskSubmitted"
    hand.succeed(call, "done", at=2.0)
    assert hand.step.state.output == "done"


NAMES = {
    "heartbeat by its own name": ("States.HeartbeatTimeout", MISSED, True),
    "heartbeat by the timeout's": ("States.Timeout", MISSED, True),
    "heartbeat by the wildcard": ("States.ALL", MISSED, True),
    "heartbeat is no failed task": ("States.TaskFailed", MISSED, False),
    "timeout by its own name": ("States.Timeout", TIMED_OUT, True),
    "timeout is no missed heartbeat": ("States.HeartbeatTimeout", TIMED_OUT, False),
    "timeout is no failed task": ("States.TaskFailed", TIMED_OUT, False),
}


@pytest.mark.parametrize(("name", "answers", "taken"), NAMES.values(), ids=NAMES)
def test_retry_by_name(name: str, answers: list[Any], taken: bool) -> None:
    state = {**TOKEN, "HeartbeatSeconds": 5, "TimeoutSeconds": 60, "Retry": [{"ErrorEquals": [name], "MaxAttempts": 1}]}
    execution = simulate(one(state), {}, mocks={"State": answers})
    assert outcome(execution) == ("FAILED", "States.Timeout")
    assert len(call_times(execution)) == (2 if taken else 1)


@pytest.mark.parametrize(("answers", "lasts"), [(TIMED_OUT, 60), (MISSED, 5)], ids=["timeout", "heartbeat"])
def test_a_mocked_timeout_takes_its_time(answers: list[Any], lasts: float) -> None:
    fields = {"TimeoutSeconds": 60} | ({"HeartbeatSeconds": 5} if answers is MISSED else {})
    assert seconds(simulate(one({**TOKEN, **fields}), {}, mocks={"State": answers})) == lasts


SECONDS = {
    "path": ({"TimeoutSecondsPath": "$.t", "HeartbeatSecondsPath": "$.h"}, "JSONPath"),
    "path after input path": (
        {"InputPath": "$.in", "TimeoutSecondsPath": "$.t", "HeartbeatSecondsPath": "$.h"},
        "JSONPath",
    ),
    "expression": ({"TimeoutSeconds": "{% $states.input.t %}", "HeartbeatSeconds": "{% $states.input.h %}"}, "JSONata"),
}


@pytest.mark.parametrize(("fields", "language"), SECONDS.values(), ids=SECONDS)
def test_seconds_from_data(fields: dict[str, Any], language: str) -> None:
    values = {"t": 30, "h": 10}
    hand = Hand(one(task(**fields), QueryLanguage=language), {**values, "in": values})
    assert (hand.calls[0].timeout, hand.calls[0].heartbeat) == (30, 10)


@pytest.mark.parametrize(
    ("value", "cause"),
    [
        ("soon", 'The TimeoutSecondsPath field refers to value "soon" which is not a valid integer: $.t'),
        (1.5, 'The TimeoutSecondsPath field refers to value "1.5" which is not a valid integer: $.t'),
        (0, "Expected positive integer for TimeoutSeconds, got '0' instead."),
        (-5, "TimeoutSeconds cannot be negative."),
        (10**400, f"Expected integer of at most 99999999 for TimeoutSeconds, got '{10**400}' instead."),
    ],
)
def test_seconds_that_are_none(value: Any, cause: str) -> None:
    execution = simulate(one(task(TimeoutSecondsPath="$.t")), {"t": value}, mocks={"State": returns(1)})
    assert outcome(execution) == ("FAILED", "States.Runtime")
    assert told(execution) == cause


def test_seconds_at_no_path() -> None:
    execution = simulate(one(task(TimeoutSecondsPath="$.t")), {}, mocks={"State": returns(1)})
    assert outcome(execution) == ("FAILED", "States.Runtime")
    assert told(execution) == "Invalid path '$.t' : No results for path: $['t']"


ROLE = "arn:aws:iam::123456789012:role/reader"


@pytest.mark.parametrize(
    ("resource", "member", "heartbeat"),
    [
        ("arn:aws:lambda:us-east-1:123456789012:function:f", "lambdaFunctionScheduledEventDetails", None),
        ("arn:aws:states:::lambda:invoke", "taskScheduledEventDetails", 5),
    ],
)
def test_the_events_show_the_seconds_and_the_role(resource: str, member: str, heartbeat: int | None) -> None:
    """Source: LambdaFunctionScheduledEventDetails and TaskScheduledEventDetails of the API reference."""
    state = task(
        Resource=resource,
        TimeoutSeconds=60,
        HeartbeatSeconds=5,
        Credentials={"RoleArn": ROLE},
        Parameters={"FunctionName": "f"},
    )
    details = simulate(one(state), {}, mocks={"State": returns(1)}).events[2][member]
    assert (details["timeoutInSeconds"], details.get("heartbeatInSeconds")) == (60, heartbeat)
    assert details["taskCredentials"] == {"roleArn": ROLE}


MACHINES = {
    "wait": {"Type": "Wait", "Seconds": 100},
    "branches": parallel({"A": {"Type": "Wait", "Seconds": 100}}, {"B": {"Type": "Wait", "Seconds": 5}}),
    "iterations": inline_map({"A": {"Type": "Wait", "Seconds": 100}}, ItemsPath="$.l"),
}


@pytest.mark.parametrize("state", MACHINES.values(), ids=MACHINES)
def test_an_execution_that_takes_too_long_times_out_without_an_error(state: dict[str, Any]) -> None:
    execution = simulate(one(state, TimeoutSeconds=60), {"l": [1, 2]})
    assert (execution.status, execution.error, execution.cause, execution.output) == ("TIMED_OUT", None, None, None)
    assert seconds(execution) == 60
    assert execution.events[-1]["type"] == "ExecutionTimedOut"
    assert "executionTimedOutEventDetails" not in execution.events[-1]


def test_nothing_catches_the_timeout_of_the_execution() -> None:
    around = parallel({"A": {"Type": "Wait", "Seconds": 100}}, Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Done"}])
    machine = group({"Around": around, "Done": {"Type": "Pass"}}, TimeoutSeconds=60)
    assert simulate(machine, {}).status == "TIMED_OUT"


def test_retries_run_into_it() -> None:
    retry = [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 9, "IntervalSeconds": 40}]
    execution = simulate(one(task(Retry=retry), TimeoutSeconds=60), {}, mocks={"State": [{"Throw": {"Error": "E"}}]})
    assert (execution.status, call_times(execution), seconds(execution)) == ("TIMED_OUT", [0, 40], 60)


def test_it_withdraws_every_request() -> None:
    hand = Hand(one(parallel({"A": task(TimeoutSeconds=90)}, {"B": task()}), TimeoutSeconds=60), {})
    hand.fire(next(timer for timer in hand.timers if timer.at == 60.0))
    assert (hand.step.state.status, hand.open) == ("TIMED_OUT", {})


def test_an_execution_in_time_withdraws_its_timer() -> None:
    hand = Hand(one(task(), TimeoutSeconds=60), {})
    hand.succeed(hand.calls[0], 1)
    assert (hand.step.state.status, hand.open) == ("SUCCEEDED", {})


def test_a_call_without_an_answer_may_run_into_the_timeout_of_the_execution() -> None:
    state = parallel({"A": task()}, {"B": {"Type": "Wait", "Seconds": 5}})
    execution = simulate(one(state, TimeoutSeconds=60), {}, mocks={"A": []})
    assert (execution.status, event_types(execution)[-1]) == ("TIMED_OUT", "ExecutionTimedOut")


def test_an_express_execution_lasts_five_minutes_at_most() -> None:
    machine = jsonata({"State": {"Type": "Wait", "Seconds": "{% $states.input %}"}})
    assert simulate(machine, 299, execution_type="EXPRESS").status == "SUCCEEDED"
    assert simulate(machine, 301, execution_type="EXPRESS").status == "TIMED_OUT"
    assert simulate(machine, 301).status == "SUCCEEDED"


def test_an_express_execution_may_set_a_shorter_time() -> None:
    machine = one({"Type": "Wait", "Seconds": 20}, TimeoutSeconds=10)
    assert seconds(simulate(machine, {}, execution_type="EXPRESS")) == 10


def test_a_standard_execution_lasts_a_year_at_most() -> None:
    waits = {
        f"W{n}": {"Type": "Wait", "Seconds": 91 * 86_400, **({"Next": f"W{n + 1}"} if n < 4 else {})} for n in range(5)
    }
    execution = simulate(group(waits), {})
    assert (execution.status, seconds(execution)) == ("TIMED_OUT", 365 * 86_400)


def test_there_is_no_third_type_of_execution() -> None:
    with pytest.raises(UsageError, match=r"execution type 'FAST' does not exist: STANDARD or EXPRESS"):
        simulate(one({"Type": "Succeed"}), {}, execution_type="FAST")
