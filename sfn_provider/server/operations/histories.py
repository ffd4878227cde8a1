"""Returns histories of executions, page by page."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any, Final

from sfn_provider.engine.history.events import Record, render
from sfn_provider.server.operations.operation_table import Json, OperationTable, Parameters, Response
from sfn_provider.server.service_state import ServiceState

_DATA: Final = frozenset({"input", "inputDetails", "output", "outputDetails", "parameters", "assignedVariables"})
"""Details that a request can do without: ``includeExecutionData``."""


def get_execution_history(state: ServiceState, parameters: Parameters, now: float) -> Response:
    """Return events of an execution, the oldest first or last."""
    execution = state.find_execution(parameters["executionArn"])
    records, is_reversed = execution.records, bool(parameters.get("reverseOrder"))

    def after(position: Json) -> Iterable[Record]:
        # Events are numbered from 1, without gaps.
        if is_reversed:
            end = len(records) if position is None else int(position) - 1
            return (records[index] for index in range(end - 1, -1, -1))
        return islice(records, int(position or 0), None)

    scope = f"GetExecutionHistory {execution.arn} {is_reversed}"
    page, more = state.page_tokens.page(scope, after, lambda record: record.id, parameters, now)
    events = render(page)
    if parameters.get("includeExecutionData") is False:
        events = [_without_data(event) for event in events]
    return {"events": [_to_json(event) for event in events], **more}


def _to_json(event: dict[str, Any]) -> dict[str, Any]:
    return event | {"timestamp": round(event["timestamp"].timestamp(), 3)}


def _without_data(event: dict[str, Any]) -> dict[str, Any]:
    return {name: _bare(value) if name.endswith("EventDetails") else value for name, value in event.items()}


def _bare(details: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in details.items() if name not in _DATA}


OPERATIONS: Final[OperationTable] = {"GetExecutionHistory": get_execution_history}
