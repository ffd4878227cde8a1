"""What holds for every value in every machine that needs nothing from outside."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from sfn_provider.asl import InvalidDefinition, parse
from sfn_provider.asl.model import StateMachine
from sfn_provider.engine import simulate
from sfn_provider.engine.interpreter import Interpreter, StepResult
from sfn_provider.engine.progress.execution_state import ExecutionState
from sfn_provider.engine.requests import Event
from tests.fixtures.machines.machine_strategies import inputs, machines
from tests.fixtures.session.hypothesis_examples import examples


def accepted(definition: dict[str, Any]) -> StateMachine:
    try:
        return parse(definition)
    except InvalidDefinition:
        reject()


def is_json(value: Any) -> bool:
    """Is it made of the types that `json.loads` makes, with numbers that JSON has?"""
    if type(value) is dict:
        return all(type(key) is str and is_json(member) for key, member in value.items())
    if type(value) is list:
        return all(map(is_json, value))
    if type(value) is float:
        return value == value and value not in (float("inf"), float("-inf"))
    return value is None or type(value) in (str, int, bool)


def errors_of(definition: dict[str, Any]) -> bool:
    """May the machine end with an error of its own making?"""
    return '"Type": "Fail"' in json.dumps(definition)


@pytest.mark.parametrize("language", ["JSONPath", "JSONata"])
@settings(max_examples=examples(400))
@given(st.data())
def test_an_execution_ends_well_or_with_an_error_of_the_language(language: str, data: st.DataObject) -> None:
    definition = data.draw(machines(language))
    input = data.draw(inputs)
    machine, before = accepted(definition), copy.deepcopy(input)
    execution = simulate(machine, input)
    assert input == before
    assert execution.status in ("SUCCEEDED", "FAILED")
    assert is_json(execution.output)
    if execution.status == "FAILED" and not errors_of(definition):
        assert execution.error is not None and execution.error.startswith("States.")
        assert execution.cause
    assert [event["id"] for event in execution.events] == list(range(1, len(execution.events) + 1))
    assert simulate(machine, input).events == execution.events


class Restored(Interpreter):
    """Reads the state back from JSON text before each event."""

    def resume(self, state: ExecutionState, *events: Event) -> StepResult:
        return super().resume(ExecutionState.from_json(json.loads(json.dumps(state.to_json()))), *events)


@pytest.mark.parametrize("language", ["JSONPath", "JSONata"])
@settings(max_examples=examples(100))
@given(st.data())
def test_a_state_read_back_from_json_gives_the_same_end(language: str, data: st.DataObject) -> None:
    from sfn_provider.engine.dataflow.context_object import execution_context
    from sfn_provider.engine.simulation.mocks import Mocks
    from sfn_provider.engine.simulation.simulator import EPOCH, drive

    machine, input = accepted(data.draw(machines(language))), data.draw(inputs)
    context = execution_context(input, EPOCH, machine="M", name="run")
    ends = []
    for interpreter in (Interpreter(machine), Restored(machine)):
        step = interpreter.start(input, at=EPOCH, context=context, seed="run")
        ends.append(drive(interpreter, step, Mocks({})))
    assert ends[0] == ends[1]
