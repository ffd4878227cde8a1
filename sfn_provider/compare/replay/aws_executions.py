"""Reads executions, with their definitions, from AWS; starts one where it is asked to, and changes nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

from sfn_provider.exceptions import UsageError
from sfn_provider.translate.definitions.definition import Definition, Machine

_EXECUTION = re.compile(r"arn:[\w-]+:states:(?P<region>[\w-]+):\d{12}:(?P<kind>execution|express):[^:]+:.+")
_MACHINE = re.compile(r"arn:[\w-]+:states:(?P<region>[\w-]+):\d{12}:stateMachine:[^:]+(:[^:]+)?")


@dataclass(frozen=True)
class Fetched:
    """An execution as AWS keeps it.

    Args:
        execution_arn: the execution.
        definition: the definition that it ran, as text.
        events: its whole history.
    """

    execution_arn: str
    definition: str
    events: list[dict[str, Any]]

    @property
    def history(self) -> dict[str, Any]:
        """What `sfn_provider.compare.replay.history_files` reads, timestamps as datetimes."""
        return {"executionArn": self.execution_arn, "events": self.events}


def fetch(execution_arn: str) -> Fetched:
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
    with _reading(execution_arn, match["region"]) as client:
        definition = client.describe_state_machine_for_execution(executionArn=execution_arn)["definition"]
        pages = client.get_paginator("get_execution_history").paginate(executionArn=execution_arn)
        events = [event for page in pages for event in page["events"]]
    return Fetched(execution_arn, definition, events)


def fetched_definition(fetched: Fetched) -> Definition:
    """The definition that an execution ran, under the name of its state machine."""
    arn, machine = fetched.execution_arn, fetched.execution_arn.split(":")[6]
    return Definition(fetched.definition, machine, arn, arn, Machine(machine, fetched.definition))


def last_executions(state_machine_arn: str, count: int) -> list[str]:
    """The ARNs of a state machine's last executions that ended by themselves, the newest first.

    Args:
        state_machine_arn: the state machine.
        count: how many at most.

    Raises:
        UsageError: where the ARN is none, or AWS refuses.
    """
    found: list[str] = []
    with _reading(state_machine_arn, _machine_region(state_machine_arn)) as client:
        for page in client.get_paginator("list_executions").paginate(stateMachineArn=state_machine_arn):
            for execution in page["executions"]:
                # A redriven execution has a history of several goes.
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
    region = _machine_region(state_machine_arn)
    with _reading(state_machine_arn, region) as client:
        arn = str(client.start_execution(stateMachineArn=state_machine_arn, input=json.dumps(input))["executionArn"])
        waited = 0.0
        while client.describe_execution(executionArn=arn)["status"] in ("RUNNING", "PENDING_REDRIVE"):
            if waited >= seconds:
                raise UsageError(f"{arn} still runs after {seconds:.0f} s; see --wait-seconds")
            sleep(min(5.0, seconds - waited))
            waited += 5.0
    return arn


def _machine_region(state_machine_arn: str) -> str:
    match = _MACHINE.fullmatch(state_machine_arn)
    if match is None:
        raise UsageError(
            f"{state_machine_arn}: not the ARN of a state machine; it looks like "
            "arn:aws:states:eu-west-1:123456789012:stateMachine:Name"
        )
    return match["region"]


@contextmanager
def _reading(arn: str, region: str) -> Iterator[Any]:
    """A client, and AWS's errors in words."""
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

    try:
        with closing(boto3.session.Session().client("stepfunctions", region_name=region)) as client:
            yield client
    except NoCredentialsError as error:
        raise UsageError(
            f"{arn}: no AWS credentials to read it; set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
            "or log in with 'aws sso login'"
        ) from error
    except (BotoCoreError, ClientError) as error:
        raise UsageError(f"{arn}: AWS refuses to read it: {error}") from error
