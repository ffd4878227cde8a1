"""StartExecution, StopExecution, DescribeExecution, ListExecutions and StartSyncExecution by boto3's client."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest

from tests.fixtures.local_service import PREFIX, FunctionRunner, Service, serve
from tests.fixtures.machines.engine import group, one, task

PASS = one({"Type": "Pass"})
HELD = one({"Type": "Task", "Resource": f"{PREFIX}activity:nobody"})


@pytest.fixture(scope="module")
def held(service: Service) -> str:
    """A machine whose executions wait for a worker who never comes."""
    service.client.create_activity(name="nobody")
    return service.create(HELD, name="Held")


def test_an_execution_runs_to_its_end(service: Service) -> None:
    machine = service.create(PASS, name="Orders")
    described = service.wait(service.start(machine, {"id": 1}, name="first", traceHeader="Root=1"))
    assert described["executionArn"] == f"{PREFIX}execution:Orders:first"
    assert described["stateMachineArn"] == machine
    assert (described["status"], described["input"], described["output"]) == ("SUCCEEDED", '{"id": 1}', '{"id":1}')
    assert described["traceHeader"] == "Root=1"
    assert described["redriveStatusReason"] == "Execution is SUCCEEDED and cannot be redriven"


def test_metadata_come_without_data(service: Service) -> None:
    arn = service.run(PASS, {"id": 1})["executionArn"]
    described = service.client.describe_execution(executionArn=arn, includedData="METADATA_ONLY")
    assert described["status"] == "SUCCEEDED"
    assert not {"input", "output"} & described.keys()


def test_a_failure_has_its_error(service: Service) -> None:
    described = service.run(one({"Type": "Fail", "Error": "Orders.Bad", "Cause": "no stock"}))
    assert (described["status"], described["error"], described["cause"]) == ("FAILED", "Orders.Bad", "no stock")
    assert described["redriveStatus"] == "REDRIVABLE"
    assert "output" not in described


def test_the_log_says_why_an_execution_failed(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", "sfn_provider.server"):
        service.run(one({"Type": "Fail", "Error": "Sold.Out", "Cause": "c" * 2_000}))
    [line] = [message for message in caplog.messages if " ExecutionFailed " in message]
    assert line.endswith(f" ExecutionFailed Sold.Out: {'c' * 990}")


def test_waiting_takes_no_time(service: Service) -> None:
    began = time.monotonic()
    described = service.run(one({"Type": "Wait", "Seconds": 86_400}))
    assert time.monotonic() - began < 5
    assert (described["stopDate"] - described["startDate"]).total_seconds() == 86_400


def test_a_timeout_takes_no_time(service: Service) -> None:
    described = service.run(one({"Type": "Wait", "Seconds": 86_400}, TimeoutSeconds=60))
    assert described["status"] == "TIMED_OUT"
    assert (described["stopDate"] - described["startDate"]).total_seconds() == 60


def test_a_name_is_used_once(service: Service, held: str) -> None:
    first = service.client.start_execution(stateMachineArn=held, name="once", input='{"a": 1}')
    again = service.client.start_execution(stateMachineArn=held, name="once", input='{"a":1}')
    assert (again["executionArn"], again["startDate"]) == (first["executionArn"], first["startDate"])
    arn = first["executionArn"]
    refusal = service.refusal("start_execution", stateMachineArn=held, name="once", input='{"a": 2}')
    assert refusal == ("ExecutionAlreadyExists", f"Execution Already Exists: '{arn}'")
    service.client.stop_execution(executionArn=arn)
    assert service.refusal("start_execution", stateMachineArn=held, name="once", input='{"a": 1}') == refusal


def test_a_name_is_free_after_90_days() -> None:
    times = [1_000_000.0]
    with serve(now=lambda: times[0]) as service:
        machine = service.create(PASS)
        first = service.wait(service.start(machine, name="nightly"))
        times[0] += 89 * 86_400
        assert (
            service.refusal("start_execution", stateMachineArn=machine, name="nightly")[0] == "ExecutionAlreadyExists"
        )
        times[0] += 2 * 86_400
        assert service.wait(service.start(machine, name="nightly"))["startDate"] > first["startDate"]


def test_a_stopped_execution_is_aborted(service: Service, held: str) -> None:
    arn = service.start(held)
    service.wait_for_event(arn, "ActivityStarted")
    stopped = service.client.stop_execution(executionArn=arn, error="Enough", cause="it takes too long")
    described = service.describe(arn)
    assert (described["status"], described["error"], described["cause"]) == ("ABORTED", "Enough", "it takes too long")
    assert described["stopDate"] == stopped["stopDate"]
    last = service.events(arn)[-1]
    assert (last["type"], last["previousEventId"]) == ("ExecutionAborted", 0)
    assert last["executionAbortedEventDetails"] == {"error": "Enough", "cause": "it takes too long"}
    assert service.client.stop_execution(executionArn=arn, error="Again")["stopDate"] == stopped["stopDate"]
    assert service.describe(arn)["error"] == "Enough"


@dataclass(frozen=True)
class Refusal:
    """A call that AWS refuses: the operation, its parameters, code and message."""

    operation: str
    parameters: dict[str, Any]
    code: str
    message: str


def _input_refusal(text: str, message: str) -> Refusal:
    return Refusal("start_execution", {"input": text}, "InvalidExecutionInput", message)


_MISSING = f"{PREFIX}stateMachine:Missing"
_EXPRESS = f"{PREFIX}express:M:e:1"
_INVALID_TOKEN = "Invalid Token: 'Invalid token'"
_CONSTRAINT = "failed to satisfy constraint: Member must"

REFUSALS = {
    "no machine": Refusal(
        "start_execution",
        {"stateMachineArn": _MISSING},
        "StateMachineDoesNotExist",
        f"State Machine Does Not Exist: '{_MISSING}'",
    ),
    "no arn": Refusal(
        "start_execution", {"stateMachineArn": "x"}, "InvalidArn", "Invalid Arn: 'Invalid ARN prefix: x'"
    ),
    "an arn of another kind": Refusal(
        "start_execution",
        {"stateMachineArn": f"{PREFIX}activity:a"},
        "InvalidArn",
        "Invalid Arn: 'Resource type not valid in this context: activity'",
    ),
    "a name with a colon": Refusal("start_execution", {"name": "a:b"}, "InvalidName", "Invalid Name: 'a:b'"),
    "a long name": Refusal(
        "start_execution",
        {"name": "n" * 81},
        "ValidationException",
        f"1 validation error detected: Value '{'n' * 81}' at 'name' {_CONSTRAINT} have length less than or equal to 80",
    ),
    "an empty input": _input_refusal("", "Invalid State Machine Execution Input: 'Invalid execution input.'"),
    "an input that is no number": _input_refusal(
        "NaN", "Invalid State Machine Execution Input: 'NaN is no JSON value'"
    ),
    "a number that is too large": _input_refusal(
        '{"a": 1e400}', "Invalid State Machine Execution Input: '1e400 is too large for a number'"
    ),
    "a large input": Refusal(
        "start_execution",
        {"input": json.dumps("x" * 262_143)},
        "ValidationException",
        f"1 validation error detected: Value at 'input' {_CONSTRAINT} have length less than or equal to 262144",
    ),
    "no execution": Refusal(
        "describe_execution",
        {"executionArn": f"{PREFIX}execution:M:e"},
        "ExecutionDoesNotExist",
        f"Execution Does Not Exist: '{PREFIX}execution:M:e'",
    ),
    "an express execution": Refusal(
        "describe_execution",
        {"executionArn": _EXPRESS},
        "InvalidArn",
        "Invalid Arn: 'Resource type not valid in this context: express'",
    ),
    "a wrong status": Refusal(
        "list_executions",
        {"statusFilter": "succeeded"},
        "ValidationException",
        f"1 validation error detected: Value 'succeeded' at 'statusFilter' {_CONSTRAINT} satisfy enum value set: "
        "[RUNNING, SUCCEEDED, FAILED, TIMED_OUT, ABORTED, PENDING_REDRIVE]",
    ),
    "a large page": Refusal(
        "list_executions",
        {"maxResults": 1_001},
        "ValidationException",
        f"1 validation error detected: Value '1001' at 'maxResults' {_CONSTRAINT} have value less than or equal to "
        "1000",
    ),
    "a forged token": Refusal("list_executions", {"nextToken": "AAAA"}, "InvalidToken", _INVALID_TOKEN),
    "a token that is no base64": Refusal("list_executions", {"nextToken": "ä"}, "InvalidToken", _INVALID_TOKEN),
    "a sync start of a standard machine": Refusal(
        "start_sync_execution",
        {},
        "StateMachineTypeNotSupported",
        "This operation is not supported by this type of state machine",
    ),
    "a success is not redriven": Refusal(
        "redrive_execution", {}, "ExecutionNotRedrivable", "Execution is SUCCEEDED and cannot be redriven"
    ),
}


@pytest.mark.parametrize("case", REFUSALS.values(), ids=REFUSALS)
def test_refusals_are_those_of_aws(service: Service, case: Refusal) -> None:
    machine = service.create(PASS, name="Refusing")
    parameters = dict(case.parameters)
    if case.operation == "redrive_execution":
        parameters["executionArn"] = service.wait(service.start(machine))["executionArn"]
    elif "executionArn" not in parameters:
        parameters.setdefault("stateMachineArn", machine)
    assert service.refusal(case.operation, **parameters) == (case.code, case.message)


def test_lists_are_paged_with_the_latest_first(service: Service) -> None:
    machine = service.create(PASS)
    arns = [service.wait(service.start(machine, name=f"e{number}"))["executionArn"] for number in range(5)]
    first = service.client.list_executions(stateMachineArn=machine, maxResults=2)
    service.wait(service.start(machine, name="later"))
    second = service.client.list_executions(stateMachineArn=machine, maxResults=10, nextToken=first["nextToken"])
    listed = [each["executionArn"] for page in (first, second) for each in page["executions"]]
    assert listed == arns[::-1]
    assert "nextToken" not in second
    other = service.create(PASS)
    refusal = service.refusal("list_executions", stateMachineArn=other, nextToken=first["nextToken"])
    assert refusal[0] == "InvalidToken"


def test_lists_are_filtered_by_status(service: Service, held: str) -> None:
    running = service.start(held, name="filtered")
    stopped = service.start(held, name="stopped")
    service.client.stop_execution(executionArn=stopped)

    def listed(status: str) -> list[str]:
        page = service.client.list_executions(stateMachineArn=held, statusFilter=status)
        return [each["executionArn"] for each in page["executions"]]

    assert listed("RUNNING")[0] == running
    assert listed("ABORTED")[0] == stopped
    assert running not in listed("ABORTED")
    assert listed("SUCCEEDED") == []


def test_an_express_execution_runs_while_the_caller_waits(service: Service, runner: FunctionRunner) -> None:
    runner.functions["Price"] = lambda request: {"price": request.parameters["id"] * 2}
    machine = service.create(group({"Price": task()}), type="EXPRESS")
    answer = service.client.start_sync_execution(stateMachineArn=machine, input='{"id": 4}', name="sync")
    assert (answer["status"], json.loads(answer["output"])) == ("SUCCEEDED", {"price": 8})
    assert answer["billingDetails"] == {"billedMemoryUsedInMB": 64, "billedDurationInMilliseconds": 100}
    assert ":express:" in answer["executionArn"]
    started = service.client.start_execution(stateMachineArn=machine, name="sync")
    assert started["executionArn"] != answer["executionArn"]
    assert service.refusal("list_executions", stateMachineArn=machine)[0] == "StateMachineTypeNotSupported"


def test_an_express_execution_that_fails_says_so(service: Service) -> None:
    machine = service.create(one({"Type": "Fail", "Error": "Bad"}), type="EXPRESS")
    answer = service.client.start_sync_execution(stateMachineArn=machine)
    assert (answer["status"], answer["error"]) == ("FAILED", "Bad")


def test_an_express_loop_without_waits_ends() -> None:
    never = {"Variable": "$.stop", "IsPresent": True, "Next": "End"}
    loop = group({"More": {"Type": "Choice", "Choices": [never], "Default": "More"}, "End": {"Type": "Succeed"}})
    with serve() as service:
        service.server.service.state.max_express_events = 500
        answer = service.client.start_sync_execution(stateMachineArn=service.create(loop, type="EXPRESS"))
    assert (answer["status"], answer["error"]) == ("FAILED", "States.Runtime")
    assert "maximum number of history events (500)" in answer["cause"]


def test_the_server_answers_while_an_execution_runs_on(service: Service, held: str) -> None:
    arn = service.start(held, name="open")
    assert service.describe(arn)["status"] == "RUNNING"
    assert service.run(PASS)["status"] == "SUCCEEDED"


LOOPS = {
    "without waits": {"Type": "Pass"},
    "with waits, which take no time": {"Type": "Wait", "Seconds": 1},
}


@pytest.mark.parametrize("state", LOOPS.values(), ids=LOOPS)
def test_the_server_answers_while_an_execution_loops(service: Service, state: dict[str, Any]) -> None:
    never = {"Variable": "$.stop", "IsPresent": True, "Next": "End"}
    again = {"Type": "Choice", "Choices": [never], "Default": "More"}
    # Without work a loop has its last event before a stop comes, on a busy machine.
    work = {"Type": "Pass", "QueryLanguage": "JSONata", "Output": {"sum": "{% $sum([1..500].($ * 2)) %}"}}
    states = {"More": {**state, "Next": "Work"}, "Work": {**work, "Next": "Again"}, "Again": again}
    arn = service.start(service.create(group({**states, "End": {"Type": "Succeed"}})))
    service.client.stop_execution(executionArn=arn)
    assert service.describe(arn)["status"] == "ABORTED"
    service.client.redrive_execution(executionArn=arn)
    service.client.stop_execution(executionArn=arn)
    assert (service.describe(arn)["status"], service.describe(arn)["redriveCount"]) == ("ABORTED", 1)
    assert [event["id"] for event in service.events(arn)] == list(range(1, len(service.events(arn)) + 1))


def test_many_clients_start_executions_at_once(service: Service) -> None:
    wait = {"Type": "Wait", "Seconds": 60, "Next": "End"}
    machine = service.create(group({"Set": {"Type": "Pass", "Next": "Wait"}, "Wait": wait, "End": {"Type": "Succeed"}}))

    def start(number: int) -> list[str]:
        return [service.start(machine, {"n": number}, name=f"e{number}-{index}") for index in range(5)]

    with ThreadPoolExecutor(20) as pool:
        arns = [arn for started in pool.map(start, range(20)) for arn in started]
    assert len({*arns}) == 100
    for arn in arns[::10]:
        described = service.wait(arn)
        number = int(described["name"].removeprefix("e").partition("-")[0])
        assert json.loads(described["output"]) == {"n": number}
        assert [event["id"] for event in service.events(arn)] == list(range(1, 9))
    ended = service.client.list_executions(stateMachineArn=machine, statusFilter="SUCCEEDED", maxResults=1_000)
    assert len(ended["executions"]) == 100
