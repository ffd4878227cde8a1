"""Finds the failed items of a Map, in its history or in its Map Run's child executions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from sfn_provider.executions.history.history_events import (
    Event,
    event_details,
    failure_chain,
    index_by_id,
    preceding_events,
    until_state_entered,
)
from sfn_provider.executions.outcomes import FailedItem, build_failed_item

MAX_ITEMS: Final = 5
"""Failed items shown in an error."""

_MAP_RUN_EVENTS: Final = ("MapRunStarted", "MapRunRedriven")


def failed_iterations(events: Iterable[Event]) -> tuple[FailedItem, ...]:
    """Find the failed items of the inline Map that made an execution fail.

    Args:
        events: the last events of the execution's history, in any order.

    Returns:
        At most 5 items, in the order in which they failed; none if no inline Map failed.
    """
    by_id = index_by_id(events)
    if not any(event["type"] == "MapStateFailed" for event in failure_chain(by_id)):
        return ()
    # The predecessor of MapStateFailed is the event inside the item, not MapIterationFailed.
    preceding = preceding_events(by_id, by_id[max(by_id)])
    name = next((event_details(event)["name"] for event in preceding if event["type"] == "MapIterationStarted"), None)
    failed = (by_id[i] for i in sorted(by_id) if by_id[i]["type"] == "MapIterationFailed")
    return tuple(_iteration(by_id, event) for event in failed if event_details(event)["name"] == name)[:MAX_ITEMS]


def failed_map_run_arn(events: Iterable[Event]) -> str | None:
    """Return the ARN of the Map Run that made an execution fail; None if none did."""
    chain = failure_chain(index_by_id(events))
    return next((str(event_details(run)["mapRunArn"]) for run in chain if run["type"] in _MAP_RUN_EVENTS), None)


def failed_child_item(description: Mapping[str, Any]) -> FailedItem:
    """Build the item of a Map Run's child execution from its description."""
    return build_failed_item(description["executionArn"], description)


def _iteration(by_id: Mapping[int, Event], failed: Event) -> FailedItem:
    details: dict[str, Any] = {}
    for event in until_state_entered(preceding_events(by_id, failed)):
        details = {**event_details(event), **details}
    return build_failed_item(f"item {event_details(failed)['index']}", details)
