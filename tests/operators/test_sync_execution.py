"""Express executions in one call, over HTTP."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from sfn_provider._compat import AirflowFailException
from sfn_provider.executions.outcomes import StepFunctionExecutionFailed
from sfn_provider.hooks.step_function import StepFunctionHook
from sfn_provider.operators.step_function import StepFunctionStartSyncExecutionOperator
from tests.aws.scripted import ScriptedAws
from tests.aws.server import NO_RESPONSE, ErrorResponse
from tests.fixtures.airflow.task_contexts import context_of

MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:Quote"
ARN = "arn:aws:states:us-east-1:123456789012:express:Quote:one:4f5a"
BILLED = {"billedMemoryUsedInMB": 64, "billedDurationInMilliseconds": 100}
DONE = {
    "executionArn": ARN,
    "stateMachineArn": MACHINE,
    "name": "one",
    "startDate": 1.0,
    "stopDate": 2.0,
    "status": "SUCCEEDED",
    "output": '{"price": 7}',
    "billingDetails": BILLED,
}


def run(**arguments: Any) -> tuple[Any, dict[str, Any]]:
    """Run the operator. Gives the result and the XComs."""
    operator = StepFunctionStartSyncExecutionOperator(task_id="quote", **({"state_machine_arn": MACHINE} | arguments))
    context = context_of(operator)
    return operator.execute(context), context["ti"].xcoms


def test_the_output_is_the_result(
    scripted_aws: ScriptedAws, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(StepFunctionStartSyncExecutionOperator, "log", logging.getLogger("task"))
    scripted_aws.script("StartSyncExecution", DONE)
    result, xcoms = run(state_machine_input={"sku": "a"})
    assert result == {"price": 7}
    assert f"{ARN} ended as SUCCEEDED after 1 s" in caplog.text
    [body] = scripted_aws.bodies("StartSyncExecution")
    assert f"Running execution {body['name']} of state machine {MACHINE}" in caplog.text
    assert {key: value for key, value in xcoms.items() if not key.startswith("_")} == {
        "execution_arn": ARN,
        "execution_name": "one",
        "execution_start_date": "1970-01-01T00:00:01+00:00",
        "execution_stop_date": "1970-01-01T00:00:02+00:00",
        "billing_details": BILLED,
    }
    assert xcoms["_state_machine_executions_details"]["start_date"] == 1000
    assert (body["stateMachineArn"], body["input"]) == (MACHINE, '{"sku": "a"}')
    assert body["name"].startswith("nightly-quote-")


def test_a_name_with_a_run_id_is_one_that_aws_permits(scripted_aws: ScriptedAws) -> None:
    scripted_aws.script("StartSyncExecution", DONE)
    run(name="quote-manual__2025-03-15T02:00:00+00:00")
    [body] = scripted_aws.bodies("StartSyncExecution")
    assert body["name"] == "quote-manual__2025-03-15T02-00-00+00-00"


@pytest.mark.parametrize("status", ["FAILED", "TIMED_OUT"])
def test_an_execution_that_does_not_succeed(scripted_aws: ScriptedAws, status: str) -> None:
    told = {"status": status, "error": "Quote.Unknown", "cause": "no such sku", "input": '{"sku": "b"}'}
    scripted_aws.script("StartSyncExecution", {key: DONE[key] for key in DONE if key != "output"} | told)
    with pytest.raises(StepFunctionExecutionFailed) as failure:
        run(name="one")
    assert str(failure.value) == (
        f"Execution {ARN} ended as {status}: Quote.Unknown: no such sku\n"
        'The state\'s input: {"sku": "b"}\n'
        "AWS keeps no history of an Express execution: which state failed stands in its logs in CloudWatch."
    )


@pytest.mark.parametrize("error", [ErrorResponse("ThrottlingException"), ErrorResponse("ExpiredTokenException")])
def test_what_aws_refuses_is_asked_again(scripted_aws: ScriptedAws, error: ErrorResponse) -> None:
    scripted_aws.script("StartSyncExecution", error, error, DONE)
    assert run()[0] == {"price": 7}


@pytest.mark.parametrize("error", [NO_RESPONSE, ErrorResponse("InternalServerError", status=500)], ids=["lost", "500"])
def test_a_lost_answer_starts_no_second_execution(
    scripted_aws: ScriptedAws, monkeypatch: pytest.MonkeyPatch, error: Any
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "5")
    scripted_aws.script("StartSyncExecution", error)
    with pytest.raises(Exception, match=r"Connection|InternalServerError"):
        run()
    assert scripted_aws.actions() == ["StartSyncExecution"]


@pytest.mark.parametrize("arn", [f" {MACHINE} ", ARN, "Quote"])
def test_an_arn_of_no_state_machine_never_reaches_aws(scripted_aws: ScriptedAws, arn: str) -> None:
    with pytest.raises(AirflowFailException, match=r"quote: state_machine_arn: '.*' is not the ARN of a state machine"):
        run(state_machine_arn=arn)
    assert scripted_aws.calls == []


def test_a_standard_machine_is_told_of_the_other_operator(scripted_aws: ScriptedAws) -> None:
    scripted_aws.script("StartSyncExecution", ErrorResponse("StateMachineTypeNotSupported"))
    with pytest.raises(AirflowFailException, match="is no Express state machine: use StepFunctionStartExecutionOper"):
        run()


def test_an_input_that_is_too_large_never_reaches_aws(scripted_aws: ScriptedAws) -> None:
    with pytest.raises(AirflowFailException, match="quote: state_machine_input: 262,"):
        run(state_machine_input=["x" * 262_144])
    assert scripted_aws.calls == []


def test_a_missing_permission_names_the_action(scripted_aws: ScriptedAws) -> None:
    scripted_aws.script("StartSyncExecution", ErrorResponse("AccessDeniedException"))
    with pytest.raises(AirflowFailException, match="states:StartSyncExecution"):
        run()


def test_aws_is_asked_at_the_endpoint_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no endpoint is given, the call goes to ``sync-states``."""
    seen: list[str] = []

    class Sent(Exception):
        """Takes the place of the connection."""

    def send(self: Any, request: Any) -> None:
        seen.append(request.url)
        raise Sent

    monkeypatch.setattr("botocore.httpsession.URLLib3Session.send", send)
    with pytest.raises(Sent):
        StepFunctionHook(arn=MACHINE).start_sync_execution(MACHINE)
    assert seen == ["https://sync-states.us-east-1.amazonaws.com/"]
