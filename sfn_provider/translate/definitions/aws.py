"""Reads a state machine's definition from AWS by its ARN."""

from __future__ import annotations

import re

from sfn_provider.asl.document import SourceMap
from sfn_provider.boto3_clients import open_client
from sfn_provider.exceptions import UsageError
from sfn_provider.translate.definitions.loader import StateMachineResource

ARN = re.compile(r"arn:[\w-]+:states:(?P<region>[\w-]+):\d{12}:stateMachine:(?P<name>[^:]+)(:[^:]+)?")
"""ARN of a state machine, of a version or an alias of it."""


def match_machine_arn(arn: str) -> re.Match[str]:
    """Return the match of the ARN of a state machine: its ``region`` and ``name``.

    Raises:
        UsageError: it is none.
    """
    match = ARN.fullmatch(arn)
    if match is None:
        raise UsageError(
            f"{arn}: not the ARN of a state machine; it looks like "
            "arn:aws:states:eu-west-1:123456789012:stateMachine:Name"
        )
    return match


def describe_state_machine(arn: str) -> StateMachineResource:
    """Read a state machine from AWS.

    Args:
        arn: the machine's ARN.

    Raises:
        UsageError: the ARN is not valid, there are no credentials, or AWS refuses.
    """
    match = match_machine_arn(arn)
    with open_client("stepfunctions", arn, match["region"], "AWS gives no definition") as client:
        answer = client.describe_state_machine(stateMachineArn=arn)
    express = answer.get("type") == "EXPRESS"
    return StateMachineResource(
        match["name"],
        answer["definition"],
        source_map=SourceMap(first_line=1),
        execution_type="EXPRESS" if express else "STANDARD",
    )
