"""Which items of a Map failed, read out of the end of a history."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from sfn_provider.executions.failed_items import failed_iterations, failed_map_run_arn
from sfn_provider.executions.outcomes import FailedItem

RUN = "arn:aws:states:us-east-1:123456789012:mapRun:Orders/Each:1"


def event(number: int, previous: int, kind: str, **details: Any) -> dict[str, Any]:
    """Make an event; ``details`` is its own part."""
    key = f"{kind[0].lower()}{kind[1:]}EventDetails"
    return {"id": number, "previousEventId": previous, "type": kind} | ({key: details} if details else {})


def entered(number: int, previous: int, kind: str, name: str, text: str) -> dict[str, Any]:
    """Make the event of a state being entered."""
    details = {"name": name, "input": text}
    return {
        "id": number,
        "previousEventId": previous,
        "type": f"{kind}StateEntered",
        "stateEnteredEventDetails": details,
    }


START = (
    entered(2, 0, "Map", "Each", "[1, 2]"),
    event(3, 2, "MapStateStarted", length=2),
    event(4, 3, "MapIterationStarted", name="Each", index=0),
    event(5, 3, "MapIterationStarted", name="Each", index=1),
)
# The second item's first state succeeds, its second one fails.
IN_A_TASK = (
    *START,
    entered(6, 5, "Pass", "Look", "2"),
    event(7, 6, "PassStateExited", name="Look"),
    entered(8, 7, "Task", "Charge", '{"order": 2}'),
    event(9, 8, "TaskScheduled", resourceType="sqs", resource="sendMessage"),
    event(10, 9, "TaskFailed", error="Orders.Bad", cause="no stock"),
    event(11, 10, "MapIterationFailed", name="Each", index=1),
    event(12, 3, "MapIterationAborted", name="Each", index=0),
    event(13, 10, "MapStateFailed"),
    event(14, 13, "ExecutionFailed", error="Orders.Bad"),
)
BY_A_FAIL_STATE = (
    *START,
    entered(6, 4, "Fail", "Refuse", "1"),
    event(7, 6, "MapIterationFailed", name="Each", index=0),
    event(8, 6, "MapStateFailed"),
    event(9, 8, "ExecutionFailed", error="Orders.Bad"),
)
# An earlier Map failed, too, but was caught.
AFTER_A_CAUGHT_ONE = (
    *START,
    entered(6, 4, "Fail", "Refuse", "1"),
    event(7, 6, "MapIterationFailed", name="Each", index=0),
    event(8, 6, "MapStateFailed"),
    event(9, 8, "MapStateExited", name="Each"),
    entered(10, 9, "Fail", "GiveUp", "{}"),
    event(11, 10, "ExecutionFailed", error="Given.Up"),
)


@dataclass(frozen=True)
class Case:
    """A history and the failed items in it."""

    id: str
    events: tuple[dict[str, Any], ...]
    items: tuple[FailedItem, ...]


CASES = (
    Case("task", IN_A_TASK, (FailedItem("item 1", "Orders.Bad", "no stock", '{"order": 2}'),)),
    Case("fail state", BY_A_FAIL_STATE, (FailedItem("item 0", input="1"),)),
    Case("another state failed", AFTER_A_CAUGHT_ONE, ()),
    Case("the start of the item is out of reach", IN_A_TASK[-4:], ()),
    Case("no history", (), ()),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_failed_iterations(case: Case) -> None:
    assert failed_iterations(case.events[::-1]) == case.items


def test_an_item_as_text() -> None:
    assert str(FailedItem("item 1", "Orders.Bad", "no stock", "{}")) == "  item 1: Orders.Bad: no stock; input: {}"
    assert str(FailedItem("item 0", input="1")) == "  item 0: input: 1"


@pytest.mark.parametrize("kind", ["MapRunStarted", "MapRunRedriven"])
def test_the_map_run_that_failed(kind: str) -> None:
    events = (
        event(4, 3, kind, mapRunArn=RUN),
        event(5, 4, "MapRunFailed", error="States.ExceedToleratedFailureThreshold"),
        event(6, 5, "ExecutionFailed", error="States.ExceedToleratedFailureThreshold"),
    )
    assert failed_map_run_arn(events) == RUN
    assert failed_map_run_arn(IN_A_TASK) is None
