"""What may happen to a task that waits, by class of sensor: cleared, retried, restarted, redriven, mapped and so on.

Timeouts, missing permissions, other ends and unknown executions: tests/sensors/test_failure_arguments.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from airflow import DAG

from sfn_provider._compat import AirflowFailException, AirflowSkipException, TaskDeferred
from sfn_provider.executions.batch_status import StepFunctionExecutionsFailed
from tests.aws.scripted import ScriptedAws
from tests.aws.server import ErrorResponse
from tests.fixtures.airflow.sensor_cases import (
    ACTIVITY_CASE,
    ARN,
    ARNS,
    EXECUTION,
    EXECUTIONS,
    FAILED,
    MAP_RUN,
    MAP_RUN_CASE,
    MODES,
    PREFIX,
    RUNNING,
    S3_ARN,
    SENSORS,
    STATE,
    SUCCEEDED,
    SensorCase,
    context_of,
    event_of,
    history_of,
    map_run_of,
    prepare_sensors,
    recreated,
    run_in_mode,
)

READS = {
    "DescribeActivity",
    "DescribeExecution",
    "DescribeMapRun",
    "GetActivityTask",
    "GetExecutionHistory",
    "ListExecutions",
    "ListMapRuns",
}
"""All that a sensor may call: none of them changes anything but a task that an activity hands out."""


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do without Airflow's database."""
    prepare_sensors(monkeypatch)


@pytest.fixture
def returned(scripted_aws: ScriptedAws) -> Callable[[SensorCase], Any]:
    """Gives what a sensor returns where nothing happens to it."""

    def run(case: SensorCase) -> Any:
        case.script(scripted_aws, case.done)
        return run_in_mode(case, "poke")

    return run


def deferral_of(case: SensorCase, aws: ScriptedAws) -> Any:
    """Let a sensor defer; gives its trigger."""
    case.script(aws, case.running)
    sensor = case.make(deferrable=True)
    with pytest.raises(TaskDeferred) as deferral:
        sensor.execute(context_of(sensor))
    return deferral.value.trigger


def cancel_after_a_poll(trigger: Any, aws: ScriptedAws) -> None:
    """Run a trigger until it has polled, then cancel it as Airflow does for a cleared task, or at a triggerer's end."""

    async def run() -> None:
        before = len(aws.calls)
        running = asyncio.ensure_future(anext(trigger.run()))
        while len(aws.calls) == before:
            await asyncio.sleep(0.005)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        if hasattr(trigger, "on_kill"):  # from Airflow 3.3 on
            await trigger.on_kill()

    asyncio.run(run())


@pytest.mark.parametrize("case", SENSORS, ids=lambda case: case.id)
def test_cleared_while_deferred(
    scripted_aws: ScriptedAws, returned: Callable[[SensorCase], Any], case: SensorCase
) -> None:
    """Nothing is stopped by a sensor, and the task that runs anew waits anew."""
    cancel_after_a_poll(recreated(deferral_of(case, scripted_aws)), scripted_aws)
    assert set(scripted_aws.actions()) <= READS
    expected = returned(case)
    assert run_in_mode(case, "deferrable", ti={"max_tries": 1, "try_number": 2}) == expected


@pytest.mark.parametrize("case", SENSORS, ids=lambda case: case.id)
def test_the_triggerer_is_restarted(
    scripted_aws: ScriptedAws, returned: Callable[[SensorCase], Any], case: SensorCase
) -> None:
    trigger = deferral_of(case, scripted_aws)
    cancel_after_a_poll(recreated(trigger), scripted_aws)
    expected = returned(case)
    event = event_of(recreated(trigger))
    sensor = case.make(deferrable=True)
    assert sensor.resume_execution("execute_complete", {"event": event}, context_of(sensor)) == expected


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("case", SENSORS, ids=lambda case: case.id)
def test_retried_after_a_lost_worker(
    scripted_aws: ScriptedAws, returned: Callable[[SensorCase], Any], case: SensorCase, mode: str
) -> None:
    case.script(scripted_aws, case.running)
    lost = case.make()
    lost.poke(context_of(lost))
    expected = returned(case)
    assert run_in_mode(case, mode, ti={"try_number": 2}) == expected


REDRIVEN = {
    "execution": (RUNNING, FAILED, RUNNING, SUCCEEDED),
    "executions": (RUNNING, RUNNING, FAILED, FAILED, RUNNING, RUNNING, SUCCEEDED),
    "state": (
        STATE.running,
        history_of("ExecutionStarted", "ExecutionFailed"),
        history_of("ExecutionStarted", "ExecutionFailed", "ExecutionRedriven"),
        history_of("ExecutionStarted", "ExecutionFailed", "ExecutionRedriven", "PassStateEntered"),
    ),
    "map_run": (map_run_of("RUNNING"), map_run_of("FAILED"), map_run_of("RUNNING"), map_run_of("SUCCEEDED")),
}


@pytest.mark.parametrize("case", [case for case in SENSORS if case.id in REDRIVEN], ids=lambda case: case.id)
def test_redriven_before_the_worker_is_back(scripted_aws: ScriptedAws, case: SensorCase) -> None:
    """The triggerer sees the failure, the worker that it is running again: it waits on."""
    case.script(scripted_aws, *REDRIVEN[case.id])
    run_in_mode(case, "deferrable", soft_fail=True)


def test_redriven_while_others_run(scripted_aws: ScriptedAws) -> None:
    """The last execution fails. One of four that had failed at an earlier poll is running again: the wait goes on."""
    arns = [f"{PREFIX}:execution:Orders:{number}" for number in range(5)]

    def listed(*statuses: str) -> dict[str, Any]:
        row = {"stateMachineArn": "arn", "name": "n", "startDate": 1.0}
        pairs = zip(arns, statuses, strict=False)
        return {"executions": [row | {"executionArn": arn, "status": status} for arn, status in pairs]}

    scripted_aws.script(
        "ListExecutions",
        listed("FAILED", "FAILED", "FAILED", "FAILED", "RUNNING"),
        listed("FAILED", "FAILED", "FAILED", "RUNNING"),
    )
    scripted_aws.script("GetExecutionHistory", {"events": []})
    scripted_aws.script("DescribeExecution", FAILED, FAILED, FAILED, FAILED, SUCCEEDED)
    result = run_in_mode(EXECUTIONS, "poke", execution_arns=arns, wait_for="any")
    assert result["counts"] == {"FAILED": 4, "SUCCEEDED": 1}


@pytest.mark.parametrize("mode", MODES)
def test_redriven_just_before_a_list_that_lags(scripted_aws: ScriptedAws, mode: str) -> None:
    arns = [*ARNS, f"{PREFIX}:execution:Orders:three"]
    listed = {"stateMachineArn": "arn", "name": "n", "status": "FAILED", "startDate": 1.0}
    rows = {"executions": [listed | {"executionArn": arn} for arn in arns]}
    late = {"executions": [row | {"status": "SUCCEEDED"} for row in rows["executions"]]}
    scripted_aws.script("ListExecutions", rows, late)
    scripted_aws.script("DescribeExecution", RUNNING)
    assert run_in_mode(EXECUTIONS, mode, execution_arns=arns)["counts"] == {"SUCCEEDED": 3}
    assert scripted_aws.actions().count("DescribeExecution") == 3


def test_redriven_before_the_history_shows_it(scripted_aws: ScriptedAws) -> None:
    ended = history_of("ExecutionStarted", "ExecutionFailed")
    scripted_aws.script("GetExecutionHistory", *[ended] * 4, REDRIVEN["state"][-1])
    scripted_aws.script("DescribeExecution", RUNNING)
    assert run_in_mode(STATE, "deferrable")["state_name"] == "Ship"
    assert scripted_aws.actions().count("DescribeExecution") == 1


def test_an_end_that_cannot_be_described_is_asked_for_again(scripted_aws: ScriptedAws) -> None:
    """The wait goes through the triggerer, which does not send it back at once."""
    scripted_aws.script("GetExecutionHistory", STATE.failed or {})
    scripted_aws.script("DescribeExecution", ErrorResponse("ThrottlingException"), SUCCEEDED)
    with pytest.raises(AirflowSkipException, match="is SUCCEEDED, and 'Ship' was entered 0 times"):
        run_in_mode(STATE, "deferrable", soft_fail=True)
    assert scripted_aws.actions().count("GetExecutionHistory") == 4


def test_failures_are_not_hidden_by_what_explains_them(scripted_aws: ScriptedAws) -> None:
    arns = [*ARNS, f"{PREFIX}:execution:Orders:three"]
    listed = {"stateMachineArn": "arn", "name": "n", "status": "FAILED", "startDate": 1.0}
    scripted_aws.script("ListExecutions", {"executions": [listed | {"executionArn": arn} for arn in arns]})
    scripted_aws.script("DescribeExecution", ErrorResponse("AccessDeniedException"))
    with pytest.raises(StepFunctionExecutionsFailed, match=r"3 FAILED(.|\n)*could not be read.*states:Describe"):
        run_in_mode(EXECUTIONS, "poke", execution_arns=arns)


def test_another_map_run_started_before_the_worker_is_back(scripted_aws: ScriptedAws) -> None:
    """The one whose end the trigger has seen is the one that the task returns."""
    run = {"executionArn": ARN, "stateMachineArn": "arn", "mapRunArn": MAP_RUN, "startDate": 1.0}
    later = run | {"mapRunArn": MAP_RUN.replace("77aa", "88bb"), "startDate": 2.0}
    scripted_aws.script("ListMapRuns", {"mapRuns": [run]}, {"mapRuns": [run, later]})
    MAP_RUN_CASE.script(scripted_aws, map_run_of("RUNNING"), map_run_of("SUCCEEDED"))
    result = run_in_mode(MAP_RUN_CASE, "deferrable", map_run_arn=None, execution_arn=ARN)
    assert result["map_run_arn"] == MAP_RUN
    assert {body["mapRunArn"] for body in scripted_aws.bodies("DescribeMapRun")} == {MAP_RUN}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("case", SENSORS, ids=lambda case: case.id)
def test_do_xcom_push_off(
    scripted_aws: ScriptedAws, returned: Callable[[SensorCase], Any], case: SensorCase, mode: str
) -> None:
    """Nothing is stored, and nothing needs what is not stored."""
    expected = returned(case)
    case.script(scripted_aws, *[case.running] * 2, case.done)
    xcoms: dict[str, Any] = {}
    assert run_in_mode(case, mode, ti={"xcoms": xcoms}, do_xcom_push=False) == expected
    assert xcoms == {}


@pytest.mark.parametrize("case", SENSORS, ids=lambda case: case.id)
def test_mapped(scripted_aws: ScriptedAws, returned: Callable[[SensorCase], Any], case: SensorCase) -> None:
    expected = returned(case)
    value = case.arguments[case.argument]
    others = {name: each for name, each in case.arguments.items() if name != case.argument}
    with DAG("mapped", start_date=datetime(2025, 3, 1, tzinfo=UTC), schedule=None):
        mapped = case.sensor.partial(task_id="wait", poke_interval=0, **others).expand(**{case.argument: [value] * 3})
    assert case.argument in case.sensor.template_fields
    sensor: Any = mapped.unmap({case.argument: value})
    context = context_of(sensor, map_index=2)
    assert sensor.execute(context) == expected
    assert {link.key for link in sensor.operator_extra_links} <= set(context["ti"].xcoms)


@pytest.mark.parametrize("case", SENSORS, ids=lambda case: case.id)
def test_rendered_by_a_native_dag(
    scripted_aws: ScriptedAws, returned: Callable[[SensorCase], Any], case: SensorCase
) -> None:
    expected = returned(case)
    native = {"render_template_as_native_obj": True, "schedule": None}
    with DAG("native", start_date=datetime(2025, 3, 1, tzinfo=UTC), **native):
        sensor = case.make(**{case.argument: "{{ given }}"})
    context = context_of(sensor) | {"given": case.arguments[case.argument]}
    sensor.render_template_fields(context)
    assert sensor.execute(context) == expected


@dataclass(frozen=True)
class Wrong:
    """A value of an argument that cannot be used, and what is said about it."""

    id: str
    case: SensorCase
    arguments: dict[str, Any]
    message: str


EXECUTION_VALUES = {
    "S3": S3_ARN,
    "output": {"order": 7},
    "text": "done",
    "empty": "",
    "number": 5,
    "state machine": f"{PREFIX}:stateMachine:Orders",
    "activity": f"{PREFIX}:activity:Approve",
    "Map Run": MAP_RUN,
    "Lambda function": "arn:aws:lambda:eu-west-1:123456789012:function:orders:execution:one",
    "template": "{{ start.output }}",
}
PATTERN = "arn:aws:states:REGION:ACCOUNT:execution:MACHINE:NAME"
WRONG = (
    *(
        Wrong(
            f"{case.id} {name}",
            case,
            {"map_run_arn": None, "execution_arn": value} if case is MAP_RUN_CASE else {"execution_arn": value},
            f"execution_arn: {value!r:.80} is not the ARN of an execution",
        )
        for case in (EXECUTION, STATE, MAP_RUN_CASE)
        for name, value in EXECUTION_VALUES.items()
        if case is not MAP_RUN_CASE or value
    ),
    *(
        Wrong(
            f"executions {name}",
            EXECUTIONS,
            {"execution_arns": [ARN, value]},
            f"execution_arns[1]: {value!r:.80} is not the ARN of an execution",
        )
        for name, value in EXECUTION_VALUES.items()
    ),
    Wrong("executions list text", EXECUTIONS, {"execution_arns": ARN}, f"execution_arns: {ARN!r:.80}"),
    Wrong("executions object", EXECUTIONS, {"execution_arns": {"a": ARN}}, "execution_arns: {'a': "),
    Wrong("executions no list", EXECUTIONS, {"execution_arns": 5}, "execution_arns: 5 is no list"),
    Wrong("executions none", EXECUTIONS, {"execution_arns": []}, "execution_arns: there is no execution"),
    Wrong("map_run neither", MAP_RUN_CASE, {"map_run_arn": ""}, "map_run_arn, execution_arn: neither is given"),
    *(
        Wrong(
            f"map_run {value}", MAP_RUN_CASE, {"map_run_arn": value}, f"map_run_arn: {value!r:.80} is not the ARN of a"
        )
        for value in (S3_ARN, ARN, 5, f"{PREFIX}:mapRun:Orders/Lines")
    ),
    *(
        Wrong(
            f"activity {value}",
            ACTIVITY_CASE,
            {"activity_arn": value},
            f"activity_arn: {value!r:.80} is not the ARN of an",
        )
        for value in (S3_ARN, ARN, 5, "Approve")
    ),
)


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.id)
def test_a_value_that_is_no_arn_is_refused_by_name(scripted_aws: ScriptedAws, wrong: Wrong) -> None:
    for arguments in ({}, {"deferrable": True}):
        sensor = wrong.case.make(**arguments, **wrong.arguments)
        context = context_of(sensor)
        with pytest.raises(AirflowFailException) as raised:
            sensor.execute(context)
        assert str(raised.value).startswith(f"wait: {wrong.message}")
        if "is not the ARN of an execution" in wrong.message:
            assert PATTERN in str(raised.value)
            assert ("a task that has failed returns nothing" in str(raised.value)) is (": None is" in wrong.message)
        assert context["ti"].xcoms == {}
    assert scripted_aws.calls == []
