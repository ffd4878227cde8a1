"""Summarizes Map Runs from DescribeMapRun: progress, counts of items, failure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from sfn_provider._compat import AirflowException
from sfn_provider.executions.outcomes import FailedItem
from sfn_provider.formatting import count, format_seconds

# Source: API_MapRunItemCounts.
_COUNT_LABELS: Final[Mapping[str, str]] = {
    "succeeded": "succeeded",
    "failed": "failed",
    "timedOut": "timed out",
    "aborted": "aborted",
    "running": "running",
    "pending": "pending",
    "pendingRedrive": "waiting for their redrive",
}
_ENDED_COUNTS: Final = ("succeeded", "failed", "timedOut", "aborted")


class StepFunctionMapRunFailed(AirflowException):
    """A Map Run has ended with a status other than the target statuses. The task may be retried.

    Args:
        summary: the return value of ``summarize``.
        message: what happened.
    """

    def __init__(self, summary: dict[str, Any], message: str) -> None:
        self.summary = summary
        super().__init__(message)

    def __reduce__(self) -> tuple[type[StepFunctionMapRunFailed], tuple[dict[str, Any], str]]:
        return type(self), (self.summary, str(self))


def format_progress(description: Mapping[str, Any]) -> str:
    """Return a Map Run's progress in one line: ``Orders/Lines is RUNNING: 40 of 100 items ended, 39 succeeded``."""
    counts = description["itemCounts"]
    ended = sum(counts.get(name, 0) for name in _ENDED_COUNTS)
    parts = [f"{counts[name]:,} {words}" for name, words in _COUNT_LABELS.items() if counts.get(name)]
    label = description["mapRunArn"].partition(":mapRun:")[2].partition(":")[0]
    total = count(counts["total"], "item")
    return ", ".join([f"{label} is {description['status']}: {ended:,} of {total} ended", *parts])


def ended_message(description: Mapping[str, Any]) -> str:
    """Return a Map Run's progress with its duration: the line for the log at the end of a wait."""
    if "stopDate" not in description:
        return format_progress(description)
    duration = (description["stopDate"] - description["startDate"]).total_seconds()
    return f"{format_progress(description)}, after {format_seconds(duration)}"


def summarize(description: Mapping[str, Any]) -> dict[str, Any]:
    """Return a Map Run's ARNs, status, dates (ISO 8601) and counts of items: a sensor's return value."""
    return {
        "map_run_arn": description["mapRunArn"],
        "execution_arn": description["executionArn"],
        "status": description["status"],
        "item_counts": dict(description["itemCounts"]),
        **{
            name: description[field].isoformat()
            for name, field in (("start_date", "startDate"), ("stop_date", "stopDate"))
            if field in description
        },
    }


def latest_map_run_arn(runs: Iterable[Mapping[str, Any]]) -> str | None:
    """Return the ARN of the Map Run that started last, from the response of ListMapRuns; None if there is none."""
    latest = max(runs, key=lambda run: run["startDate"], default=None)
    return str(latest["mapRunArn"]) if latest else None


def build_map_run_failure(description: Mapping[str, Any], items: Iterable[FailedItem]) -> StepFunctionMapRunFailed:
    """Build the error of a Map Run that has not reached a target status.

    Args:
        description: the response of DescribeMapRun.
        items: some of its failed child executions.
    """
    tolerated = (
        f"It tolerates {description.get('toleratedFailureCount', 0):,} failed items "
        f"and {description.get('toleratedFailurePercentage', 0):g} percent of them."
    )
    lines = [f"Map Run {format_progress(description)}.", tolerated, *(str(item) for item in items)]
    return StepFunctionMapRunFailed(summarize(description), "\n".join(lines))
