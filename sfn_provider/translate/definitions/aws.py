"""Reads a state machine's definition from AWS by its ARN."""

from __future__ import annotations

import re

from sfn_provider.asl.document import SourceMap
from sfn_provider.exceptions import UsageError
from sfn_provider.translate.definitions.loader import StateMachineResource

ARN = re.compile(r"arn:[\w-]+:states:(?P<region>[\w-]+):\d{12}:stateMachine:(?P<name>[^:]+)(:[^:]+)?")
"""ARN of a state machine, of a version or an alias of it."""


def describe_state_machine(arn: str) -> StateMachineResource:
    """Read a state machine from AWS.

    Args:
        arn: the machine's ARN.

    Raises:
        UsageError: the ARN is not valid, there are no credentials, or AWS refuses.
    """
    match = ARN.fullmatch(arn)
    if match is None:
        raise UsageError(
            f"{arn}: not the ARN of a state machine; it looks like "
            "arn:aws:states:eu-west-1:123456789012:stateMachine:Name"
        )
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

    try:
        client = boto3.session.Session().client("stepfunctions", region_name=match["region"])
        answer = client.describe_state_machine(stateMachineArn=arn)
    except NoCredentialsError as error:
        raise UsageError(
            f"{arn}: no AWS credentials to ask for it; set AWS_PROFILE, or AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY, or log in with 'aws sso login'"
        ) from error
    except (BotoCoreError, ClientError) as error:
        raise UsageError(f"{arn}: AWS gives no definition: {error}") from error
    express = answer.get("type") == "EXPRESS"
    return StateMachineResource(
        match["name"],
        answer["definition"],
        source_map=SourceMap(first_line=1),
        execution_type="EXPRESS" if express else "STANDARD",
    )
