"""Map Runs: ListMapRuns, DescribeMapRun, UpdateMapRun, and their child executions."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from sfn_provider.exceptions import StatesError
from sfn_provider.server.driver.task_runner import TaskRequest
from tests.fixtures.local_service import FunctionRunner, Service, serve
from tests.fixtures.machines.engine import group, one, task


def distributed(states: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A machine of one distributed Map."""
    processor = group(states, ProcessorConfig={"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"})
    return one({"Type": "Map", "ItemProcessor": processor, "Label": "each", **fields})


def only_run(service: Service, execution: str) -> Any:
    """Return the only Map Run of an execution, described."""
    (run,) = service.client.list_map_runs(executionArn=execution)["mapRuns"]
    return service.client.describe_map_run(mapRunArn=run["mapRunArn"])


def counts(**values: int) -> dict[str, int]:
    zeros = dict.fromkeys(
        ("pending", "running", "succeeded", "failed", "timedOut", "aborted", "total", "resultsWritten"), 0
    )
    return zeros | values


def test_a_map_run_is_described(service: Service) -> None:
    execution = service.run(distributed({"Pass": {"Type": "Pass"}}, MaxConcurrency=2), [1, 2, 3])
    assert json.loads(execution["output"]) == [1, 2, 3]
    (listed,) = service.client.list_map_runs(executionArn=execution["executionArn"])["mapRuns"]
    assert listed["stateMachineArn"] == f"{execution['stateMachineArn']}/each"
    run = service.client.describe_map_run(mapRunArn=listed["mapRunArn"])
    assert (run["status"], run["maxConcurrency"], run["executionArn"]) == ("SUCCEEDED", 2, execution["executionArn"])
    assert run["itemCounts"] == run["executionCounts"] == counts(succeeded=3, total=3, resultsWritten=3)
    assert run["stopDate"] == listed["stopDate"] == execution["stopDate"]


def test_child_executions_are_listed_and_described(service: Service) -> None:
    states = {"Wait": {"Type": "Wait", "Seconds": 10, "Next": "Pass"}, "Pass": {"Type": "Pass"}}
    execution = service.run(distributed(states, ItemBatcher={"MaxItemsPerBatch": 2}), [1, 2, 3])
    run = only_run(service, execution["executionArn"])
    assert run["itemCounts"]["succeeded"] == 3
    assert run["executionCounts"]["succeeded"] == 2
    children = service.client.list_executions(mapRunArn=run["mapRunArn"])["executions"]
    assert [child["itemCount"] for child in children] == [1, 2]
    described = service.describe(children[-1]["executionArn"])
    assert json.loads(described["input"]) == {"Items": [1, 2]}
    assert (described["mapRunArn"], described["status"]) == (run["mapRunArn"], "SUCCEEDED")
    assert (described["stopDate"] - described["startDate"]).total_seconds() == 10
    assert service.types(children[0]["executionArn"]) == [
        "ExecutionStarted",
        "WaitStateEntered",
        "WaitStateExited",
        "PassStateEntered",
        "PassStateExited",
        "ExecutionSucceeded",
    ]
    machine = service.client.describe_state_machine_for_execution(executionArn=children[0]["executionArn"])
    assert (machine["label"], machine["mapRunArn"]) == ("each", run["mapRunArn"])
    by_machine = service.client.list_executions(stateMachineArn=execution["stateMachineArn"])["executions"]
    assert [each["executionArn"] for each in by_machine] == [execution["executionArn"]]


def test_a_map_run_without_items_has_ended(service: Service) -> None:
    execution = service.run(distributed({"Pass": {"Type": "Pass"}}), [])
    run = only_run(service, execution["executionArn"])
    assert (run["status"], run["itemCounts"]) == ("SUCCEEDED", counts())


def test_a_failed_map_run_has_its_failed_children(service: Service, runner: FunctionRunner) -> None:
    def fail(request: TaskRequest) -> Any:
        raise StatesError("Bad", str(request.parameters))

    runner.functions["Failing"] = fail
    execution = service.run(distributed({"Failing": task()}, MaxConcurrency=1, ToleratedFailureCount=1), [1, 2, 3, 4])
    assert (execution["status"], execution["error"]) == ("FAILED", "States.ExceedToleratedFailureThreshold")
    run = only_run(service, execution["executionArn"])
    assert (run["status"], run["toleratedFailureCount"]) == ("FAILED", 1)
    assert run["executionCounts"] == counts(failed=2, aborted=2, total=4)
    children = service.client.list_executions(mapRunArn=run["mapRunArn"], statusFilter="FAILED")["executions"]
    described = service.describe(children[0]["executionArn"])
    assert (described["error"], described["redriveStatus"]) == ("Bad", "REDRIVABLE_BY_MAP_RUN")
    refusal = service.refusal("redrive_execution", executionArn=children[0]["executionArn"])
    assert refusal[0] == "ExecutionNotRedrivable"


def test_stopping_an_execution_aborts_its_map_run(service: Service, runner: FunctionRunner) -> None:
    runner.functions["Endless"] = lambda request: asyncio.sleep(60)
    machine = service.create(distributed({"Endless": task()}, MaxConcurrency=2))
    arn = service.start(machine, [1, 2, 3])
    service.wait_for_event(arn, "MapRunStarted")
    running = only_run(service, arn)
    assert (running["status"], running["executionCounts"]) == ("RUNNING", counts(running=2, pending=1, total=3))
    child = service.client.list_executions(mapRunArn=running["mapRunArn"])["executions"][0]["executionArn"]
    assert service.refusal("stop_execution", executionArn=child)[0] == "ValidationException"
    service.client.stop_execution(executionArn=arn)
    run = only_run(service, arn)
    assert (run["status"], run["executionCounts"]) == ("ABORTED", counts(aborted=3, total=3))
    assert service.types(child)[-1] == "ExecutionAborted"


def test_limits_of_a_map_run_can_be_changed(service: Service, runner: FunctionRunner) -> None:
    answers: asyncio.Queue[Any] = asyncio.Queue()

    async def wait(request: TaskRequest) -> Any:
        if await answers.get():
            raise StatesError("Bad")
        return request.parameters

    runner.functions["Gated"] = wait
    arn = service.start(service.create(distributed({"Gated": task()}, MaxConcurrency=1)), [1, 2, 3])
    service.wait_for_event(arn, "MapRunStarted")
    run = only_run(service, arn)["mapRunArn"]
    service.client.update_map_run(mapRunArn=run, maxConcurrency=2, toleratedFailureCount=2)
    assert only_run(service, arn)["maxConcurrency"] == 2
    service.client.update_map_run(mapRunArn=run, maxConcurrency=0)
    assert only_run(service, arn)["maxConcurrency"] == 10_000, "0 is no limit, as in a Map"
    loop = service.server._loop
    assert loop is not None
    for is_failure in (True, False, True):
        loop.call_soon_threadsafe(answers.put_nowait, is_failure)
    assert service.wait(arn)["status"] == "SUCCEEDED"
    described = only_run(service, arn)
    assert (described["executionCounts"]["failed"], described["toleratedFailureCount"]) == (2, 2)
    assert service.refusal("update_map_run", mapRunArn=run, maxConcurrency=1)[0] == "ValidationException"


def test_unknown_map_runs_are_refused(service: Service) -> None:
    arn = "arn:aws:states:us-east-1:123456789012:mapRun:M/each:1"
    missing = ("ResourceNotFound", f"Resource not found: '{arn}'")
    assert service.refusal("describe_map_run", mapRunArn=arn) == missing
    assert service.refusal("list_executions", mapRunArn=arn) == missing


READER = {
    "Resource": "arn:aws:states:::s3:getObject",
    "ReaderConfig": {"InputType": "JSON"},
    "Parameters": {"Bucket": "b", "Key": "items.json"},
}


@pytest.mark.parametrize(
    ("objects", "expected"),
    [({"s3://b/items.json": "[1, 2]"}, [1, 2]), ({}, "States.ItemReaderFailed")],
    ids=["an object", "none"],
)
def test_items_are_read_from_the_objects_of_the_service(objects: dict[str, str], expected: Any) -> None:
    with serve(objects=objects) as service:
        execution = service.run(distributed({"Pass": {"Type": "Pass"}}, ItemReader=READER))
    assert expected in (execution.get("error"), json.loads(execution.get("output", "null")))


def test_what_is_written_can_be_read() -> None:
    writer = {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "b", "Prefix": "out"}}
    with serve(objects={}) as service:
        first = service.run(distributed({"Pass": {"Type": "Pass"}}, ResultWriter=writer), [1, 2])
        written = json.loads(first["output"])["ResultWriterDetails"]
        key = written["Key"].replace("manifest.json", "SUCCEEDED_0.json")
        reader = READER | {"Parameters": {"Bucket": "b", "Key": key}}
        second = service.run(distributed({"Pass": {"Type": "Pass"}}, ItemReader=reader))
    assert [json.loads(item["Output"]) for item in json.loads(second["output"])] == [1, 2]
