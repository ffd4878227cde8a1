"""Tasks of executions: the runner, task tokens, activities, nested executions, TestState."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from sfn_provider.exceptions import StatesError, UsageError
from sfn_provider.server.driver.task_runner import NEVER_ANSWERED, TaskAccepted, TaskFailed, TaskRequest
from tests.fixtures.local_service import PREFIX, FunctionRunner, Service
from tests.fixtures.machines.engine import FUNCTION, group, one, parallel, task

WITH_TOKEN = {
    "Type": "Task",
    "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
    "Parameters": {"QueueUrl": "q", "MessageBody": {"token.$": "$$.Task.Token"}},
}
TOKEN_GONE = ("TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'")


def token_of(service: Service, execution: str) -> str:
    """Return the task token that an execution has sent last."""
    service.wait_for_event(execution, "TaskSubmitted")
    scheduled = service.wait_for_event(execution, "TaskScheduled")[-1]["taskScheduledEventDetails"]
    return str(json.loads(scheduled["parameters"])["MessageBody"]["token"])


def test_a_runner_gets_what_the_task_calls(service: Service, runner: FunctionRunner) -> None:
    runner.functions["Call"] = lambda request: {"n": request.parameters["n"] + 1}
    machine = service.create(group({"Call": task()}), name="Calling")
    execution = service.wait(service.start(f"{machine}#HappyPath", {"n": 1}, name="one"))
    assert json.loads(execution["output"]) == {"n": 2}
    request = runner.requests[-1]
    assert (request.state_machine_name, request.execution_name) == ("Calling", "one")
    assert (request.execution_arn, request.state_machine_arn) == (execution["executionArn"], machine)
    assert (request.resource, request.attempt, request.test_case) == (FUNCTION, 0, "HappyPath")
    assert request.task_token is None


def test_a_failure_is_retried_and_caught(service: Service, runner: FunctionRunner) -> None:
    attempts: list[int] = []

    def fail(request: TaskRequest) -> Any:
        attempts.append(request.attempt)
        raise TaskFailed("Orders.Busy", "try later")

    runner.functions["Busy"] = fail
    retry = [{"ErrorEquals": ["Orders.Busy"], "IntervalSeconds": 60, "MaxAttempts": 2}]
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "Handle"}]
    definition = group({"Busy": task(Retry=retry, Catch=catch, Next="Handle"), "Handle": {"Type": "Pass"}})
    execution = service.run(definition)
    assert json.loads(execution["output"]) == {"Error": "Orders.Busy", "Cause": "try later"}
    assert attempts == [0, 1, 2]
    assert (execution["stopDate"] - execution["startDate"]).total_seconds() == 180


def _raise(error: Exception) -> Any:
    raise error


FAULTS = {
    "nothing answers": (None, "Nothing answers the call of arn:aws:lambda:us-east-1:123456789012:function:work"),
    "a usage error": (lambda request: _raise(UsageError("no such file: mocks.json")), "no such file: mocks.json"),
    "a fault of the runner": (lambda request: _raise(KeyError("x")), "The task runner raised KeyError('x')"),
    "an answer that nobody can give": (lambda request: TaskAccepted({}), "nobody can answer it: it has no token"),
}


@pytest.mark.parametrize("case", FAULTS.values(), ids=FAULTS)
def test_what_cannot_run_fails_and_is_not_caught(service: Service, runner: FunctionRunner, case: Any) -> None:
    function, expected = case
    runner.functions.pop("Faulty", None)
    if function is not None:
        runner.functions["Faulty"] = function
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "Handle"}]
    execution = service.run(group({"Faulty": task(Catch=catch, Next="Handle"), "Handle": {"Type": "Pass"}}))
    assert (execution["status"], execution["error"]) == ("FAILED", "States.Runtime")
    assert expected in execution["cause"]


def test_a_task_that_is_never_answered_times_out_at_once(service: Service, runner: FunctionRunner) -> None:
    runner.functions["Silent"] = lambda request: NEVER_ANSWERED
    began = time.monotonic()
    execution = service.run(group({"Silent": task(TimeoutSeconds=3_600)}))
    assert (execution["status"], execution["error"]) == ("FAILED", "States.Timeout")
    assert (execution["stopDate"] - execution["startDate"]).total_seconds() == 3_600
    assert time.monotonic() - began < 5


def test_a_slow_task_is_cancelled_by_its_timeout(service: Service, runner: FunctionRunner) -> None:
    cancelled = threading.Event()

    async def sleep(request: TaskRequest) -> Any:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cancelled.set()
            raise

    runner.functions["Slow"] = sleep
    execution = service.run(group({"Slow": task(TimeoutSeconds=1)}))
    assert execution["error"] == "States.Timeout"
    assert cancelled.wait(5)


# Task tokens ---------------------------------------------------------------------------------------------------------


def test_a_token_is_answered_by_a_worker(service: Service) -> None:
    execution = service.start(service.create(one(WITH_TOKEN)))
    token = token_of(service, execution)
    service.client.send_task_heartbeat(taskToken=token)
    service.client.send_task_success(taskToken=token, output='{"done": true}')
    assert json.loads(service.wait(execution)["output"]) == {"done": True}
    assert service.refusal("send_task_success", taskToken=token, output="{}") == TOKEN_GONE
    assert service.refusal("send_task_heartbeat", taskToken=token) == TOKEN_GONE


def test_a_worker_fails_a_task(service: Service) -> None:
    execution = service.start(service.create(one(WITH_TOKEN)))
    service.client.send_task_failure(taskToken=token_of(service, execution), error="Refused", cause="no")
    described = service.wait(execution)
    assert (described["status"], described["error"], described["cause"]) == ("FAILED", "Refused", "no")


def test_unknown_tokens_and_outputs_are_refused(service: Service) -> None:
    execution = service.start(service.create(one(WITH_TOKEN)))
    token = token_of(service, execution)
    assert service.refusal("send_task_success", taskToken="x", output="{}") == (
        "InvalidToken",
        "Invalid Token: 'Invalid token'",
    )
    assert service.refusal("send_task_success", taskToken=token, output="{")[0] == "InvalidOutput"
    service.client.stop_execution(executionArn=execution)
    assert service.refusal("send_task_failure", taskToken=token) == TOKEN_GONE


def test_a_token_that_is_answered_before_the_call_returns_counts(service: Service, runner: FunctionRunner) -> None:
    async def answer_early(request: TaskRequest) -> Any:
        call = service.server.service.call
        await call("SendTaskSuccess", {"taskToken": request.task_token, "output": '"early"'})
        await asyncio.sleep(0.05)
        return TaskAccepted({"MessageId": "1"})

    runner.functions["Early"] = answer_early
    assert service.run(group({"Early": WITH_TOKEN}))["output"] == '"early"'


def test_heartbeats_hold_off_the_timeout_in_faster_time(runner: FunctionRunner) -> None:
    from tests.fixtures.local_service import serve

    with serve(tasks=runner, time=200.0) as service:
        execution = service.start(service.create(one(WITH_TOKEN | {"HeartbeatSeconds": 200})))
        token = token_of(service, execution)
        for _ in range(4):  # each is some 10 seconds of the execution's time after the last one: far from the timeout
            time.sleep(0.06)
            service.client.send_task_heartbeat(taskToken=token)
        described = service.wait(execution)
    assert described["error"] == "States.Timeout"
    assert (described["stopDate"] - described["startDate"]).total_seconds() > 200


# Activities ----------------------------------------------------------------------------------------------------------


def activity_machine(service: Service, name: str, **fields: Any) -> str:
    """Create an activity, and a machine of one Task that waits for its workers."""
    arn = service.client.create_activity(name=name)["activityArn"]
    return service.create(one({"Type": "Task", "Resource": arn, **fields}))


def test_a_worker_of_an_activity_gets_tasks_in_their_order(service: Service) -> None:
    machine = activity_machine(service, "ordered")
    executions = [service.start(machine, number) for number in range(3)]
    for expected in ("0", "1", "2"):
        work = service.client.get_activity_task(activityArn=f"{PREFIX}activity:ordered", workerName="w1")
        assert work["input"] == expected
        service.client.send_task_success(taskToken=work["taskToken"], output=f'"did {expected}"')
    assert [service.wait(each)["output"] for each in executions] == ['"did 0"', '"did 1"', '"did 2"']
    started = service.wait_for_event(executions[0], "ActivityStarted")[0]
    assert started["activityStartedEventDetails"] == {"workerName": "w1"}


def test_a_worker_waits_for_a_task(service: Service) -> None:
    machine = activity_machine(service, "awaited")
    arn = f"{PREFIX}activity:awaited"
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(service.client.get_activity_task, activityArn=arn)
        time.sleep(0.1)
        assert not waiting.done()
        execution = service.start(machine, "late")
        assert waiting.result(5)["input"] == '"late"'
    service.client.stop_execution(executionArn=execution)


def test_a_worker_that_disconnects_takes_no_task(service: Service) -> None:
    import http.client
    from urllib.parse import urlsplit

    machine = activity_machine(service, "lost")
    arn = f"{PREFIX}activity:lost"
    connection = http.client.HTTPConnection(urlsplit(service.server.endpoint_url).netloc)
    connection.request(
        "POST", "/", json.dumps({"activityArn": arn}), {"X-Amz-Target": "AWSStepFunctions.GetActivityTask"}
    )
    time.sleep(0.1)
    connection.close()
    time.sleep(0.1)
    execution = service.start(machine, "kept")
    assert service.client.get_activity_task(activityArn=arn)["input"] == '"kept"'
    service.client.stop_execution(executionArn=execution)


def test_a_task_that_has_timed_out_is_not_handed_out(service: Service) -> None:
    machine = activity_machine(service, "stopped")
    service.client.stop_execution(executionArn=service.start(machine, "first"))
    execution = service.start(machine, "second")
    work = service.client.get_activity_task(activityArn=f"{PREFIX}activity:stopped")
    assert work["input"] == '"second"'
    service.client.stop_execution(executionArn=execution)


def test_activities_are_described_listed_and_deleted(service: Service) -> None:
    created = service.client.create_activity(name="listed", tags=[{"key": "a", "value": "b"}])
    arn = created["activityArn"]
    assert service.client.create_activity(name="listed")["creationDate"] == created["creationDate"]
    assert service.client.describe_activity(activityArn=arn)["name"] == "listed"
    assert arn in {each["activityArn"] for each in service.client.list_activities()["activities"]}
    assert service.client.list_tags_for_resource(resourceArn=arn)["tags"] == [{"key": "a", "value": "b"}]
    service.client.delete_activity(activityArn=arn)
    service.client.delete_activity(activityArn=arn)
    gone = ("ActivityDoesNotExist", f"Activity Does Not Exist: '{arn}'")
    assert service.refusal("describe_activity", activityArn=arn) == gone
    assert service.refusal("get_activity_task", activityArn=arn) == gone
    failed = service.run(one({"Type": "Task", "Resource": arn}))
    assert f"The activity {arn} does not exist" in failed["cause"]


# Nested executions ---------------------------------------------------------------------------------------------------

CHILD = group({"Wait": {"Type": "Wait", "Seconds": 600, "Next": "Set"}, "Set": {"Type": "Pass", "Result": {"ok": 1}}})


def nested(machine: str, pattern: str = "", **fields: Any) -> dict[str, Any]:
    """A Task that starts an execution."""
    parameters = {"StateMachineArn": machine, "Input": {"from": "parent"}}
    resource = f"arn:aws:states:::states:startExecution{pattern}"
    return {"Type": "Task", "Resource": resource, "Parameters": parameters, **fields}


def test_a_nested_execution_runs_here(service: Service) -> None:
    child = service.create(CHILD)
    parent = service.run(one(nested(child, ".sync:2")))
    output = json.loads(parent["output"])
    assert (output["Status"], output["Output"], output["Input"]) == ("SUCCEEDED", {"ok": 1}, {"from": "parent"})
    assert (parent["stopDate"] - parent["startDate"]).total_seconds() == 600
    of_child = service.describe(output["ExecutionArn"])
    assert of_child["stopDate"] == parent["stopDate"]
    assert service.types(parent["executionArn"])[2:6] == [
        "TaskScheduled",
        "TaskStarted",
        "TaskSubmitted",
        "TaskSucceeded",
    ]


def test_a_nested_execution_that_fails_fails_its_task(service: Service) -> None:
    child = service.create(one({"Type": "Fail", "Error": "Bad"}))
    parent = service.run(one(nested(child, ".sync")))
    assert parent["error"] == "States.TaskFailed"
    assert json.loads(parent["cause"])["Error"] == "Bad"


def test_a_nested_execution_is_started_and_left(service: Service) -> None:
    child = service.create(CHILD)
    output = json.loads(service.run(one(nested(child)))["output"])
    assert output["SdkHttpMetadata"]["HttpStatusCode"] == 200
    assert service.wait(output["ExecutionArn"])["status"] == "SUCCEEDED"


def test_stopping_an_execution_stops_what_it_waits_for(service: Service) -> None:
    child = service.create(one(WITH_TOKEN))
    parent = service.start(service.create(one(nested(child, ".sync"))))
    service.wait_for_event(parent, "TaskSubmitted")
    (running,) = service.client.list_executions(stateMachineArn=child, statusFilter="RUNNING")["executions"]
    service.client.stop_execution(executionArn=parent)
    assert service.wait(running["executionArn"])["status"] == "ABORTED"


def test_errors_of_nested_calls_have_the_names_of_their_integration(service: Service) -> None:
    missing = f"{PREFIX}stateMachine:None"
    optimized = service.run(one(nested(missing)))
    assert optimized["error"] == "StepFunctions.StateMachineDoesNotExistException"
    assert f"State Machine Does Not Exist: '{missing}'" in optimized["cause"]
    sdk = {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:sfn:describeStateMachine"}
    failed = service.run(one(sdk | {"Parameters": {"StateMachineArn": missing}}))
    assert failed["error"] == "Sfn.StateMachineDoesNotExistException"


def test_actions_of_the_sdk_are_answered_here(service: Service) -> None:
    machine = service.create(CHILD, name="ForSdk")
    sdk = {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:sfn:describeStateMachine"}
    output = json.loads(service.run(one(sdk | {"Parameters": {"StateMachineArn": machine}}))["output"])
    assert (output["Name"], output["Status"], json.loads(output["Definition"])) == ("ForSdk", "ACTIVE", CHILD)


def test_a_parent_times_out_before_its_nested_execution(service: Service) -> None:
    parent = service.run(one(nested(service.create(CHILD), ".sync", TimeoutSeconds=60)))
    assert parent["error"] == "States.Timeout"
    assert (parent["stopDate"] - parent["startDate"]).total_seconds() == 60


def test_branches_wait_beside_a_nested_execution(service: Service) -> None:
    child = service.create(CHILD)
    branches = parallel({"Nested": nested(child, ".sync:2")}, {"Wait": {"Type": "Wait", "Seconds": 60}})
    parent = service.run(one(branches))
    assert parent["status"] == "SUCCEEDED"
    assert (parent["stopDate"] - parent["startDate"]).total_seconds() == 600


# TestState -----------------------------------------------------------------------------------------------------------


def test_a_state_is_tested_with_a_mock(service: Service) -> None:
    state = task(ResultSelector={"x.$": "$.a"}, End=True)
    found = service.client.test_state(
        definition=json.dumps(state), input="{}", mock={"result": '{"a": 1}'}, inspectionLevel="DEBUG"
    )
    assert (found["status"], json.loads(found["output"])) == ("SUCCEEDED", {"x": 1})
    assert json.loads(found["inspectionData"]["afterResultSelector"]) == {"x": 1}


def test_a_task_without_a_mock_is_run(service: Service, runner: FunctionRunner) -> None:
    seen: list[TaskRequest] = []

    def double(request: TaskRequest) -> Any:
        seen.append(request)
        if request.parameters["n"] < 0:
            raise StatesError("Negative", "n is negative")
        return request.parameters["n"] * 2

    runner.functions["StateName"] = double
    state = json.dumps(task(Parameters={"n.$": "$.in"}, ResultPath="$.out", End=True))
    role = "arn:aws:iam::123456789012:role/test"
    found = service.client.test_state(definition=state, roleArn=role, input='{"in": 4}')
    assert json.loads(found["output"]) == {"in": 4, "out": 8}
    failed = service.client.test_state(definition=state, roleArn=role, input='{"in": -1}')
    assert (failed["status"], failed["error"], failed["cause"]) == ("FAILED", "Negative", "n is negative")
    assert service.refusal("test_state", definition=state) == (
        "ValidationException",
        "RoleArn must be specified when testing a Task state",
    )


def test_refusals_of_state_tests_are_those_of_aws(service: Service) -> None:
    assert service.refusal("test_state", definition="{}")[0] == "InvalidDefinition"
    code, _ = service.refusal("test_state", definition=json.dumps({"Type": "Pass", "End": True}), input="{")
    assert code == "InvalidExecutionInput"
