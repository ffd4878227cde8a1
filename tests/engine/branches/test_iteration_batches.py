"""Iterations of a Map that run in batches elsewhere, against the Map that runs them itself."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sfn_provider.asl import parse
from sfn_provider.engine import Mocks
from sfn_provider.engine.branches.iteration_batches import IterationBatch, IterationOutcomes
from sfn_provider.engine.dataflow.context_object import execution_context
from sfn_provider.engine.interpreter import Interpreter, ResumePoint, StepResult
from sfn_provider.engine.progress.execution_state import ExecutionState
from sfn_provider.engine.requests import BranchOutcome, CallTask, RunBranches, TaskSucceeded
from sfn_provider.engine.simulation.simulator import advance
from tests.fixtures.airflow.dag_cases import call, fail, flow, larger_than, map_, pass_, wait

ANSWERS = {"One": [{"Return": "a"}], "Two": [{"Return": "b"}]}
TWO_CALLS = flow(One=call("Pause"), Pause=wait("Two"), Two=call())
SORT = flow(Look=larger_than(2, "Bad", "Good", "$"), Bad=fail("Bad"), Good=pass_("Last"), Last=pass_())
RUNTIME = flow(One=pass_(InputPath="$.no"))


def _asked(definition: dict[str, Any], items: list[Any]) -> tuple[Interpreter, StepResult]:
    """A Map that has asked for its iterations."""
    interpreter = Interpreter(parse(definition))
    context = execution_context(items, 0.0, machine="StateMachine", name="x")
    return interpreter, interpreter.start(
        items, at=10.0, context=context, external_branches=True, continues=ResumePoint(1, 1)
    )


def _batch(interpreter: Interpreter, asked: StepResult, first: int, count: int, limit: int = 40) -> StepResult:
    [request] = [request for request in asked.requests if isinstance(request, RunBranches)]
    batch = IterationBatch(first, limit, request.inputs[first : first + count])
    state = ExecutionState.from_json(json.loads(json.dumps(asked.state.to_json())))
    return interpreter.run_iterations(state, batch, at=10.0)


def _run(interpreter: Interpreter, step: StepResult) -> ExecutionState:
    return advance(interpreter, step, Mocks.from_mapping(ANSWERS)).state


def test_batches_joined_are_the_map() -> None:
    interpreter, asked = _asked(flow(Each=map_(TWO_CALLS)), [1, 2, 3])
    ended = [_run(interpreter, _batch(interpreter, asked, first, count)) for first, count in ((0, 2), (2, 1))]
    assert [(state.status, state.now) for state in ended] == [("SUCCEEDED", 70.0)] * 2
    outcomes: dict[int, BranchOutcome] = {}
    for state in ended:
        outcomes |= IterationOutcomes.from_json(json.loads(json.dumps(state.output))).succeeded
    joined = interpreter.join(asked.state, [outcomes[index] for index in range(3)]).state
    assert (joined.status, joined.output, joined.now) == ("SUCCEEDED", ["b", "b", "b"], 70.0)


def test_no_more_run_at_once_than_may() -> None:
    interpreter, asked = _asked(flow(Each=map_(TWO_CALLS)), [1, 2, 3])
    step = _batch(interpreter, asked, 0, 3, limit=1)
    assert [request.arguments for request in step.requests if isinstance(request, CallTask)] == [1]
    assert _run(interpreter, step).now == 10.0 + 3 * 60


def test_iterations_are_named_and_counted_over_all_batches() -> None:
    interpreter, asked = _asked(flow(Each=map_(TWO_CALLS)), [1, 2, 3])
    calls = [
        request
        for first, count in ((0, 2), (2, 1))
        for request in _batch(interpreter, asked, first, count).requests
        if isinstance(request, CallTask)
    ]
    assert [call.index for call in calls] == [0, 1, 2]
    assert len({call.place for call in calls}) == 3


@pytest.mark.parametrize(
    ("body", "items", "error", "failed", "succeeded"),
    [
        (SORT, [1, 5, 1], "Bad", 1, []),
        (SORT, [5, 5], "Bad", 0, []),
        (RUNTIME, [{"no": 1}, {}], "States.Runtime", 1, [0]),
    ],
    ids=["the_second", "the_first_of_two", "the_whole_execution"],
)
def test_an_iteration_that_fails_ends_its_batch(
    body: dict[str, Any], items: list[Any], error: str, failed: int, succeeded: list[int]
) -> None:
    interpreter, asked = _asked(flow(Each=map_(body)), items)
    state = _batch(interpreter, asked, 0, len(items)).state
    outcomes = IterationOutcomes.from_json(state.output)
    assert (state.status, state.error) == ("FAILED", error)
    assert (outcomes.failed, list(outcomes.succeeded)) == (failed, succeeded)


def test_a_batch_goes_on_from_json_and_says_how_far_it_came_where_it_is_stopped() -> None:
    interpreter, asked = _asked(flow(Each=map_(flow(One=call()))), [1, 2])
    step = _batch(interpreter, asked, 0, 2)
    first, _ = [request for request in step.requests if isinstance(request, CallTask)]
    state = ExecutionState.from_json(json.loads(json.dumps(step.state.to_json())))
    going_on = interpreter.resume(state, TaskSucceeded(first.id, "done", 11.0)).state
    stopped = interpreter.stop(going_on).state
    assert stopped.is_stopped
    succeeded = IterationOutcomes.from_json(stopped.output).succeeded
    assert {index: outcome.output for index, outcome in succeeded.items()} == {0: "done"}
