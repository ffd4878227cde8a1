"""Which states a history visits, by which transitions: containers, retries, catchers, and parts of a history."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from sfn_provider.engine import simulate
from sfn_provider.engine.history.events import Record
from sfn_provider.engine.history.visited_states import VisitedStates, find_visited_states, visited_json
from tests.fixtures.machines.definitions import END, call, go, machine

BREAKS = {"Throw": {"Error": "Broken"}}
CATCH = [{"ErrorEquals": ["States.ALL"], "Next": "Last"}]


def each(states: dict[str, Any], next: str = "Last", **fields: Any) -> dict[str, Any]:
    return {"Type": "Map", "ItemsPath": "$", "ItemProcessor": machine(states), "Next": next, **fields}


def sides(*branches: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"Type": "Parallel", "Branches": [machine(branch) for branch in branches], "Next": "Last", **fields}


def visited(states: dict[str, Any], input: Any = None, **mocks: Any) -> VisitedStates:
    return find_visited_states(simulate(machine({**states, "Last": END}), input or [], mocks=mocks).records)


@pytest.mark.parametrize("concurrency", [0, 1])
def test_the_state_behind_a_map_follows_it_and_not_a_state_of_its_items(concurrency: int) -> None:
    found = visited({"Each": each({"A": go("B"), "B": END}, MaxConcurrency=concurrency)}, [1, 2])
    assert found.transitions == {("A", "B"), ("Each", "Last")}
    assert found.visits == {"Each": 1, "A": 2, "B": 2, "Last": 1}


@pytest.mark.parametrize("items", [[], [[]], [[1], [2, 3]]])
def test_a_map_in_a_map_that_ends_with_it(items: list[Any]) -> None:
    found = visited({"Each": each({"Inner": {**each({"A": END}), "Next": "B"}, "B": END})}, items)
    inner = {("Inner", "B")} if items else set()
    assert found.transitions == {("Each", "Last"), *inner}


def test_a_map_as_the_last_state_of_a_branch() -> None:
    inner = {**each({"A": END}), "End": True}
    del inner["Next"]
    found = visited({"Sides": sides({"Inner": inner}, {"C": END})}, [1])
    assert found.transitions == {("Sides", "Last")}


def test_an_error_that_leaves_two_containers_is_caught_by_the_outer_one() -> None:
    inner = {**each({"A": call()}), "End": True}
    del inner["Next"]
    found = visited({"Sides": sides({"Inner": inner}, Catch=CATCH)}, [1], A=[BREAKS])
    assert found.transitions == {("Sides", "Last")}
    assert found.caught == {"Sides": 1}
    assert found.failed == {"A": 1, "Inner": 1}


def test_a_retry_that_succeeds_is_no_failure_and_one_that_does_not_is_caught_once() -> None:
    retry = [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 1}]
    found = visited({"A": call("B", Retry=retry), "B": call("Last", Retry=retry, Catch=CATCH)}, **RESPONSES)
    assert (found.visits, found.failed, found.caught) == ({"A": 1, "B": 1, "Last": 1}, {}, {"B": 1})


RESPONSES = {"A": [BREAKS, {"Return": 1}], "B": [BREAKS, BREAKS]}


def test_the_join_of_a_parallel_knows_its_exit_alone() -> None:
    whole = simulate(
        machine({"Sides": sides({"A": call()}, Catch=CATCH), "Last": END}), {}, mocks={"A": [BREAKS]}
    ).records
    part = [record for record in whole if record.type in ("ParallelStateFailed", "ParallelStateExited")]
    found = find_visited_states(part)
    assert (found.visits, found.caught, found.last) == ({}, {"Sides": 1}, "Sides")


def test_json_gives_the_same_back() -> None:
    found = visited({"A": call("Last", Catch=CATCH)}, A=[BREAKS])
    assert VisitedStates.from_json(found.to_json()) == found


def test_one_plain_visit_says_nothing() -> None:
    records = [
        Record(1, 0, "PassStateEntered", 0.0, {"name": "A"}),
        Record(2, 1, "PassStateExited", 0.0, {"name": "A"}),
    ]
    assert visited_json(records, "A") is None
    assert visited_json((), "A") is None
    assert visited_json(records, "B") == find_visited_states(records).to_json()
    assert find_visited_states(records).visits == Counter("A")
