"""What an observer gets of an execution, in order."""

from __future__ import annotations

from typing import Any

from sfn_provider.asl import parse
from sfn_provider.engine.dataflow.context_object import execution_context
from sfn_provider.engine.interpreter import Interpreter
from sfn_provider.engine.observations import (
    CallRequested,
    CatchDecision,
    ChoiceMade,
    ItemsListed,
    Observation,
    RetryDecision,
    RoundBegun,
    StateEntered,
    StateFailure,
    WaitBegun,
    begins_round,
)
from sfn_provider.engine.progress.execution_state import ExecutionState
from sfn_provider.engine.simulation.mocks import Mocks
from sfn_provider.engine.simulation.simulator import EPOCH, advance

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:work"
DISTRIBUTED = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}
BUSY = {"Throw": {"Error": "Busy", "Cause": "later"}}


def observed(states: dict[str, Any], input: Any, **mocks: Any) -> list[Observation]:
    """Run a machine and give what was observed, without the entries of states."""
    return [found for found in everything_observed(states, input, **mocks) if not isinstance(found, StateEntered)]


def everything_observed(states: dict[str, Any], input: Any, **mocks: Any) -> list[Observation]:
    found: list[Observation] = []
    machine = parse({"StartAt": next(iter(states)), "States": states})
    interpreter = Interpreter(machine, observer=found.append)
    context = execution_context(input, EPOCH, machine="M", name="one")
    advance(interpreter, interpreter.start(input, at=EPOCH, context=context), Mocks.from_mapping(mocks, {}))
    return found


def test_the_attempts_of_a_task_and_its_catch() -> None:
    states = {
        "Work": {
            "Type": "Task",
            "Resource": FUNCTION,
            "Retry": [{"ErrorEquals": ["Other"]}, {"ErrorEquals": ["Busy"], "IntervalSeconds": 30, "MaxAttempts": 1}],
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Rest"}],
            "End": True,
        },
        "Rest": {"Type": "Wait", "Seconds": 5, "End": True},
    }
    calls = [found for found in observed(states, {}, Work=[BUSY]) if isinstance(found, CallRequested)]
    assert [found.call.attempt for found in calls] == [0, 1]
    assert [found for found in observed(states, {}, Work=[BUSY]) if not isinstance(found, CallRequested)] == [
        StateFailure("Work", (), 1, "Busy", "later", RetryDecision(1, 1, 1, 30.0, EPOCH + 30)),
        StateFailure("Work", (), 2, "Busy", "later", CatchDecision(0, "Rest")),
        WaitBegun("Rest", (), 5.0, EPOCH + 35),
    ]


def test_a_state_within_branches_has_its_place() -> None:
    inner = {"Each": {"Type": "Task", "Resource": FUNCTION, "End": True}}
    items = {"Type": "Map", "ItemProcessor": {"StartAt": "Each", "States": inner}, "End": True}
    branch = {"StartAt": "Items", "States": {"Items": items}}
    states = {"Sides": {"Type": "Parallel", "Branches": [branch], "End": True}}
    found = observed(states, ["a", "b"], Each=[{"Return": 1}, BUSY])
    assert found[0] == ItemsListed("Items", (("Sides", 0),), 2)
    calls = [each.place for each in found if isinstance(each, CallRequested)]
    assert calls == [(("Sides", 0), ("Items", 0)), (("Sides", 0), ("Items", 1))]
    assert [(each.state, each.place) for each in found if isinstance(each, StateFailure)] == [
        ("Each", (("Sides", 0), ("Items", 1))),
        ("Items", (("Sides", 0),)),
        ("Sides", ()),
    ]


def test_states_are_observed_where_they_are_entered() -> None:
    states = {
        name: {"Type": "Map", "ItemProcessor": {"StartAt": inner, "States": {inner: {"Type": "Succeed"}}} | config}
        | exit
        for name, inner, config, exit in (
            ("Inline", "One", {}, {"Next": "Distributed"}),
            ("Distributed", "Two", DISTRIBUTED, {"End": True}),
        )
    }
    found = [each for each in everything_observed(states, ["a", {}]) if isinstance(each, StateEntered)]
    assert [(each.state, each.place, each.scope.input) for each in found] == [
        ("Inline", (), ["a", {}]),
        ("One", (("Inline", 0),), "a"),
        ("One", (("Inline", 1),), {}),
        ("Distributed", (), ["a", {}]),
        ("Two", (("Distributed", 0),), "a"),
        ("Two", (("Distributed", 1),), {}),
    ]


def test_rounds_and_choices_of_a_loop() -> None:
    states = {
        "Count": {"Type": "Pass", "Parameters": {"n.$": "States.MathAdd($.n, 1)"}, "Next": "Enough"},
        "Enough": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.n", "NumericLessThan": 3, "Next": "Count"}],
            "Default": "Done",
        },
        "Done": {"Type": "Succeed"},
    }
    found = observed(states, {"n": 0})
    assert [each for each in found if isinstance(each, RoundBegun)] == [
        RoundBegun("Count", (), 2),
        RoundBegun("Count", (), 3),
    ]
    chosen = [(each.rule, each.next, each.scope.input) for each in found if isinstance(each, ChoiceMade)]
    assert chosen == [(0, "Count", {"n": 1}), (0, "Count", {"n": 2}), (None, "Done", {"n": 3})]


def test_a_round_begins_with_the_state_that_comes_round_first() -> None:
    visits: dict[str, int] = {}
    order = ["A", "B", "C", "B", "C", "A", "B", "C"]
    assert [begins_round(visits, state) for state in order] == [None, None, None, 2, None, None, 3, None]


def test_visits_outlast_a_deferral_and_are_not_counted_without_an_observer() -> None:
    states = {"Rest": {"Type": "Wait", "Seconds": 5, "End": True}}
    machine = parse({"StartAt": "Rest", "States": states})
    context = execution_context({}, EPOCH, machine="M", name="one")
    for observer, visits in ((None, {}), (lambda _: None, {"Rest": 1})):
        state = Interpreter(machine, observer=observer).start({}, at=EPOCH, context=context).state
        assert ExecutionState.from_json(state.to_json()).root.visits == visits
