"""How many executions stand, and when a wait for them is over."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from typing import Any

import pytest

from sfn_provider.executions.batch_status import (
    StepFunctionExecutionsFailed,
    WaitFor,
    WaitResult,
    evaluate_wait,
    read_statuses,
    summarize,
)
from sfn_provider.executions.outcomes import ExecutionFailure

EXECUTION = "arn:aws:states:us-east-1:123456789012:execution:{}:{}"
MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:Orders"


def arns(count: int, machine: str = "Orders") -> list[str]:
    """Give the ARNs of executions of a machine, named by numbers."""
    return [EXECUTION.format(machine, number) for number in range(count)]


def read(wanted: list[str], pages: list[list[str]]) -> tuple[dict[str, str], list[tuple[str, Mapping[str, Any]]]]:
    """Read statuses where ListExecutions gives these pages. Gives them, and the calls."""
    calls: list[tuple[str, Mapping[str, Any]]] = []
    reading = read_statuses(wanted)
    answer: Mapping[str, Any] | None = None
    while True:
        try:
            call = reading.send(answer)  # type: ignore[arg-type]
        except StopIteration as finished:
            return finished.value, calls
        calls.append((call.operation, call.arguments))
        if call.operation == "list_executions":
            named = [{"executionArn": arn, "status": "RUNNING"} for arn in pages.pop(0)]
            answer = {"executions": named} | ({"nextToken": f"{len(pages)} left"} if pages else {})
        else:
            answer = {"status": "SUCCEEDED"}


def test_many_of_a_machine_cost_one_list() -> None:
    found, calls = read(arns(500), [[*arns(500), *arns(3, "Other")]])
    assert found == dict.fromkeys(arns(500), "RUNNING")
    assert calls == [("list_executions", {"stateMachineArn": MACHINE, "maxResults": 1000})]


def test_a_list_is_read_on_while_it_names_wanted_ones_and_the_rest_is_described() -> None:
    wanted = arns(8)
    found, calls = read(wanted, [wanted[:3], wanted[3:4], arns(2, "Other"), wanted[4:]])
    assert [operation for operation, _ in calls] == ["list_executions"] * 3 + ["describe_execution"] * 4
    assert calls[1][1]["nextToken"] == "3 left"
    assert found == dict.fromkeys(wanted[:4], "RUNNING") | dict.fromkeys(wanted[4:], "SUCCEEDED")


@pytest.mark.parametrize("machine", ["Orders", "Orders/Lines"], ids=["few", "children of a Map Run"])
def test_single_ones_and_children_are_described(machine: str) -> None:
    wanted = arns(2 if machine == "Orders" else 5, machine)
    found, calls = read(wanted, [])
    assert calls == [("describe_execution", {"executionArn": arn, "includedData": "METADATA_ONLY"}) for arn in wanted]
    assert found == dict.fromkeys(wanted, "SUCCEEDED")


OK, BAD, RUN = "SUCCEEDED", "FAILED", "RUNNING"


@pytest.mark.parametrize(
    ("statuses", "wait_for", "fail_fast", "verdict"),
    [
        ([OK, OK], "all", True, "done"),
        ([OK, RUN], "all", True, "wait"),
        ([BAD, RUN], "all", True, "failed"),
        ([BAD, RUN], "all", False, "wait"),
        ([BAD, OK], "all", False, "failed"),
        ([OK, RUN], "any", True, "done"),
        ([BAD, OK], "any", True, "done"),
        ([BAD, RUN], "any", True, "wait"),
        ([BAD, "TIMED_OUT"], "any", True, "failed"),
        ([OK, "PENDING_REDRIVE"], "all", True, "wait"),
    ],
)
def test_when_the_wait_is_over(statuses: list[str], wait_for: WaitFor, fail_fast: bool, verdict: WaitResult) -> None:
    assert evaluate_wait(statuses, wait_for, ("SUCCEEDED",), fail_fast) == verdict


def test_a_failure_says_how_many_and_survives_another_process() -> None:
    summary = summarize({"a": OK, "b": BAD, "c": BAD})
    assert summary == {"total": 3, "counts": {"FAILED": 2, "SUCCEEDED": 1}, "executions": {"a": OK, "b": BAD, "c": BAD}}
    error = StepFunctionExecutionsFailed(summary, (ExecutionFailure("b", BAD, "Orders.Bad"),))
    assert str(error) == "3 executions: 2 FAILED, 1 SUCCEEDED.\nExecution b ended as FAILED: Orders.Bad"
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.summary) == (str(error), summary)
