"""A distributed Map whose child executions run elsewhere, in parts: it ends as if they had run in one place."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from sfn_provider.asl import parse
from sfn_provider.engine import Execution, Mocks, simulate
from sfn_provider.engine.dataflow.context_object import execution_context
from sfn_provider.engine.interpreter import Interpreter, StepResult
from sfn_provider.engine.map_run.child_batches import BatchOutput, ChildBatch, split_into_batches
from sfn_provider.engine.progress.execution_state import ExecutionState
from sfn_provider.engine.requests import RunChildExecutions
from sfn_provider.engine.simulation.simulator import EPOCH, NAME, advance
from sfn_provider.exceptions import UsageError
from tests.fixtures.machines.distributed_maps import CALL, FAIL_ON_BAD, LIST_OBJECTS, PASS, WRITER, each, goods, reading

SLOW = {"Wait": {"Type": "Wait", "SecondsPath": "$.n", "Next": "Check"}, **FAIL_ON_BAD}
CAUGHT = {"ErrorEquals": ["States.ALL"], "ResultPath": "$.failure", "Next": "Caught"}


def caught(machine: dict[str, Any]) -> dict[str, Any]:
    machine["States"]["Each"] |= {"Catch": [CAUGHT], "ResultPath": "$.done"}
    machine["States"]["Caught"] = PASS
    return machine


@dataclass(frozen=True)
class Case:
    id: str
    machine: dict[str, Any]
    input: Any
    answers: dict[str, Any] = field(default_factory=dict)
    objects: dict[str, str] = field(default_factory=dict)


CASES = [
    Case("results_in_order", each(SLOW, ResultPath="$.x"), goods(count=7)[::-1]),
    Case("no_items", each(ResultSelector={"all.$": "$"}), []),
    Case("one_at_a_time", each(SLOW, MaxConcurrency=1), goods(count=4)),
    Case("a_limit", each(SLOW, MaxConcurrency=5), goods(count=9)),
    Case("a_failure", each(SLOW), goods(2, count=6)),
    Case("tolerated", each(SLOW, ToleratedFailureCount=2), goods(1, 4, count=6)),
    Case("too_many_of_several_parts", each(SLOW, ToleratedFailurePercentage=40), goods(0, 2, 4, count=6)),
    Case("export", each(SLOW, ResultWriter=WRITER), goods(count=5)),
    Case("export_of_a_failure", each(SLOW, ResultWriter=WRITER, ToleratedFailureCount=1), goods(1, 2, count=8)),
    Case("caught", caught(each(SLOW, ItemsPath="$.all")), {"all": goods(1, count=4)}),
    Case("no_list", caught(each(ItemsPath="$.all", ToleratedFailureCountPath="$.most")), {"all": [1], "most": "x"}),
    Case("no_bucket", caught(each(ResultWriter={**WRITER, "Parameters": {"Bucket.$": "$.none"}})), [1]),
    Case("weights", each(ToleratedFailureCount=1, ItemBatcher={"MaxItemsPerBatch": 2}, states=SLOW), goods(count=5)),
    Case(
        "tasks_that_are_tried_again",
        each({"Work": {**CALL, "Retry": [{"ErrorEquals": ["Busy"]}]}}),
        [1, 2, 3, 4],
        {"Work": [{"Throw": {"Error": "Busy"}}, {"Return": 7}]},
    ),
    Case(
        "items_from_objects",
        each(
            ItemReader=reading({"InputType": "JSON", "Transformation": "LOAD_AND_FLATTEN"}, LIST_OBJECTS),
            ItemBatcher={"MaxItemsPerBatch": 2},
        ),
        {},
        {},
        {"s3://data/1": "[1, 2, 3]", "s3://data/2": "[4]"},
    ),
    Case("nothing_to_read", caught(each(ItemReader=reading({"InputType": "JSON"}))), {}, {}, {"s3://data/other": "[]"}),
    Case(
        "express_children_that_take_too_long",
        each(
            {"Wait": {"Type": "Wait", "SecondsPath": "$", "End": True}}, kind="EXPRESS", ToleratedFailurePercentage=50
        ),
        [5, 400, 7],
    ),
    Case(
        "maps_within_children",
        each({"Deep": each(SLOW)["States"]["Each"] | {"Label": "Deep"}}),
        [goods(count=2), goods(count=3)],
    ),
]


def restored(state: ExecutionState) -> ExecutionState:
    return ExecutionState.from_json(json.loads(json.dumps(state.to_json())))


def in_parts(case: Case, size: int) -> tuple[Execution, list[ChildBatch], Mocks]:
    """Run a machine whose first state is a distributed Map, its children in parts."""
    machine = parse(case.machine)
    interpreter, mocks = Interpreter(machine), Mocks.from_mapping(case.answers, case.objects)
    context = execution_context(case.input, EPOCH, machine="StateMachine", name=NAME)
    asked = interpreter.start(case.input, at=EPOCH, context=context, seed=NAME, external_branches=True)
    asked = advance(interpreter, asked, mocks)
    assert asked.state.awaits_branches
    children = next(
        (request for request in asked.requests if isinstance(request, RunChildExecutions)), RunChildExecutions((), 1, 0)
    )
    parts = split_into_batches(children, size, 1000)
    outputs = [_run(machine, asked, part, mocks) for part in parts]
    last = interpreter.join_children(restored(asked.state), outputs)
    last = advance(interpreter, last._replace(records=asked.records + last.records), mocks)
    state = last.state
    return Execution(state.status, state.output, state.error, state.cause, last.records, 0, NAME), parts, mocks


def _run(machine: Any, asked: StepResult, part: ChildBatch, mocks: Mocks) -> BatchOutput:
    interpreter = Interpreter(machine)
    step = advance(interpreter, interpreter.run_children(restored(asked.state), part, at=EPOCH), mocks)
    assert (step.state.status, step.state.pending, step.records) == ("SUCCEEDED", {}, [])
    return BatchOutput.from_json(json.loads(json.dumps(step.state.output)))


def timeless(execution: Execution) -> list[dict[str, Any]]:
    """The events without their times: parts that share a limit take other turns."""
    return [{name: value for name, value in event.items() if name != "timestamp"} for event in execution.events]


@pytest.mark.parametrize("size", [100, 2, 1])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_it_ends_as_in_one_place(case: Case, size: int) -> None:
    mocks = Mocks.from_mapping(case.answers, case.objects)
    expected = simulate(case.machine, case.input, mocks=mocks)
    found, _, written = in_parts(case, size)
    assert (found.status, found.output, found.error, found.cause) == (
        expected.status,
        expected.output,
        expected.error,
        expected.cause,
    )
    assert timeless(found) == timeless(expected)
    assert written.objects == mocks.objects


def test_the_limit_holds_for_all_parts_together() -> None:
    asked = RunChildExecutions(tuple(range(100)), 30, 100)
    parts = split_into_batches(asked, 4, 1000)
    assert [part.first for part in parts[:3]] == [0, 4, 8]
    assert sum(part.limit for part in parts) == 30
    assert [value for part in parts for value in part.inputs or ()] == list(range(100))


@pytest.mark.parametrize(
    ("count", "limit", "size", "most", "sizes", "limits"),
    [
        (0, 5, 40, 1000, [], []),
        (3, 10_000, 40, 1000, [3], [10_000]),
        (9, 2, 2, 1000, [5, 4], [1, 1]),
        (9, 10, 2, 3, [3, 3, 3], [4, 3, 3]),
        (9, 1, 2, 1000, [9], [1]),
    ],
    ids=["none", "few", "a_low_limit", "few_parts", "one_at_a_time"],
)
def test_parts(count: int, limit: int, size: int, most: int, sizes: list[int], limits: list[int]) -> None:
    parts = split_into_batches(RunChildExecutions(tuple(range(count)), limit, count), size, most)
    assert ([part.count for part in parts], [part.limit for part in parts]) == (sizes, limits)


def begin(machine: dict[str, Any], input: Any, part: ChildBatch) -> tuple[Interpreter, StepResult]:
    interpreter = Interpreter(parse(machine))
    context = execution_context(input, EPOCH, machine="StateMachine", name=NAME)
    asked = interpreter.start(input, at=EPOCH, context=context, seed=NAME, external_branches=True)
    return interpreter, interpreter.run_children(asked.state, part, at=EPOCH)


def statuses(step: StepResult) -> list[str]:
    return [status for status, number in step.state.output["statuses"].items() for _ in range(number)]


def test_a_part_does_not_start_where_too_many_items_of_others_have_failed() -> None:
    machine = each(SLOW, ToleratedFailureCount=2)
    _, step = begin(machine, goods(count=4), ChildBatch(2, 2, 10, goods(count=2), failed_in_other_batches=3))
    assert (statuses(step), step.requests) == ([], [])


def test_a_part_stops_where_it_is_told_of_too_many_failures() -> None:
    machine = each(SLOW, ToleratedFailureCount=2)
    interpreter, step = begin(machine, goods(count=6), ChildBatch(2, 2, 1, goods(count=3)[1:]))
    told = interpreter.set_failed_in_other_batches(step.state, 2)
    assert told.state.status == "RUNNING"
    ended = interpreter.set_failed_in_other_batches(told.state, 3)
    assert statuses(ended) == ["ABORTED"]
    assert [type(request).__name__ for request in ended.requests] == ["Cancel"]


def test_the_machines_timeout_ends_a_part() -> None:
    machine = parse(each(SLOW))
    interpreter = Interpreter(machine)
    context = execution_context([], EPOCH, machine="StateMachine", name=NAME)
    asked = interpreter.start(goods(count=5), at=EPOCH, context=context, external_branches=True)
    step = interpreter.run_children(asked.state, ChildBatch(0, 5, 9, goods(count=5)), at=EPOCH, deadline=EPOCH + 2)
    assert advance(interpreter, step, Mocks.from_mapping({})).state.status == "TIMED_OUT"


def test_children_without_an_end_are_refused_where_nothing_stopped_them() -> None:
    interpreter = Interpreter(parse(each(SLOW)))
    context = execution_context([], EPOCH, machine="StateMachine", name=NAME)
    asked = interpreter.start([1, 2], at=EPOCH, context=context, external_branches=True)
    with pytest.raises(UsageError, match="of child executions 0 to 1 not all have ended"):
        interpreter.join_children(asked.state, [BatchOutput(0, 2, statuses={"SUCCEEDED": 1})])
