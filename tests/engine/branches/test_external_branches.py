"""Branches that run elsewhere: which of several failures counts."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from sfn_provider.asl import parse
from sfn_provider.engine.dataflow.context_object import execution_context
from sfn_provider.engine.interpreter import Interpreter
from sfn_provider.engine.progress.execution_state import ExecutionState
from sfn_provider.engine.requests import BranchOutcome
from tests.fixtures.machines.engine import group, parallel

LATE = BranchOutcome("FAILED", 20.0, 9, 4, 2, 2, error="Late")
EARLY = replace(LATE, at=15.0, error="Early")
SHORT = replace(LATE, turn=1, error="Short")


@pytest.mark.parametrize(
    ("outcomes", "error"),
    [
        ([LATE, EARLY], "Early"),
        ([LATE, SHORT], "Short"),
        ([LATE, replace(LATE, error="Other")], "Late"),
        ([LATE, replace(LATE, phase=1, turn=9, error="Before")], "Before"),
        ([replace(SHORT, at=30.0), EARLY], "Early"),
    ],
    ids=["the_earlier", "the_shorter_at_the_same_time", "the_first_of_equals", "phase_before_turn", "time_before_turn"],
)
def test_the_failure_that_counts(outcomes: list[BranchOutcome], error: str) -> None:
    machine = parse(group({"Both": parallel({"A": {"Type": "Pass"}}, {"B": {"Type": "Pass"}})}))
    interpreter = Interpreter(machine)
    context = execution_context({}, 0.0, machine="StateMachine", name="x")
    asked = interpreter.start({}, at=10.0, context=context, external_branches=True)
    assert asked.state.awaits_branches
    ended = interpreter.join(asked.state, outcomes).state
    assert (ended.status, ended.error, ended.now) == ("FAILED", error, min(outcome.at for outcome in outcomes))


def interpreter_with(name: str, **fields: Any) -> Interpreter:
    """An interpreter of a Parallel whose Catch names an error."""
    state = {**parallel({"A": {"Type": "Pass"}}), "Catch": [{"ErrorEquals": [name], "Next": "Caught"}], **fields}
    return Interpreter(parse(group({"P": {**state, "Next": "Caught"}, "Caught": {"Type": "Succeed"}})))


NAMES = pytest.mark.parametrize(
    ("name", "status"), [("States.ALL", "FAILED"), ("States.DataLimitExceeded", "SUCCEEDED")], ids=["all", "by_name"]
)


@NAMES
def test_a_branch_that_leaves_with_too_much(name: str, status: str) -> None:
    interpreter = interpreter_with(name)
    context = execution_context({}, 0.0, machine="StateMachine", name="x")
    asked = interpreter.start({}, at=10.0, context=context, external_branches=True).state
    outcome = replace(LATE, error="States.DataLimitExceeded", is_oversized=True)
    assert interpreter.join(asked, [outcome]).state.status == status
    # of a task's result, which States.ALL takes
    again = interpreter.start({}, at=10.0, context=context, external_branches=True).state
    assert interpreter.join(again, [replace(outcome, is_oversized=False)]).state.status == "SUCCEEDED"


@NAMES
def test_branches_that_would_get_too_much(name: str, status: str) -> None:
    interpreter = interpreter_with(name, Parameters={"a.$": "$", "b.$": "$"})
    context = execution_context({}, 0.0, machine="StateMachine", name="x")
    asked = interpreter.start("x" * 200_000, at=10.0, context=context, external_branches=True)
    assert (asked.requests, asked.state.awaits_branches) == ([], True)
    restored = ExecutionState.from_json(json.loads(json.dumps(asked.state.to_json())))
    assert interpreter.join(restored, []).state.status == status
