"""The context object: what it holds, and when."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from sfn_provider.engine import simulate
from sfn_provider.engine.dataflow.context_object import PLACEHOLDER_ACCOUNT, execution_context
from tests.fixtures.machines.engine import group, inline_map, jsonata, one, parallel, returns, sent, task, throws

EVERYTHING = {"Type": "Pass", "Parameters": {"all.$": "$$"}, "OutputPath": "$.all"}
SIMULATED: dict[str, Any] = {
    "Execution": {
        "Id": "arn:aws:states:us-east-1:111111111111:execution:StateMachine:simulated",
        "Input": {"a": 1},
        "StartTime": "2025-01-01T00:00:00.000Z",
        "Name": "simulated",
        "RoleArn": "arn:aws:iam::111111111111:role/StateMachine",
        "RedriveCount": 0,
    },
    "StateMachine": {"Id": "arn:aws:states:us-east-1:111111111111:stateMachine:StateMachine", "Name": "StateMachine"},
}


def test_of_a_state() -> None:
    state = {"Name": "State", "EnteredTime": "2025-01-01T00:00:00.000Z"}
    assert simulate(one(EVERYTHING), {"a": 1}).output == {**SIMULATED, "State": state}


def test_in_jsonata() -> None:
    state = {"Name": "State", "EnteredTime": "2025-01-01T00:00:00.000Z"}
    machine = jsonata({"State": {"Type": "Pass", "Output": "{% $states.context %}"}})
    assert simulate(machine, {"a": 1}).output == {**SIMULATED, "State": state}


def test_the_input_is_that_of_the_execution() -> None:
    machine = group({"A": {"Type": "Pass", "Result": 2, "Next": "B"}, "B": EVERYTHING})
    assert simulate(machine, {"a": 1}).output["Execution"]["Input"] == {"a": 1}


def test_names_and_times_are_given() -> None:
    execution = simulate(one(EVERYTHING), 1, name="run-1", machine_name="Orders", start_time=1_700_000_000.25)
    context = execution.output
    assert context["Execution"]["Id"] == f"arn:aws:states:us-east-1:{PLACEHOLDER_ACCOUNT}:execution:Orders:run-1"
    assert context["Execution"]["StartTime"] == context["State"]["EnteredTime"] == "2023-11-14T22:13:20.250Z"
    assert context["StateMachine"]["Name"] == "Orders"
    assert execution.name == "run-1"


def test_the_time_of_entry_is_that_of_each_state() -> None:
    machine = group({"Wait": {"Type": "Wait", "Seconds": 61, "Next": "Look"}, "Look": EVERYTHING})
    assert simulate(machine, {}).output["State"] == {"Name": "Look", "EnteredTime": "2025-01-01T00:01:01.000Z"}


def test_a_retry_keeps_the_time_of_entry_and_counts() -> None:
    state = task(Parameters={"state.$": "$$.State"}, Retry=[{"ErrorEquals": ["States.ALL"]}])
    calls = sent(simulate(one(state), {}, mocks={"State": throws("E", "E") + returns(1)}))
    assert [call["state"] for call in calls] == [
        {"Name": "State", "EnteredTime": "2025-01-01T00:00:00.000Z", "RetryCount": count} for count in range(3)
    ]


def test_only_states_that_can_retry_count() -> None:
    kinds = {
        "task": (one(task(Parameters={"all.$": "$$.State"})), True),
        "parallel": (one(parallel({"A": {"Type": "Pass"}}, Parameters={"all.$": "$$.State"})), True),
        "pass": (one({"Type": "Pass", "Parameters": {"all.$": "$$.State"}}), False),
    }
    for machine, counts in kinds.values():
        execution = simulate(machine, {}, mocks={"State": returns(1)})
        details = execution.events[2].get("lambdaFunctionScheduledEventDetails") or execution.events[-1]
        assert ("RetryCount" in str(details)) is counts


def test_inside_a_branch_the_state_is_the_inner_one() -> None:
    output = simulate(one(parallel({"Inner": EVERYTHING})), {"a": 1}).output
    assert output[0]["State"]["Name"] == "Inner"
    assert "Map" not in output[0]


def test_inside_an_iteration_there_is_the_item() -> None:
    output = simulate(one(inline_map({"Inner": EVERYTHING})), ["x", "y"]).output
    assert [context["Map"] for context in output] == [
        {"Item": {"Index": 0, "Value": "x"}},
        {"Item": {"Index": 1, "Value": "y"}},
    ]


def test_a_task_token_is_there_for_its_task_alone() -> None:
    waits = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Parameters": {"QueueUrl": "q", "MessageBody": {"token.$": "$$.Task.Token"}},
        "Next": "Look",
    }
    execution = simulate(group({"Ask": waits, "Look": EVERYTHING}), {}, mocks={"Ask": returns({})})
    assert "Task" not in execution.output
    parameters = execution.events[2]["taskScheduledEventDetails"]["parameters"]
    assert SIMULATED["Execution"]["Id"] in parameters


@pytest.mark.parametrize("pattern", ["sync", "sync:2"])
def test_a_task_that_waits_for_a_job_has_a_token(pattern: str) -> None:
    start = {
        "Type": "Task",
        "Resource": f"arn:aws:states:::states:startExecution.{pattern}",
        "Parameters": {"StateMachineArn": "arn:aws:states:us-east-1:1:stateMachine:m", "Input": {"t.$": "$$.Task"}},
    }
    execution = simulate(one(start), {}, mocks={"State": returns({})})
    parameters = json.loads(execution.events[2]["taskScheduledEventDetails"]["parameters"])
    assert SIMULATED["Execution"]["Id"] in parameters["Input"]["t"]["Token"]


def test_tokens_differ_between_tries_and_iterations() -> None:
    ask = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
        "Parameters": {"FunctionName": "ask", "Payload": {"token.$": "$$.Task.Token"}},
        "Retry": [{"ErrorEquals": ["E"], "IntervalSeconds": 0}],
    }
    machine = one(inline_map({"Ask": ask}, MaxConcurrency=1))
    execution = simulate(machine, [1, 2], mocks={"Ask": throws("E") + returns(1)})
    tokens = [
        event["taskScheduledEventDetails"]["parameters"]
        for event in execution.events
        if event["type"] == "TaskScheduled"
    ]
    assert len(tokens) == len(set(tokens)) == 3


def test_an_express_execution_has_another_arn_and_no_redrives() -> None:
    execution = simulate(one(EVERYTHING), {"a": 1}, execution_type="EXPRESS").output["Execution"]
    assert re.fullmatch(
        r"arn:aws:states:us-east-1:111111111111:express:StateMachine:simulated:[0-9a-f-]{36}", execution["Id"]
    )
    assert "RedriveCount" not in execution


def test_execution_context_takes_a_role_and_a_region() -> None:
    context = execution_context(None, 0.0, machine="M", name="n", role="arn:aws:iam::1:role/r", region="eu-west-1")
    assert context["Execution"]["RoleArn"] == "arn:aws:iam::1:role/r"
    assert context["Execution"]["Id"].startswith("arn:aws:states:eu-west-1:")
    assert context["StateMachine"]["Id"].startswith("arn:aws:states:eu-west-1:")
    assert context["Execution"]["StartTime"] == "1970-01-01T00:00:00.000Z"
