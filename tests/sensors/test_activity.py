"""Taking work from an activity, over HTTP."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from sfn_provider._compat import AirflowException, AirflowFailException, AirflowSensorTimeout, TaskDeferred
from sfn_provider.sensors.step_function import StepFunctionActivityTaskSensor
from sfn_provider.triggers.activity import StepFunctionsActivityTaskTrigger
from tests.aws.scripted import ScriptedAws
from tests.aws.server import NO_RESPONSE, ErrorResponse
from tests.fixtures.airflow.task_contexts import context_of

ARN = "arn:aws:states:eu-west-1:123456789012:activity:Approve"
WORK = {"taskToken": "AAAA", "input": '{"order": 7}'}
TAKEN = {"task_token": "AAAA", "input": {"order": 7}}


def sensor(**arguments: Any) -> StepFunctionActivityTaskSensor:
    """Make the sensor, with looks that follow each other at once."""
    given = {"task_id": "take", "activity_arn": ARN, "poke_interval": 0}
    return StepFunctionActivityTaskSensor(**(given | arguments))


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
def test_work_is_taken_in_the_worker(scripted_aws: ScriptedAws, error: Any) -> None:
    scripted_aws.script("GetActivityTask", {}, error, {}, WORK)
    operator = sensor()
    assert operator.execute(context_of(operator)) == TAKEN
    assert scripted_aws.bodies("GetActivityTask")[0]["activityArn"] == ARN


def test_the_worker_says_who_it_is(scripted_aws: ScriptedAws) -> None:
    scripted_aws.script("GetActivityTask", WORK)
    for operator in (sensor(), sensor(worker_name="x" * 100)):
        operator.execute(context_of(operator))
    names = [body["workerName"] for body in scripted_aws.bodies("GetActivityTask")]
    assert names == ["adhoc_airflow.take", "x" * 80]


def test_no_work_in_time(scripted_aws: ScriptedAws) -> None:
    scripted_aws.script("GetActivityTask", {})
    operator = sensor(timeout=0)
    with pytest.raises(AirflowSensorTimeout):
        operator.execute(context_of(operator))


def test_a_missing_permission_fails_at_once(scripted_aws: ScriptedAws) -> None:
    scripted_aws.script("GetActivityTask", ErrorResponse("AccessDeniedException"))
    operator = sensor()
    with pytest.raises(AirflowFailException, match="states:GetActivityTask"):
        operator.execute(context_of(operator))


def test_the_region_is_the_activitys() -> None:
    assert sensor().hook.conn_region_name == "eu-west-1"


def test_it_waits_in_the_triggerer_from_the_start_on(scripted_aws: ScriptedAws) -> None:
    operator = sensor(deferrable=True, timeout=3600, poke_interval=3, region_name="eu-west-1", verify=False)
    with pytest.raises(TaskDeferred) as deferral:
        operator.execute(context_of(operator))
    assert timedelta(minutes=59) < deferral.value.timeout <= timedelta(hours=1)
    assert deferral.value.trigger.serialize() == (
        "sfn_provider.triggers.activity.StepFunctionsActivityTaskTrigger",
        {
            "activity_arn": ARN,
            "worker_name": "adhoc_airflow.take",
            "waiter_delay": 3,
            "aws_conn_id": "aws_default",
            "region_name": "eu-west-1",
            "verify": False,
            "botocore_config": None,
        },
    )
    assert scripted_aws.calls == []


def event_of(**arguments: Any) -> dict[str, Any]:
    """Run the trigger. Gives its event."""

    async def first() -> dict[str, Any]:
        trigger = StepFunctionsActivityTaskTrigger(activity_arn=ARN, waiter_delay=0, **arguments)
        [event] = [event async for event in trigger.run()]
        return dict(event.payload)

    return asyncio.run(first())


@pytest.mark.parametrize(
    "error", [ErrorResponse("ThrottlingException"), ErrorResponse("ExpiredTokenException"), NO_RESPONSE]
)
def test_work_is_taken_in_the_triggerer(scripted_aws: ScriptedAws, error: Any) -> None:
    scripted_aws.script("GetActivityTask", {}, error, {}, WORK)
    event = event_of(worker_name="me")
    assert event == {"status": "success", "task_token": "AAAA", "input": '{"order": 7}'}
    assert scripted_aws.bodies("GetActivityTask")[-1] == {"activityArn": ARN, "workerName": "me"}
    operator = sensor(deferrable=True)
    assert operator.execute_complete(context_of(operator), event) == TAKEN


@pytest.mark.parametrize(
    ("code", "raised"),
    [("AccessDeniedException", AirflowFailException), ("ActivityDoesNotExist", AirflowException)],
)
def test_a_wait_that_cannot_go_on(scripted_aws: ScriptedAws, code: str, raised: type[Exception]) -> None:
    scripted_aws.script("GetActivityTask", ErrorResponse(code))
    operator = sensor(deferrable=True)
    with pytest.raises(raised, match=code) as caught:
        operator.execute_complete(context_of(operator), event_of())
    assert type(caught.value) is raised
