"""The events of triggers, as Airflow logs them when they fire: without tokens, inputs' and outputs' secrets."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from sfn_provider.triggers.activity import StepFunctionsActivityTaskTrigger
from sfn_provider.triggers.base import EventPayload, make_event
from tests.aws.scripted import ScriptedAws

SECRET = "hunter2"
ACTIVITY = "arn:aws:states:us-east-1:123456789012:activity:Approve"


@pytest.mark.parametrize(
    "payload",
    [
        {"task_token": SECRET, "input": None},
        {"input": json.dumps({"order": 1, "password": SECRET})},
        {"output": json.dumps([{"api_key": SECRET}]), "execution_status": "SUCCEEDED"},
        {"output": json.dumps({"text": json.dumps({"secret": SECRET})})},
    ],
    ids=["token", "input", "output", "JSON in an output"],
)
def test_the_text_of_an_event_has_no_secrets(payload: dict[str, Any]) -> None:
    event = make_event(payload)
    assert SECRET not in repr(event) and SECRET not in str(event) and "***" in repr(event)
    assert event.payload == payload and json.loads(json.dumps(event.payload)) == payload


def test_the_text_of_an_event_is_one_short_line() -> None:
    text = repr(EventPayload(output="a\nb" * 1000))
    assert len(text) < 1100 and "\n" not in text


def test_the_task_of_an_activity_is_not_in_the_log(scripted_aws: ScriptedAws) -> None:
    given = json.dumps({"password": SECRET})
    scripted_aws.script("GetActivityTask", {"taskToken": "AQC4", "input": given})

    async def fire() -> Any:
        return await anext(StepFunctionsActivityTaskTrigger(activity_arn=ACTIVITY).run())

    event = asyncio.run(fire())
    assert event.payload == {"status": "success", "task_token": "AQC4", "input": given}
    assert SECRET not in repr(event) and "AQC4" not in repr(event)
