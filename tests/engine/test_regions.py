"""Regions: parts of a machine that an execution enters and leaves."""

from __future__ import annotations

from typing import Any

import pytest

from sfn_provider.asl.model import StateMachine
from sfn_provider.engine.interpreter import Interpreter, ResumePoint
from sfn_provider.engine.simulation.mocks import Mocks
from sfn_provider.engine.simulation.simulator import advance
from tests.fixtures.machines.engine import Hand, group, inline_map, parallel, returns, task, throws


def region(states: dict[str, Any], **fields: Any) -> StateMachine:
    """A part of a machine: states may go on to states that it lacks."""
    return StateMachine.model_validate(group(states, **fields))


WAYS_OUT: dict[str, tuple[dict[str, Any], Any, list[Any]]] = {
    "next": ({"A": {"Type": "Pass", "Result": 5, "Next": "Outside"}}, 5, []),
    "rule": (
        {"A": {"Type": "Choice", "Choices": [{"Variable": "$.a", "IsPresent": True, "Next": "Outside"}]}},
        {"a": 1},
        [],
    ),
    "default": (
        {
            "A": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.b", "IsPresent": True, "Next": "A"}],
                "Default": "Outside",
            }
        },
        {"a": 1},
        [],
    ),
    "task": ({"A": task(Next="Outside")}, "r", returns("r")),
    "catch": (
        {"A": task(Catch=[{"ErrorEquals": ["E"], "Next": "Outside"}])},
        {"Error": "E", "Cause": "told"},
        throws("E"),
    ),
    "wait": ({"A": {"Type": "Wait", "Seconds": 5, "Next": "Outside"}}, {"a": 1}, []),
    "parallel": ({"A": parallel({"B": {"Type": "Pass"}}, Next="Outside")}, [{"a": 1}], []),
    "catch of a map": (
        {
            "A": inline_map(
                {"B": {"Type": "Fail", "Error": "E"}},
                ItemsPath="$$.Execution.Input.l",
                Catch=[{"ErrorEquals": ["E"], "Next": "Outside"}],
            )
        },
        {"Error": "E", "Cause": None},
        [],
    ),
}


@pytest.mark.parametrize(("states", "output", "answers"), WAYS_OUT.values(), ids=WAYS_OUT)
def test_it_ends_where_it_leaves_to_a_state_outside(states: dict[str, Any], output: Any, answers: list[Any]) -> None:
    hand = Hand(region(states), {"a": 1} if states["A"]["Type"] != "Map" else {"l": [1]})
    state, _, records = advance(hand.interpreter, hand.step, Mocks.from_mapping({"A": answers}))
    assert (state.status, state.exit, state.output) == ("RUNNING", "Outside", output)
    assert (state.frames, state.pending) == ({}, {})
    assert records[-1].type == f"{states['A']['Type']}StateExited"
    assert state.previous == records[-1].id


def test_it_may_end_the_execution_as_well() -> None:
    hand = Hand(region({"A": {"Type": "Pass"}}), 1)
    assert (hand.step.state.status, hand.step.state.exit) == ("SUCCEEDED", None)


def test_leaving_withdraws_the_timer_of_the_execution() -> None:
    hand = Hand(region({"A": task(Next="Outside")}), {}, deadline=60.0)
    assert [timer.at for timer in hand.timers] == [60.0]
    hand.succeed(hand.calls[0], 1, at=5.0)
    assert (hand.step.state.exit, hand.open) == ("Outside", {})


def test_variables_go_in_and_out() -> None:
    states = {"A": {"Type": "Pass", "Assign": {"w.$": "States.MathAdd($v, 1)"}, "Next": "Outside"}}
    hand = Hand(region(states), {}, variables={"v": 1})
    assert hand.step.state.variables == {"v": 1, "w": 2}


def test_variables_that_are_given_are_not_changed() -> None:
    given = {"v": 1}
    Hand(region({"A": {"Type": "Pass", "Assign": {"v": 2}, "Next": "Outside"}}), {}, variables=given)
    assert given == {"v": 1}


def test_it_may_be_entered_at_any_state() -> None:
    states = {
        "A": {"Type": "Pass", "Result": "a", "Next": "B"},
        "B": {"Type": "Pass", "ResultPath": "$.b", "Result": 1, "Next": "Outside"},
    }
    hand = Hand(region(states), {"in": 1}, start_at="B")
    assert hand.step.state.output == {"in": 1, "b": 1}
    assert hand.types == ["ExecutionStarted", "PassStateEntered", "PassStateExited"]


def test_it_goes_on_with_the_history() -> None:
    hand = Hand(region({"A": {"Type": "Pass", "Next": "Outside"}}), {}, continues=ResumePoint(events=41, previous=37))
    assert [(record.type, record.id, record.previous) for record in hand.records] == [
        ("PassStateEntered", 42, 37),
        ("PassStateExited", 43, 42),
    ]
    assert (hand.step.state.event_ids, hand.step.state.previous) == (43, 43)


def test_a_first_region_starts_the_execution() -> None:
    hand = Hand(region({"A": {"Type": "Pass", "Next": "Outside"}}), {"a": 1})
    assert [(record.type, record.id, record.previous) for record in hand.records] == [
        ("ExecutionStarted", 1, 0),
        ("PassStateEntered", 2, 0),
        ("PassStateExited", 3, 2),
    ]


def test_the_deadline_is_that_of_the_execution() -> None:
    hand = Hand(region({"A": {"Type": "Wait", "Seconds": 100, "Next": "Outside"}}), {}, at=50.0, deadline=70.0)
    first = min(hand.timers, key=lambda timer: timer.at)
    hand.fire(first)
    assert (hand.step.state.status, hand.step.state.now, hand.open) == ("TIMED_OUT", 70.0, {})


def test_without_a_deadline_the_machine_sets_it() -> None:
    hand = Hand(region({"A": {"Type": "Wait", "Seconds": 100}}, TimeoutSeconds=30), {}, at=50.0)
    assert sorted(timer.at for timer in hand.timers) == [80.0, 150.0]


def test_a_failure_in_it_fails_the_execution() -> None:
    hand = Hand(region({"A": {"Type": "Fail", "Error": "E", "Cause": "c"}}), {}, continues=ResumePoint(9, 9))
    state = hand.step.state
    assert (state.status, state.error, state.cause, state.exit) == ("FAILED", "E", "c", None)


def test_two_regions_make_one_execution() -> None:
    first = Hand(region({"A": {"Type": "Pass", "Assign": {"v": 1}, "Next": "B"}}), {"x": 1}, seed="same")
    out = first.step.state
    second = Hand(
        region({"B": {"Type": "Pass", "Parameters": {"v.$": "$v", "in.$": "$"}}}),
        out.output,
        variables=out.variables,
        start_at=out.exit,
        continues=ResumePoint(out.event_ids, out.previous),
        context=out.context,
    )
    whole = Hand(
        group(
            {
                "A": {"Type": "Pass", "Assign": {"v": 1}, "Next": "B"},
                "B": {"Type": "Pass", "Parameters": {"v.$": "$v", "in.$": "$"}},
            }
        ),
        {"x": 1},
    )
    assert second.step.state.output == whole.step.state.output == {"v": 1, "in": {"x": 1}}
    assert first.records + second.records == whole.records


def test_random_values_are_those_of_the_whole_execution() -> None:
    draw = {"Type": "Pass", "Parameters": {"u.$": "States.UUID()"}}
    states = {"A": {**draw, "ResultPath": "$.a", "Next": "B"}, "B": {**draw, "ResultPath": "$.b"}}
    whole = Hand(group(states), {}, seed="same").step.state
    first = Hand(region({"A": states["A"]}), {}, seed="same").step.state
    position = ResumePoint(first.event_ids, first.previous, first.steps)
    second = Hand(region({"B": states["B"]}), first.output, seed="same", continues=position).step.state
    assert second.output == whole.output
    assert whole.output["a"] != whole.output["b"]


def test_a_branch_cannot_leave_the_region() -> None:
    machine = region({"A": parallel({"B": {"Type": "Pass", "Next": "Outside"}})})
    with pytest.raises(KeyError, match="state 'Outside' is not in the scope '/States/A/Branches/0'"):
        Hand(machine, {})


def test_an_interpreter_of_a_region_can_be_reused() -> None:
    interpreter = Interpreter(region({"A": {"Type": "Pass", "Next": "Outside"}}))
    for n in range(2):
        assert Hand(None, n, interpreter=interpreter).step.state.output == n
