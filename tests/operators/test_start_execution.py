"""The operator that starts an execution, one method at a time, over HTTP."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any

import pytest

from sfn_provider._compat import (
    AirflowException,
    AirflowFailException,
    TaskDeferred,
)
from sfn_provider.executions.outcomes import StepFunctionExecutionFailed
from sfn_provider.operators.step_function import (
    StepFunctionStartExecutionOperator,
)
from tests.aws.local_step_functions import PASS_THROUGH, SharedStepFunctions
from tests.aws.scripted import ScriptedAws
from tests.aws.server import NO_RESPONSE, ErrorResponse
from tests.fixtures.airflow.task_contexts import context_of
from tests.fixtures.calls.started_execution import ARN, EXPRESS_ARN, FAILED, MACHINE, RUNNING, SUCCEEDED, start_operator


@pytest.mark.parametrize("return_output", [False, True])
def test_the_arn_is_the_result_unless_the_output_is_asked_for(orders: ScriptedAws, return_output: bool) -> None:
    operator = start_operator(return_output=return_output)
    context = context_of(operator)
    assert operator.execute(context) == ({"n": [1]} if return_output else ARN)
    links = {key: value for key, value in context["ti"].xcoms.items() if key.startswith("_state")}
    shown = {key: value for key, value in context["ti"].xcoms.items() if key.startswith("_link_")}
    assert {key: value for key, value in context["ti"].xcoms.items() if key not in links | shown} == {
        "execution_arn": ARN,
        "execution_name": "one",
        "output": {"n": [1]},
        "execution_start_date": "1970-01-01T00:00:01+00:00",
        "execution_stop_date": "1970-01-01T00:00:02+00:00",
    }
    domain = {"region_name": "us-east-1", "aws_domain": "aws.amazon.com"}
    assert links == {
        "_state_machine_details": domain | {"state_machine_arn": MACHINE},
        "_state_machine_executions_details": domain | {"execution_arn": ARN},
    }


def test_an_output_that_is_asked_for_needs_a_wait() -> None:
    with pytest.raises(ValueError, match="return_output: an execution that is not waited for has no output"):
        start_operator(return_output=True, wait_for_completion=False)


@pytest.mark.parametrize("output", ["null", "{}", "0"])
def test_an_empty_output_is_one(orders: ScriptedAws, output: str) -> None:
    orders.script("DescribeExecution", SUCCEEDED | {"output": output})
    operator = start_operator(return_output=True)
    assert operator.execute(context_of(operator)) == json.loads(output)


def test_an_output_that_aws_withholds_is_not_passed_off_as_the_result(orders: ScriptedAws) -> None:
    without = {key: value for key, value in SUCCEEDED.items() if key != "output"}
    orders.script("DescribeExecution", without)
    operator = start_operator()
    assert operator.execute(context_of(operator)) == ARN
    asking = start_operator(return_output=True)
    with pytest.raises(AirflowException, match=r"return_output: .*one has succeeded, but AWS does not return its out"):
        asking.execute(context_of(asking))


def test_without_waiting_the_arn_is_the_result(orders: ScriptedAws) -> None:
    operator = start_operator(wait_for_completion=False, deferrable=True)
    context = context_of(operator)
    assert operator.execute(context) == ARN
    assert context["ti"].xcoms["execution_arn"] == ARN
    assert orders.actions() == ["StartExecution"]


def test_a_task_that_pushes_no_xcom_pushes_none(orders: ScriptedAws) -> None:
    operator = start_operator(do_xcom_push=False)
    context = context_of(operator)
    operator.execute(context)
    assert context["ti"].xcoms == {}


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        ({"at": datetime(2025, 3, 15, tzinfo=UTC)}, '{"at": "2025-03-15T00:00:00+00:00"}'),
        ('{"a": 1}', '{"a": 1}'),
        ([1], "[1]"),
        (0, "0"),
        (None, None),
    ],
    ids=["dates", "text", "list", "number", "nothing"],
)
def test_input(orders: ScriptedAws, value: Any, sent: str | None) -> None:
    operator = start_operator(state_machine_input=value)
    operator.execute(context_of(operator))
    assert orders.bodies("StartExecution")[0].get("input") == sent


def test_an_input_that_is_too_large_never_reaches_aws(orders: ScriptedAws) -> None:
    operator = start_operator(state_machine_input={"rows": "x" * 262_144})
    with pytest.raises(AirflowFailException, match="start: state_machine_input: 262,156 bytes"):
        operator.execute(context_of(operator))
    assert orders.calls == []


@pytest.mark.parametrize(
    ("status", "cause"),
    [("FAILED", ".*: Orders.Bad: no stock"), ("TIMED_OUT", ""), ("ABORTED", ".*: Orders.Bad: no stock")],
)
def test_an_execution_that_does_not_succeed_fails_the_task_and_says_why(
    stepfunctions: SharedStepFunctions, pending_machine: str, status: str, cause: str
) -> None:
    arn = stepfunctions.start_execution(pending_machine)
    operator = start_operator(pending_machine)
    context = context_of(operator)
    stepfunctions.end_execution(arn, status)
    with pytest.raises(StepFunctionExecutionFailed, match=rf"{arn} ended as {status}{cause}"):
        operator.execute_complete(context, {"status": "success", "execution_arn": arn})
    assert "execution_stop_date" not in context["ti"].xcoms


def test_an_unknown_word_for_failed_executions_is_refused_when_the_dag_is_parsed() -> None:
    with pytest.raises(ValueError, match="'again' is none of new_name, redrive, fail"):
        start_operator(on_failed_execution="again")


@pytest.mark.parametrize(("value", "action"), [("True", "RedriveExecution"), ("False", "StartExecution")])
def test_redrive_out_of_a_template_means_what_it_says(orders: ScriptedAws, value: str, action: str) -> None:
    orders.script("RedriveExecution", {"redriveDate": 1.0})
    operator = start_operator(name="one", is_redrive_execution=value)
    assert operator.execute(context_of(operator)) == ARN
    assert orders.actions()[0] == action


@pytest.mark.parametrize("error", [ErrorResponse("ThrottlingException"), ErrorResponse("x", status=503), NO_RESPONSE])
def test_a_wait_outlasts_errors(orders: ScriptedAws, error: Any) -> None:
    orders.script("DescribeExecution", error, RUNNING, error, error, SUCCEEDED, error, SUCCEEDED)
    operator = start_operator()
    assert operator.execute(context_of(operator)) == ARN


def test_a_missing_permission_fails_at_once(orders: ScriptedAws) -> None:
    orders.script("DescribeExecution", ErrorResponse("AccessDeniedException"))
    operator = start_operator()
    with pytest.raises(AirflowFailException, match="states:DescribeExecution"):
        operator.execute(context_of(operator))


@pytest.mark.parametrize("deferrable", [False, True])
def test_an_express_execution_is_not_waited_for(scripted_aws: ScriptedAws, deferrable: bool) -> None:
    scripted_aws.script("StartExecution", {"executionArn": EXPRESS_ARN, "startDate": 1.0})
    operator = start_operator(deferrable=deferrable)
    with pytest.raises(AirflowFailException, match="wait_for_completion=False"):
        operator.execute(context_of(operator))
    unwaited = start_operator(wait_for_completion=False)
    assert unwaited.execute(context_of(unwaited)) == EXPRESS_ARN


def test_after_the_event_the_arn_is_the_result(orders: ScriptedAws) -> None:
    orders.script("DescribeExecution", SUCCEEDED)
    operator = start_operator(deferrable=True)
    event = {"status": "success", "execution_arn": ARN, "execution_status": "SUCCEEDED"}
    assert operator.execute_complete(context_of(operator), event) == ARN


@pytest.mark.parametrize("return_output", [False, True])
def test_what_a_queues_message_says_is_the_result_without_a_call(
    scripted_aws: ScriptedAws, return_output: bool
) -> None:
    operator = start_operator(deferrable=True, return_output=return_output)
    context = context_of(operator)
    dates = {"startDate": "1970-01-01T00:00:01+00:00", "stopDate": "1970-01-01T00:00:02+00:00"}
    event: dict[str, Any] = {"status": "success", "execution_arn": ARN, "execution_status": "SUCCEEDED"}
    event["description"] = {"executionArn": ARN, "status": "SUCCEEDED", "output": '{"n": [1]}', **dates}
    assert operator.execute_complete(context, event) == ({"n": [1]} if return_output else ARN)
    assert context["ti"].xcoms["output"] == {"n": [1]}
    assert context["ti"].xcoms["execution_stop_date"] == dates["stopDate"]
    assert scripted_aws.calls == []


def test_a_failure_that_a_queues_message_says_is_read_from_aws(orders: ScriptedAws) -> None:
    orders.script("DescribeExecution", FAILED)
    operator = start_operator(deferrable=True)
    event: dict[str, Any] = {"status": "success", "execution_arn": ARN, "execution_status": "FAILED"}
    event["description"] = {
        "executionArn": ARN,
        "status": "FAILED",
        "error": "Orders.Bad",
        "startDate": "",
        "stopDate": "",
    }
    with pytest.raises(StepFunctionExecutionFailed, match=r"Orders\.Bad: no stock"):
        operator.execute_complete(context_of(operator), event)


def test_an_execution_redriven_before_the_worker_is_back_is_waited_for_again(orders: ScriptedAws) -> None:
    orders.script("DescribeExecution", RUNNING)
    operator = start_operator(deferrable=True)
    with pytest.raises(TaskDeferred):
        operator.execute_complete(context_of(operator), {"status": "success", "execution_arn": ARN})


@pytest.mark.parametrize(("final", "error"), [(True, AirflowFailException), (False, AirflowException)])
def test_a_wait_that_could_not_go_on_fails_the_task(final: bool, error: type[Exception]) -> None:
    operator = start_operator()
    event = {"status": "error", "execution_arn": ARN, "message": "denied", "final": final}
    with pytest.raises(error, match="denied") as caught:
        operator.execute_complete(context_of(operator), event)
    assert isinstance(caught.value, AirflowFailException) is final


@pytest.mark.parametrize("deferrable", [False, True])
def test_a_wait_that_may_not_be_says_that_the_execution_goes_on(orders: ScriptedAws, deferrable: bool) -> None:
    orders.script("DescribeExecution", ErrorResponse("AccessDeniedException"))
    operator = start_operator(deferrable=deferrable)
    with pytest.raises(AirflowFailException, match=rf"states:DescribeExecution.* Execution {ARN} goes on: no task"):
        operator.execute(context_of(operator))


@pytest.mark.parametrize("deferrable", [False, True])
def test_the_log_tells_start_and_end(
    stepfunctions: SharedStepFunctions,
    deferrable: bool,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    five_minutes = {"StartAt": "Pause", "States": {"Pause": {"Type": "Wait", "Seconds": 300, "End": True}}}
    machine = stepfunctions.create_state_machine(five_minutes)
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(StepFunctionStartExecutionOperator, "log", logging.getLogger("task"))
    operator = start_operator(machine, wait_for_completion=False)
    arn = operator.execute(context_of(operator))
    console = "in the console: https://console.aws.amazon.com/states/home"
    assert f"Started execution {arn} of state machine {machine}, {console}" in caplog.text
    stepfunctions.assert_execution(arn)
    again = start_operator(machine, deferrable=deferrable)
    again.execute(context_of(again, try_number=2))
    assert f"Found again execution {arn} of" in caplog.text
    assert f"{arn} ended as SUCCEEDED after 5 min 0 s" in caplog.text


def test_a_retry_that_redrives_does_not_say_that_it_started(
    orders: ScriptedAws, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(StepFunctionStartExecutionOperator, "log", logging.getLogger("task"))
    orders.script("StartExecution", ErrorResponse("ExecutionAlreadyExists"))
    orders.script("DescribeExecution", {"executionArn": ARN, "status": "FAILED", "startDate": 1.0})
    orders.script("RedriveExecution", {"redriveDate": 2.0})
    operator = start_operator(on_failed_execution="redrive", wait_for_completion=False)
    operator.execute(context_of(operator, try_number=2))
    redrove, found = [line for line in caplog.messages if line.startswith(("Redrove ", "Started ", "Found again "))]
    assert redrove == f"Redrove {ARN}"
    assert found.startswith(f"Found again execution {ARN} of state machine {operator.state_machine_arn}, ")


def test_what_is_sent_is_what_the_service_gets(stepfunctions: SharedStepFunctions) -> None:
    machine = stepfunctions.create_state_machine(PASS_THROUGH)
    operator = start_operator(machine, state_machine_input={"n": 1}, wait_for_completion=False)
    stepfunctions.assert_execution(operator.execute(context_of(operator)), input={"n": 1}, output={"n": 1})


@pytest.mark.parametrize(
    ("argument", "value", "problem"),
    [
        ("deferrable", "no", "'no' is not True or False"),
        ("wait_for_completion", "false", "'false' is not True or False"),
        ("stop_on_kill", 0, "0 is not True or False"),
        ("return_output", None, "None is not True or False"),
        ("log_history", "{{ x }}", "cannot be a template"),
        ("waiter_delay", "1", "'1' is no number of 0 or more"),
        ("waiter_delay", -1, "-1 is no number of 0 or more"),
        ("waiter_delay", None, "None is no number of 0 or more"),
        ("waiter_max_attempts", "3", "'3' is no number of 1 or more"),
        ("waiter_max_attempts", 0, "0 is no number of 1 or more"),
        ("botocore_config", "x", "'x' is no dict"),
    ],
)
def test_a_value_of_another_type_is_refused_by_name_when_the_file_is_parsed(
    argument: str, value: Any, problem: str
) -> None:
    with pytest.raises(ValueError, match=f"{argument}: {problem}"):
        start_operator(**{argument: value})
