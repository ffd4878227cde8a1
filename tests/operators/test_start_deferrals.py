"""Starts that are deferred, killed or timed out: what the trigger gets, and what stops the execution."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sfn_provider._compat import AirflowException, AirflowTaskTimeout, TaskDeferralError
from sfn_provider.hooks.step_function import StepFunctionHook
from tests.aws.local_step_functions import SharedStepFunctions
from tests.aws.scripted import ScriptedAws
from tests.aws.server import ErrorResponse
from tests.fixtures.airflow.task_contexts import context_of
from tests.fixtures.calls.started_execution import ARN, FAILED, RUNNING, SUCCEEDED, deferral_of, start_operator


def test_a_deferral_hands_everything_to_the_trigger(orders: ScriptedAws) -> None:
    operator = start_operator(
        deferrable=True,
        waiter_delay=9,
        waiter_max_attempts=5,
        aws_conn_id=None,
        region_name="us-east-1",
        verify=False,
        botocore_config={"read_timeout": 5},
        stop_on_kill=False,
    )
    deferral = deferral_of(operator, context_of(operator))
    assert (deferral.method_name, deferral.timeout) == ("execute_complete", None)
    assert deferral.trigger.serialize()[1] == {
        "execution_arn": ARN,
        "waiter_delay": 9,
        "waiter_max_attempts": 5,
        "aws_conn_id": None,
        "region_name": "us-east-1",
        "verify": False,
        "botocore_config": {"read_timeout": 5},
    }


def test_a_deferral_has_what_is_left_of_the_execution_timeout(orders: ScriptedAws) -> None:
    operator = start_operator(deferrable=True, execution_timeout=timedelta(hours=2))
    deferral = deferral_of(operator, context_of(operator, start_date=datetime.now(UTC) - timedelta(hours=1)))
    left = deferral.trigger.deadline - time.time()
    assert 59 * 60 < left <= 60 * 60
    assert deferral.timeout.total_seconds() == pytest.approx(left + 60, abs=5)  # the trigger ends the wait first


def test_a_deferral_goes_on_where_aws_does_not_answer(orders: ScriptedAws) -> None:
    orders.script("DescribeExecution", ErrorResponse("x", status=503))
    operator = start_operator(deferrable=True)
    assert deferral_of(operator, context_of(operator)).trigger.execution_arn == ARN


def test_an_execution_that_has_ended_never_defers(orders: ScriptedAws) -> None:
    orders.script("DescribeExecution", SUCCEEDED)
    operator = start_operator(deferrable=True)
    assert operator.execute(context_of(operator)) == ARN


@pytest.mark.parametrize(("stop_on_kill", "status"), [(True, "ABORTED"), (False, "RUNNING")])
def test_kill_stops_the_execution(pending_machine: str, stop_on_kill: bool, status: str) -> None:
    operator = start_operator(pending_machine, wait_for_completion=False, stop_on_kill=stop_on_kill)
    arn = operator.execute(context_of(operator))
    operator.on_kill()
    assert StepFunctionHook().describe_execution(arn)["status"] == status


def test_kill_before_the_start_calls_nothing(scripted_aws: ScriptedAws) -> None:
    start_operator().on_kill()
    assert scripted_aws.calls == []


@pytest.mark.parametrize(("stop_on_kill", "outcome"), [(True, "was stopped"), (False, "goes on, as stop_on_kill=F")])
def test_a_deferral_that_reaches_the_deadline_says_so(orders: ScriptedAws, stop_on_kill: bool, outcome: str) -> None:
    operator = start_operator(stop_on_kill=stop_on_kill, do_xcom_push=False, execution_timeout=timedelta(hours=2))
    event = {"status": "timeout", "execution_arn": ARN, "message": ""}
    with pytest.raises(AirflowTaskTimeout, match=rf"start: execution_timeout=2:00:00 is over: {ARN} {outcome}"):
        operator.execute_complete(context_of(operator), event)
    operator.on_kill()  # as Airflow does after a timeout
    assert [body["executionArn"] for body in orders.bodies("StopExecution")] == [ARN] * stop_on_kill


def test_a_timeout_is_told_where_the_execution_cannot_be_stopped(orders: ScriptedAws) -> None:
    orders.script("StopExecution", ErrorResponse("AccessDeniedException"))
    operator = start_operator(deferrable=True, execution_timeout=timedelta(hours=2))
    context = context_of(operator, xcoms={"execution_arn": ARN})
    message = rf"execution_timeout=2:00:00 is over: {ARN} could not be stopped: AWS refuses states:StopExecution"
    with pytest.raises(AirflowTaskTimeout, match=message):
        operator.execute_complete(context, {"status": "timeout", "execution_arn": ARN, "message": ""})
    with pytest.raises(AirflowTaskTimeout, match=message):
        operator.resume_execution("__fail__", {"error": "Trigger timeout"}, context)


def test_a_timeout_is_told_where_the_execution_cannot_be_looked_for(orders: ScriptedAws) -> None:
    orders.script("DescribeExecution", ErrorResponse("AccessDeniedException"))
    operator = start_operator(deferrable=True, do_xcom_push=False, execution_timeout=timedelta(hours=2))
    message = r"is over: its execution was not found; if there is one, it goes on: .*AccessDenied.*DescribeExecution"
    with pytest.raises(AirflowTaskTimeout, match=message):
        operator.resume_execution("__fail__", {"error": "Trigger timeout"}, context_of(operator))


@pytest.mark.parametrize("do_xcom_push", [True, False])
@pytest.mark.parametrize("name", [None, "nightly"])
def test_a_deferral_that_airflow_times_out_stops_the_execution(
    stepfunctions: SharedStepFunctions, pending_machine: str, do_xcom_push: bool, name: str | None
) -> None:
    arguments = {"deferrable": True, "do_xcom_push": do_xcom_push, "name": name, "retries": 1}
    operator = start_operator(pending_machine, **arguments)
    context = context_of(operator, max_tries=1)
    failed = deferral_of(operator, context).trigger.execution_arn
    stepfunctions.end_execution(failed, "FAILED")
    retry = {**context, "ti": replace(context["ti"], try_number=2)}
    arn = deferral_of(operator, retry).trigger.execution_arn
    again = start_operator(operator.state_machine_arn, **arguments)
    with pytest.raises(AirflowTaskTimeout, match=f"{arn} was stopped"):
        again.resume_execution("__fail__", {"error": "Trigger timeout"}, retry)
    assert StepFunctionHook().describe_execution(arn)["status"] == "ABORTED"


def test_a_deferral_whose_trigger_fails_is_no_timeout(orders: ScriptedAws) -> None:
    operator = start_operator(deferrable=True)
    with pytest.raises(TaskDeferralError, match="Trigger failure"):
        operator.resume_execution("__fail__", {"error": "Trigger failure"}, context_of(operator))
    assert orders.bodies("StopExecution") == []


@pytest.mark.parametrize("name", [None, "nightly"])
@pytest.mark.parametrize("answer", ["before", "after"])
def test_a_kill_while_the_start_is_under_way_stops_the_execution(
    pending_machine: str, monkeypatch: pytest.MonkeyPatch, name: str | None, answer: str
) -> None:
    operator = start_operator(pending_machine, name=name)
    start = StepFunctionHook.start_execution

    def killed_meanwhile(*arguments: Any) -> str:
        if answer == "before":  # AWS has started it, and the task is killed before it knows
            start(*arguments)
        operator.on_kill()
        return start(*arguments)

    monkeypatch.setattr(StepFunctionHook, "start_execution", killed_meanwhile)
    monkeypatch.setattr("sfn_provider.driving.idempotent_start._KILL_DELAY", 0)
    with pytest.raises(AirflowException, match=r"started(:|\b).*the task was killed"):
        operator.execute(context_of(operator))
    executions = StepFunctionHook().conn.list_executions(stateMachineArn=operator.state_machine_arn)["executions"]
    assert {each["status"] for each in executions} == {"ABORTED"}


def test_a_kill_while_the_start_is_under_way_spares_another_runs_execution(
    stepfunctions: SharedStepFunctions, pending_machine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    arn = stepfunctions.start_execution(pending_machine, name="nightly", seconds_ago=300)
    killed = start_operator(pending_machine, name="nightly")

    def killed_meanwhile(*arguments: Any) -> str:
        killed.on_kill()
        raise AirflowException("SIGTERM")

    monkeypatch.setattr(StepFunctionHook, "start_execution", killed_meanwhile)
    with pytest.raises(AirflowException, match="SIGTERM"):
        killed.execute(context_of(killed))
    stepfunctions.assert_execution(arn, status="RUNNING")


def test_a_kill_while_a_redrive_by_name_is_under_way_stops_the_execution(
    orders: ScriptedAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "nightly-scheduled__2025-03-15T02:00:00+00:00"
    operator = start_operator(name=name, is_redrive_execution=True)
    redrive = StepFunctionHook.redrive_execution

    def killed_meanwhile(hook: StepFunctionHook, arn: str) -> str:
        operator.on_kill()
        return redrive(hook, arn)

    orders.script("RedriveExecution", {"redriveDate": time.time()})
    monkeypatch.setattr(StepFunctionHook, "redrive_execution", killed_meanwhile)
    with pytest.raises(AirflowException, match="was started while the task was killed"):
        operator.execute(context_of(operator))
    arn = ARN.replace("one", "nightly-scheduled__2025-03-15T02-00-00+00-00")  # as a start names it
    assert orders.actions() == ["StopExecution", "RedriveExecution", "StopExecution"]
    assert {body["executionArn"] for _, body in orders.calls} == {arn}


@pytest.mark.parametrize("on_failed_execution", ["new_name", "redrive", "fail"])
def test_what_a_kill_has_stopped_is_never_found_again(pending_machine: str, on_failed_execution: str) -> None:
    operator = start_operator(pending_machine, wait_for_completion=False, on_failed_execution=on_failed_execution)
    arn = operator.execute(context_of(operator))
    operator.on_kill()
    again = start_operator(pending_machine, wait_for_completion=False, on_failed_execution=on_failed_execution)
    assert again.execute(context_of(again, try_number=2)) == f"{arn}-2"


def test_an_execution_that_a_former_tries_kill_stops_meanwhile_is_followed_by_another_one(orders: ScriptedAws) -> None:
    stopped = FAILED | {"status": "ABORTED", "error": "Airflow.TaskKilled"}
    orders.script("DescribeExecution", RUNNING, *[stopped] * 4, SUCCEEDED)
    orders.script(
        "StartExecution",
        {"executionArn": ARN, "startDate": 1.0},
        ErrorResponse("ExecutionAlreadyExists"),
        {"executionArn": f"{ARN}-2", "startDate": 2.0},
    )
    operator = start_operator()
    assert operator.execute(context_of(operator, try_number=2)) == f"{ARN}-2"
