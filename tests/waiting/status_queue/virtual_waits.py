"""Waits with a status queue on virtual time: when each one's event comes."""

from __future__ import annotations

import asyncio
from typing import Any

from sfn_provider.triggers.step_function import StepFunctionsExecutionCompleteTrigger
from tests.aws.step_functions import (
    SimulatedStepFunctions,
)
from tests.fixtures.virtual_time import run_virtually

URL = "https://sqs.us-east-1.amazonaws.com/123456789012/ends"
Events = dict[str, tuple[float, Any]]


def trigger_of(arn: str, **arguments: Any) -> StepFunctionsExecutionCompleteTrigger:
    return StepFunctionsExecutionCompleteTrigger(execution_arn=arn, **({"status_queue_url": URL} | arguments))


def wait_for(*triggers: StepFunctionsExecutionCompleteTrigger, begin: float = 0.0, seconds: float = 20_000) -> Events:
    """Run triggers together. Gives when each one's event came, and the event."""
    events: Events = {}

    async def watch(trigger: StepFunctionsExecutionCompleteTrigger) -> None:
        async for event in trigger.run():
            events[trigger.execution_arn] = asyncio.get_running_loop().time(), event.payload

    async def together() -> None:
        await asyncio.sleep(begin)
        async with asyncio.timeout(seconds), asyncio.TaskGroup() as group:
            for trigger in triggers:
                group.create_task(watch(trigger))

    run_virtually(together())
    return events


def lateness(aws: SimulatedStepFunctions, events: Events) -> list[float]:
    """How long after its end each event came, ascending."""
    return sorted(at - aws.executions[arn].end for arn, (at, _) in events.items())
