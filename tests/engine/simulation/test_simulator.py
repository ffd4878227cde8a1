"""The simulator: whole executions in no time, the same each time."""

from __future__ import annotations

import copy
import json
import time
from typing import Any

import pytest

from sfn_provider.asl import InvalidDefinition, parse
from sfn_provider.engine import simulate
from sfn_provider.engine.interpreter import Interpreter
from sfn_provider.engine.simulation.mocks import Mocks
from sfn_provider.engine.simulation.simulator import advance
from tests.fixtures.machines.engine import (
    Hand,
    group,
    inline_map,
    jsonata,
    one,
    outcome,
    parallel,
    returns,
    seconds,
    task,
    throws,
)

LONG = group(
    {
        "Wait": {"Type": "Wait", "Seconds": 86_400, "Next": "Work"},
        "Work": task(
            TimeoutSeconds=3_600,
            Retry=[{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 600, "MaxAttempts": 5}],
            Next="Until",
        ),
        "Until": {"Type": "Wait", "Timestamp": "2025-06-01T00:00:00Z"},
    }
)


def test_virtual_time_takes_no_time() -> None:
    started = time.process_time()
    execution = simulate(LONG, {}, mocks={"Work": throws("States.Timeout", "E") + returns(1)})
    assert time.process_time() - started < 5
    assert seconds(execution) == 151 * 86_400


FORMS = {
    "object": one({"Type": "Pass"}),
    "text": json.dumps(one({"Type": "Pass"})),
    "text with comments": "// passes\n" + json.dumps(one({"Type": "Pass"})),
    "parsed": parse(one({"Type": "Pass"})),
}


@pytest.mark.parametrize("definition", FORMS.values(), ids=FORMS)
def test_forms_of_a_definition(definition: Any) -> None:
    assert outcome(simulate(definition, [1])) == ("SUCCEEDED", [1])


def test_a_definition_that_aws_refuses() -> None:
    with pytest.raises(InvalidDefinition, match="MISSING_TRANSITION_TARGET"):
        simulate(one({"Type": "Pass", "Next": "Nowhere"}), {})


def test_neither_definition_nor_input_nor_mocks_are_changed() -> None:
    definition = one(
        {
            "Type": "Task",
            "Resource": "arn:aws:states:::sqs:sendMessage",
            "Parameters": {"QueueUrl": "q", "MessageBody.$": "$.a"},
            "ResultPath": "$.r.s",
        }
    )
    input, mocks = {"a": {"b": [1]}}, {"State": returns({"x": {}})}
    before = copy.deepcopy((definition, input, mocks))
    execution = simulate(definition, input, mocks=mocks)
    assert execution.output == {"a": {"b": [1]}, "r": {"s": {"x": {}}}}
    assert (definition, input, mocks) == before


RANDOM = jsonata(
    {"State": {"Type": "Pass", "Output": "{% [$random(), $uuid()] %}"}},
)
RANDOM_PATH = one({"Type": "Pass", "Parameters": {"u.$": "States.UUID()", "n.$": "States.MathRandom(1, 1000000)"}})


@pytest.mark.parametrize("machine", [RANDOM, RANDOM_PATH], ids=["jsonata", "jsonpath"])
def test_the_same_name_gives_the_same_random_values(machine: dict[str, Any]) -> None:
    outputs = {name: simulate(machine, {}, name=name).output for name in ("a", "b")}
    assert outputs["a"] != outputs["b"]
    assert outputs["a"] == simulate(machine, {}, name="a").output


def test_random_values_differ_within_an_execution() -> None:
    output = simulate(jsonata({"M": inline_map({"P": {"Type": "Pass", "Output": "{% $uuid() %}"}})}), [1, 2, 3]).output
    assert len(set(output)) == 3


def test_random_values_differ_from_one_event_to_the_next() -> None:
    look = {"Type": "Pass", "Parameters": {"u.$": "States.UUID()"}}
    first = {**look, "ResultPath": "$.first", "Next": "Wait"}
    wait = {"Type": "Wait", "Seconds": 1, "Next": "Second"}
    output = simulate(group({"First": first, "Wait": wait, "Second": {**look, "ResultPath": "$.second"}}), {}).output
    assert output["first"] != output["second"]


BUSY = group(
    {
        "Both": {
            **parallel(
                {"W": {"Type": "Wait", "Seconds": 3}},
                {"T": task(Retry=[{"ErrorEquals": ["E"], "JitterStrategy": "FULL"}])},
            ),
            "Next": "Each",
        },
        "Each": inline_map({"P": {"Type": "Pass", "Parameters": {"u.$": "States.UUID()"}}}),
    }
)


def test_the_same_execution_has_the_same_history() -> None:
    runs = [simulate(BUSY, {}, mocks={"T": throws("E", "E") + returns(1)}) for _ in range(2)]
    assert runs[0].status == "SUCCEEDED"
    assert runs[0].events == runs[1].events


def test_transitions_count_states_entered() -> None:
    assert simulate(group({"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Succeed"}}), {}).transitions == 2
    assert simulate(one(inline_map({"A": {"Type": "Pass"}})), [1, 2, 3]).transitions == 4
    assert simulate(one(parallel({"A": {"Type": "Pass"}}, {"B": {"Type": "Pass"}})), {}).transitions == 3


def test_a_failed_execution_has_no_output() -> None:
    execution = simulate(one({"Type": "Fail", "Error": "E"}), {"a": 1})
    assert (execution.status, execution.output, execution.error, execution.name) == ("FAILED", None, "E", "simulated")


def test_events_of_the_same_time_come_in_the_order_they_were_asked_for() -> None:
    state = parallel(*({name: {"Type": "Wait", "Seconds": 5}} for name in "ABC"))
    exits = [
        e["stateExitedEventDetails"]["name"] for e in simulate(one(state), {}).events if e["type"] == "WaitStateExited"
    ]
    assert exits == ["A", "B", "C"]


def test_advance_goes_on_from_any_step() -> None:
    hand = Hand(group({"Wait": {"Type": "Wait", "Seconds": 9, "Next": "Work"}, "Work": task()}), {"a": 1})
    state, _, records = advance(hand.interpreter, hand.step, Mocks.from_mapping({"Work": returns(5)}))
    assert (state.status, state.output, state.now) == ("SUCCEEDED", 5, 9.0)
    assert [record.id for record in records] == list(range(1, len(records) + 1))


def test_one_interpreter_runs_many_executions() -> None:
    interpreter = Interpreter(parse(one(task())))
    hands = [Hand(None, n, interpreter=interpreter) for n in range(3)]
    for n, hand in enumerate(hands):
        hand.succeed(hand.calls[0], n * 10)
    assert [hand.step.state.output for hand in hands] == [0, 10, 20]
