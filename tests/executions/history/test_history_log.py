"""A history as lines for the task's log."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sfn_provider.executions.history.history_log import HistoryLog
from sfn_provider.executions.history.history_pages import HistoryPosition

START = datetime(2025, 3, 15, 2, tzinfo=UTC)


def history(*entries: tuple[str, int, dict[str, Any]]) -> list[dict[str, Any]]:
    """Make events a second apart, out of their type, the event before and their details."""
    return [
        {
            "id": number,
            "type": kind,
            "previousEventId": before,
            "timestamp": START + timedelta(seconds=number),
            "someEventDetails": details,
        }
        for number, (kind, before, details) in enumerate(entries, 1)
    ]


RETRIED = history(
    ("ExecutionStarted", 0, {}),
    ("TaskStateEntered", 0, {"name": "Charge"}),
    ("TaskScheduled", 2, {"resource": "invoke"}),
    ("TaskStarted", 3, {}),
    ("TaskFailed", 4, {"error": "Card.Busy", "cause": "try later"}),
    ("TaskScheduled", 5, {"resource": "invoke"}),
    ("TaskSucceeded", 6, {}),
    ("TaskStateExited", 7, {"name": "Charge"}),
    ("ExecutionSucceeded", 8, {}),
)
RETRIED_LINES = [
    "'Charge' entered",
    "'Charge': call 1 failed: Card.Busy: try later",
    "'Charge': retry 1",
    "'Charge' left after 6 s, 2 calls",
]

MAPPED = history(
    ("ExecutionStarted", 0, {}),
    ("MapStateEntered", 0, {"name": "Lines"}),
    ("MapStateStarted", 2, {"length": 2}),
    ("MapIterationStarted", 3, {"name": "Lines", "index": 0}),
    ("PassStateEntered", 4, {"name": "Price"}),
    ("MapIterationStarted", 3, {"name": "Lines", "index": 1}),
    ("PassStateEntered", 6, {"name": "Price"}),
    ("PassStateExited", 5, {"name": "Price"}),
    ("MapIterationSucceeded", 8, {"name": "Lines", "index": 0}),
    ("PassStateExited", 7, {"name": "Price"}),
    ("MapIterationSucceeded", 10, {"name": "Lines", "index": 1}),
    ("MapStateSucceeded", 11, {}),
    ("MapStateExited", 12, {"name": "Lines"}),
)
MAPPED_LINES = [
    "'Lines' entered",
    "'Lines': 2 items",
    "'Price' entered",
    "'Price' entered",
    "'Price' left after 3 s",
    "'Price' left after 3 s",
    "'Lines' left after 11 s, 2 of 2 items done",
]

CAUGHT = history(
    ("ExecutionStarted", 0, {}),
    ("ParallelStateEntered", 0, {"name": "Both"}),
    ("ParallelStateStarted", 2, {}),
    ("TaskStateEntered", 3, {"name": "Left"}),
    ("TaskScheduled", 4, {}),
    ("TaskStateEntered", 3, {"name": "Right"}),
    ("TaskFailed", 5, {"error": "Left.Bad"}),
    ("ParallelStateFailed", 7, {}),
    ("ParallelStateExited", 8, {"name": "Both"}),
    ("PassStateEntered", 9, {"name": "Excuse"}),
)


def lines_of(events: Sequence[dict[str, Any]], size: int) -> list[str]:
    """Read a history in pages of some events, through JSON between two pages, as a deferral does."""
    lines: list[str] = []
    saved = None
    for first in range(0, len(events), size):
        log = HistoryLog.from_dict(saved)
        lines += log.lines({"events": events[: first + size]})
        saved = json.loads(json.dumps(log.to_dict()))
    return lines


@pytest.mark.parametrize("size", [1, 2, 5, 100])
@pytest.mark.parametrize(("events", "lines"), [(RETRIED, RETRIED_LINES), (MAPPED, MAPPED_LINES)], ids=["task", "map"])
def test_every_line_comes_once_however_the_history_is_cut(
    events: list[dict[str, Any]], lines: list[str], size: int
) -> None:
    assert [line for line in lines_of(events, size) if not line.endswith("items done") or "left" in line] == lines


def test_a_map_that_goes_on_tells_how_far_it_is() -> None:
    assert lines_of(MAPPED, 9)[-4:-2] == ["'Price' left after 3 s", "'Lines': 1 of 2 items done"]


def test_failed_items_are_counted() -> None:
    events = [*MAPPED[:8], *history(*[("MapIterationFailed", 0, {})] * 9)[8:]]
    events[8] |= {"previousEventId": 7, "someEventDetails": {"name": "Lines", "index": 1}}
    assert HistoryLog().lines({"events": events})[-1] == "'Lines': 0 of 2 items done, 1 failed"


@pytest.mark.parametrize("size", [1, 100])
def test_items_that_a_failed_one_has_stopped_are_no_failures(size: int) -> None:
    """Events in the order of a recorded execution: a Map's iterations all follow the event that failed one of them."""
    events = history(
        ("ExecutionStarted", 0, {}),
        ("MapStateEntered", 0, {"name": "M"}),
        ("MapStateStarted", 2, {"length": 3}),
        ("MapIterationStarted", 3, {"name": "M", "index": 0}),
        ("MapIterationStarted", 3, {"name": "M", "index": 1}),
        ("TaskStateEntered", 4, {"name": "Work"}),
        ("TaskStateEntered", 5, {"name": "Work"}),
        ("TaskStateExited", 6, {"name": "Work"}),
        ("MapIterationSucceeded", 8, {"name": "M", "index": 0}),
        ("MapIterationStarted", 8, {"name": "M", "index": 2}),
        ("TaskStateEntered", 10, {"name": "Work"}),
        ("TaskFailed", 7, {"error": "Bad"}),
        ("MapIterationFailed", 12, {"name": "M", "index": 1}),
        ("TaskStateAborted", 12, {}),
        ("MapIterationAborted", 12, {"name": "M", "index": 2}),
        ("TaskStateAborted", 12, {}),
        ("MapStateFailed", 12, {}),
        ("ExecutionFailed", 17, {}),
    )
    assert lines_of(events, size)[-1] == "'M': 1 of 3 items done, 1 failed, 1 aborted"


def test_a_caught_error_closes_all_inside() -> None:
    log = HistoryLog()
    assert log.lines({"events": CAUGHT})[-3:] == [
        "'Left': call 1 failed: Left.Bad",
        "'Both' left after 7 s",
        "'Excuse' entered",
    ]
    assert [visit.name for visit in log.open_states.values()] == ["Excuse"]


def test_what_is_kept_does_not_grow_with_the_history() -> None:
    one_round = ("PassStateEntered", "PassStateExited")
    entries = [(one_round[n % 2], n, {"name": "Again"}) for n in range(1000)]
    log = HistoryLog()
    log.lines({"events": history(("ExecutionStarted", 0, {}), *entries)})
    assert len(json.dumps(log.to_dict())) < 300


def test_pages_are_read_on_by_their_token_and_the_last_one_again() -> None:
    position = HistoryPosition()
    assert [event["id"] for event in position.advance({"events": RETRIED[:2], "nextToken": "b"})] == [1, 2]
    assert (position.token, position.behind) == ("b", True)
    assert [event["id"] for event in position.advance({"events": RETRIED[2:4]})] == [3, 4]
    assert (position.token, position.behind) == ("b", False)
    assert [event["id"] for event in position.advance({"events": RETRIED[2:5]})] == [5]
    position.restart()
    assert position.advance({"events": RETRIED[:2], "nextToken": "c"}) == []
    assert (position.token, position.last_id) == ("c", 5)
