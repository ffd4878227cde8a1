"""A state under test makes what it makes in an execution."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from sfn_provider.asl import InvalidDefinition
from sfn_provider.engine import Execution, simulate, test_state
from tests.fixtures.machines.machine_strategies import inputs, machines
from tests.fixtures.session.hypothesis_examples import examples

Json = Any
UNREPEATABLE = ("$$", "context", "random", "UUID", "uuid", "now", "millis")
"""What a definition has whose values differ between executions."""


class Visit(NamedTuple):
    state: str
    input: str
    output: str
    before: dict[str, Json]
    after: dict[str, Json]


def visits(execution: Execution) -> Iterator[Visit]:
    """The visits of states of the machine itself that work alone, with the variables before and after."""
    variables: dict[str, Json] = {}
    entered: dict[str, Json] = {}
    for event in execution.events:
        if "stateEnteredEventDetails" in event:
            entered = event["stateEnteredEventDetails"]
        elif "stateExitedEventDetails" in event:
            left = event["stateExitedEventDetails"]
            assigned = {name: json.loads(text) for name, text in (left.get("assignedVariables") or {}).items()}
            before, variables = variables, {**variables, **assigned}
            yield Visit(left["name"], entered["input"], left["output"], before, variables)


@pytest.mark.parametrize("language", ["JSONPath", "JSONata"])
@settings(max_examples=examples(30))
@given(st.data())
def test_each_visit_of_a_state(language: str, data: st.DataObject) -> None:
    definition = data.draw(machines(language))
    text = json.dumps(definition)
    kinds = {state["Type"] for state in definition["States"].values()}
    if any(word in text for word in UNREPEATABLE) or kinds & {"Map", "Parallel", "Task"}:
        reject()
    try:
        execution = simulate(definition, data.draw(inputs))
    except InvalidDefinition:
        reject()
    visited = list(visits(execution))
    if not visited:
        reject()
    for visit in visited:
        response = test_state(
            definition, visit.input, state_name=visit.state, variables=visit.before, inspection_level="DEBUG"
        )
        assert json.loads(response["output"]) == json.loads(visit.output)
        assert json.loads(response["inspectionData"].get("variables", "{}")) == visit.after
