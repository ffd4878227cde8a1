"""The history of an execution, in the shape of GetExecutionHistory."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sfn_provider.engine import simulate
from sfn_provider.engine.execution import Execution
from sfn_provider.engine.history.events import Record, details_key, render
from tests.fixtures.machines.distributed_maps import events
from tests.fixtures.machines.engine import Hand, group, inline_map, jsonata, one, parallel, returns, task, throws
from tests.fixtures.session.versions import from_boto3

SERVICE = {
    "Type": "Task",
    "Resource": "arn:aws:states:::sqs:sendMessage",
    "Parameters": {"QueueUrl": "q", "MessageBody.$": "$.text"},
}
CATCH = [{"ErrorEquals": ["States.ALL"], "Next": "Done"}]
DONE: dict[str, Any] = {"Done": {"Type": "Pass"}}
ALL: dict[str, Execution] = {
    "pass": simulate(one({"Type": "Pass", "Assign": {"v": [1]}}), {"ü": 1}),
    "choice": simulate(
        group({"C": {"Type": "Choice", "Choices": [{"Variable": "$", "IsPresent": True, "Next": "Done"}]}, **DONE}), {}
    ),
    "wait": simulate(one({"Type": "Wait", "Seconds": 5}), {}),
    "succeed": simulate(one({"Type": "Succeed"}), {}),
    "fail": simulate(one({"Type": "Fail", "Error": "E", "Cause": "c"}), {}),
    "fail without a name": simulate(one({"Type": "Fail"}), {}),
    "function": simulate(one(task(TimeoutSeconds=9)), {}, mocks={"State": returns({"a": 1})}),
    "function fails": simulate(
        one(task(Retry=[{"ErrorEquals": ["E"]}])), {}, mocks={"State": throws("E") + returns(1)}
    ),
    "function times out": simulate(one(task(TimeoutSeconds=9)), {}, mocks={"State": throws("States.Timeout")}),
    "service": simulate(one(SERVICE), {"text": "hi"}, mocks={"State": returns({"MessageId": "m"})}),
    "service fails": simulate(
        group({"S": {**SERVICE, "Catch": CATCH}, **DONE}), {"text": "hi"}, mocks={"S": throws("E")}
    ),
    "activity": simulate(
        one({"Type": "Task", "Resource": "arn:aws:states:us-east-1:123456789012:activity:dig", "HeartbeatSeconds": 9}),
        {},
        mocks={"State": returns(1)},
    ),
    "parallel": simulate(one(parallel({"A": {"Type": "Pass"}}, {"B": {"Type": "Wait", "Seconds": 1}})), {}),
    "parallel fails": simulate(
        one(parallel({"A": {"Type": "Wait", "Seconds": 9}}, {"B": task()})), {}, mocks={"B": throws("E")}
    ),
    "map": simulate(one(inline_map({"A": task()})), [1, 2], mocks={"A": returns(1)}),
    "map fails": simulate(one(inline_map({"A": task()})), [1, 2], mocks={"A": returns(1) + throws("E")}),
    "evaluation fails": simulate(jsonata({"S": {"Type": "Pass", "Output": "{% $states.input.x %}"}}), {}),
    "times out": simulate(one({"Type": "Wait", "Seconds": 9}, TimeoutSeconds=5), {}),
}

EVERY = pytest.mark.parametrize("execution", ALL.values(), ids=ALL)


def shape() -> Any:
    """What botocore knows of one event of GetExecutionHistory."""
    from botocore.loaders import Loader
    from botocore.model import ServiceModel

    model = ServiceModel(Loader().load_service_model("stepfunctions", "service-2"))
    return model.shape_for("HistoryEvent")


def conforms(value: Any, wanted: Any, where: str) -> None:
    if wanted.type_name == "structure":
        assert isinstance(value, dict), where
        for key, member in value.items():
            assert key in wanted.members, f"{where}/{key}"
            conforms(member, wanted.members[key], f"{where}/{key}")
    elif wanted.type_name == "map":
        assert all(isinstance(key, str) and isinstance(member, str) for key, member in value.items()), where
    else:
        kinds = {"string": str, "integer": int, "long": int, "boolean": bool, "timestamp": datetime}
        assert isinstance(value, kinds[wanted.type_name]), f"{where}: {value!r}"
    if wanted.type_name == "string" and wanted.enum:
        assert value in wanted.enum, where


@from_boto3(1, 36, reason="does not know the events of variables and JSONata")
@EVERY
def test_events_have_the_shape_that_botocore_reads(execution: Execution) -> None:
    wanted = shape()
    for event in execution.events:
        assert {"id", "previousEventId", "timestamp", "type"} <= set(event)
        assert len(event) <= 5
        conforms(event, wanted, event["type"])


@EVERY
def test_ids_count_from_one_and_previous_ids_point_back(execution: Execution) -> None:
    for place, (_type, identity, previous) in enumerate(events(execution), 1):
        assert identity == place
        assert 0 <= previous < identity
    assert [previous for _type, identity, previous in events(execution) if identity <= 2] == [0, 0]


@EVERY
def test_timestamps_are_aware_and_never_go_back(execution: Execution) -> None:
    stamps = [event["timestamp"] for event in execution.events]
    assert stamps == sorted(stamps)
    assert all(stamp.utcoffset() == timedelta(0) for stamp in stamps)
    assert stamps[0] == datetime(2025, 1, 1, tzinfo=UTC)


@EVERY
def test_it_starts_and_ends_with_the_execution(execution: Execution) -> None:
    first, last = execution.events[0], execution.events[-1]
    assert first["type"] == "ExecutionStarted"
    ends = {"SUCCEEDED": "ExecutionSucceeded", "FAILED": "ExecutionFailed", "TIMED_OUT": "ExecutionTimedOut"}
    assert last["type"] == ends[execution.status]
    assert [event for event in execution.events if event["type"] in ends.values()] == [last]


@EVERY
def test_each_entry_has_one_exit_where_the_execution_succeeds(execution: Execution) -> None:
    entries = [event["type"] for event in execution.events if event["type"].endswith("StateEntered")]
    exits = [event["type"] for event in execution.events if event["type"].endswith("StateExited")]
    if execution.status == "SUCCEEDED":
        assert sorted(kind.removesuffix("Entered") for kind in entries) == sorted(
            kind.removesuffix("Exited") for kind in exits
        )


def test_details_of_the_execution() -> None:
    started, *_, ended = ALL["pass"].events
    assert started["executionStartedEventDetails"] == {
        "input": '{"ü":1}',
        "inputDetails": {"truncated": False},
        "roleArn": "arn:aws:iam::111111111111:role/StateMachine",
    }
    assert ended["executionSucceededEventDetails"] == {"output": '{"ü":1}', "outputDetails": {"truncated": False}}


def test_details_of_a_state() -> None:
    entered, left = ALL["pass"].events[1:3]
    assert entered["stateEnteredEventDetails"] == {
        "name": "State",
        "input": '{"ü":1}',
        "inputDetails": {"truncated": False},
    }
    assert left["stateExitedEventDetails"] == {
        "name": "State",
        "output": '{"ü":1}',
        "outputDetails": {"truncated": False},
        "assignedVariables": {"v": "[1]"},
        "assignedVariablesDetails": {"truncated": False},
    }


def test_details_of_a_failure() -> None:
    assert ALL["fail"].events[-1]["executionFailedEventDetails"] == {"error": "E", "cause": "c"}
    assert "executionFailedEventDetails" not in ALL["fail without a name"].events[-1]


def test_a_function_has_its_own_family_of_events() -> None:
    scheduled, started, succeeded = ALL["function"].events[2:5]
    assert [event["type"] for event in (scheduled, started, succeeded)] == [
        "LambdaFunctionScheduled",
        "LambdaFunctionStarted",
        "LambdaFunctionSucceeded",
    ]
    assert scheduled["lambdaFunctionScheduledEventDetails"]["timeoutInSeconds"] == 9
    assert succeeded["lambdaFunctionSucceededEventDetails"] == {
        "output": '{"a":1}',
        "outputDetails": {"truncated": False},
    }


def test_a_service_has_the_general_family() -> None:
    scheduled, started, succeeded = ALL["service"].events[2:5]
    named = {"resourceType": "sqs", "resource": "sendMessage"}
    assert scheduled["taskScheduledEventDetails"] == {
        **named,
        "parameters": '{"QueueUrl":"q","MessageBody":"hi"}',
        "region": "us-east-1",
    }
    assert started["taskStartedEventDetails"] == named
    assert succeeded["taskSucceededEventDetails"]["output"] == '{"MessageId":"m"}'


def test_an_activity_has_a_family_too() -> None:
    assert [event["type"] for event in ALL["activity"].events[2:5]] == [
        "ActivityScheduled",
        "ActivityStarted",
        "ActivitySucceeded",
    ]


def test_a_retry_goes_on_from_the_failure() -> None:
    assert events(ALL["function fails"])[2:] == [
        ("LambdaFunctionScheduled", 3, 2),
        ("LambdaFunctionStarted", 4, 3),
        ("LambdaFunctionFailed", 5, 4),
        ("LambdaFunctionScheduled", 6, 5),
        ("LambdaFunctionStarted", 7, 6),
        ("LambdaFunctionSucceeded", 8, 7),
        ("TaskStateExited", 9, 8),
        ("ExecutionSucceeded", 10, 9),
    ]


def test_a_failed_evaluation_says_where() -> None:
    event = ALL["evaluation fails"].events[2]
    assert event["type"] == "EvaluationFailed"
    details = event["evaluationFailedEventDetails"]
    assert (details["state"], details["location"], details["error"]) == ("S", "Output", "States.QueryEvaluationError")
    assert details["cause"] == ALL["evaluation fails"].cause


def test_a_failed_evaluation_follows_what_came_before_the_state() -> None:
    machine = jsonata({"A": {"Type": "Pass", "Next": "S"}, "S": {"Type": "Pass", "Output": "{% $states.input.x %}"}})
    assert events(simulate(machine, {}))[3:] == [
        ("PassStateEntered", 4, 3),
        ("EvaluationFailed", 5, 3),
        ("ExecutionFailed", 6, 5),
    ]


@pytest.mark.parametrize("seconds", [0, 5])
def test_that_does_not_depend_on_whether_the_state_had_to_wait(seconds: int) -> None:
    states = {
        "A": {"Type": "Pass", "Next": "W"},
        "W": {"Type": "Wait", "Seconds": seconds, "Output": "{% $states.input.x %}"},
    }
    assert events(simulate(jsonata(states), {}))[4] == ("EvaluationFailed", 5, 3)


def test_a_failed_evaluation_follows_the_work_of_the_state() -> None:
    machine = jsonata({"S": task(Output="{% $states.result.x %}")})
    assert events(simulate(machine, {}, mocks={"S": returns({})}))[4:6] == [
        ("LambdaFunctionSucceeded", 5, 4),
        ("EvaluationFailed", 6, 5),
    ]


def test_times_are_those_of_the_events() -> None:
    hand = Hand(one(task()), {}, at=100.0)
    hand.succeed(hand.calls[0], 1, at=107.25)
    assert [record.at for record in hand.records] == [100.0] * 4 + [107.25] * 3


KEYS = {
    "TaskStateEntered": "stateEnteredEventDetails",
    "WaitStateExited": "stateExitedEventDetails",
    "ExecutionStarted": "executionStartedEventDetails",
    "LambdaFunctionFailed": "lambdaFunctionFailedEventDetails",
    "MapStateStarted": "mapStateStartedEventDetails",
    "EvaluationFailed": "evaluationFailedEventDetails",
}


@pytest.mark.parametrize(("kind", "key"), KEYS.items())
def test_details_key(kind: str, key: str) -> None:
    assert details_key(kind) == key


def test_render_leaves_records_as_they_are() -> None:
    details = {"name": "A", "input": {"x": [1]}}
    record = Record(3, 2, "PassStateEntered", 0.5, details)
    before = json.dumps(details)
    assert render([record]) == [
        {
            "timestamp": datetime(1970, 1, 1, 0, 0, 0, 500_000, tzinfo=UTC),
            "type": "PassStateEntered",
            "id": 3,
            "previousEventId": 2,
            "stateEnteredEventDetails": {"name": "A", "input": '{"x":[1]}', "inputDetails": {"truncated": False}},
        }
    ]
    assert json.dumps(details) == before
