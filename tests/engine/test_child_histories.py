"""``simulate(..., history=...)``: whose events an execution has."""

from __future__ import annotations

from typing import Any

import pytest

from sfn_provider.engine import Execution, simulate
from tests.fixtures.machines.distributed_maps import FAIL_ON_BAD, PASS, each, event_types, goods

TOLERANT = each(FAIL_ON_BAD, ToleratedFailureCount=2)
SLOW = {"Wait": {"Type": "Wait", "SecondsPath": "$.n", "Next": "Check"}, **FAIL_ON_BAD}


def run(machine: dict[str, Any], input: Any, history: str) -> Execution:
    return simulate(machine, input, history=history)


def statuses(execution: Execution) -> list[str]:
    return [child.status for child in execution.child_executions]


def test_all_have_their_histories_by_default() -> None:
    execution = simulate(TOLERANT, goods(1, count=3))
    assert statuses(execution) == ["FAILED", "SUCCEEDED", "SUCCEEDED"] or statuses(execution).count("FAILED") == 1
    first = next(child for child in execution.child_executions if child.output == 0)
    assert event_types(first) == [
        "ExecutionStarted",
        "ChoiceStateEntered",
        "ChoiceStateExited",
        "PassStateEntered",
        "PassStateExited",
        "ExecutionSucceeded",
    ]
    assert [event["id"] for event in first.events] == [1, 2, 3, 4, 5, 6]
    assert [event["previousEventId"] for event in first.events] == [0, 0, 2, 3, 4, 5]
    assert first.transitions == 2
    assert "PassStateEntered" not in event_types(execution), "they are in no other history"


def test_failed_keeps_those_that_did_not_succeed() -> None:
    execution = run(TOLERANT, goods(1, count=3), "failed")
    (failed,) = execution.child_executions
    assert (failed.status, failed.error, failed.cause) == ("FAILED", "Spoilt", "it smells")
    assert event_types(failed)[-2:] == ["FailStateEntered", "ExecutionFailed"]
    assert execution.events == simulate(TOLERANT, goods(1, count=3)).events


def test_none_has_no_events_at_all() -> None:
    execution = run(TOLERANT, goods(1, count=3), "none")
    full = simulate(TOLERANT, goods(1, count=3))
    assert (execution.events, list(execution.child_executions)) == ([], [])
    assert (execution.output, execution.transitions) == (full.output, full.transitions)


def test_those_that_are_stopped_are_aborted() -> None:
    execution = run(each(SLOW, MaxConcurrency=3), goods(1, count=5), "failed")
    assert execution.error == "States.ExceedToleratedFailureThreshold"
    assert sorted(statuses(execution)) == ["ABORTED", "ABORTED", "FAILED"]
    aborted = next(child for child in execution.child_executions if child.status == "ABORTED")
    assert event_types(aborted) == ["ExecutionStarted", "WaitStateEntered", "WaitStateAborted", "ExecutionAborted"]


def test_maps_within_children_have_children_of_their_own() -> None:
    inner = each({"Item": PASS})["States"]["Each"] | {"Label": "Deep"}
    execution = simulate(each({"Deep": inner}), [[1, 2], [3]])
    assert statuses(execution) == ["SUCCEEDED"] * 5
    assert len({child.name for child in execution.child_executions}) == 5


def test_another_word_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^history is 'some': it must be one of 'all', 'failed', 'none'$"):
        run(TOLERANT, [], "some")
