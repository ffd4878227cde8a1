"""The operators, one method at a time, over HTTP."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest

from sfn_provider._compat import (
    AirflowException,
    AirflowFailException,
    AirflowTaskTimeout,
    TaskDeferralError,
    TaskDeferred,
)
from sfn_provider.executions.outcomes import StepFunctionExecutionFailed
from sfn_provider.hooks.step_function import StepFunctionHook
from sfn_provider.operators.step_function import (
    StepFunctionGetExecutionOutputOperator,
    StepFunctionStartExecutionOperator,
)
from tests.aws.moto import set_execution
from tests.aws.scripted import ScriptedAws
from tests.aws.server import NO_RESPONSE, ErrorResponse
from tests.fixtures.task_contexts import context_of

MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:Orders"
ARN = "arn:aws:states:us-east-1:123456789012:execution:Orders:one"
EXPRESS_ARN = "arn:aws:states:us-east-1:123456789012:express:Orders:one:4f5a"
RUNNING = {"executionArn": ARN, "status": "RUNNING", "startDate": 1.0}
SUCCEEDED = RUNNING | {"status": "SUCCEEDED", "stopDate": 2.0, "output": '{"n": [1]}'}
FAILED = RUNNING | {"status": "FAILED", "stopDate": 2.0, "error": "Orders.Bad", "cause": "no stock"}

SLOW = {"StartAt": "Pause", "States": {"Pause": {"Type": "Wait", "Seconds": 60, "End": True}}}

Make = Callable[..., str]


def start_operator(arn: str = MACHINE, **arguments: Any) -> StepFunctionStartExecutionOperator:
    """Make the operator, with looks that follow each other at once."""
    return StepFunctionStartExecutionOperator(
        task_id="start", state_machine_arn=arn, **({"waiter_delay": 0} | arguments)
    )


@pytest.fixture
def orders(scripted_aws: ScriptedAws) -> ScriptedAws:
    """A server on which an execution starts, and succeeds at the third look."""
    scripted_aws.script("StartExecution", {"executionArn": ARN, "startDate": time.time()})
    scripted_aws.script("DescribeExecution", RUNNING, RUNNING, SUCCEEDED)
    scripted_aws.script("GetExecutionHistory", {"events": []})
    scripted_aws.script("StopExecution", {"stopDate": 2.0})
    return scripted_aws


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


def test_the_name_is_the_same_in_every_try_and_another_one_for_each_map_index(orders: ScriptedAws) -> None:
    operator = start_operator(wait_for_completion=False)
    for fields in ({"try_number": 1}, {"try_number": 2}, {"map_index": 0}, {"map_index": 1}):
        operator.execute(context_of(operator, **fields))
    names = [body["name"] for body in orders.bodies("StartExecution")]
    assert names[0] == names[1]
    assert len(set(names)) == 3


def test_a_clear_and_a_run_created_again_have_other_names_and_a_siblings_clear_has_not(orders: ScriptedAws) -> None:
    operator = start_operator(wait_for_completion=False)
    first = context_of(operator)
    cleared = {**first, "ti": replace(first["ti"], max_tries=1)}
    created_again = {**first, "dag_run": replace(first["dag_run"], start_date=datetime.now(UTC) + timedelta(hours=1))}
    sibling_cleared = {**first, "dag_run": replace(first["dag_run"], clear_number=1)}
    for context in (first, cleared, created_again, sibling_cleared):
        operator.execute(context)
    names = [body["name"] for body in orders.bodies("StartExecution")]
    assert names[0] == names[3]
    assert len(set(names)) == 3


def test_a_name_of_the_users_own_is_kept(orders: ScriptedAws) -> None:
    operator = start_operator(name="one", wait_for_completion=False)
    operator.execute(context_of(operator))
    assert orders.bodies("StartExecution")[0]["name"] == "one"


@pytest.mark.parametrize("try_number", [1, 2])
def test_a_constant_name_does_not_pass_yesterdays_result_off_as_todays(make_machine: Make, try_number: int) -> None:
    operator = start_operator(make_machine(), name="nightly", wait_for_completion=False)
    arn = operator.execute(context_of(operator))
    set_execution(arn, "SUCCEEDED", output="{}", start_date=datetime.now(UTC) - timedelta(days=1))
    with pytest.raises(
        AirflowFailException, match=r"name: .*, before this DAG run: it is not this task's.*{{ run_id }}"
    ):
        operator.execute(context_of(operator, try_number=try_number))


@pytest.mark.parametrize(
    ("max_tries", "try_number", "problem"),
    [(1, 1, "first try"), (1, 2, None), (3, 3, "first try"), (3, 4, None)],
    ids=["first", "retry", "first after a clear", "retry after a clear"],
)
@pytest.mark.parametrize("status", ["RUNNING", "SUCCEEDED"])
def test_a_constant_name_does_not_take_what_another_run_has_started_meanwhile(
    make_machine: Make, max_tries: int, try_number: int, problem: str | None, status: str
) -> None:
    operator = start_operator(make_machine(), name="nightly", wait_for_completion=False, retries=1)
    context = context_of(operator, max_tries=max_tries, try_number=try_number)
    context["dag_run"].start_date = datetime.now(UTC) - timedelta(hours=1)
    arn = operator.execute(context)
    set_execution(arn, status, start_date=datetime.now(UTC) - timedelta(minutes=5))
    with pytest.raises(AirflowFailException, match=problem) if problem else nullcontext():
        assert operator.execute(context) == arn


def test_mapped_tasks_of_one_name_do_not_take_one_execution_for_all(make_machine: Make) -> None:
    machine = make_machine()
    for index, error in [(0, None), (1, "with another input: .*{{ ti.map_index }}")]:
        operator = start_operator(machine, name="nightly", state_machine_input={"i": index}, wait_for_completion=False)
        with pytest.raises(AirflowFailException, match=error) if error else nullcontext():
            operator.execute(context_of(operator, map_index=index))


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("nightly", "with another input: it is not this task's"),  # it may be another run's
        ("nightly-scheduled__2025-03-15T02:00:00+00:00", None),  # its input may differ from try to try
    ],
    ids=["constant", "of the run"],
)
def test_a_retry_takes_no_execution_of_another_input_unless_the_name_is_the_runs(
    make_machine: Make, name: str, error: str | None
) -> None:
    first = start_operator(make_machine(), name=name, state_machine_input={"try": 1}, wait_for_completion=False)
    arn = first.execute(context_of(first, max_tries=1))
    retry = start_operator(
        first.state_machine_arn, name=name, state_machine_input={"try": 2}, wait_for_completion=False, retries=1
    )
    with pytest.raises(AirflowFailException, match=error) if error else nullcontext():
        assert retry.execute(context_of(retry, max_tries=1, try_number=2)) == arn


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("nightly-scheduled__2025-03-15T02:00:00+00:00", "nightly-scheduled__2025-03-15T02-00-00+00-00"),
        ("Größe 1/2", "Größe-1-2"),
        ("n" * 81, f"{'n' * 67}-{sha256(b'n' * 81).hexdigest()[:12]}"),
    ],
    ids=["run id", "other characters", "too long"],
)
def test_a_name_with_a_run_id_is_one_that_aws_permits(orders: ScriptedAws, name: str, sent: str) -> None:
    operator = start_operator(name=name, wait_for_completion=False)
    operator.execute(context_of(operator))
    assert orders.bodies("StartExecution")[0]["name"] == sent


def test_a_number_out_of_a_native_template_is_a_name(orders: ScriptedAws) -> None:
    operator = start_operator(name=20250315, wait_for_completion=False)
    operator.execute(context_of(operator))
    assert orders.bodies("StartExecution")[0]["name"] == "20250315"


@pytest.mark.parametrize("field", ["data_interval_end", "logical_date"])
def test_a_cleared_run_knows_its_execution_by_a_name_of_ones_own(make_machine: Make, field: str) -> None:
    operator = start_operator(make_machine(), name="nightly-0315", wait_for_completion=False, retries=1)
    cleared = context_of(operator, max_tries=2)
    cleared["dag_run"].clear_number = 1
    setattr(cleared["dag_run"], field, datetime.now(UTC) + timedelta(hours=4))  # the interval ends later today
    arn = operator.execute(cleared)
    assert operator.execute({**cleared, "ti": replace(cleared["ti"], try_number=3)}) == arn
    set_execution(arn, "FAILED")
    assert operator.execute({**cleared, "ti": replace(cleared["ti"], try_number=3)}) == f"{arn}-2"


@pytest.mark.parametrize("deferrable", [False, True])
def test_a_retry_takes_the_finished_executions_output(make_machine: Make, sfn: Any, deferrable: bool) -> None:
    machine = make_machine()
    first = start_operator(machine, wait_for_completion=False)
    set_execution(first.execute(context_of(first)), "SUCCEEDED", output='"done"')
    second = start_operator(machine, deferrable=deferrable, return_output=True)
    assert second.execute(context_of(second, try_number=2)) == "done"
    assert len(sfn.list_executions(stateMachineArn=machine)["executions"]) == 1


@pytest.mark.parametrize("status", ["FAILED", "TIMED_OUT", "ABORTED"])
def test_an_execution_that_does_not_succeed_fails_the_task_and_says_why(make_machine: Make, status: str) -> None:
    machine = make_machine()
    first = start_operator(machine, wait_for_completion=False)
    arn = first.execute(context_of(first))
    operator = start_operator(machine)
    context = context_of(operator)
    set_execution(arn, status, error="Orders.Bad", cause="no stock")
    with pytest.raises(StepFunctionExecutionFailed, match=rf"{arn} ended as {status}.*: Orders.Bad: no stock"):
        operator.execute_complete(context, {"status": "success", "execution_arn": arn})
    assert "execution_stop_date" not in context["ti"].xcoms


def test_a_retry_of_a_failed_execution_does_as_told(make_machine: Make) -> None:
    machine = make_machine()
    first = start_operator(machine, wait_for_completion=False)
    arn = first.execute(context_of(first))
    set_execution(arn, "FAILED", error="Orders.Bad")
    anew = start_operator(machine, wait_for_completion=False)
    assert anew.execute(context_of(anew, try_number=2)) == f"{arn}-2"
    final = start_operator(machine, on_failed_execution="fail")
    with pytest.raises(AirflowFailException, match=r"Orders\.Bad"):
        final.execute(context_of(final, try_number=2))


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


def deferral_of(operator: StepFunctionStartExecutionOperator, context: Any) -> TaskDeferred:
    """Run the operator up to its deferral."""
    with pytest.raises(TaskDeferred) as deferral:
        operator.execute(context)
    return deferral.value


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


@pytest.mark.parametrize(("stop_on_kill", "status"), [(True, "ABORTED"), (False, "RUNNING")])
def test_kill_stops_the_execution(make_machine: Make, stop_on_kill: bool, status: str) -> None:
    operator = start_operator(make_machine(), wait_for_completion=False, stop_on_kill=stop_on_kill)
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


@pytest.mark.parametrize("do_xcom_push", [True, False])
@pytest.mark.parametrize("name", [None, "nightly"])
def test_a_deferral_that_airflow_times_out_stops_the_execution(
    make_machine: Make, do_xcom_push: bool, name: str | None
) -> None:
    arguments = {"deferrable": True, "do_xcom_push": do_xcom_push, "name": name, "retries": 1}
    operator = start_operator(make_machine(SLOW), **arguments)
    context = context_of(operator, max_tries=1)
    failed = deferral_of(operator, context).trigger.execution_arn
    set_execution(failed, "FAILED")
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
    make_machine: Make, monkeypatch: pytest.MonkeyPatch, name: str | None, answer: str
) -> None:
    operator = start_operator(make_machine(SLOW), name=name)
    start = StepFunctionHook.start_execution

    def killed_meanwhile(*arguments: Any) -> str:
        if answer == "before":  # AWS has started it, and the task is killed before it knows
            start(*arguments)
        operator.on_kill()
        return start(*arguments)

    monkeypatch.setattr(StepFunctionHook, "start_execution", killed_meanwhile)
    monkeypatch.setattr("sfn_provider.hooks.idempotent_start._KILL_DELAY", 0)
    with pytest.raises(AirflowException, match=r"started(:|\b).*the task was killed"):
        operator.execute(context_of(operator))
    executions = StepFunctionHook().conn.list_executions(stateMachineArn=operator.state_machine_arn)["executions"]
    assert {each["status"] for each in executions} == {"ABORTED"}


def test_a_kill_while_the_start_is_under_way_spares_another_runs_execution(
    make_machine: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    operator = start_operator(make_machine(SLOW), name="nightly", wait_for_completion=False)
    arn = operator.execute(context_of(operator))
    set_execution(arn, "RUNNING", start_date=datetime.now(UTC) - timedelta(minutes=5))
    killed = start_operator(operator.state_machine_arn, name="nightly")

    def killed_meanwhile(*arguments: Any) -> str:
        killed.on_kill()
        raise AirflowException("SIGTERM")

    monkeypatch.setattr(StepFunctionHook, "start_execution", killed_meanwhile)
    with pytest.raises(AirflowException, match="SIGTERM"):
        killed.execute(context_of(killed))
    assert StepFunctionHook().describe_execution(arn)["status"] == "RUNNING"


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


@pytest.mark.parametrize("deferrable", [False, True])
def test_a_wait_that_may_not_be_says_that_the_execution_goes_on(orders: ScriptedAws, deferrable: bool) -> None:
    orders.script("DescribeExecution", ErrorResponse("AccessDeniedException"))
    operator = start_operator(deferrable=deferrable)
    with pytest.raises(AirflowFailException, match=rf"states:DescribeExecution.* Execution {ARN} goes on: no task"):
        operator.execute(context_of(operator))


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


@pytest.mark.parametrize("on_failed_execution", ["new_name", "redrive", "fail"])
def test_what_a_kill_has_stopped_is_never_found_again(make_machine: Make, on_failed_execution: str) -> None:
    operator = start_operator(make_machine(), wait_for_completion=False, on_failed_execution=on_failed_execution)
    arn = operator.execute(context_of(operator))
    set_execution(arn, "ABORTED", error="Airflow.TaskKilled")  # moto drops the error of StopExecution
    again = start_operator(
        operator.state_machine_arn, wait_for_completion=False, on_failed_execution=on_failed_execution
    )
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


def test_output_of_a_finished_execution(scripted_aws: ScriptedAws) -> None:
    scripted_aws.script("DescribeExecution", SUCCEEDED)
    operator = StepFunctionGetExecutionOutputOperator(task_id="output", execution_arn=ARN)
    context = context_of(operator)
    assert operator.execute(context) == {"n": [1]}
    assert [key for key in context["ti"].xcoms if not key.startswith("_link_")] == ["_state_machine_executions_details"]


def test_an_output_is_read_patiently(scripted_aws: ScriptedAws) -> None:
    scripted_aws.script("DescribeExecution", ErrorResponse("ThrottlingException"), NO_RESPONSE, SUCCEEDED)
    operator = StepFunctionGetExecutionOutputOperator(task_id="output", execution_arn=ARN)
    assert operator.execute(context_of(operator)) == {"n": [1]}


def test_an_output_that_may_not_be_read_fails_at_once(scripted_aws: ScriptedAws) -> None:
    scripted_aws.script("DescribeExecution", ErrorResponse("AccessDeniedException"))
    operator = StepFunctionGetExecutionOutputOperator(task_id="output", execution_arn=ARN)
    with pytest.raises(AirflowFailException, match="AWS refuses states:DescribeExecution"):
        operator.execute(context_of(operator))


def test_output_of_a_failed_execution_is_its_failure_if_asked_for(scripted_aws: ScriptedAws) -> None:
    scripted_aws.script("DescribeExecution", FAILED)
    scripted_aws.script("GetExecutionHistory", {"events": []})
    operator = StepFunctionGetExecutionOutputOperator(task_id="output", execution_arn=ARN, fail_on_error=True)
    with pytest.raises(StepFunctionExecutionFailed, match=r"Orders\.Bad: no stock"):
        operator.execute(context_of(operator))


@pytest.mark.parametrize("fail_on_error", [False, True])
def test_output_of_a_running_execution_is_refused(scripted_aws: ScriptedAws, fail_on_error: bool) -> None:
    scripted_aws.script("DescribeExecution", RUNNING)
    operator = StepFunctionGetExecutionOutputOperator(task_id="output", execution_arn=ARN, fail_on_error=fail_on_error)
    with pytest.raises(AirflowException, match="is RUNNING and has no output yet"):
        operator.execute(context_of(operator))


@pytest.mark.parametrize(
    ("description", "result"),
    [
        (FAILED, "Orders.Bad"),
        (FAILED | {"error": '{"code": 7}'}, {"code": 7}),
        ({key: value for key, value in FAILED.items() if key != "error"}, None),
    ],
    ids=["text", "JSON", "none"],
)
def test_output_of_a_failed_execution_is_its_error_with_a_warning(
    scripted_aws: ScriptedAws, task_log: Callable[[], str], description: Any, result: Any
) -> None:
    scripted_aws.script("DescribeExecution", description)
    operator = StepFunctionGetExecutionOutputOperator(task_id="output", execution_arn=ARN)
    assert operator.execute(context_of(operator)) == result
    assert f"{ARN} is FAILED: the task returns its error; fail_on_error=True lets the task fail" in task_log()


def test_an_output_that_is_no_json_is_refused_without_showing_it(scripted_aws: ScriptedAws) -> None:
    scripted_aws.script("DescribeExecution", SUCCEEDED | {"output": "secret"})
    operator = StepFunctionGetExecutionOutputOperator(task_id="output", execution_arn=ARN)
    with pytest.raises(json.JSONDecodeError, match=f"The output of {ARN} is no JSON: Expecting value") as caught:
        operator.execute(context_of(operator))
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("deferrable", [False, True])
def test_the_log_tells_start_and_end(
    make_machine: Make, deferrable: bool, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(StepFunctionStartExecutionOperator, "log", logging.getLogger("task"))
    operator = start_operator(make_machine(), wait_for_completion=False)
    arn = operator.execute(context_of(operator))
    console = "in the console: https://console.aws.amazon.com/states/home"
    assert f"Started execution {arn} of state machine {operator.state_machine_arn}, {console}" in caplog.text
    now = datetime.now(UTC)
    set_execution(arn, "SUCCEEDED", output="{}", start_date=now - timedelta(minutes=5), stop_date=now)
    again = start_operator(operator.state_machine_arn, deferrable=deferrable)
    again.execute(context_of(again, try_number=2))
    assert f"Found again execution {arn} of" in caplog.text
    assert f"{arn} ended as SUCCEEDED after 5 min 0 s" in caplog.text


def test_what_is_sent_is_what_the_service_gets(make_machine: Make, sfn: Any) -> None:
    operator = start_operator(make_machine(), state_machine_input={"n": 1}, wait_for_completion=False)
    description = sfn.describe_execution(executionArn=operator.execute(context_of(operator)))
    assert json.loads(description["input"]) == {"n": 1}
