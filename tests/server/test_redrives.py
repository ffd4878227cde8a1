"""RedriveExecution: what is executed again, and what is not."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from sfn_provider.exceptions import StatesError
from sfn_provider.server.driver.task_runner import TaskRequest
from tests.fixtures.local_service import FunctionRunner, Service, serve
from tests.fixtures.machines.engine import group, inline_map, one, parallel, task


class Tasks:
    """Functions whose states fail until they are mended, and how often each state and parameters were called."""

    def __init__(self, runner: FunctionRunner) -> None:
        self.calls: Counter[str] = Counter()
        self.broken: set[str] = set()
        self._runner = runner

    def add(self, *states: str) -> None:
        for state in states:
            self._runner.functions[state] = self._run

    def _run(self, request: TaskRequest) -> Any:
        key = f"{request.state_name} {json.dumps(request.parameters)}"
        self.calls[key] += 1
        if key in self.broken or request.state_name in self.broken:
            raise StatesError("Broken", key)
        return request.parameters


@pytest.fixture
def tasks(runner: FunctionRunner) -> Tasks:
    return Tasks(runner)


def redrive(service: Service, execution: str, **arguments: Any) -> Any:
    """Redrive an execution and wait for its end."""
    service.client.redrive_execution(executionArn=execution, **arguments)
    return service.wait(execution)


def test_a_failed_state_is_executed_again(service: Service, tasks: Tasks) -> None:
    tasks.add("First", "Second")
    tasks.broken.add("Second")
    states = {
        "Set": {"Type": "Pass", "Assign": {"v": 7}, "Next": "First"},
        "First": task(Next="Second", Arguments={"n": "{% $v %}"}),
        "Second": task(Arguments={"n": "{% $v + 1 %}"}, Retry=[{"ErrorEquals": ["Broken"], "MaxAttempts": 1}]),
    }
    arn = service.start(service.create(group(states, QueryLanguage="JSONata")))
    assert service.wait(arn)["redriveStatus"] == "REDRIVABLE"
    before = service.events(arn)
    tasks.broken.clear()
    described = redrive(service, arn)
    assert (described["status"], described["output"]) == ("SUCCEEDED", '{"n":8}')
    assert (described["redriveCount"], described["redriveStatus"]) == (1, "NOT_REDRIVABLE")
    assert described["redriveDate"] >= described["startDate"]
    assert tasks.calls == {'First {"n": 7}': 1, 'Second {"n": 8}': 3}
    events = service.events(arn)
    assert events[: len(before)] == before
    assert [event["id"] for event in events] == list(range(1, len(events) + 1))
    added = events[len(before) :]
    assert [event["type"] for event in added] == [
        "ExecutionRedriven",
        "LambdaFunctionScheduled",
        "LambdaFunctionStarted",
        "LambdaFunctionSucceeded",
        "TaskStateExited",
        "ExecutionSucceeded",
    ]
    assert added[0]["executionRedrivenEventDetails"] == {"redriveCount": 1}
    assert added[1]["previousEventId"] == added[0]["id"]


def test_only_branches_that_have_not_succeeded_go_on(service: Service, tasks: Tasks) -> None:
    tasks.add("Good", "After", "Bad")
    tasks.broken.add("Bad")
    branches = parallel(
        {"Good": task(ResultPath=None, Next="After"), "After": task()},
        {"Wait": {"Type": "Wait", "Seconds": 10, "Next": "Bad"}, "Bad": task()},
        Next="End",
    )
    arn = service.start(service.create(group({"Both": branches, "End": {"Type": "Pass"}})), 1)
    assert service.wait(arn)["error"] == "Broken"
    tasks.broken.clear()
    assert json.loads(redrive(service, arn)["output"]) == [1, 1]
    assert tasks.calls == {"Good 1": 1, "After 1": 1, "Bad 1": 2}


def test_only_iterations_that_have_not_succeeded_go_on(service: Service, tasks: Tasks) -> None:
    tasks.add("Item")
    tasks.broken.add("Item 2")
    arn = service.start(service.create(one(inline_map({"Item": task()}, MaxConcurrency=1))), [1, 2, 3])
    assert service.wait(arn)["error"] == "Broken"
    tasks.broken.clear()
    assert json.loads(redrive(service, arn)["output"]) == [1, 2, 3]
    assert tasks.calls == {"Item 1": 1, "Item 2": 2, "Item 3": 1}


def test_only_child_executions_that_have_not_succeeded_go_on(service: Service, tasks: Tasks) -> None:
    tasks.add("Child")
    tasks.broken.add("Child 2")
    processor = group({"Child": task()}, ProcessorConfig={"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"})
    each = {"Type": "Map", "ItemProcessor": processor, "Label": "each", "MaxConcurrency": 1}
    arn = service.start(service.create(one(each)), [1, 2, 3])
    assert service.wait(arn)["status"] == "FAILED"
    (run,) = service.client.list_map_runs(executionArn=arn)["mapRuns"]
    children = service.client.list_executions(mapRunArn=run["mapRunArn"])["executions"]
    assert Counter(child["status"] for child in children) == {"SUCCEEDED": 1, "FAILED": 1}
    tasks.broken.clear()
    assert json.loads(redrive(service, arn)["output"]) == [1, 2, 3]
    assert tasks.calls == {"Child 1": 1, "Child 2": 2, "Child 3": 1}
    described = service.client.describe_map_run(mapRunArn=run["mapRunArn"])
    assert (described["status"], described["redriveCount"]) == ("SUCCEEDED", 1)
    assert described["executionCounts"]["succeeded"] == 3
    redriven = service.client.list_executions(mapRunArn=run["mapRunArn"], redriveFilter="REDRIVEN")["executions"]
    assert [child["redriveCount"] for child in redriven] == [1]
    assert service.wait_for_event(arn, "MapRunRedriven")[0]["mapRunRedrivenEventDetails"] == {
        "mapRunArn": run["mapRunArn"],
        "redriveCount": 1,
    }


def test_stopped_and_timed_out_executions_go_on(service: Service, tasks: Tasks) -> None:
    waiting = one({"Type": "Wait", "SecondsPath": "$.seconds"}, TimeoutSeconds=60)
    arn = service.start(service.create(waiting), {"seconds": 90})
    assert service.wait(arn)["status"] == "TIMED_OUT"
    assert redrive(service, arn)["status"] == "TIMED_OUT"
    service.client.create_activity(name="redriven")
    resource = "arn:aws:states:us-east-1:123456789012:activity:redriven"
    arn = service.start(service.create(one({"Type": "Task", "Resource": resource})))
    service.wait_for_event(arn, "ActivityStarted")
    service.client.stop_execution(executionArn=arn)
    service.client.redrive_execution(executionArn=arn)
    work = service.client.get_activity_task(activityArn=resource)
    service.client.send_task_success(taskToken=work["taskToken"], output="1")
    assert service.wait(arn)["output"] == "1"


def test_a_client_token_redrives_once(service: Service, tasks: Tasks) -> None:
    tasks.add("Once")
    tasks.broken.add("Once")
    arn = service.start(service.create(group({"Once": task()})))
    service.wait(arn)
    first = service.client.redrive_execution(executionArn=arn, clientToken="t1")
    service.wait(arn)
    again = service.client.redrive_execution(executionArn=arn, clientToken="t1")
    assert again["redriveDate"] == first["redriveDate"]
    assert service.describe(arn)["redriveCount"] == 1
    redrive(service, arn, clientToken="t2")
    assert service.describe(arn)["redriveCount"] == 2


def test_the_period_of_redrives_ends() -> None:
    times = [1_000_000.0]
    with serve(now=lambda: times[0]) as service:
        arn = service.run(one({"Type": "Fail", "Error": "Bad"}))["executionArn"]
        times[0] += 15 * 86_400
        assert service.describe(arn)["redriveStatus"] == "NOT_REDRIVABLE"
        assert service.refusal("redrive_execution", executionArn=arn)[0] == "ExecutionNotRedrivable"
