"""The trigger, over HTTP, on an event loop of its own."""

from __future__ import annotations

import asyncio
import importlib
import logging
import re
import time
from types import SimpleNamespace
from typing import Any

import pytest

from sfn_provider._compat import AirflowException, AirflowFailException
from sfn_provider.executions.trigger_events import validate_event
from sfn_provider.hooks.step_function import StepFunctionHook
from sfn_provider.triggers.step_function import StepFunctionsExecutionCompleteTrigger
from tests.aws.local_step_functions import SharedStepFunctions
from tests.aws.scripted import ScriptedAws
from tests.aws.server import NO_RESPONSE, PARTIAL_RESPONSE, ErrorResponse

ARN = "arn:aws:states:us-east-1:123456789012:execution:Orders:one"
RUNNING = {"executionArn": ARN, "status": "RUNNING", "startDate": 1.0}
PENDING = RUNNING | {"status": "PENDING_REDRIVE"}
SUCCEEDED = RUNNING | {"status": "SUCCEEDED", "stopDate": 2.0}


def trigger_of(arn: str = ARN, **arguments: Any) -> StepFunctionsExecutionCompleteTrigger:
    """Make the trigger, with looks that follow each other at once."""
    defaults = {"waiter_delay": 0, "aws_conn_id": "aws_default", "botocore_config": {"retries": {"max_attempts": 0}}}
    return StepFunctionsExecutionCompleteTrigger(execution_arn=arn, **(defaults | arguments))


def events_of(trigger: StepFunctionsExecutionCompleteTrigger) -> list[Any]:
    """Run the trigger to its end. Gives the payloads of its events."""

    async def collect() -> list[Any]:
        return [event.payload async for event in trigger.run()]

    return asyncio.run(collect())


def test_it_survives_serialisation() -> None:
    path, arguments = trigger_of(waiter_max_attempts=4, verify=False, target_states=("FAILED",)).serialize()
    module, _, name = path.rpartition(".")
    again = getattr(importlib.import_module(module), name)(**arguments)
    assert again.serialize() == (path, arguments)
    assert path == "sfn_provider.triggers.step_function.StepFunctionsExecutionCompleteTrigger"


def test_only_what_was_given_is_stored() -> None:
    trigger = StepFunctionsExecutionCompleteTrigger(
        execution_arn=ARN, waiter_delay=10, waiter_max_attempts=5, aws_conn_id="aws", verify=False
    )
    stored = {"execution_arn": ARN, "waiter_delay": 10, "waiter_max_attempts": 5, "aws_conn_id": "aws"}
    assert trigger.serialize()[1] == stored | {"verify": False}


def test_the_hook_can_be_replaced_in_the_module(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sfn_provider.triggers.step_function.StepFunctionHook", SimpleNamespace)
    hook = trigger_of(verify="ca.pem", region_name="eu-west-1", botocore_config=None).hook()
    arguments = {"aws_conn_id": "aws_default", "region_name": "eu-west-1", "verify": "ca.pem", "config": None}
    assert vars(hook) == arguments | {"arn_region": "us-east-1"}


def test_the_log_tells_begin_and_end(scripted_aws: ScriptedAws, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    scripted_aws.script("DescribeExecution", SUCCEEDED)
    trigger = trigger_of()
    trigger._log = logging.getLogger("trigger")
    events_of(trigger)
    names = ("sfn_provider.triggers.step_function", "trigger")
    lines = [record.getMessage() for record in caplog.records if record.name in names]
    begin = f"Waiting for execution {ARN}, in the console: https://console.aws.amazon.com/states/home"
    assert lines[0].startswith(begin)
    assert [line.split(" waited for ")[0] for line in lines[1:]] == [f"{ARN} is SUCCEEDED;"]


@pytest.mark.parametrize("seconds", [-60.0, 0.5], ids=["over", "soon"])
def test_a_deadline_ends_the_wait(scripted_aws: ScriptedAws, seconds: float) -> None:
    scripted_aws.script("DescribeExecution", RUNNING)
    [event] = events_of(trigger_of(waiter_delay=0.1, deadline=time.time() + seconds))
    message = f"Execution {ARN} has not ended before the deadline; it goes on."
    assert event == {"status": "timeout", "execution_arn": ARN, "message": message}


@pytest.mark.parametrize(
    ("response", "outcome"),
    [({"stopDate": 1.0}, "it was stopped"), (ErrorResponse("AccessDeniedException"), "it could not be stopped: .*")],
)
def test_at_the_deadline_the_execution_is_stopped(scripted_aws: ScriptedAws, response: Any, outcome: str) -> None:
    scripted_aws.script("DescribeExecution", RUNNING)
    scripted_aws.script("StopExecution", response)
    [event] = events_of(trigger_of(deadline=time.time() - 1, stop_on_kill=True))
    assert event["status"] == "timeout"
    assert re.search(f"before the deadline; {outcome}", event["message"])
    assert scripted_aws.bodies("StopExecution")[0]["error"] == "Airflow.TaskKilled"


@pytest.mark.parametrize("status", ["SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"])
def test_every_end_of_an_execution_is_one_event(
    stepfunctions: SharedStepFunctions, pending_machine: str, status: str
) -> None:
    arn = stepfunctions.start_execution(pending_machine)
    stepfunctions.end_execution(arn, status)
    assert events_of(trigger_of(arn)) == [{"status": "success", "execution_arn": arn, "execution_status": status}]


@pytest.mark.stepfunctions(time="real")
def test_it_waits_for_a_machine_that_really_runs(stepfunctions: SharedStepFunctions) -> None:
    pause = {"StartAt": "Pause", "States": {"Pause": {"Type": "Wait", "Seconds": 1, "End": True}}}
    arn = stepfunctions.start_execution(stepfunctions.create_state_machine(pause))
    [event] = events_of(trigger_of(arn, waiter_delay=0.1))
    assert event["execution_status"] == "SUCCEEDED"


def test_it_polls_without_data_while_the_execution_goes_on(scripted_aws: ScriptedAws) -> None:
    scripted_aws.script("DescribeExecution", RUNNING, PENDING, RUNNING, SUCCEEDED)
    assert len(events_of(trigger_of())) == 1
    assert scripted_aws.bodies("DescribeExecution") == [{"executionArn": ARN, "includedData": "METADATA_ONLY"}] * 4


def test_a_status_that_is_waited_for_ends_the_wait(scripted_aws: ScriptedAws) -> None:
    scripted_aws.script("DescribeExecution", RUNNING, PENDING)
    [event] = events_of(trigger_of(target_states=["PENDING_REDRIVE"]))
    assert event["execution_status"] == "PENDING_REDRIVE"


@pytest.mark.parametrize(
    "error",
    [
        ErrorResponse("ThrottlingException"),
        ErrorResponse("InternalServerError", status=500),
        ErrorResponse("x", status=503),
        ErrorResponse("ExpiredTokenException"),
        ErrorResponse("ExecutionDoesNotExist"),
        NO_RESPONSE,
        PARTIAL_RESPONSE,
    ],
    ids=["throttled", "500", "503", "expired", "not there yet", "dropped", "cut off"],
)
def test_it_outlasts_an_error(scripted_aws: ScriptedAws, error: Any) -> None:
    scripted_aws.script("DescribeExecution", error, RUNNING, error, error, error, SUCCEEDED)
    assert [event["status"] for event in events_of(trigger_of())] == ["success"]


def test_expired_credentials_are_read_anew(scripted_aws: ScriptedAws, monkeypatch: pytest.MonkeyPatch) -> None:
    scripted_aws.script(
        "DescribeExecution", ErrorResponse("ExpiredTokenException"), ErrorResponse("x", status=503), SUCCEEDED
    )
    trigger = trigger_of()
    hooks: list[Any] = []

    def counted() -> Any:
        hooks.append(StepFunctionHook(config={"retries": {"max_attempts": 0}}))
        return hooks[-1]

    monkeypatch.setattr(trigger, "hook", counted)
    assert [event["status"] for event in events_of(trigger)] == ["success"]
    assert len(hooks) == 2


def test_a_missing_permission_ends_the_wait_for_good(scripted_aws: ScriptedAws) -> None:
    scripted_aws.script("DescribeExecution", ErrorResponse("AccessDeniedException"))
    [event] = events_of(trigger_of())
    assert (event["status"], event["execution_arn"], event["final"]) == ("error", ARN, True)
    assert "states:DescribeExecution" in event["message"]
    with pytest.raises(AirflowFailException, match="states:DescribeExecution"):
        validate_event(event)


def test_an_execution_that_never_was_ends_the_wait(scripted_aws: ScriptedAws) -> None:
    scripted_aws.script("DescribeExecution", ErrorResponse("ExecutionDoesNotExist", "no such execution"))
    [event] = events_of(trigger_of())
    assert (event["status"], event["final"]) == ("error", True)
    with pytest.raises(AirflowException, match="no such execution"):
        validate_event(event)


def test_it_has_as_many_looks_as_asked_for(scripted_aws: ScriptedAws) -> None:
    scripted_aws.script("DescribeExecution", RUNNING)
    [event] = events_of(trigger_of(waiter_max_attempts=3, waiter_delay=0.2))
    assert len(scripted_aws.calls) == 3
    assert "RUNNING after 3 looks" in event["message"]


@pytest.mark.parametrize("stop", [True, False])
def test_kill_stops_the_execution(stepfunctions: SharedStepFunctions, pending_machine: str, stop: bool) -> None:
    arn = stepfunctions.start_execution(pending_machine)
    asyncio.run(trigger_of(arn, stop_on_kill=stop).on_kill())
    stepfunctions.assert_execution(arn, status="ABORTED" if stop else "RUNNING")


def test_no_event_is_an_error() -> None:
    with pytest.raises(AirflowException, match="without an event"):
        validate_event(None)
