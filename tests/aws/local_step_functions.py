"""Step Functions on the package's own server, which the tests of a process share; executions end as a test says."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from sfn_provider.testing.local_step_functions import LocalStepFunctions

if TYPE_CHECKING:
    from sfn_provider.server.driver.clocks import TimeMode

PASS_THROUGH: Final = {"StartAt": "Pass", "States": {"Pass": {"Type": "Pass", "End": True}}}
"""Its output is its input."""

NEVER_DONE: Final = "Work.NeverDone"
"""The error of a task after which `PENDING` waits until it has timed out."""

PENDING: Final[dict[str, Any]] = {
    "StartAt": "Work",
    "TimeoutSeconds": 3600,
    "States": {
        "Work": {
            "Type": "Task",
            "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
            "Parameters": {
                "QueueUrl": "https://sqs.us-east-1.amazonaws.com/123456789012/work",
                "MessageBody": {"Token.$": "$$.Task.Token"},
            },
            "Catch": [{"ErrorEquals": [NEVER_DONE], "Next": "Wait"}],
            "End": True,
        },
        "Wait": {"Type": "Wait", "Seconds": 7200, "End": True},
    },
}
"""A worker does its one task: executions run until `SharedStepFunctions.end_execution`."""


class SharedStepFunctions(LocalStepFunctions):
    """The server that tests share; each finds it empty.

    Args:
        time: how time passes for executions, ``virtual`` or ``real``.
    """

    def __init__(self, time: TimeMode) -> None:
        from sfn_provider.server.local_server import LocalServer
        from sfn_provider.server.service import StepFunctionsService

        super().__init__(Path(__file__).parents[1], time=time)
        self._behind = 0.0
        self._server = LocalServer(StepFunctionsService(time=time, tasks=self._tasks, now=self._now))

    def _now(self) -> float:
        return time.time() - self._behind

    def reset(self) -> None:
        """Stop all executions and delete all state machines."""
        for machine in self._server.call("ListStateMachines", {})["stateMachines"]:
            arn = machine["stateMachineArn"]
            if machine["type"] == "STANDARD":
                running = {"stateMachineArn": arn, "statusFilter": "RUNNING"}
                for execution in self._server.call("ListExecutions", running)["executions"]:
                    self._server.call("StopExecution", {"executionArn": execution["executionArn"]})
            self._server.call("DeleteStateMachine", {"stateMachineArn": arn})

    def start_execution(
        self, machine_arn: str, input: str = "{}", *, name: str | None = None, seconds_ago: float = 0.0
    ) -> str:
        """Start an execution, as if some seconds ago. Gives its ARN."""
        request = {"stateMachineArn": machine_arn, "input": input} | ({} if name is None else {"name": name})
        self._behind = seconds_ago
        try:
            return str(self._server.call("StartExecution", request)["executionArn"])
        finally:
            self._behind = 0.0

    def task_token(self, execution_arn: str) -> str:
        """Wait until an execution of `PENDING` has its task token, and give it."""
        end = time.monotonic() + 10
        while True:
            for event in self.find_execution(execution_arn, wait=False).events:
                if event["type"] == "TaskScheduled":
                    parameters = json.loads(event["taskScheduledEventDetails"]["parameters"])
                    return str(parameters["MessageBody"]["Token"])
            assert time.monotonic() < end, f"{execution_arn} has no task token"
            time.sleep(0.002)

    def end_execution(
        self, execution_arn: str, status: str, *, output: str = "{}", error: str = "Orders.Bad", cause: str = "no stock"
    ) -> None:
        """End an execution of `PENDING`, as its worker, its timeout or a user does.

        Args:
            execution_arn: the execution.
            status: how it ends: ``TIMED_OUT`` in virtual time alone, where its hour is over at once.
            output: its output as JSON text, where it has SUCCEEDED.
            error: its error, where it has FAILED or ABORTED.
            cause: the cause of that.
        """
        failure = {"error": error, "cause": cause}
        if status == "ABORTED":
            self._server.call("StopExecution", {"executionArn": execution_arn, **failure})
        else:
            token = {"taskToken": self.task_token(execution_arn)}
            failure = failure if status == "FAILED" else {"error": NEVER_DONE}
            if status == "SUCCEEDED":
                self._server.call("SendTaskSuccess", {**token, "output": output})
            else:
                self._server.call("SendTaskFailure", {**token, **failure})
        self.assert_execution(execution_arn, status=status)


@pytest.fixture(scope="session")
def virtual_time_step_functions() -> Iterator[SharedStepFunctions]:
    """The server whose executions wait for nothing but their workers."""
    with SharedStepFunctions("virtual") as server:
        yield server


@pytest.fixture(scope="session")
def real_time_step_functions() -> Iterator[SharedStepFunctions]:
    """The server whose executions take their time; tasks of a real Airflow call it."""
    with SharedStepFunctions("real") as server:
        yield server


@pytest.fixture
def stepfunctions(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> SharedStepFunctions:
    """The server, empty, and all AWS clients of the process led to it; it stands for the fixture of the pytest plugin.

    Time is virtual, or real for ``@pytest.mark.stepfunctions(time="real")``. A server of its own for each test, which
    the plugin's fixture starts, takes a fifth of a second to end.
    """
    marker = request.node.get_closest_marker("stepfunctions")
    mode = "virtual" if marker is None else marker.kwargs["time"]
    server: SharedStepFunctions = request.getfixturevalue(f"{mode}_time_step_functions")
    server.reset()
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    return server


@pytest.fixture
def pending_machine(stepfunctions: SharedStepFunctions) -> str:
    """The ARN of a state machine whose executions run until a test ends them; its name is ``Machine``."""
    return stepfunctions.create_state_machine(PENDING, name="Machine")
