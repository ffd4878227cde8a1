"""Values that differ between two runs of the same thing by nature: the execution's own name and ARN."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sfn_provider.engine.execution import Execution

EXECUTION_NAME = "<execution name>"


def mask(execution: Execution) -> Execution:
    """Put a placeholder where the execution's own name stands, also as a part of a text such as its ARN."""
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
        return value.replace(name, EXECUTION_NAME)
    if isinstance(value, list):
        return [_mask(entry, name) for entry in value]
    if isinstance(value, dict):
        return {key: _mask(entry, name) for key, entry in value.items()}
    return value
