"""Which items of a Map failed: out of the history's end, or out of the Map Run's child executions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from sfn_provider.executions.outcomes import (
    Event,
    FailedItem,
    before,
    causes,
    details_of,
    excerpt,
    up_to_state,
)

MAX_ITEMS: Final = 5
"""Failed items that an error shows."""

_RUNS: Final = ("MapRunStarted", "MapRunRedriven")


def failed_iterations(events: Iterable[Event]) -> tuple[FailedItem, ...]:
    """Find the failed items of the inline Map that made an execution fail.

    Args:
        events: the last events of the execution's history, in any order.

    Returns:
        At most 5, in the order in which they failed; none where no inline Map failed.
    """
    by_id = {event["id"]: event for event in events}
    if not any(event["type"] == "MapStateFailed" for event in causes(by_id)):
        return ()
    # MapStateFailed names the event inside the item as its cause, not MapIterationFailed.
    above = before(by_id, by_id[max(by_id)])
    name = next((details_of(event)["name"] for event in above if event["type"] == "MapIterationStarted"), None)
    failed = (by_id[i] for i in sorted(by_id) if by_id[i]["type"] == "MapIterationFailed")
    return tuple(_iteration(by_id, event) for event in failed if details_of(event)["name"] == name)[:MAX_ITEMS]


def failed_map_run_arn(events: Iterable[Event]) -> str | None:
    """Give the ARN of the Map Run that made an execution fail; None where none did."""
    by_id = {event["id"]: event for event in events}
    runs = (event for event in causes(by_id) if event["type"] in _RUNS)
    return next((str(details_of(run)["mapRunArn"]) for run in runs), None)


def failed_child_item(description: Mapping[str, Any]) -> FailedItem:
    """Make an item of the description of a Map Run's child execution."""
    return FailedItem(
        place=description["executionArn"],
        error=description.get("error"),
        cause=description.get("cause"),
        input=excerpt(description.get("input")),
    )


def _iteration(by_id: Mapping[int, Event], failed: Event) -> FailedItem:
    details: dict[str, Any] = {}
    for event in up_to_state(before(by_id, failed)):
        details = {**details_of(event), **details}
    return FailedItem(
        place=f"item {details_of(failed)['index']}",
        error=details.get("error"),
        cause=details.get("cause"),
        input=excerpt(details.get("input")),
    )
