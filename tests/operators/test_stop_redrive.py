"""Stopping and redriving executions, over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from sfn_provider._compat import AirflowFailException, AirflowTaskTimeout, TaskDeferred
from sfn_provider.executions.outcomes import StepFunctionExecutionFailed
from sfn_provider.operators.step_function import (
    StepFunctionDescribeExecutionOperator,
    StepFunctionRedriveExecutionOperator,
    StepFunctionStopExecutionOperator,
)
from tests.aws.local_step_functions import SharedStepFunctions
from tests.aws.scripted import ScriptedAws
from tests.aws.server import ErrorResponse
from tests.fixtures.airflow.task_contexts import context_of

MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:Orders"
ARN = "arn:aws:states:us-east-1:123456789012:execution:Orders:one"
EXPRESS_ARN = "arn:aws:states:us-east-1:123456789012:express:Orders:one:4f5a"
RUNNING = {"executionArn": ARN, "stateMachineArn": MACHINE, "status": "RUNNING", "startDate": 1.0}
SUCCEEDED = RUNNING | {"status": "SUCCEEDED", "stopDate": 2.0, "output": '{"n": [1]}'}
FAILED = RUNNING | {"status": "FAILED", "stopDate": 2.0, "error": "Orders.Bad", "input": '{"day": 1}'}
NOT_REDRIVABLE = {"redriveStatus": "NOT_REDRIVABLE", "redriveStatusReason": "too old"}


@pytest.fixture
def running(stepfunctions: SharedStepFunctions, pending_machine: str) -> str:
    """An execution that runs."""
    return stepfunctions.start_execution(pending_machine, name="one")


def stop(arn: str, **arguments: Any) -> Any:
    """Stop an execution. Gives the task's result."""
    operator = StepFunctionStopExecutionOperator(task_id="stop", execution_arn=arn, **arguments)
    return operator.execute(context_of(operator))


def test_a_running_execution_is_stopped(stepfunctions: SharedStepFunctions, running: str) -> None:
    assert stop(running, error="Nightly.Cancelled", cause="The file never came") == "ABORTED"
    stepfunctions.assert_execution(running, status="ABORTED", error="Nightly.Cancelled", cause="The file never came")


def test_what_a_stopped_execution_shows(scripted_aws: ScriptedAws) -> None:
    scripted_aws.script("StopExecution", ErrorResponse("ThrottlingException"), {"stopDate": 2.0})
    scripted_aws.script("DescribeExecution", FAILED | {"status": "ABORTED"})
    assert stop(ARN, error="Nightly.Cancelled", cause="The file never came") == "ABORTED"
    assert scripted_aws.bodies("StopExecution")[-1] == {
        "executionArn": ARN,
        "error": "Nightly.Cancelled",
        "cause": "The file never came",
    }


def test_stopping_what_has_ended_tells_how_it_ended(scripted_aws: ScriptedAws) -> None:
    scripted_aws.script("StopExecution", {"stopDate": 2.0})
    scripted_aws.script("DescribeExecution", SUCCEEDED)
    assert stop(ARN) == "SUCCEEDED"


def redrive_operator(arn: str = ARN, **arguments: Any) -> StepFunctionRedriveExecutionOperator:
    """Make the operator, with looks that follow each other at once."""
    return StepFunctionRedriveExecutionOperator(
        task_id="redrive", execution_arn=arn, **({"waiter_delay": 0} | arguments)
    )


@pytest.fixture
def redriven(scripted_aws: ScriptedAws) -> ScriptedAws:
    """A server on which an execution is redriven, and succeeds at the second look."""
    scripted_aws.script("RedriveExecution", {"redriveDate": 1.0})
    scripted_aws.script("DescribeExecution", RUNNING, SUCCEEDED)
    scripted_aws.script("StopExecution", {"stopDate": 2.0})
    return scripted_aws


def test_a_redriven_executions_arn_is_the_result(redriven: ScriptedAws) -> None:
    operator = redrive_operator()
    context = context_of(operator)
    assert operator.execute(context) == ARN
    assert context["ti"].xcoms["execution_arn"] == ARN
    assert context["ti"].xcoms["execution_stop_date"] == "1970-01-01T00:00:02+00:00"


def test_a_redrive_without_waiting(redriven: ScriptedAws) -> None:
    operator = redrive_operator(wait_for_completion=False)
    assert operator.execute(context_of(operator)) == ARN
    assert redriven.actions() == ["RedriveExecution"]


def test_a_redrive_waits_in_the_triggerer(redriven: ScriptedAws) -> None:
    operator = redrive_operator(deferrable=True)
    context = context_of(operator)
    with pytest.raises(TaskDeferred) as deferral:
        operator.execute(context)
    assert deferral.value.trigger.execution_arn == ARN
    event = {"status": "success", "execution_arn": ARN, "execution_status": "SUCCEEDED"}
    assert redrive_operator(deferrable=True).execute_complete(context, event) == ARN


def test_a_timeout_stops_the_execution_that_was_started_instead_of_a_redrive(redriven: ScriptedAws) -> None:
    new = {"executionArn": f"{ARN}-new", "status": "RUNNING", "startDate": 1.0}
    redriven.script("DescribeExecution", FAILED, new, ErrorResponse("ExecutionDoesNotExist"))
    redriven.script("StopExecution", {"stopDate": 2.0})
    operator = redrive_operator(on_not_redrivable="new_execution", do_xcom_push=False, deferrable=True)
    with pytest.raises(AirflowTaskTimeout, match=r"nightly-redrive.* was stopped"):
        operator.resume_execution("__fail__", {"error": "Trigger timeout"}, context_of(operator))
    [stopped] = redriven.bodies("StopExecution")
    assert ":execution:Orders:nightly-redrive-" in stopped["executionArn"]


def test_a_killed_redrive_stops_the_execution(redriven: ScriptedAws) -> None:
    operator = redrive_operator(wait_for_completion=False)
    operator.execute(context_of(operator))
    operator.on_kill()
    assert [body["executionArn"] for body in redriven.bodies("StopExecution")] == [ARN]


def test_an_execution_that_fails_again(redriven: ScriptedAws) -> None:
    redriven.script("DescribeExecution", FAILED)
    redriven.script("GetExecutionHistory", {"events": []})
    operator = redrive_operator()
    with pytest.raises(StepFunctionExecutionFailed, match=r"ended as FAILED: Orders\.Bad"):
        operator.execute(context_of(operator))


@pytest.mark.parametrize("deferrable", [False, True])
def test_what_has_succeeded_is_not_redriven(redriven: ScriptedAws, deferrable: bool) -> None:
    redriven.script("RedriveExecution", ErrorResponse("ExecutionNotRedrivable"))
    redriven.script("DescribeExecution", SUCCEEDED)
    operator = redrive_operator(deferrable=deferrable)
    assert operator.execute(context_of(operator)) == ARN


def test_what_cannot_be_redriven_says_why(redriven: ScriptedAws) -> None:
    redriven.script("RedriveExecution", ErrorResponse("ExecutionNotRedrivable"))
    redriven.script("DescribeExecution", FAILED | NOT_REDRIVABLE)
    operator = redrive_operator()
    with pytest.raises(AirflowFailException, match=r"one is FAILED and cannot be redriven: too old$"):
        operator.execute(context_of(operator))


@pytest.mark.parametrize(
    ("fields", "machine"),
    [
        ({}, MACHINE),
        ({"stateMachineVersionArn": f"{MACHINE}:3"}, f"{MACHINE}:3"),
        ({"stateMachineVersionArn": f"{MACHINE}:3", "stateMachineAliasArn": f"{MACHINE}:live"}, f"{MACHINE}:live"),
    ],
    ids=["machine", "version", "alias"],
)
def test_another_execution_in_place_of_one_that_cannot_be_redriven(
    redriven: ScriptedAws, fields: dict[str, str], machine: str
) -> None:
    redriven.script("RedriveExecution", ErrorResponse("ExecutionNotRedrivable"))
    redriven.script("DescribeExecution", FAILED | NOT_REDRIVABLE | fields)
    redriven.script("StartExecution", {"executionArn": f"{ARN}-new", "startDate": 1.0})
    operator = redrive_operator(on_not_redrivable="new_execution", wait_for_completion=False)
    assert operator.execute(context_of(operator)) == f"{ARN}-new"
    [body] = redriven.bodies("StartExecution")
    assert (body["stateMachineArn"], body["input"]) == (machine, '{"day": 1}')
    assert body["name"].startswith("nightly-redrive-")


def test_an_unknown_word_is_refused_when_the_dag_is_parsed() -> None:
    with pytest.raises(ValueError, match="on_not_redrivable: 'start' is none of fail, new_execution"):
        redrive_operator(on_not_redrivable="start")


@pytest.mark.parametrize(
    "operator_class",
    [
        StepFunctionStopExecutionOperator,
        StepFunctionRedriveExecutionOperator,
        StepFunctionDescribeExecutionOperator,
    ],
)
def test_an_express_execution_is_refused_before_any_call(scripted_aws: ScriptedAws, operator_class: Any) -> None:
    operator = operator_class(task_id="express", execution_arn=EXPRESS_ARN)
    with pytest.raises(AirflowFailException, match=r"express: .* AWS keeps no state of an Express execution"):
        operator.execute(context_of(operator))
    assert scripted_aws.calls == []


@pytest.mark.parametrize(
    ("operator_class", "action"),
    [
        (StepFunctionStopExecutionOperator, "StopExecution"),
        (StepFunctionRedriveExecutionOperator, "RedriveExecution"),
        (StepFunctionDescribeExecutionOperator, "DescribeExecution"),
    ],
)
def test_a_missing_permission_names_the_action(scripted_aws: ScriptedAws, operator_class: Any, action: str) -> None:
    scripted_aws.script(action, ErrorResponse("AccessDeniedException"))
    operator = operator_class(task_id="denied", execution_arn=ARN)
    with pytest.raises(AirflowFailException, match=f"states:{action}"):
        operator.execute(context_of(operator))


def test_the_description_is_json(stepfunctions: SharedStepFunctions, running: str) -> None:
    stepfunctions.end_execution(running, "SUCCEEDED", output='{"n": 1}')
    operator = StepFunctionDescribeExecutionOperator(task_id="describe", execution_arn=running)
    context = context_of(operator)
    description = operator.execute(context)
    assert (description["status"], description["input"], description["output"]) == ("SUCCEEDED", {}, {"n": 1})
    assert description["startDate"] < description["stopDate"]
    assert "ResponseMetadata" not in description
    assert "events" not in context["ti"].xcoms


EVENTS = [{"id": number, "timestamp": 1.0, "type": "PassStateEntered", "previousEventId": 0} for number in range(4)]


def described(scripted_aws: ScriptedAws, **arguments: Any) -> tuple[list[int], bool]:
    """Describe with history: the ids of the events, and whether they are all."""
    scripted_aws.script("DescribeExecution", SUCCEEDED)
    pages = ({"events": EVENTS[:2], "nextToken": "more"}, {"events": EVENTS[2:]})
    scripted_aws.script("GetExecutionHistory", *pages)
    operator = StepFunctionDescribeExecutionOperator(
        task_id="describe", execution_arn=ARN, include_history=True, **arguments
    )
    context = context_of(operator)
    operator.execute(context)
    xcoms = context["ti"].xcoms
    assert {event["timestamp"] for event in xcoms["events"]} <= {"1970-01-01T00:00:01+00:00"}
    return [event["id"] for event in xcoms["events"]], xcoms["events_complete"]


@pytest.mark.parametrize(
    ("arguments", "ids", "complete"),
    [
        ({}, [0, 1], False),
        ({"max_pages": None}, [0, 1, 2, 3], True),
        ({"max_pages": 2}, [0, 1, 2, 3], True),
        ({"max_pages": None, "max_history_bytes": 350}, [0, 1, 2], False),
        ({"max_history_bytes": 0}, [], False),
    ],
    ids=["one page", "all", "two pages", "up to a size", "nothing fits"],
)
def test_the_history_within_limits(
    scripted_aws: ScriptedAws, arguments: dict[str, Any], ids: list[int], complete: bool
) -> None:
    assert described(scripted_aws, **arguments) == (ids, complete)


def test_the_history_from_its_end_and_without_data(scripted_aws: ScriptedAws) -> None:
    described(scripted_aws, reverse_order=True, include_execution_data=False)
    [body] = scripted_aws.bodies("GetExecutionHistory")
    assert body == {
        "executionArn": ARN,
        "reverseOrder": True,
        "maxResults": 1000,
        "includeExecutionData": False,
    }
