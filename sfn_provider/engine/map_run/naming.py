"""Makes names and ARNs of Map Runs and their child executions.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html (Label) and
https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html (the ARNs in its examples)
"""

from __future__ import annotations

import uuid
from typing import Any

from sfn_provider.engine.history.timestamps import format_time


def run_name(execution: str, place: str, attempt: int) -> str:
    """Return the name of a Map Run: a UUID made from the execution, the place of the state's visit, and the retries.

    AWS's are name-based UUIDs as well.
    """
    return str(uuid.uuid3(uuid.NAMESPACE_URL, f"{execution}#{place}#{attempt}"))


def run_label(machine_arn: str, place: str, label: str | None) -> str:
    """Return the label of a Map state: its Label, or a name made from the place of the state in the definition."""
    return label or str(uuid.uuid3(uuid.NAMESPACE_URL, machine_arn + place))


def run_arn(machine_arn: str, label: str, name: str) -> str:
    """Return the ARN of a Map Run: ``arn:aws:states:us-east-1:123456789012:mapRun:machine/label:name``."""
    return f"{machine_arn.replace(':stateMachine:', ':mapRun:')}/{label}:{name}"


def child_name(run: str, index: int) -> str:
    """Return the name of the child execution for an item or batch."""
    return str(uuid.uuid3(uuid.UUID(run), str(index)))


def child_context(parent: dict[str, Any], label: str, name: str, input: Any, at: float) -> dict[str, Any]:
    """Make the ``Execution`` and ``StateMachine`` parts of the context object of a child execution.

    Args:
        parent: the same parts of the execution that starts it.
        label: the Map state's label.
        name: the child's name.
        input: its input.
        at: when it starts, seconds since the epoch.
    """
    machine = f"{parent['StateMachine']['Id']}/{label}"
    return {
        "Execution": {
            **parent["Execution"],
            "Id": f"{machine.replace(':stateMachine:', ':execution:')}:{name}",
            "Input": input,
            "Name": name,
            "StartTime": format_time(at),
        },
        "StateMachine": {"Id": machine, "Name": f"{parent['StateMachine']['Name']}/{label}"},
    }
