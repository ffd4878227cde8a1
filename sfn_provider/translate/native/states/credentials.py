"""Reads the role that Credentials of a Task names, as a symbolic value."""

from __future__ import annotations

from sfn_provider.asl.model import Task
from sfn_provider.translate.native.data_flow.evaluation import StateFlow
from sfn_provider.translate.native.data_flow.jsonata import jsonata_template_value
from sfn_provider.translate.native.data_flow.templates import template_value
from sfn_provider.translate.native.data_flow.values import Value, read


def role_of(flow: StateFlow) -> Value | None:
    """Return the ARN of the role in which a Task makes its call; None where it is that of the state machine.

    Source: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-access-cross-acct-resources.html

    Args:
        flow: the state.
    """
    if not isinstance(flow.state, Task) or flow.state.credentials is None:
        return None
    evaluate = jsonata_template_value if flow.language == "JSONata" else template_value
    return read(evaluate(flow.state.credentials, flow.environment), ("RoleArn",))
