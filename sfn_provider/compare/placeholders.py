"""Values that differ between two runs of the same thing by nature: the execution's own name and ARN, event numbers."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from sfn_provider.engine.execution import Execution

EXECUTION_NAME = "<execution name>"

_EVENT_NUMBER = re.compile(r"(?<=entered at the event id #)\d+")
"""In causes. Where branches run side by side, the number is up to the clock."""


def mask(execution: Execution) -> Execution:
    """Put placeholders where the execution's own name stands, also as a part of a text such as its ARN, and so on."""
    if not execution.name:
        return execution
    records = [record._replace(details=_mask(record.details, execution.name)) for record in execution.records]
    return replace(
        execution,
        records=records,
        output=_mask(execution.output, execution.name),
        cause=_mask(execution.cause, execution.name),
    )


def _mask(value: Any, name: str) -> Any:
    if isinstance(value, str):
        return _EVENT_NUMBER.sub("<number>", value.replace(name, EXECUTION_NAME))
    if isinstance(value, list):
        return [_mask(entry, name) for entry in value]
    if isinstance(value, dict):
        return {key: _mask(entry, name) for key, entry in value.items()}
    return value
