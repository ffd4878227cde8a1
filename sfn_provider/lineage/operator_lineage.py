"""Makes the lineage of a task: of a driven execution, or of the states that it has run."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sfn_provider.engine.history.events import Record, render
from sfn_provider.executions.arns import state_machine_of
from sfn_provider.executions.history.history_events import EXECUTION_ENDS, Event
from sfn_provider.integrations.clients import Clients
from sfn_provider.lineage.datasets import AwsLocation
from sfn_provider.lineage.execution_trace import MAX_PAGES
from sfn_provider.lineage.openlineage_facets import OperatorLineage, execution_lineage
from sfn_provider.secret_masking import masked_line

if TYPE_CHECKING:
    from sfn_provider.hooks.step_function import StepFunctionHook

log = logging.getLogger(__name__)


def driven_lineage(hook: StepFunctionHook, execution_arn: str | None, *, has_ended: bool) -> OperatorLineage[Any, Any]:
    """Return the lineage of an execution that a task has driven.

    Args:
        hook: calls AWS, once for each 1,000 events.
        execution_arn: the execution; None where none was started.
        has_ended: whether the task has waited for a Standard execution; a history is not read otherwise.
    """
    if execution_arn is None:
        return OperatorLineage()
    _, partition, _, region, account, *_ = execution_arn.split(":")
    pages = _read_pages(hook, execution_arn) if has_ended else []
    events = [event for page in pages for event in page["events"]]
    is_complete = bool(pages) and "nextToken" not in pages[-1]

    def make(events: Sequence[Event]) -> OperatorLineage[Any, Any]:
        return execution_lineage(
            events,
            AwsLocation(partition, region, account),
            state_machine_arn=state_machine_of(execution_arn),
            execution_arn=execution_arn,
            status=EXECUTION_ENDS.get(events[-1]["type"]) if events else None,
            is_complete=is_complete and bool(events),
        )

    return _make_lineage(make, events)


def _make_lineage(
    make: Callable[[Sequence[Event]], OperatorLineage[Any, Any]], events: Sequence[Event]
) -> OperatorLineage[Any, Any]:
    """Return the lineage of a history; where that is malformed, what is known without it."""
    try:
        return make(events)
    except Exception as error:  # of whatever kind: the history is not ours
        log.warning("The history could not be understood for the lineage: %s", masked_line(repr(error)))
        return make(())


def translated_lineage(
    records: Sequence[Record], aws_conn_id: str | None, region_name: str | None
) -> OperatorLineage[Any, Any]:
    """Return the lineage of the states that a task of a translated DAG has run.

    Args:
        records: the task's history.
        aws_conn_id: the Airflow connection of its calls.
        region_name: their region; None for the connection's.
    """
    region = region_name or _connection_region(aws_conn_id)
    events = [_in_region(event, region) for event in render(records)]
    return _make_lineage(lambda known: execution_lineage(known, AwsLocation("aws", region, "")), events)


def _read_pages(hook: StepFunctionHook, arn: str) -> list[dict[str, Any]]:
    try:
        return list(hook.history_pages(arn, MAX_PAGES))
    except Exception as error:  # of whatever kind: the facets name the execution at least
        log.warning("The history of %s could not be read for its lineage: %s", arn, masked_line(error))
        return []


def _connection_region(aws_conn_id: str | None) -> str:
    try:
        return str(Clients(aws_conn_id).get("sts").meta.region_name or "")
    except Exception as error:  # of whatever kind: datasets that have no region in their name are left
        log.warning("The region of the connection could not be read for the lineage: %s", masked_line(error))
        return ""


def _in_region(event: dict[str, Any], region: str) -> Mapping[str, Any]:
    """Return an event with the region that the task has called; the engine itself knows none."""
    details = event.get("taskScheduledEventDetails")
    return event if details is None else {**event, "taskScheduledEventDetails": {**details, "region": region}}
