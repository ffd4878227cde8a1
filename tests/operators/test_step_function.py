"""The operators, one method at a time, over HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sfn_provider._compat import (
    AirflowException,
    AirflowFailException,
    TaskDeferralTimeout,
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
from tests.fixtures.versions import AIRFLOW

MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:Orders"
ARN = "arn:aws:states:us-east-1:123456789012:execution:Orders:one"
EXPRESS_ARN = "arn:aws:states:us-east-1:123456789012:express:Orders:one:4f5a"
RUNNING = {"executionArn": ARN, "status": "RUNNING", "startDate": 1.0}
SUCCEEDED = RUNNING | {"status": "SUCCEEDED", "stopDate": 2.0, "output": '{"n": [1]}'}
FAILED = RUNNING | {"status": "FAILED", "stopDate": 2.0, "error": "Orders.Bad", "cause": "no stock"}

Make = Callable[..., str]


def start_operator(arn: str = MACHINE, **arguments: Any) -> StepFunctionStartExecutionOperator:
    """Make the operator, with looks that follow each other at once."""
    return StepFunctionStartExecutionOperator(
        task_id="start", state_machine_arn=arn, **({"waiter_delay": 0} | arguments)
    )


@pytest.fixture
def orders(scripted_aws: ScriptedAws) -> ScriptedAws:
    """A server on which an execution starts, and succeeds at the third look."""
    scripted_aws.script("StartExecution", {"executionArn": ARN, "startDate": 1.0})
    scripted_aws.script("DescribeExecution", RUNNING, RUNNING, SUCCEEDED)
    scripted_aws.script("GetExecutionHistory", {"events": []})
    scripted_aws.script("StopExecution", {"stopDate": 2.0})
    return scripted_aws


def test_the_output_is_the_result_and_the_rest_goes_to_xcoms(orders: ScriptedAws) -> None:
    operator = start_operator()
    context = context_of(operator)
    assert operator.execute(context) == {"n": [1]}
    links = {key: value for key, value in context["ti"].xcoms.items() if key.startswith("_")}
    assert {key: value for key, value in context["ti"].xcoms.items() if key not in links} == {
        "execution_arn": ARN,
        "execution_name": "one",
        "execution_start_date": "1970-01-01T00:00:01+00:00",
        "execution_stop_date": "1970-01-01T00:00:02+00:00",
    }
    domain = {"region_name": "us-east-1", "aws_domain": "aws.amazon.com"}
    assert links == {
        "_state_machine_details": domain | {"state_machine_arn": MACHINE},
        "_state_machine_executions_details": domain | {"execution_arn": ARN},
    }


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


def test_a_name_of_the_users_own_is_kept(orders: ScriptedAws) -> None:
    operator = start_operator(name="one", wait_for_completion=False)
    operator.execute(context_of(operator))
    assert orders.bodies("StartExecution")[0]["name"] == "one"


def test_a_constant_name_does_not_pass_yesterdays_result_off_as_todays(make_machine: Make) -> None:
    operator = start_operator(make_machine(), name="nightly", wait_for_completion=False)
    arn = operator.execute(context_of(operator))
    set_execution(arn, "SUCCEEDED", output="{}", start_date=datetime.now(UTC) - timedelta(days=1))
    with pytest.raises(AirflowFailException, match="before this DAG run"):
        operator.execute(context_of(operator))


def test_mapped_tasks_of_one_name_do_not_take_one_execution_for_all(make_machine: Make) -> None:
    machine = make_machine()
    for index, error in [(0, None), (1, "first try, with another input")]:
        operator = start_operator(machine, name="nightly", state_machine_input={"i": index}, wait_for_completion=False)
        with pytest.raises(AirflowFailException, match=error) if error else nullcontext():
            operator.execute(context_of(operator, map_index=index))
    operator.execute(context_of(operator, map_index=0, try_number=2))  # its input may differ from try to try


def test_a_number_out_of_a_native_template_is_a_name(orders: ScriptedAws) -> None:
    operator = start_operator(name=20250315, wait_for_completion=False)
    operator.execute(context_of(operator))
    assert orders.bodies("StartExecution")[0]["name"] == "20250315"


@pytest.mark.parametrize("field", ["data_interval_end", "logical_date", "none of a run by hand"])
def test_a_cleared_run_knows_its_execution_by_a_name_of_ones_own(make_machine: Make, field: str) -> None:
    operator = start_operator(make_machine(), name="nightly-0315", wait_for_completion=False)
    first = context_of(operator)
    arn = operator.execute(first)
    set_execution(arn, "FAILED", start_date=datetime.now(UTC) - timedelta(hours=3))
    cleared = context_of(operator)  # Airflow sets the run's start_date to the time of the clear
    cleared["dag_run"].clear_number = 1
    setattr(cleared["dag_run"], field, datetime.now(UTC) - timedelta(hours=4))
    assert operator.execute(cleared) == f"{arn}-2"


@pytest.mark.parametrize("deferrable", [False, True])
def test_a_retry_takes_the_finished_executions_output(make_machine: Make, sfn: Any, deferrable: bool) -> None:
    machine = make_machine()
    first = start_operator(machine, wait_for_completion=False)
    set_execution(first.execute(context_of(first)), "SUCCEEDED", output='"done"')
    second = start_operator(machine, deferrable=deferrable)
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
    assert operator.execute(context_of(operator)) == {"n": [1]}
    assert orders.actions()[0] == action


@pytest.mark.parametrize("error", [ErrorResponse("ThrottlingException"), ErrorResponse("x", status=503), NO_RESPONSE])
def test_a_wait_outlasts_errors(orders: ScriptedAws, error: Any) -> None:
    orders.script("DescribeExecution", error, RUNNING, error, error, SUCCEEDED, error, SUCCEEDED)
    operator = start_operator()
    assert operator.execute(context_of(operator)) == {"n": [1]}


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
    assert timedelta(minutes=59) < deferral.timeout <= timedelta(hours=1)


def test_a_deferral_goes_on_where_aws_does_not_answer(orders: ScriptedAws) -> None:
    orders.script("DescribeExecution", ErrorResponse("x", status=503))
    operator = start_operator(deferrable=True)
    assert deferral_of(operator, context_of(operator)).trigger.execution_arn == ARN


def test_an_execution_that_has_ended_never_defers(orders: ScriptedAws) -> None:
    orders.script("DescribeExecution", SUCCEEDED)
    operator = start_operator(deferrable=True)
    assert operator.execute(context_of(operator)) == {"n": [1]}


def test_after_the_event_the_output_is_the_result(orders: ScriptedAws) -> None:
    orders.script("DescribeExecution", SUCCEEDED)
    operator = start_operator(deferrable=True)
    event = {"status": "success", "execution_arn": ARN, "execution_status": "SUCCEEDED"}
    assert operator.execute_complete(context_of(operator), event) == {"n": [1]}


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


@pytest.mark.parametrize(("reason", "stopped"), [("Trigger timeout", True), ("Trigger failure", False)])
def test_a_deferral_that_times_out_stops_the_execution(orders: ScriptedAws, reason: str, stopped: bool) -> None:
    operator = start_operator(deferrable=True)
    context = context_of(operator)
    deferral_of(operator, context)
    again = start_operator(deferrable=True)
    with pytest.raises(Exception, match=reason) as caught:
        again.resume_execution("__fail__", {"error": reason}, context)
    assert isinstance(caught.value, TaskDeferralTimeout) is (stopped or AIRFLOW < (3,))  # which has one error for both
    assert [body["executionArn"] for body in orders.bodies("StopExecution")] == [ARN] * stopped


def test_output_of_a_finished_execution(scripted_aws: ScriptedAws) -> None:
    scripted_aws.script("DescribeExecution", SUCCEEDED)
    operator = StepFunctionGetExecutionOutputOperator(task_id="output", execution_arn=ARN)
    context = context_of(operator)
    assert operator.execute(context) == {"n": [1]}
    assert list(context["ti"].xcoms) == ["_state_machine_executions_details"]


def test_an_output_is_read_patiently(scripted_aws: ScriptedAws) -> None:
    scripted_aws.script("DescribeExecution", ErrorResponse("ThrottlingException"), NO_RESPONSE, SUCCEEDED)
    operator = StepFunctionGetExecutionOutputOperator(task_id="output", execution_arn=ARN)
    assert operator.execute(context_of(operator)) == {"n": [1]}


def test_an_output_that_may_not_be_read_fails_at_once(scripted_aws: ScriptedAws) -> None:
    scripted_aws.script("DescribeExecution", ErrorResponse("AccessDeniedException"))
    operator = StepFunctionGetExecutionOutputOperator(task_id="output", execution_arn=ARN)
    with pytest.raises(AirflowFailException, match="AWS refuses states:DescribeExecution"):
        operator.execute(context_of(operator))


def test_output_of_a_failed_execution_is_its_failure(scripted_aws: ScriptedAws) -> None:
    scripted_aws.script("DescribeExecution", FAILED)
    scripted_aws.script("GetExecutionHistory", {"events": []})
    operator = StepFunctionGetExecutionOutputOperator(task_id="output", execution_arn=ARN)
    with pytest.raises(StepFunctionExecutionFailed, match=r"Orders\.Bad: no stock"):
        operator.execute(context_of(operator))


def test_output_of_a_running_execution_is_refused(scripted_aws: ScriptedAws) -> None:
    scripted_aws.script("DescribeExecution", RUNNING)
    operator = StepFunctionGetExecutionOutputOperator(task_id="output", execution_arn=ARN)
    with pytest.raises(AirflowException, match="is RUNNING and has no output yet"):
        operator.execute(context_of(operator))


@pytest.mark.parametrize(
    ("description", "result"),
    [(FAILED, "Orders.Bad"), (FAILED | {"error": '{"code": 7}'}, {"code": 7}), (RUNNING, None)],
    ids=["text", "JSON", "running"],
)
def test_output_without_failing_is_the_error(scripted_aws: ScriptedAws, description: Any, result: Any) -> None:
    scripted_aws.script("DescribeExecution", description)
    operator = StepFunctionGetExecutionOutputOperator(task_id="output", execution_arn=ARN, fail_on_error=False)
    assert operator.execute(context_of(operator)) == result


def test_what_is_sent_is_what_the_service_gets(make_machine: Make, sfn: Any) -> None:
    operator = start_operator(make_machine(), state_machine_input={"n": 1}, wait_for_completion=False)
    description = sfn.describe_execution(executionArn=operator.execute(context_of(operator)))
    assert json.loads(description["input"]) == {"n": 1}
