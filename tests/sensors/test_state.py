"""The sensor for a state, in every mode."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from airflow import DAG

from sfn_provider._compat import AirflowFailException, AirflowSkipException, TaskDeferred
from sfn_provider.executions.outcomes import StepFunctionExecutionFailed, StepFunctionStateMissed
from sfn_provider.sensors.step_function import StepFunctionStateSensor
from sfn_provider.triggers.state import StepFunctionStateTrigger
from tests.aws.local_step_functions import SharedStepFunctions
from tests.aws.scripted import ScriptedAws
from tests.aws.server import ErrorResponse
from tests.fixtures.airflow.airflow_home import run_dag, task_states, xcom
from tests.fixtures.airflow.task_contexts import context_of

ARN = "arn:aws:states:us-east-1:123456789012:execution:Orders:one"
MODES: list[dict[str, Any]] = [{}, {"mode": "reschedule"}, {"deferrable": True}]
SLOW = {
    "StartAt": "Pause",
    "States": {
        "Pause": {"Type": "Wait", "Seconds": 1, "Next": "Ship"},
        "Ship": {"Type": "Pass", "Next": "Rest"},
        "Rest": {"Type": "Wait", "Seconds": 1, "End": True},
    },
}


def event(number: int, kind: str, name: str | None = None) -> dict[str, Any]:
    """Make an event of a history."""
    side = "Exited" if kind.endswith("Exited") else "Entered"
    details = {f"state{side}EventDetails": {"name": name}} if name else {}
    return {"id": number, "type": kind, "timestamp": float(number), "previousEventId": number - 1, **details}


STARTED = event(1, "ExecutionStarted")
PRICE = [event(2, "PassStateEntered", "Price"), event(3, "PassStateExited", "Price")]
SHIP = [event(4, "TaskStateEntered", "Ship"), event(5, "TaskStateExited", "Ship")]
DONE = event(4, "ExecutionSucceeded")


def page(*events: dict[str, Any], token: str | None = None) -> dict[str, Any]:
    """Make an answer of GetExecutionHistory."""
    return {"events": list(events)} | ({"nextToken": token} if token else {})


def sensor_of(state_name: str = "Ship", **arguments: Any) -> StepFunctionStateSensor:
    """Make the sensor."""
    return StepFunctionStateSensor(task_id="wait", execution_arn=ARN, state_name=state_name, **arguments)


def looks(sensor: StepFunctionStateSensor, count: int) -> list[Any]:
    """Look some times."""
    seen = (sensor.poke(context_of(sensor)) for _ in range(count))
    return [getattr(each, "xcom_value", each) for each in seen]


def test_only_what_is_new_is_read(scripted_aws: ScriptedAws) -> None:
    scripted_aws.script("GetExecutionHistory", page(STARTED), page(STARTED, *PRICE, token="b"), page(), page(SHIP[0]))
    seen = {"state_name": "Ship", "passage": "entered", "count": 1, "event_id": 4}
    assert looks(sensor_of(), 3) == [False, False, seen | {"timestamp": "1970-01-01T00:00:04+00:00"}]
    body = {"executionArn": ARN, "maxResults": 200, "includeExecutionData": False, "reverseOrder": False}
    assert scripted_aws.bodies("GetExecutionHistory") == [body, body, *[body | {"nextToken": "b"}] * 2]


@pytest.mark.parametrize(
    ("arguments", "event_id"),
    [({"passage": "left"}, 5), ({"state_name": "Price", "times": 2}, 6)],
    ids=["left", "twice"],
)
def test_leaving_and_the_second_time(scripted_aws: ScriptedAws, arguments: dict[str, Any], event_id: int) -> None:
    again = event(6, "PassStateEntered", "Price")
    scripted_aws.script("GetExecutionHistory", page(STARTED, *PRICE, SHIP[0]), page(STARTED, *PRICE, *SHIP, again))
    first, second = looks(sensor_of(**arguments), 2)
    assert (first, second["event_id"]) == (False, event_id)


def test_an_execution_that_succeeds_another_way_fails_the_sensor(scripted_aws: ScriptedAws) -> None:
    scripted_aws.script("GetExecutionHistory", page(STARTED, *PRICE, DONE))
    scripted_aws.script("DescribeExecution", {"executionArn": ARN, "status": "SUCCEEDED"})
    with pytest.raises(StepFunctionStateMissed, match="is SUCCEEDED, and 'Ship' was entered 0 times, of 1"):
        looks(sensor_of(), 1)
    with pytest.raises(AirflowSkipException, match="'Ship' was entered 0 times"):
        looks(sensor_of(soft_fail=True), 1)


def test_an_execution_that_fails_before_fails_the_sensor_with_its_cause(scripted_aws: ScriptedAws) -> None:
    scripted_aws.script("GetExecutionHistory", page(STARTED, *PRICE, event(4, "ExecutionFailed")))
    failed = {"executionArn": ARN, "status": "FAILED", "error": "Orders.Bad", "cause": "no stock"}
    scripted_aws.script("DescribeExecution", failed)
    with pytest.raises(StepFunctionExecutionFailed, match=r"^'Ship' was entered 0 times(.|\n)*Orders\.Bad: no stock"):
        looks(sensor_of(), 1)


def test_a_redriven_execution_goes_on(scripted_aws: ScriptedAws) -> None:
    redriven = [event(4, "ExecutionFailed"), event(5, "ExecutionRedriven")]
    scripted_aws.script("GetExecutionHistory", page(STARTED, *PRICE, *redriven))
    assert looks(sensor_of(), 1) == [False]


def test_a_token_that_aws_has_forgotten_costs_nothing_seen(scripted_aws: ScriptedAws) -> None:
    scripted_aws.script(
        "GetExecutionHistory",
        page(STARTED, *PRICE, token="b"),
        page(),
        ErrorResponse("InvalidToken"),
        page(STARTED, *PRICE, *SHIP),
    )
    first, second = looks(sensor_of("Price", times=2), 2)
    assert (first, second) == (False, False)


@pytest.mark.parametrize("answer", [ErrorResponse("ThrottlingException"), ErrorResponse("x", status=503)])
def test_where_aws_does_not_answer_it_is_not_there_yet(scripted_aws: ScriptedAws, answer: ErrorResponse) -> None:
    scripted_aws.script("GetExecutionHistory", answer)
    assert looks(sensor_of(), 1) == [False]


def test_arguments_that_cannot_be_used() -> None:
    with pytest.raises(ValueError, match="'passed' is none of entered, left"):
        sensor_of(passage="passed")
    for times in (0, "2", 1.5, None, True):
        with pytest.raises(ValueError, match=f"times: {times!r} is no whole number of 1 or more"):
            sensor_of(times=times)
    express = StepFunctionStateSensor(
        task_id="wait", execution_arn="arn:aws:states:us-east-1:1:express:a:b:c", state_name="a"
    )
    with pytest.raises(AirflowFailException, match="Express"):
        looks(express, 1)


def test_the_trigger_goes_on_where_the_worker_stopped_and_back(scripted_aws: ScriptedAws) -> None:
    scripted_aws.script("GetExecutionHistory", page(STARTED, *PRICE, token="b"), page())
    sensor = sensor_of("Price", times=2, deferrable=True, poke_interval=0)
    with pytest.raises(TaskDeferred) as deferral:
        sensor.execute(context_of(sensor))
    arguments = deferral.value.trigger.serialize()[1]
    assert (arguments["wait"]["count"], arguments["wait"]["position"]["token"]) == (1, "b")
    scripted_aws.calls.clear()
    again = event(4, "PassStateEntered", "Price")
    scripted_aws.script("GetExecutionHistory", page(), ErrorResponse("InvalidToken"), page(STARTED, *PRICE, again))

    async def run() -> list[Any]:
        return [each.payload async for each in StepFunctionStateTrigger(**arguments).run()]

    [payload] = asyncio.run(run())
    assert scripted_aws.bodies("GetExecutionHistory")[0]["nextToken"] == "b"
    scripted_aws.calls.clear()
    fresh = sensor_of("Price", times=2, deferrable=True)
    assert fresh.execute_complete(context_of(fresh), payload)["event_id"] == 4
    assert scripted_aws.calls == []


@pytest.mark.stepfunctions(time="real")
@pytest.mark.parametrize("arguments", MODES, ids=["poke", "reschedule", "deferred"])
@pytest.mark.parametrize(("name", "state"), [("Ship", "success"), ("Sink", "failed")])
def test_every_mode_in_a_dag_run(
    airflow_db: None, stepfunctions: SharedStepFunctions, arguments: dict[str, Any], name: str, state: str
) -> None:
    machine = stepfunctions.create_state_machine(SLOW)
    dag_id = "_".join(["state", name, *arguments])
    with DAG(dag_id, start_date=datetime(2025, 3, 1, tzinfo=UTC), schedule=None) as dag:
        arn = stepfunctions.start_execution(machine)
        StepFunctionStateSensor(
            task_id="wait", execution_arn=arn, state_name=name, poke_interval=0.2, timeout=60, **arguments
        )
    run = run_dag(dag)
    assert task_states(run) == {"wait": state}
    assert state == "failed" or xcom(run, "wait")["state_name"] == "Ship"
