from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from sfn_provider.compare.diff.state_visits import read_state_visits
from sfn_provider.engine import simulate
from tests.fixtures.machines.definitions import END, call, choose, go, machine


def seen(definition: dict[str, Any], input: Any = None, **mocks: Any) -> list[tuple[Any, ...]]:
    """State, type, output and calls of each visit; the output is ... where the state was not left."""
    execution = simulate(definition, {} if input is None else input, mocks=mocks)
    return [
        (visit.state, visit.type, visit.output if visit.exited else ..., visit.calls)
        for visit in read_state_visits(execution.events)
    ]


def test_states_in_the_order_in_which_they_were_entered() -> None:
    definition = machine({"Ask": choose("$.x", {"y": "Call"}), "Call": call("Stop"), "Stop": {"Type": "Succeed"}})
    assert seen(definition, {"x": "y"}, Call=[{"Return": 5}]) == [
        ("Ask", "Choice", {"x": "y"}, 0),
        ("Call", "Task", 5, 1),
        ("Stop", "Succeed", 5, 0),
    ]


def test_inputs_times_and_durations() -> None:
    definition = machine({"A": go("Rest", Result=[1]), "Rest": {"Type": "Wait", "Seconds": 90, "Next": "B"}, "B": END})
    a, rest, b = read_state_visits(simulate(definition, {"x": 1}).events)
    assert (a.input, rest.input, b.input) == ({"x": 1}, [1], [1])
    assert (a.seconds, rest.seconds, b.seconds) == (0, 90, 0)
    assert (b.entered - a.entered).total_seconds() == 90


def test_retries_are_calls_of_one_visit() -> None:
    definition = machine({"Call": call("Stop", Retry=[{"ErrorEquals": ["E"]}]), "Stop": END})
    throw = {"Throw": {"Error": "E"}}
    assert seen(definition, {}, Call=[throw, throw, {"Return": 1}]) == [("Call", "Task", 1, 3), ("Stop", "Pass", 1, 0)]
    assert seen(definition, {}, Call=[throw]) == [("Call", "Task", ..., 4)]


def test_a_state_that_is_visited_again_has_a_visit_each_time() -> None:
    definition = machine({"Look": call("Done?"), "Done?": choose("$", {"yes": "Stop"}, "Look"), "Stop": END})
    found = seen(definition, {}, Look=[{"Return": "no"}, {"Return": "yes"}])
    assert [state for state, *_ in found] == ["Look", "Done?", "Look", "Done?", "Stop"]
    assert [calls for *_, calls in found] == [1, 0, 1, 0, 0]


def test_branches_keep_their_own_outputs_and_calls() -> None:
    branches = [machine({"L1": call("L2"), "L2": END}), machine({"R1": call("R2"), "R2": call()})]
    definition = machine({"Both": {"Type": "Parallel", "Branches": branches, "Next": "Stop"}, "Stop": END})
    found = seen(definition, {}, L1=[{"Return": 1}], R1=[{"Return": 2}], R2=[{"Return": 3}])
    assert sorted(map(str, found)) == sorted(
        map(
            str,
            [
                ("Both", "Parallel", [1, 3], 0),
                ("L1", "Task", 1, 1),
                ("L2", "Pass", 1, 0),
                ("R1", "Task", 2, 1),
                ("R2", "Task", 3, 1),
                ("Stop", "Pass", [1, 3], 0),
            ],
        )
    )


def test_iterations_have_their_own_visits() -> None:
    each = machine({"One": choose("$", {"b": "Call"}, "Keep"), "Call": call(), "Keep": END})
    definition = machine({"Each": {"Type": "Map", "ItemProcessor": each, "End": True}})
    found = seen(definition, ["a", "b", "c"], Call=[{"Return": "B"}])
    assert found[0] == ("Each", "Map", ["a", "B", "c"], 0)
    assert sorted(map(str, found[1:])) == sorted(
        map(
            str,
            [
                *(("One", "Choice", item, 0) for item in "abc"),
                *(("Keep", "Pass", item, 0) for item in "ac"),
                ("Call", "Task", "B", 1),
            ],
        )
    )


def test_a_container_that_failed_was_not_left() -> None:
    branches = [
        machine({"Bad": {"Type": "Fail", "Error": "E"}}),
        machine({"Rest": {"Type": "Wait", "Seconds": 9, "End": True}}),
    ]
    definition = machine({"Both": {"Type": "Parallel", "Branches": branches, "End": True}})
    assert ("Both", "Parallel", ..., 0) in seen(definition)


def test_a_caught_error_leaves_with_what_the_catch_makes() -> None:
    catch = [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Mend"}]
    definition = machine({"Call": call(Catch=catch), "Mend": END})
    found = seen(definition, {"x": 1}, Call=[{"Throw": {"Error": "E", "Cause": "c"}}])
    assert found[0] == ("Call", "Task", {"x": 1, "error": {"Error": "E", "Cause": "c"}}, 1)


def test_a_null_output_is_not_the_same_as_no_output() -> None:
    null = {"Type": "Pass", "OutputPath": None, "Next": "Stop"}
    assert seen(machine({"A": null, "Stop": {"Type": "Fail"}})) == [("A", "Pass", {}, 0), ("Stop", "Fail", ..., 0)]


def test_no_events_no_visits() -> None:
    assert read_state_visits([]) == []


FAILS: dict[str, Any] = {
    "Type": "Task",
    "Resource": "arn:aws:states:::sqs:sendMessage",
    "Arguments": {"QueueUrl": "q", "MessageBody": "{% $states.input.nothing %}"},
}
CATCH_ALL = [{"ErrorEquals": ["States.ALL"], "Next": "Stop"}]
CATCH_INSIDE = [{"ErrorEquals": ["States.QueryEvaluationError"], "Next": "J"}]
CAUGHT: dict[str, Any] = {**FAILS, "Catch": CATCH_ALL}
INNER = {"StartAt": "I", "States": {"I": {**FAILS, "Catch": CATCH_INSIDE, "Next": "J"}, "J": {"Type": "Succeed"}}}
BRANCH = {"StartAt": "I", "States": {"I": {**FAILS, "End": True}}}


@dataclass(frozen=True)
class Failing:
    """A state whose field cannot be evaluated as it is entered, and the places of all visits."""

    name: str
    states: dict[str, Any]
    places: dict[str, list[tuple[int, ...]]]


FAILING = [
    Failing("the first state", {"A": {**CAUGHT, "Next": "Stop"}}, {"A": [(0,)], "Stop": [(1,)]}),
    Failing(
        "a state behind another",
        {"Z": go("A"), "A": {**CAUGHT, "Next": "Stop"}},
        {"Z": [(0,)], "A": [(1,)], "Stop": [(2,)]},
    ),
    Failing(
        "a state that is tried again",
        {"A": {**CAUGHT, "Next": "Stop", "Retry": [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 2}]}},
        {"A": [(0,)], "Stop": [(1,)]},
    ),
    Failing(
        "the first state of each item",
        {"A": {"Type": "Map", "Items": [1, 2], "ItemProcessor": INNER, "Next": "Stop"}},
        {"A": [(0,)], "I": [(0, 0, 0, 0), (0, 0, 1, 0)], "J": [(0, 0, 0, 1), (0, 0, 1, 1)], "Stop": [(1,)]},
    ),
    Failing(
        "the first state of a branch that fails",
        {"A": {"Type": "Parallel", "Branches": [BRANCH, machine({"O": END})], "Catch": CATCH_ALL, "Next": "Stop"}},
        {"A": [(0,)], "I": [(0, 0, 0, 0)], "Stop": [(1,)]},
    ),
    Failing(
        "in an item of a Parallel in a Map",
        {
            "A": {
                "Type": "Map",
                "Items": [1, 2],
                "Next": "Stop",
                "ItemProcessor": {
                    "StartAt": "P",
                    "States": {
                        "P": {"Type": "Parallel", "Branches": [BRANCH], "Catch": CATCH_INSIDE, "Next": "J"},
                        "J": {"Type": "Succeed"},
                    },
                },
            }
        },
        {
            "A": [(0,)],
            "P": [(0, 0, 0, 0), (0, 0, 1, 0)],
            "I": [(0, 0, 0, 0, 0, 0, 0), (0, 0, 1, 0, 0, 0, 0)],
            "J": [(0, 0, 0, 1), (0, 0, 1, 1)],
            "Stop": [(1,)],
        },
    ),
]


@pytest.mark.parametrize("case", FAILING, ids=lambda case: case.name)
def test_places_behind_a_state_that_fails_as_it_is_entered(case: Failing) -> None:
    """Its EvaluationFailed follows what came before the state (recorded), not the state's first event."""
    definition = {**machine({**case.states, "Stop": {"Type": "Succeed"}}), "QueryLanguage": "JSONata"}
    execution = simulate(definition, {})
    assert execution.status == "SUCCEEDED"
    found: dict[str, list[tuple[int, ...]]] = {}
    for visit in read_state_visits(execution.events):
        found.setdefault(visit.state, []).append(visit.place)
    assert {state: places for state, places in found.items() if state in case.places} == case.places
    assert len({place for places in found.values() for place in places}) == sum(map(len, found.values()))
