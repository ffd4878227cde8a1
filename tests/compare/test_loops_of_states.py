"""Loops of every state type, on the engine and as DAGs in a real Airflow: as head, in the middle, as exit."""

from __future__ import annotations

from typing import Any

import pytest

from sfn_provider.compare.comparison import compare_on_engine
from tests.fixtures.airflow.dag_cases import call, distributed, flow, map_, parallel, pass_, wait

pytestmark = pytest.mark.usefixtures("user_airflow_home")

State = dict[str, Any]

LIST = {"ItemsPath": "$.items", "ResultPath": "$.made"}


def _distributed(name: str) -> State:
    return distributed(flow(**{f"{name} child": pass_()}), **LIST, ToleratedFailurePercentage=10) | {"Label": name}


MAKERS = {
    "Task": lambda name: call(ResultPath="$.made", Retry=[{"ErrorEquals": ["Busy"], "IntervalSeconds": 7}]),
    "Pass": lambda name: pass_(Parameters={"items.$": "$.items", "n.$": "$n"}),
    "Choice": lambda name: {"Type": "Choice", "Choices": [{"Variable": "$n", "NumericLessThan": -1, "Next": "End"}]},
    "Wait": lambda name: wait(seconds=30),
    "Parallel": lambda name: parallel(
        flow(**{f"{name} one": pass_()}), flow(**{f"{name} two": wait(seconds=3)}), ResultPath="$.made"
    ),
    "Map": lambda name: map_(flow(**{f"{name} item": wait(seconds=2)}), **LIST),
    "distributed Map": _distributed,
}
"""A state of each type by its name; what comes next is added."""


def leads(state: State, next: str) -> State:
    """Return the state with its way on, or the Default of a Choice."""
    if state["Type"] == "Choice":
        return {**state, "Default": next}
    return {**{name: value for name, value in state.items() if name != "End"}, "Next": next}


def again(head: str, exit: str) -> State:
    """A Choice that ends a loop after its second round."""
    return {"Type": "Choice", "Choices": [{"Variable": "$n", "NumericLessThan": 2, "Next": head}], "Default": exit}


def count(next: str) -> State:
    """A Pass that counts a round."""
    return pass_(next, Assign={"n.$": "States.MathAdd($n, 1)"})


def loops_of(kind: str) -> State:
    """A machine in which states of a type head a loop, stand in the middle of one, and are what it leaves to."""
    make = MAKERS[kind]
    return flow(
        Start=pass_("Head", Assign={"n": 0}),
        Head=leads(make("Head"), "Count"),
        Count=count("Again?"),
        **{"Again?": again("Head", "Reset")},
        Reset=pass_("First", Assign={"n": 0}),
        First=pass_("Middle"),
        Middle=leads(make("Middle"), "Count 2"),
        **{"Count 2": count("Again 2?"), "Again 2?": again("First", "Exit")},
        Exit=leads(make("Exit"), "End"),
        End={"Type": "Succeed"},
    )


BUSY = {"Throw": {"Error": "Busy", "Cause": "later"}}
MOCKS = {name: [BUSY, {"Return": 1}, {"Return": 2}] for name in ("Head", "Middle", "Exit")}
INPUT = {"items": [1, 2]}


@pytest.mark.parametrize("kind", MAKERS)
def test_a_state_heads_a_loop_stands_in_it_and_follows_it(kind: str) -> None:
    definition = loops_of(kind)
    result = compare_on_engine(definition, INPUT, mocks=MOCKS if kind == "Task" else {})
    assert result.agrees, (result.outcome, [state for state in result.states if not state.agrees])
    assert result.expected.status == "SUCCEEDED"
    visited = [state.state for state in result.states]
    assert [visited.count(name) for name in ("Head", "Middle", "Exit")] == [2, 2, 1]
    assert result.airflow is not None and result.airflow.execution.transitions == result.expected.transitions


CAUGHT = [{"ErrorEquals": ["Broken"], "ResultPath": "$.error", "Next": "Fix"}]
LOOP = flow(
    Start=pass_("Head", Assign={"n": 0}),
    Head=wait("Count", 30),
    Count=count("Again?"),
    **{"Again?": again("Head", "Out")},
    Out=pass_(),
)
OTHERS: dict[str, tuple[State, dict[str, Any], str]] = {
    "a Succeed as exit": (flow(**{**LOOP["States"], "Out": {"Type": "Succeed"}}), {}, "SUCCEEDED"),
    "a Fail as exit": (flow(**{**LOOP["States"], "Out": {"Type": "Fail", "Error": "Own", "Cause": "c"}}), {}, "FAILED"),
    "a Catch that leads back": (
        flow(Start=call("Done", Catch=CAUGHT, ResultPath="$.made"), Fix=wait("Start", 60), Done=pass_()),
        {"Start": [{"Throw": {"Error": "Broken", "Cause": "c"}}, {"Return": 1}]},
        "SUCCEEDED",
    ),
    "a Catch that leads back to its own state": (
        flow(Start=call(Catch=[{**CAUGHT[0], "Next": "Start"}], ResultPath="$.made")),
        {"Start": [{"Throw": {"Error": "Broken", "Cause": "c"}}, {"Return": 1}]},
        "SUCCEEDED",
    ),
    "entered in its middle": (
        flow(
            Start={
                "Type": "Choice",
                "Assign": {"n": 0},
                "Choices": [{"Variable": "$.no", "IsPresent": True, "Next": "Head"}],
                "Default": "Count",
            },
            **{name: state for name, state in LOOP["States"].items() if name != "Start"},
        ),
        {},
        "SUCCEEDED",
    ),
    "in a branch": (flow(Both=parallel(LOOP, flow(Other=wait(seconds=5)))), {}, "SUCCEEDED"),
    "in an item": (flow(Each=map_(LOOP, ItemsPath="$.items")), {}, "SUCCEEDED"),
    "in a child execution": (flow(Each=distributed(LOOP, ItemsPath="$.items")), {}, "SUCCEEDED"),
    "of two loops around one state": (
        flow(
            Start=pass_("Head", Assign={"n": 0}),
            Head=wait("Count", 30),
            Count=count("Short?"),
            **{"Short?": again("Head", "Long?")},
            **{
                "Long?": {
                    "Type": "Choice",
                    "Choices": [{"Variable": "$n", "NumericLessThan": 5, "Next": "Rest"}],
                    "Default": "Out",
                }
            },
            Rest=wait("Head", 5),
            Out=pass_(),
        ),
        {},
        "SUCCEEDED",
    ),
}


@pytest.mark.parametrize(("definition", "mocks", "status"), OTHERS.values(), ids=OTHERS)
def test_other_loops_agree(definition: State, mocks: dict[str, Any], status: str) -> None:
    result = compare_on_engine(definition, INPUT, mocks=mocks)
    assert result.agrees, (result.outcome, [state for state in result.states if not state.agrees])
    assert result.expected.status == status


@pytest.mark.parametrize("timeout", [{}, {"TimeoutSeconds": 5}], ids=["without a timeout", "with a timeout"])
def test_a_call_after_a_loop_is_stopped_by_the_branch_that_fails_at_that_moment(timeout: State) -> None:
    """The loops are tasks of several states, so the call is a task that runs before the failure is there."""

    def polls(task: str, exit: str, **states: State) -> State:
        rules = [{"Variable": "$.done", "BooleanEquals": False, "Next": f"{task} later"}]
        choice = {"Type": "Choice", "Choices": rules, "Default": exit}
        loop = {task: call(f"{task} done?"), f"{task} done?": choice, f"{task} later": wait(task)}
        return flow(**loop, **states)

    called = polls("Look", "Process", Process=call(**timeout))
    failing = polls("Ask", "Give up", **{"Give up": {"Type": "Fail", "Error": "Given.Up"}})
    done = [{"Return": {"done": True}}]
    for branches in ((called, failing), (failing, called)):
        result = compare_on_engine(flow(Both=parallel(*branches)), {}, mocks={"Look": done, "Ask": done})
        assert (result.expected.error, result.agrees) == ("Given.Up", True)
