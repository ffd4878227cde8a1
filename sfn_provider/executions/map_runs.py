"""How a Map Run stands: read from DescribeMapRun. Pure functions over plain values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from sfn_provider._compat import AirflowException
from sfn_provider.executions.outcomes import FailedItem

# Source: API_MapRunItemCounts; in the order in which items pass through them.
_COUNTS: Final[Mapping[str, str]] = {
    "succeeded": "succeeded",
    "failed": "failed",
    "timedOut": "timed out",
    "aborted": "aborted",
    "running": "running",
    "pending": "pending",
    "pendingRedrive": "waiting for their redrive",
}
_ENDED: Final = ("succeeded", "failed", "timedOut", "aborted")


class StepFunctionMapRunFailed(AirflowException):
    """A Map Run has ended with a status that was not waited for. The task may be retried.

    Args:
        summary: of the Map Run, as ``summarize`` gives it.
        message: what happened.
    """

    def __init__(self, summary: dict[str, Any], message: str) -> None:
        self.summary = summary
        super().__init__(message)

    def __reduce__(self) -> tuple[type[StepFunctionMapRunFailed], tuple[dict[str, Any], str]]:
        return type(self), (self.summary, str(self))


def format_progress(description: Mapping[str, Any]) -> str:
    """Say in one line how far a Map Run is: ``Orders/Lines is RUNNING: 40 of 100 items ended, 39 succeeded, ...``."""
    counts = description["itemCounts"]
    ended = sum(counts.get(name, 0) for name in _ENDED)
    parts = [f"{counts[name]:,} {words}" for name, words in _COUNTS.items() if counts.get(name)]
    label = description["mapRunArn"].partition(":mapRun:")[2].partition(":")[0]
    return ", ".join([f"{label} is {description['status']}: {ended:,} of {counts['total']:,} items ended", *parts])


def summarize(description: Mapping[str, Any]) -> dict[str, Any]:
    """Give what a task returns of a Map Run: its ARNs, status, dates (ISO 8601) and AWS's counts of its items."""
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
    """Give the ARN of the Map Run that started last, out of the answer of ListMapRuns; None where there is none."""
    latest = max(runs, key=lambda run: run["startDate"], default=None)
    return str(latest["mapRunArn"]) if latest else None


def build_map_run_failure(description: Mapping[str, Any], items: Iterable[FailedItem]) -> StepFunctionMapRunFailed:
    """Put together why a Map Run is not what was waited for.

    Args:
        description: the answer of DescribeMapRun.
        items: some of its failed child executions.
    """
    tolerated = (
        f"It tolerates {description.get('toleratedFailureCount', 0):,} failed items "
        f"and {description.get('toleratedFailurePercentage', 0):g} percent of them."
    )
    lines = [f"Map Run {format_progress(description)}.", tolerated, *(str(item) for item in items)]
    return StepFunctionMapRunFailed(summarize(description), "\n".join(lines))
