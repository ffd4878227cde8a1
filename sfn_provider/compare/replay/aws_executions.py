"""Reads executions with their definitions from AWS, and starts one."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from sfn_provider.boto3_clients import open_client
from sfn_provider.compare.replay.recording import Recording
from sfn_provider.exceptions import UsageError
from sfn_provider.translate.definitions.aws import match_machine_arn
from sfn_provider.translate.definitions.loader import LoadedDefinition, StateMachineResource, load_definition

_EXECUTION = re.compile(r"arn:[\w-]+:states:(?P<region>[\w-]+):\d{12}:(?P<kind>execution|express):[^:]+:.+")


@dataclass(frozen=True)
class AwsExecution:
    """An execution in AWS.

    Args:
        arn: the execution.
        definition: the definition that it ran, as text.
        events: its whole history, timestamps as datetimes.
    """

    arn: str
    definition: str
    events: list[dict[str, Any]]

    def recording(self) -> Recording:
        """Return its history as a recording.

        Raises:
            UsageError: where it cannot be replayed.
        """
        return Recording.from_events(self.events, self.arn, self.arn)

    def machine_definition(self) -> LoadedDefinition:
        """Return the definition that it ran, under the name of its state machine."""
        machine = self.arn.split(":")[6]
        return load_definition(StateMachineResource(machine, self.definition), file=self.arn, origin=self.arn)


def fetch_execution(execution_arn: str) -> AwsExecution:
    """Read an execution.

    Args:
        execution_arn: a standard execution that has ended.

    Raises:
        UsageError: where the ARN is none of a standard execution, or AWS refuses.
    """
    match = _EXECUTION.fullmatch(execution_arn)
    if match is None:
        raise UsageError(
            f"{execution_arn}: not the ARN of an execution; it looks like "
            "arn:aws:states:eu-west-1:123456789012:execution:Machine:name"
        )
    if match["kind"] == "express":
        raise UsageError(
            f"{execution_arn}: AWS keeps no history of express executions, only logs; it cannot be replayed"
        )
    with _open_client(execution_arn, match["region"]) as client:
        definition = client.describe_state_machine_for_execution(executionArn=execution_arn)["definition"]
        pages = client.get_paginator("get_execution_history").paginate(executionArn=execution_arn)
        events = [event for page in pages for event in page["events"]]
    return AwsExecution(execution_arn, definition, events)


def list_last_executions(state_machine_arn: str, count: int) -> list[str]:
    """Return the ARNs of a state machine's last executions that were not stopped, the newest first.

    Args:
        state_machine_arn: the state machine.
        count: how many at most.

    Raises:
        UsageError: where the ARN is none, or AWS refuses.
    """
    found: list[str] = []
    with _open_machine_client(state_machine_arn) as client:
        for page in client.get_paginator("list_executions").paginate(stateMachineArn=state_machine_arn):
            for execution in page["executions"]:
                # The history of a redriven execution holds several runs.
                if execution["status"] in ("SUCCEEDED", "FAILED", "TIMED_OUT") and not execution.get("redriveCount"):
                    found.append(execution["executionArn"])
            if len(found) >= count:
                break
    return found[:count]


def start_and_wait(state_machine_arn: str, input: Any, seconds: float, sleep: Callable[[float], None]) -> str:
    """Start an execution of a standard state machine and wait for its end.

    Args:
        state_machine_arn: the state machine.
        input: the execution's input, any JSON value.
        seconds: how long to wait at most.
        sleep: waits some seconds.

    Returns:
        The execution's ARN.

    Raises:
        UsageError: where the ARN is none, AWS refuses, or the execution takes longer.
    """
    with _open_machine_client(state_machine_arn) as client:
        arn = str(client.start_execution(stateMachineArn=state_machine_arn, input=json.dumps(input))["executionArn"])
        waited = 0.0
        while client.describe_execution(executionArn=arn)["status"] in ("RUNNING", "PENDING_REDRIVE"):
            if waited >= seconds:
                raise UsageError(f"{arn} still runs after {seconds:.0f} s; see --wait-seconds")
            sleep(min(5.0, seconds - waited))
            waited += 5.0
    return arn


def _open_machine_client(state_machine_arn: str) -> AbstractContextManager[Any]:
    return _open_client(state_machine_arn, match_machine_arn(state_machine_arn)["region"])


def _open_client(arn: str, region: str) -> AbstractContextManager[Any]:
    return open_client("stepfunctions", arn, region, "AWS refuses to read it")
