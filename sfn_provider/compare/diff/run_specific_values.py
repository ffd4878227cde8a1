"""Masks values that differ between any two runs: the execution's name and ARN, event numbers."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sfn_provider.engine.execution import Execution

EXECUTION_NAME = "<execution name>"

_EVENT_NUMBER = re.compile(r"(?<=entered at the event id #)\d+")
"""In causes. Where branches run side by side, the number is up to the clock."""


def mask_execution_name(execution: Execution) -> Execution:
    """Replace the execution's name, also within texts such as its ARN, and event numbers by placeholders."""
    if not execution.name:
        return execution
    return mask_event_numbers(_map_texts(execution, lambda text: text.replace(execution.name, EXECUTION_NAME)))


def mask_event_numbers(execution: Execution) -> Execution:
    """Replace the number of an event in a cause by a placeholder."""
    return _map_texts(execution, lambda text: _EVENT_NUMBER.sub("<number>", text))


def _map_texts(execution: Execution, change: Callable[[str], str]) -> Execution:
    def mapped(value: Any) -> Any:
        if isinstance(value, str):
            return change(value)
        if isinstance(value, list):
            return [mapped(entry) for entry in value]
        if isinstance(value, dict):
            return {key: mapped(entry) for key, entry in value.items()}
        return value

    records = [record._replace(details=mapped(record.details)) for record in execution.records]
    return replace(execution, records=records, output=mapped(execution.output), cause=mapped(execution.cause))
