"""Masks values that differ between any two runs: the execution's name and ARN, event numbers."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from sfn_provider.asl.json_values.json_walk import map_texts
from sfn_provider.engine.execution import Execution
from sfn_provider.engine.limits import to_json

EXECUTION_NAME = "<execution name>"

_BEFORE_NUMBER = "entered at the event id #"
_EVENT_NUMBER = re.compile(rf"(?<={_BEFORE_NUMBER})\d+")
"""In causes. Where branches run side by side, the number is up to the clock."""


_EXPRESS_ARN = re.compile(rf":express:([^:]+:{EXECUTION_NAME}):[0-9a-f-]+")
"""The end of an EXPRESS execution's ARN, which has another form than a STANDARD one's and a DAG run's."""


def mask_execution_name(execution: Execution) -> Execution:
    """Replace the execution's name, also within texts such as its ARN, and event numbers by placeholders.

    The ARN of an EXPRESS execution becomes that of a STANDARD one: a DAG run has no type.
    """
    if not execution.name:
        return execution

    def mask(text: str) -> str:
        named = text.replace(execution.name, EXECUTION_NAME)
        return mask_event_number(_EXPRESS_ARN.sub(r":execution:\1", named))

    return _change_texts(execution, mask, (to_json(execution.name)[1:-1], _BEFORE_NUMBER))


def mask_event_numbers(execution: Execution) -> Execution:
    """Replace the number of an event in a cause by a placeholder."""
    return _change_texts(execution, mask_event_number, (_BEFORE_NUMBER,))


def mask_event_number(text: str) -> str:
    """Replace the numbers of events in a text by a placeholder."""
    return _EVENT_NUMBER.sub("<number>", text)


def _change_texts(execution: Execution, change: Callable[[str], str], signs: Sequence[str]) -> Execution:
    """Change the texts in an execution; ``signs`` are what is in the JSON of every value that changes."""

    def mapped(value: Any) -> Any:
        # Most values, and large ones above all, have nothing to change: their JSON is searched in no time.
        text = to_json(value)
        return map_texts(value, change) if any(sign in text for sign in signs) else value

    records = [record._replace(details=mapped(record.details)) for record in execution.records]
    return replace(execution, records=records, output=mapped(execution.output), cause=mapped(execution.cause))
