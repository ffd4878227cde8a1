"""A distributed Map between two events: its state as JSON, and its open requests."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sfn_provider.asl import parse
from sfn_provider.engine.dataflow.context_object import execution_context
from sfn_provider.engine.interpreter import Interpreter, StepResult
from sfn_provider.engine.progress.execution_state import ExecutionState
from sfn_provider.engine.requests import Cancel, Event, TimerFired
from sfn_provider.engine.simulation.mocks import Mocks
from sfn_provider.engine.simulation.simulator import drive
from tests.fixtures.machines.distributed_maps import CALL, FAIL_ON_BAD, LIST_OBJECTS, WRITER, each, goods, reading


class Restored(Interpreter):
    """Reads the state back from JSON text, with a new interpreter, before each event."""

    def __init__(self, definition: dict[str, Any]) -> None:
        self._definition = parse(definition)
        self.steps = 0
        super().__init__(self._definition)

    def resume(self, state: ExecutionState, *events: Event) -> StepResult:
        self.steps += 1
        restored = ExecutionState.from_json(json.loads(json.dumps(state.to_json())))
        return Interpreter(self._definition).resume(restored, *events)


def start(interpreter: Interpreter, input: Any) -> StepResult:
    context = execution_context(input, 0.0, machine="StateMachine", name="simulated")
    return interpreter.start(input, at=0.0, context=context, seed="simulated")


INNER = each({"Work": CALL}, kind="EXPRESS", ToleratedFailureCount=1)["States"]["Each"] | {"Label": "Inner"}


@pytest.mark.parametrize(
    ("machine", "input"),
    [
        (each({"Work": CALL}, MaxConcurrency=2, ResultWriter=WRITER), [1, 2, 3]),
        (each({"Deep": INNER}, MaxConcurrency=1), [[1, 2], [3]]),
        (each({"Wait": {"Type": "Wait", "Seconds": 5, "Next": "Check"}, **FAIL_ON_BAD}, ResultWriter=WRITER), goods(2)),
        (
            each(
                {"Work": CALL},
                ItemReader=reading({"InputType": "JSON", "Transformation": "LOAD_AND_FLATTEN"}, LIST_OBJECTS),
                ItemBatcher={"MaxItemsPerBatch": 2},
                ToleratedFailurePercentage=50,
            ),
            {},
        ),
    ],
    ids=["export", "nested", "failure", "reader"],
)
def test_the_state_survives_json_between_any_two_events(machine: dict[str, Any], input: Any) -> None:
    answers = {"Work": [{"Return": {"ok": True}}, {"Throw": {"Error": "Busy", "Cause": "later"}}, {"Return": 3}]}
    objects = {"s3://data/1": "[1, 2, 3]", "s3://data/2": "[4]"}
    plain, restored = Interpreter(parse(machine)), Restored(machine)
    expected = drive(plain, start(plain, input), Mocks.from_mapping(answers, objects))
    found = drive(restored, start(restored, input), Mocks.from_mapping(answers, objects))
    assert restored.steps >= 1
    assert (found.status, found.output, found.error) == (expected.status, expected.output, expected.error)
    assert found.events == expected.events


def test_nothing_is_left_open_at_the_end() -> None:
    machine = each({"Wait": {"Type": "Wait", "Seconds": 5, "End": True}}, kind="EXPRESS")
    interpreter = Interpreter(parse(machine))
    step = start(interpreter, [1, 2])
    open_requests = {request.id for request in step.requests}
    while step.state.status == "RUNNING":
        waiting = [identity for identity, pending in step.state.pending.items() if pending.purpose == "wait"]
        step = interpreter.resume(step.state, TimerFired(waiting[0], 5.0))
        open_requests -= {waiting[0], *(request.id for request in step.requests if isinstance(request, Cancel))}
    assert (step.state.pending, step.state.frames, open_requests) == ({}, {}, set())
