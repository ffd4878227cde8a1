"""The sensor: its methods one at a time, and in every mode in a real Airflow."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from airflow import DAG

from sfn_provider._compat import (
    AirflowFailException,
    AirflowSensorTimeout,
    AirflowSkipException,
    BaseSensorOperator,
    TaskDeferralTimeout,
    TaskDeferred,
)
from sfn_provider.executions.outcomes import StepFunctionExecutionFailed
from sfn_provider.hooks.step_function import StepFunctionHook
from sfn_provider.sensors.step_function import StepFunctionExecutionSensor
from tests.aws.local_step_functions import SharedStepFunctions
from tests.aws.scripted import ScriptedAws
from tests.aws.server import NO_RESPONSE, ErrorResponse
from tests.fixtures.airflow.airflow_home import run_dag, task_states, xcom
from tests.fixtures.airflow.task_contexts import context_of

ARN = "arn:aws:states:us-east-1:123456789012:execution:Orders:one"
RUNNING = {"executionArn": ARN, "status": "RUNNING", "startDate": 1.0}
SUCCEEDED = RUNNING | {"status": "SUCCEEDED", "stopDate": 2.0, "output": "[1]"}
SLOW = {"StartAt": "Pause", "States": {"Pause": {"Type": "Wait", "Seconds": 1, "End": True}}}
FAILING = {"StartAt": "Refuse", "States": {"Refuse": {"Type": "Fail", "Error": "Orders.Bad", "Cause": "no stock"}}}


@pytest.fixture
def execution(stepfunctions: SharedStepFunctions, pending_machine: str) -> str:
    """An execution that runs until a test ends it."""
    return stepfunctions.start_execution(pending_machine, name="one")


def sensor_of(arn: str, **arguments: Any) -> StepFunctionExecutionSensor:
    """Make the sensor."""
    return StepFunctionExecutionSensor(task_id="wait", execution_arn=arn, **arguments)


@pytest.mark.parametrize("value", ["SUCCEEDED", None, 1])
def test_target_states_are_a_list(value: Any) -> None:
    with pytest.raises(ValueError, match=f"target_states: {value!r} is no list of statuses"):
        sensor_of(ARN, target_states=value)


def test_there_is_a_status_to_wait_for() -> None:
    with pytest.raises(ValueError, match=r"target_states: there is no status to wait for; there are .*SUCCEEDED"):
        sensor_of(ARN, target_states=[])


def test_a_timeout_is_kept_while_aws_does_not_know_the_execution(
    scripted_aws: ScriptedAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without it, AWS is asked for a quarter of a minute."""
    monkeypatch.setattr("sfn_provider.executions.aws_errors.INITIAL_DELAY", 0.3)
    scripted_aws.script("DescribeExecution", ErrorResponse("ExecutionDoesNotExist"))
    sensor = sensor_of(ARN, timeout=0.6, poke_interval=0.1)
    begin = time.monotonic()
    with pytest.raises(AirflowSensorTimeout, match=r"AWS does not answer.*ExecutionDoesNotExist"):
        sensor.execute(context_of(sensor))
    assert time.monotonic() - begin < 7


@pytest.mark.parametrize("status", ["RUNNING", "PENDING_REDRIVE"])
def test_a_running_execution_is_not_there_yet(scripted_aws: ScriptedAws, status: str) -> None:
    scripted_aws.script("DescribeExecution", RUNNING | {"status": status})
    sensor = sensor_of(ARN)
    context = context_of(sensor)
    assert sensor.poke(context) is False
    assert "output" not in context["ti"].xcoms


def test_a_look_at_a_running_execution_is_one_call_without_data(scripted_aws: ScriptedAws) -> None:
    scripted_aws.script("DescribeExecution", RUNNING)
    sensor = sensor_of(ARN)
    sensor.poke(context_of(sensor))
    assert scripted_aws.calls == [("DescribeExecution", {"executionArn": ARN, "includedData": "METADATA_ONLY"})]


def test_the_output_goes_to_an_xcom(stepfunctions: SharedStepFunctions, execution: str) -> None:
    stepfunctions.end_execution(execution, "SUCCEEDED", output='{"n": 1}')
    sensor = sensor_of(execution)
    context = context_of(sensor)
    assert sensor.poke(context) is True
    assert context["ti"].xcoms["output"] == {"n": 1}


@pytest.mark.parametrize(
    ("status", "cause"),
    [("FAILED", ".*: Orders.Bad: no stock"), ("TIMED_OUT", ""), ("ABORTED", ".*: Orders.Bad: no stock")],
)
def test_another_end_fails_with_the_cause(
    stepfunctions: SharedStepFunctions, execution: str, status: str, cause: str
) -> None:
    stepfunctions.end_execution(execution, status)
    sensor = sensor_of(execution)
    with pytest.raises(StepFunctionExecutionFailed, match=f"ended as {status}{cause}"):
        sensor.poke(context_of(sensor))


def test_a_failure_opens_with_the_words_of_the_amazon_provider(
    stepfunctions: SharedStepFunctions, execution: str
) -> None:
    stepfunctions.end_execution(execution, "FAILED")
    sensor = sensor_of(execution)
    with pytest.raises(
        StepFunctionExecutionFailed, match=r"^Step Function sensor failed. State Machine Output: None\n"
    ):
        sensor.poke(context_of(sensor))


def test_the_hook_can_be_replaced_in_the_module_and_in_a_class_of_ones_own(monkeypatch: pytest.MonkeyPatch) -> None:
    class Own(StepFunctionExecutionSensor):
        aws_hook_class: Any = SimpleNamespace

    assert isinstance(Own(task_id="wait", execution_arn=ARN).hook, SimpleNamespace)
    assert sensor_of(ARN).aws_hook_class is StepFunctionHook
    monkeypatch.setattr("sfn_provider.sensors.step_function.StepFunctionHook", SimpleNamespace)
    assert isinstance(sensor_of(ARN).hook, SimpleNamespace)


def test_soft_fail_skips_with_the_cause(stepfunctions: SharedStepFunctions, execution: str) -> None:
    stepfunctions.end_execution(execution, "FAILED")
    sensor = sensor_of(execution, soft_fail=True)
    with pytest.raises(AirflowSkipException, match=r"Orders\.Bad"):
        sensor.poke(context_of(sensor))


@pytest.mark.parametrize(
    ("status", "targets"),
    [("FAILED", ["FAILED", "TIMED_OUT"]), ("TIMED_OUT", ["FAILED", "TIMED_OUT"]), ("RUNNING", ["RUNNING"])],
)
def test_other_statuses_can_be_waited_for(
    stepfunctions: SharedStepFunctions, execution: str, status: str, targets: list[str]
) -> None:
    if status != "RUNNING":
        stepfunctions.end_execution(execution, status)
    sensor = sensor_of(execution, target_states=targets)
    assert sensor.poke(context_of(sensor)) is True


def test_success_is_a_failure_where_another_end_is_waited_for(
    stepfunctions: SharedStepFunctions, execution: str
) -> None:
    stepfunctions.end_execution(execution, "SUCCEEDED", output="1")
    sensor = sensor_of(execution, target_states=["FAILED"])
    with pytest.raises(StepFunctionExecutionFailed, match="ended as SUCCEEDED"):
        sensor.poke(context_of(sensor))


def test_an_unknown_status_is_refused_when_the_dag_is_parsed() -> None:
    with pytest.raises(ValueError, match=r"\['DONE'\]"):
        sensor_of(ARN, target_states=["SUCCEEDED", "DONE"])


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
def test_an_error_that_passes_is_not_there_yet(scripted_aws: ScriptedAws, error: Any) -> None:
    scripted_aws.script("DescribeExecution", error, error, SUCCEEDED)
    sensor = sensor_of(ARN)
    assert [sensor.poke(context_of(sensor)) for _ in range(3)] == [False, False, True]


def test_an_execution_just_started_may_be_missing(scripted_aws: ScriptedAws) -> None:
    scripted_aws.script("DescribeExecution", *[ErrorResponse("ExecutionDoesNotExist")] * 3, SUCCEEDED)
    sensor = sensor_of(ARN)
    assert sensor.poke(context_of(sensor)) is True


@pytest.mark.parametrize("deferrable", [False, True])
def test_a_missing_permission_ends_the_wait_at_once(scripted_aws: ScriptedAws, deferrable: bool) -> None:
    scripted_aws.script("DescribeExecution", ErrorResponse("AccessDeniedException"))
    sensor = sensor_of(ARN, deferrable=deferrable)
    with pytest.raises(AirflowFailException):
        sensor.execute(context_of(sensor))
    assert len(scripted_aws.calls) == 1


def test_an_express_execution_is_refused_without_a_call(scripted_aws: ScriptedAws) -> None:
    sensor = sensor_of("arn:aws:states:us-east-1:123456789012:express:Orders:one:4f5a")
    with pytest.raises(AirflowFailException, match=r"wait: .*Express"):
        sensor.poke(context_of(sensor))
    assert scripted_aws.calls == []


def test_a_deferral_waits_as_long_as_the_sensor_may(scripted_aws: ScriptedAws) -> None:
    scripted_aws.script("DescribeExecution", RUNNING)
    sensor = sensor_of(ARN, deferrable=True, poke_interval=7, timeout=600, target_states=["FAILED"])
    with pytest.raises(TaskDeferred) as deferral:
        sensor.execute(context_of(sensor, start_date=datetime.now(UTC) - timedelta(minutes=4)))
    assert timedelta(minutes=5) < deferral.value.timeout <= timedelta(minutes=6)
    arguments = deferral.value.trigger.serialize()[1]
    assert (arguments["waiter_delay"], arguments["target_states"]) == (7, ["FAILED"])


def test_an_execution_that_has_ended_never_defers(stepfunctions: SharedStepFunctions, execution: str) -> None:
    stepfunctions.end_execution(execution, "SUCCEEDED", output="1")
    sensor = sensor_of(execution, deferrable=True)
    context = context_of(sensor)
    sensor.execute(context)
    assert context["ti"].xcoms["output"] == 1


def test_an_execution_redriven_before_the_worker_is_back_is_waited_for_again(execution: str) -> None:
    sensor = sensor_of(execution, deferrable=True)
    with pytest.raises(TaskDeferred):
        sensor.execute_complete(context_of(sensor), {"status": "success", "execution_arn": execution})


MODES = [{"mode": "poke"}, {"mode": "reschedule"}, {"deferrable": True}]


@pytest.mark.stepfunctions(time="real")
@pytest.mark.parametrize("arguments", MODES, ids=["poke", "reschedule", "deferred"])
def test_every_mode_waits_in_a_dag_run(
    airflow_db: None, stepfunctions: SharedStepFunctions, arguments: dict[str, Any]
) -> None:
    machine = stepfunctions.create_state_machine(SLOW)
    with DAG("waits_" + "_".join(arguments), start_date=datetime(2025, 3, 1, tzinfo=UTC), schedule=None) as dag:
        arn = stepfunctions.start_execution(machine, '{"n": 1}')
        StepFunctionExecutionSensor(task_id="wait", execution_arn=arn, poke_interval=0.2, timeout=60, **arguments)
    run = run_dag(dag)
    assert task_states(run) == {"wait": "success"}
    assert xcom(run, "wait", "output") == {"n": 1}


@pytest.mark.parametrize(
    ("arguments", "raised"),
    [
        ({}, AirflowSensorTimeout),
        ({"soft_fail": True}, AirflowSkipException),
        ({"never_fail": True}, AirflowSkipException),
    ],
    ids=["fails", "soft_fail", "never_fail"],
)
@pytest.mark.parametrize("seen", [AirflowSensorTimeout, TaskDeferralTimeout], ids=["Airflow 3.0", "Airflow 2"])
def test_a_deferral_that_has_timed_out(
    scripted_aws: ScriptedAws,
    monkeypatch: pytest.MonkeyPatch,
    arguments: dict[str, Any],
    raised: type[Exception],
    seen: type[Exception],
) -> None:
    scripted_aws.script("DescribeExecution", RUNNING)

    def resume(*args: Any) -> None:
        raise seen("Trigger timeout")

    monkeypatch.setattr(BaseSensorOperator, "resume_execution", resume)
    sensor = sensor_of(ARN, deferrable=True, timeout=600, **arguments)
    with pytest.raises(raised, match=f"timed out, with timeout=600 seconds, execution_timeout=None .*{ARN}"):
        sensor.resume_execution("__fail__", None, context_of(sensor))


def test_a_trigger_that_has_failed_is_no_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    def resume(*args: Any) -> None:
        raise TaskDeferralTimeout("Trigger failure")  # Airflow 2 has one class for both

    monkeypatch.setattr(BaseSensorOperator, "resume_execution", resume)
    sensor = sensor_of(ARN, deferrable=True)
    with pytest.raises(TaskDeferralTimeout, match="Trigger failure"):
        sensor.resume_execution("__fail__", None, context_of(sensor))


@pytest.mark.parametrize("arguments", MODES, ids=["poke", "reschedule", "deferred"])
@pytest.mark.parametrize(("soft_fail", "state"), [(False, "failed"), (True, "skipped")], ids=["hard", "soft"])
def test_every_mode_fails_in_a_dag_run(
    airflow_db: None,
    stepfunctions: SharedStepFunctions,
    task_log: Callable[[], str],
    arguments: dict[str, Any],
    soft_fail: bool,
    state: str,
) -> None:
    machine = stepfunctions.create_state_machine(FAILING)
    dag_id = "_".join(["fails", *arguments, str(soft_fail)])
    with DAG(dag_id, start_date=datetime(2025, 3, 1, tzinfo=UTC), schedule=None) as dag:
        arn = stepfunctions.start_execution(machine)
        StepFunctionExecutionSensor(
            task_id="wait", execution_arn=arn, poke_interval=0.2, timeout=60, soft_fail=soft_fail, **arguments
        )
    assert task_states(run_dag(dag)) == {"wait": state}
    assert soft_fail or "no stock" in task_log()
