"""Mocks, by the test case of an execution, and made answers: the same as on the engine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from sfn_provider.asl import parse
from sfn_provider.compare.cases.made_cases import mocks_for_input
from sfn_provider.engine import simulate
from sfn_provider.engine.simulation.mock_files import load_mocks, mocks_of_configuration
from sfn_provider.engine.simulation.mocks import Mocks
from sfn_provider.exceptions import UsageError
from sfn_provider.server.tasks.mocked_tasks import MadeTasks, MockedTasks
from sfn_provider.translate.definitions import read_definition
from tests.fixtures.local_service import Service, serve
from tests.fixtures.machines.definitions import END, call, machine
from tests.golden import DAGS

SALES = read_definition(str(DAGS / "sales_pipeline.asl.json")).document.value
MOCKS = DAGS / "sales_pipeline.mocks.json"
INPUT = json.loads((DAGS / "sales_pipeline.input.json").read_text())
CASES = mocks_of_configuration(json.loads(MOCKS.read_text()), str(MOCKS))


@pytest.fixture(scope="module")
def mocked() -> Iterator[Service]:
    """A server with the mocks of the sales pipeline."""
    with serve(tasks=MockedTasks(CASES, "mocks.json")) as service:
        yield service


@pytest.mark.parametrize("case", [name.partition("/")[2] for name in CASES])
def test_a_test_case_goes_as_on_the_engine(mocked: Service, case: str) -> None:
    arn = mocked.create(SALES, name=f"SalesPipeline-{case}")
    execution = mocked.start(f"{arn}#{case}", INPUT)
    found = mocked.wait(execution)
    expected = simulate(SALES, INPUT, mocks=load_mocks(f"{MOCKS}#{case}"))
    assert (found["status"], found.get("error")) == (expected.status, expected.error)
    assert json.loads(found.get("output", "null")) == expected.output
    assert mocked.types(execution) == [event["type"] for event in expected.events]


def test_each_execution_counts_its_own_calls(mocked: Service) -> None:
    arn = mocked.create(SALES, name="SalesPipeline-twice")
    started = [mocked.start(f"{arn}#GlueFailsTwiceThenSucceeds", INPUT) for _ in range(3)]
    assert [mocked.types(arn).count("TaskFailed") for arn in started if mocked.wait(arn)] == [2, 2, 2]


@dataclass(frozen=True)
class Case:
    """A machine of one Task, its mock, and the types of the events that follow the call."""

    state: dict[str, Any]
    mock: list[dict[str, Any]]
    timed_out: bool = False


ONE_TASK = {
    "a result": Case({}, [{"Return": {"a": [1]}}]),
    "an error": Case({}, [{"Throw": {"Error": "Odd", "Cause": "why"}}]),
    "an error without a cause": Case({}, [{"Throw": {"Error": "Odd"}}]),
    "a timeout of a state with one": Case({"TimeoutSeconds": 90}, [{"Throw": {"Error": "States.Timeout"}}], True),
    "a timeout of a state without one": Case({}, [{"Throw": {"Error": "States.Timeout"}}], True),
    "a heartbeat's timeout": Case(
        {
            "Resource": "arn:aws:states:::lambda:invoke",
            "Parameters": {"FunctionName": "f"},
            "TimeoutSeconds": 90,
            "HeartbeatSeconds": 5,
        },
        [{"Throw": {"Error": "States.HeartbeatTimeout"}}],
        True,
    ),
    "no answer ever": Case({"TimeoutSeconds": 90}, [], True),
    "a retry": Case(
        {"Retry": [{"ErrorEquals": ["Odd"], "IntervalSeconds": 3600}]},
        [{"Throw": {"Error": "Odd"}}, {"Return": {"second": True}}],
    ),
    "a job": Case(
        {"Resource": "arn:aws:states:::glue:startJobRun.sync", "Parameters": {"JobName": "j"}},
        [{"Return": {"JobRunState": "SUCCEEDED"}}],
    ),
    "a task token": Case(
        {
            "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
            "Parameters": {"QueueUrl": "q", "MessageBody.$": "$$.Task.Token"},
        },
        [{"Return": {"approved": True}}],
    ),
    "an activity": Case(
        {"Resource": "arn:aws:states:us-east-1:123456789012:activity:paint", "Parameters": {}}, [{"Return": "red"}]
    ),
}


@pytest.mark.parametrize("name", ONE_TASK)
def test_a_mock_goes_as_on_the_engine(name: str) -> None:
    case = ONE_TASK[name]
    definition = machine({"Work": call() | case.state})
    mocks = Mocks.from_mapping({"Work": case.mock})
    with serve(tasks=MockedTasks({"Any/Case": mocks}, "mocks.json", "Case")) as service:
        found = service.run(definition, {"in": 1})
        expected = simulate(definition, {"in": 1}, mocks=mocks.fresh())
        assert (found["status"], found.get("error")) == (expected.status, expected.error)
        assert json.loads(found.get("output", "null")) == expected.output
        types = service.types(found["executionArn"])
        assert types == [event["type"] for event in expected.events]
        assert any(kind.endswith("FunctionTimedOut") or kind == "TaskTimedOut" for kind in types) is case.timed_out
        seconds = (expected.events[-1]["timestamp"] - expected.events[0]["timestamp"]).total_seconds()
        assert (found["stopDate"] - found["startDate"]).total_seconds() == pytest.approx(seconds, abs=0.5)


def test_what_a_distributed_map_reads_comes_from_the_case() -> None:
    state = {
        "Type": "Map",
        "ItemReader": {
            "Resource": "arn:aws:states:::s3:getObject",
            "ReaderConfig": {"InputType": "JSON"},
            "Parameters": {"Bucket": "b", "Key": "k.json"},
        },
        "ItemProcessor": machine({"One": call()})
        | {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}},
        "End": True,
    }
    mocks = Mocks.from_mapping({"One": [{"Return": 5}]}, {"s3://b/k.json": "[1, 2, 3]"})
    with serve(tasks=MockedTasks({"Any/Case": mocks}, "mocks.json", "Any/Case")) as service:
        found = service.run(machine({"Each": state}), {})
        assert (found["status"], found.get("cause")) == ("SUCCEEDED", None)
        assert json.loads(found["output"]) == [5, 5, 5]


def test_an_execution_without_a_case_and_a_state_without_a_mock_fail_with_what_to_do(mocked: Service) -> None:
    arn = mocked.create(machine({"Work": call("Last"), "Last": END}), name="Unmocked")
    found = mocked.wait(mocked.start(arn))
    assert (found["status"], found["error"]) == ("FAILED", "States.Runtime")
    assert "give the server a mock for state 'Work'" in found["cause"]


AMBIGUOUS = {"A/Two": Mocks.from_mapping({}), "B/Two": Mocks.from_mapping({}), **CASES}


@pytest.mark.parametrize("case", ["QualityPases", "Two"])
def test_an_unknown_case_fails_the_execution_and_says_which_there_are(case: str) -> None:
    with serve(tasks=MockedTasks(AMBIGUOUS, "mocks.json")) as service:
        arn = service.create(SALES, name="Sales")
        found = service.wait(service.start(f"{arn}#{case}", INPUT))
        assert found["error"] == "States.Runtime"
        expected = {
            "QualityPases": "there is no test case 'QualityPases'; it has A/Two, B/Two, SalesPipeline/QualityPasses",
            "Two": "of A/Two, B/Two none is of the state machine 'Sales'",
        }
        assert expected[case] in found["cause"]


def test_a_default_case_that_is_not_there_is_refused() -> None:
    tasks = MockedTasks(CASES, "mocks.json")
    tasks.check_case("QualityFails")
    tasks.check_case("SalesPipeline/QualityFails")
    with pytest.raises(
        UsageError, match=r"mocks\.json: there is no test case 'No'; it has SalesPipeline/QualityPasses"
    ):
        tasks.check_case("No")


def test_made_answers_have_what_later_states_read() -> None:
    with serve(tasks=MadeTasks(lambda definition, input: mocks_for_input(parse(definition), input))) as service:
        found = service.run(SALES, INPUT)
        assert found["status"] == "SUCCEEDED", found.get("cause")
        names = [
            event["stateEnteredEventDetails"]["name"]
            for event in service.events(found["executionArn"])
            if event["type"].endswith("StateEntered")
        ]
        assert names[:3] == ["ValidateInputFile", "RunGlueTransform", "CheckDataQuality"]


def test_made_answers_leave_task_tokens_to_workers_and_machines_to_the_server() -> None:
    token = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Parameters": {"QueueUrl": "q", "MessageBody.$": "$$.Task.Token"},
        "ResultPath": "$.answer",
        "Next": "Child",
    }
    child = {
        "Type": "Task",
        "Resource": "arn:aws:states:::states:startExecution.sync:2",
        "Parameters": {
            "StateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:Child",
            "Input": {"n": 4},
        },
        "OutputPath": "$.Output",
        "End": True,
    }
    with serve(tasks=MadeTasks(lambda definition, input: mocks_for_input(parse(definition), input))) as service:
        service.create(machine({"Only": {"Type": "Pass", "End": True}}), name="Child")
        execution = service.start(service.create(machine({"Ask": token, "Child": child})), {})
        [scheduled] = service.wait_for_event(execution, "TaskScheduled")
        service.wait_for_event(execution, "TaskSubmitted")
        message = json.loads(scheduled["taskScheduledEventDetails"]["parameters"])
        service.client.send_task_success(taskToken=message["MessageBody"], output='"yes"')
        found = service.wait(execution)
        assert (found["status"], json.loads(found.get("output", "null"))) == ("SUCCEEDED", {"n": 4})
