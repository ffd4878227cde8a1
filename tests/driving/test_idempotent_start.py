"""Starting an execution once, whatever happened before."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sfn_provider._compat import AirflowFailException
from sfn_provider.driving.idempotent_start import StartRequest, redrive_execution_once, start_execution_once
from sfn_provider.executions.aws_errors import CALL_TRIES
from sfn_provider.hooks.step_function import StepFunctionHook
from tests.aws.local_step_functions import SharedStepFunctions
from tests.aws.scripted import ScriptedAws
from tests.aws.server import NO_RESPONSE, ErrorResponse

MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:Orders"
ARN = "arn:aws:states:us-east-1:123456789012:execution:Orders:one"


End = Callable[[str, str], None]


@pytest.fixture
def request_once(pending_machine: str) -> StartRequest:
    """A request for a machine that exists."""
    return StartRequest(pending_machine, "one", {"n": 1}, "new_name", None)


@pytest.fixture
def names(stepfunctions: SharedStepFunctions, request_once: StartRequest) -> Callable[[], set[str]]:
    """Gives the names of all executions."""

    def listed() -> set[str]:
        list_executions = stepfunctions.client.get_paginator("list_executions")
        pages = list_executions.paginate(stateMachineArn=request_once.state_machine_arn)
        return {execution["name"] for page in pages for execution in page["executions"]}

    return listed


@pytest.fixture
def end_execution(stepfunctions: SharedStepFunctions) -> Callable[..., None]:
    """Ends an execution; leaves it as it is where it is to be ``RUNNING``."""

    def end(arn: str, status: str) -> None:
        if status != "RUNNING":
            stepfunctions.end_execution(arn, status)

    return end


INPUTS = pytest.mark.parametrize("value", [{"n": 1}, {"n": 2}], ids=["same input", "other input"])


@pytest.mark.parametrize("status", ["RUNNING", "SUCCEEDED"])
@INPUTS
def test_a_second_try_takes_the_execution_over(
    request_once: StartRequest, names: Callable[[], set[str]], end_execution: End, status: str, value: Any
) -> None:
    first = start_execution_once(StepFunctionHook(), request_once)
    end_execution(first, status)
    assert start_execution_once(StepFunctionHook(), replace(request_once, input=value)) == first
    assert names() == {"one"}


@INPUTS
def test_a_second_try_takes_an_execution_over_that_is_about_to_be_redriven(
    scripted_aws: ScriptedAws, value: Any
) -> None:
    scripted_aws.script("StartExecution", ErrorResponse("ExecutionAlreadyExists"))
    pending = described("PENDING_REDRIVE") | {"input": '{"n": 1}', "name": "one"}
    scripted_aws.script("DescribeExecution", pending)
    assert start_execution_once(StepFunctionHook(), StartRequest(MACHINE, "one", value, "new_name", None)) == ARN
    assert len(scripted_aws.bodies("StartExecution")) == 1


@pytest.mark.parametrize("status", ["RUNNING", "SUCCEEDED", "FAILED"])
def test_the_first_try_takes_over_what_has_its_input_alone(
    request_once: StartRequest, end_execution: End, status: str
) -> None:
    first = start_execution_once(StepFunctionHook(), request_once)
    end_execution(first, status)
    again = replace(request_once, input='{"n": 1.0}', first_try=True)
    assert start_execution_once(StepFunctionHook(), again) == (first if status != "FAILED" else f"{first}-2")
    with pytest.raises(AirflowFailException, match=r"one started at .*, with another input: .*map_index"):
        start_execution_once(StepFunctionHook(), replace(again, input={"n": 2}))


@pytest.mark.parametrize("status", ["FAILED", "TIMED_OUT", "ABORTED"])
def test_a_failed_execution_is_followed_by_one_of_another_name(
    request_once: StartRequest, names: Callable[[], set[str]], end_execution: End, status: str
) -> None:
    for _ in range(3):
        last = start_execution_once(StepFunctionHook(), request_once)
        end_execution(last, status)
    assert names() == {"one", "one-2", "one-3"}


def test_the_follower_is_taken_over_as_well(
    request_once: StartRequest, names: Callable[[], set[str]], end_execution: End
) -> None:
    end_execution(start_execution_once(StepFunctionHook(), request_once), "FAILED")
    second = start_execution_once(StepFunctionHook(), request_once)
    assert start_execution_once(StepFunctionHook(), request_once) == second
    assert names() == {"one", "one-2"}


def test_a_failed_execution_can_be_final(
    request_once: StartRequest, names: Callable[[], set[str]], end_execution: End
) -> None:
    request = replace(request_once, on_failed_execution="fail")
    end_execution(start_execution_once(StepFunctionHook(), request), "FAILED")
    with pytest.raises(AirflowFailException, match=r"Orders\.Bad: no stock"):
        start_execution_once(StepFunctionHook(), request)
    assert names() == {"one"}


def test_a_name_of_an_earlier_run_is_not_taken_over(request_once: StartRequest, end_execution: End) -> None:
    arn = start_execution_once(StepFunctionHook(), request_once)
    end_execution(arn, "SUCCEEDED")
    started = StepFunctionHook().describe_execution(arn)["startDate"]
    with pytest.raises(AirflowFailException, match="before this DAG run"):
        start_execution_once(StepFunctionHook(), replace(request_once, not_before=started + timedelta(hours=24)))
    earlier = replace(request_once, not_before=started - timedelta(seconds=1))
    assert start_execution_once(StepFunctionHook(), earlier) == arn


def test_another_error_is_none_of_this(request_once: StartRequest) -> None:
    with pytest.raises(ClientError, match="StateMachineDoesNotExist"):
        start_execution_once(StepFunctionHook(), replace(request_once, state_machine_arn=MACHINE))


def test_a_missing_permission_to_start_is_named(scripted_aws: ScriptedAws) -> None:
    scripted_aws.script("StartExecution", ErrorResponse("AccessDeniedException"))
    with pytest.raises(AirflowFailException, match="states:StartExecution"):
        start_execution_once(StepFunctionHook(), StartRequest(MACHINE, "one", None, "new_name", None))


def described(status: str) -> dict[str, Any]:
    """Make the answer of DescribeExecution."""
    return {"executionArn": ARN, "status": status, "startDate": 1.0}


REDRIVE = StartRequest(MACHINE, "one", None, "redrive", None)


def test_a_failed_execution_can_be_redriven(scripted_aws: ScriptedAws) -> None:
    scripted_aws.script("StartExecution", ErrorResponse("ExecutionAlreadyExists"))
    scripted_aws.script("DescribeExecution", described("FAILED"))
    scripted_aws.script("RedriveExecution", {"redriveDate": 2.0})
    request = replace(REDRIVE)
    assert start_execution_once(StepFunctionHook(), request) == ARN
    assert request.found_again
    assert scripted_aws.actions() == ["StartExecution", "DescribeExecution", "RedriveExecution"]


def test_what_cannot_be_redriven_says_why(scripted_aws: ScriptedAws) -> None:
    scripted_aws.script("StartExecution", ErrorResponse("ExecutionAlreadyExists"))
    scripted_aws.script("DescribeExecution", described("FAILED"))
    scripted_aws.script("RedriveExecution", ErrorResponse("ExecutionNotRedrivable", "more than 14 days"))
    with pytest.raises(AirflowFailException, match=r"cannot be redriven: .*more than 14 days"):
        start_execution_once(StepFunctionHook(), REDRIVE)


@pytest.mark.parametrize("status", ["RUNNING", "SUCCEEDED"])
def test_a_redrive_is_not_repeated(scripted_aws: ScriptedAws, status: str) -> None:
    scripted_aws.script("RedriveExecution", ErrorResponse("ExecutionNotRedrivable"))
    scripted_aws.script("DescribeExecution", described(status))
    assert redrive_execution_once(StepFunctionHook(), MACHINE, "one") == ARN


def test_a_redrive_that_aws_refuses_says_why(scripted_aws: ScriptedAws) -> None:
    scripted_aws.script("RedriveExecution", ErrorResponse("ExecutionNotRedrivable", "too many events"))
    scripted_aws.script("DescribeExecution", described("FAILED"))
    with pytest.raises(AirflowFailException, match=r"is FAILED and cannot be redriven: .*too many events"):
        redrive_execution_once(StepFunctionHook(), MACHINE, "one")


ANEW = replace(REDRIVE, name="made", on_not_redrivable="new_execution")


def test_a_refused_redrive_says_the_reason_that_aws_gives(scripted_aws: ScriptedAws) -> None:
    scripted_aws.script("RedriveExecution", ErrorResponse("ExecutionNotRedrivable"))
    reason = {"redriveStatus": "NOT_REDRIVABLE", "redriveStatusReason": "Execution history limit exceeded"}
    scripted_aws.script("DescribeExecution", described("FAILED") | reason)
    with pytest.raises(AirflowFailException, match=r"cannot be redriven: Execution history limit exceeded$"):
        redrive_execution_once(StepFunctionHook(), MACHINE, "one")


def test_where_aws_refuses_to_redrive_another_execution_may_start(scripted_aws: ScriptedAws) -> None:
    scripted_aws.script("RedriveExecution", ErrorResponse("ExecutionNotRedrivable"))
    scripted_aws.script("DescribeExecution", described("TIMED_OUT"))
    assert redrive_execution_once(StepFunctionHook(), MACHINE, "one", "new_execution") is None
    assert scripted_aws.actions() == ["RedriveExecution", "DescribeExecution"]


def test_a_retry_that_cannot_redrive_may_start_the_next_name(scripted_aws: ScriptedAws) -> None:
    new = {"executionArn": "new", "startDate": time.time() + 1}
    scripted_aws.script("StartExecution", ErrorResponse("ExecutionAlreadyExists"), new)
    scripted_aws.script("RedriveExecution", ErrorResponse("ExecutionNotRedrivable"))
    scripted_aws.script("DescribeExecution", described("FAILED"))
    request = replace(ANEW)
    assert start_execution_once(StepFunctionHook(), request) == "new"
    assert not request.found_again
    assert [body["name"] for body in scripted_aws.bodies("StartExecution")] == ["made", "made-2"]


@pytest.mark.parametrize(
    "error",
    [
        ErrorResponse("ThrottlingException"),
        ErrorResponse("x", status=503),
        ErrorResponse("ExpiredTokenException"),
        NO_RESPONSE,
    ],
    ids=["throttled", "503", "expired", "dropped"],
)
def test_a_start_outlasts_errors_under_one_name(scripted_aws: ScriptedAws, error: Any) -> None:
    scripted_aws.script("StartExecution", error, error, {"executionArn": ARN, "startDate": 1.0})
    assert start_execution_once(StepFunctionHook(), REDRIVE) == ARN
    assert {body["name"] for body in scripted_aws.bodies("StartExecution")} == {"one"}


def test_a_start_has_an_end_to_its_patience(scripted_aws: ScriptedAws) -> None:
    scripted_aws.script("StartExecution", ErrorResponse("ThrottlingException"))
    with pytest.raises(ClientError, match="ThrottlingException"):
        start_execution_once(StepFunctionHook(), REDRIVE)
    assert len(scripted_aws.calls) == CALL_TRIES
