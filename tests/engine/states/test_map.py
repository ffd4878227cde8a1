"""The inline Map: its items, their iterations, and what happens when one fails."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from sfn_provider.engine import simulate
from sfn_provider.engine.requests import CallTask
from tests.fixtures.machines.engine import (
    Hand,
    entered,
    group,
    inline_map,
    jsonata,
    one,
    outcome,
    parallel,
    returns,
    seconds,
    sent,
    task,
    throws,
    told,
)

PASS = {"Item": {"Type": "Pass"}}
WAIT = {"Item": {"Type": "Wait", "SecondsPath": "$"}}


@dataclass(frozen=True)
class Case:
    fields: dict[str, Any]
    input: Any
    output: Any


ITEM = {"i.$": "$$.Map.Item.Index", "v.$": "$$.Map.Item.Value"}
CASES = {
    "the whole input": Case({}, [1, None, "x", [2], {}], [1, None, "x", [2], {}]),
    "items path": Case({"ItemsPath": "$.a.b"}, {"a": {"b": [1, 2]}}, [1, 2]),
    "items path after input path": Case({"InputPath": "$.a", "ItemsPath": "$.b"}, {"a": {"b": [1]}}, [1]),
    "items path into a list": Case({"ItemsPath": "$.a[1].n"}, {"a": [{"n": [1]}, {"n": [2, 3]}]}, [2, 3]),
    "items path into the context": Case({"ItemsPath": "$$.Execution.Input.a"}, {"a": [1]}, [1]),
    "no items": Case({}, [], []),
    "no items, with the rest": Case({"ItemsPath": "$.a", "ResultPath": "$.r"}, {"a": []}, {"a": [], "r": []}),
    "item selector": Case({"ItemSelector": ITEM}, ["a", "b"], [{"i": 0, "v": "a"}, {"i": 1, "v": "b"}]),
    "item selector sees the input": Case(
        {"ItemsPath": "$.l", "ItemSelector": {"v.$": "$$.Map.Item.Value", "who.$": "$.who", "x": 1}},
        {"l": [1, 2], "who": "Ann"},
        [{"v": 1, "who": "Ann", "x": 1}, {"v": 2, "who": "Ann", "x": 1}],
    ),
    "item selector sees the input path": Case(
        {"InputPath": "$.in", "ItemsPath": "$.l", "ItemSelector": {"who.$": "$.who"}},
        {"in": {"l": [1], "who": "Ann"}},
        [{"who": "Ann"}],
    ),
    "parameters, its old name": Case({"Parameters": {"v.$": "$$.Map.Item.Value"}}, [1], [{"v": 1}]),
    "result selector": Case({"ResultSelector": {"last.$": "$[1]"}}, [1, 2], {"last": 2}),
    "result path": Case({"ItemsPath": "$.l", "ResultPath": "$.l"}, {"l": [1], "x": 2}, {"l": [1], "x": 2}),
    "dropped": Case({"ItemsPath": "$.l", "ResultPath": None}, {"l": [1]}, {"l": [1]}),
    "output path": Case({"OutputPath": "$[0]"}, [1, 2], 1),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_data(case: Case) -> None:
    assert outcome(simulate(one(inline_map(PASS, **case.fields)), case.input)) == ("SUCCEEDED", case.output)


JSONATA = {
    "items": Case({"Items": "{% $states.input.l %}"}, {"l": [1, 2]}, [1, 2]),
    "items of a constant": Case({"Items": [1, "{% $states.input.n %}"]}, {"n": 2}, [1, 2]),
    "the whole input": Case({}, [1, 2], [1, 2]),
    "no items": Case({"Items": "{% [] %}"}, {}, []),
    "item selector": Case(
        {
            "Items": "{% $states.input.l %}",
            "ItemSelector": {
                "n": "{% $states.context.Map.Item.Value * $states.input.by %}",
                "i": "{% $states.context.Map.Item.Index %}",
            },
        },
        {"l": [1, 2], "by": 10},
        [{"n": 10, "i": 0}, {"n": 20, "i": 1}],
    ),
    "item selector of one expression": Case(
        {"ItemSelector": "{% $states.context.Map.Item.Value + 1 %}"}, [1, 2], [2, 3]
    ),
    "output": Case({"Output": "{% $sum($states.result) %}"}, [1, 2], 3),
}


@pytest.mark.parametrize("case", JSONATA.values(), ids=JSONATA)
def test_data_in_jsonata(case: Case) -> None:
    machine = jsonata({"State": inline_map(PASS, **case.fields)})
    assert outcome(simulate(machine, case.input)) == ("SUCCEEDED", case.output)


def test_iterator_is_the_old_name_of_the_processor() -> None:
    assert simulate(one({"Type": "Map", "Iterator": group(PASS)}), [1, 2]).output == [1, 2]


@dataclass(frozen=True)
class Refused:
    fields: dict[str, Any]
    input: Any
    cause: str
    error: str = "States.Runtime"
    language: str = "JSONPath"


REFUSED = {
    "items path to nothing": Refused({"ItemsPath": "$.x"}, {}, "Invalid path '$.x' : No results for path: $['x']"),
    "items path to an object": Refused({"ItemsPath": "$.x"}, {"x": {}}, 'Reference path "$.x" must point to array.'),
    "items path to null": Refused({"ItemsPath": "$.x"}, {"x": None}, 'Reference path "$.x" must point to array.'),
    "no list at all": Refused({}, "text", 'Reference path "$" must point to array.'),
    "item selector": Refused(
        {"ItemSelector": {"a.$": "$.x"}},
        [{}],
        "The JSONPath '$.x' specified for the field 'a.$' could not be found in the input '[{}]'",
    ),
    "concurrency": Refused(
        {"ItemsPath": "$.l", "MaxConcurrencyPath": "$.n"},
        {"l": [1], "n": -1},
        "Expected non-negative integer for MaxConcurrency, got '-1' instead.",
    ),
    "items of an object": Refused(
        {"Items": "{% $states.input %}"},
        {"x": 1},
        "The JSONata expression '$states.input' specified for the field 'Items' returned an unexpected result type. "
        "Expected 'array', but was 'object' for value: {\"x\":1}",
        "States.QueryEvaluationError",
        "JSONata",
    ),
    "items of nothing": Refused(
        {"Items": "{% $states.input.x %}"},
        {},
        "The JSONata expression '$states.input.x' specified for the field 'Items' returned nothing (undefined).",
        "States.QueryEvaluationError",
        "JSONata",
    ),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED)
def test_refused(case: Refused) -> None:
    execution = simulate(one(inline_map(PASS, **case.fields), QueryLanguage=case.language), case.input)
    assert outcome(execution) == ("FAILED", case.error)
    assert told(execution) == case.cause


def test_outputs_stand_in_the_order_of_the_items() -> None:
    execution = simulate(one(inline_map(WAIT)), [5, 1, 3])
    assert (execution.output, seconds(execution)) == ([5, 1, 3], 5)


CONCURRENCIES = {
    "fixed": ({"MaxConcurrency": 2}, [1] * 5, 2),
    "one": ({"MaxConcurrency": 1}, [1] * 3, 1),
    "more than items": ({"MaxConcurrency": 9}, [1] * 3, 3),
    "no limit": ({"MaxConcurrency": 0}, [1] * 60, 40),
    "not given": ({}, [1] * 60, 40),
}


@pytest.mark.parametrize(("fields", "items", "most"), CONCURRENCIES.values(), ids=CONCURRENCIES)
def test_concurrency(fields: dict[str, Any], items: list[int], most: int) -> None:
    assert peak(one(inline_map({"Work": task()}, **fields)), items) == (most, len(items))


@pytest.mark.parametrize("n", [2, "2", 2.0])
def test_concurrency_by_path(n: Any) -> None:
    machine = one(inline_map({"Work": task()}, ItemsPath="$.l", MaxConcurrencyPath="$.n"))
    assert peak(machine, {"l": [1] * 5, "n": n}) == (2, 5)


def test_concurrency_by_expression() -> None:
    state = inline_map({"Work": task()}, Items="{% $states.input.l %}", MaxConcurrency="{% $states.input.n %}")
    assert peak(jsonata({"State": state}), {"l": [1] * 5, "n": 3}) == (3, 5)


def peak(machine: dict[str, Any], input: Any) -> tuple[int, int]:
    """How many calls were open at once, and how many there were."""
    hand, most, count = Hand(machine, input), 0, 0
    while hand.calls:
        most, count = max(most, len(hand.calls)), count + 1
        hand.succeed(hand.calls[-1])
    assert hand.step.state.status == "SUCCEEDED"
    return most, count


def test_the_next_iteration_starts_when_one_ends() -> None:
    execution = simulate(one(inline_map(WAIT, MaxConcurrency=2)), [5, 1, 1, 1])
    assert seconds(execution) == 5
    started = [
        event["mapIterationStartedEventDetails"]["index"]
        for event in execution.events
        if event["type"] == "MapIterationStarted"
    ]
    assert started == [0, 1, 2, 3]


LOOK = {"Look": {"Type": "Pass", "Parameters": {"i.$": "$$.Map.Item.Index", "v.$": "$$.Map.Item.Value", "in.$": "$"}}}


def test_the_context_holds_the_item_itself_inside_an_iteration() -> None:
    execution = simulate(one(inline_map(LOOK, ItemSelector={"x.$": "$$.Map.Item.Value"})), ["a"])
    assert execution.output == [{"i": 0, "v": "a", "in": {"x": "a"}}]


def test_the_context_holds_the_item_in_a_branch_inside_an_iteration() -> None:
    assert simulate(one(inline_map({"Both": parallel(LOOK)})), ["a"]).output == [[{"i": 0, "v": "a", "in": "a"}]]


def test_the_item_is_gone_after_the_map() -> None:
    machine = group({"Map": {**inline_map(PASS), "Next": "Look"}, **LOOK})
    assert outcome(simulate(machine, [1])) == ("FAILED", "States.Runtime")


def test_nested() -> None:
    inner = {"Inner": inline_map(LOOK)}
    execution = simulate(one(inline_map(inner)), [["a", "b"], [], ["c"]])
    assert execution.output == [
        [{"i": 0, "v": "a", "in": "a"}, {"i": 1, "v": "b", "in": "b"}],
        [],
        [{"i": 0, "v": "c", "in": "c"}],
    ]


def test_the_outer_item_is_back_after_an_inner_map() -> None:
    inner = {"Inner": {**inline_map(PASS), "Next": "Look"}, **LOOK}
    assert simulate(one(inline_map(inner)), [[1]]).output == [{"i": 0, "v": [1], "in": [1]}]


def test_calls_know_their_iteration() -> None:
    hand = Hand(one(inline_map({"Work": task()})), ["a", "b"])
    assert [(call.index, call.arguments) for call in hand.calls] == [(0, "a"), (1, "b")]


def test_retries_of_a_call_stay_with_their_iteration() -> None:
    state = inline_map({"Work": task(Retry=[{"ErrorEquals": ["A"]}])}, MaxConcurrency=1)
    execution = simulate(
        one(state), [1, 2], mocks={"Work": throws("A") + returns("one") + throws("A") + returns("two")}
    )
    assert (execution.output, sent(execution)) == (["one", "two"], [1, 1, 2, 2])
    assert entered(execution) == ["State", "Work", "Work"]


def test_the_attempt_counts_for_each_iteration() -> None:
    hand = Hand(one(inline_map({"Work": task(Retry=[{"ErrorEquals": ["A"], "IntervalSeconds": 0}])})), [1, 2])
    hand.fail(hand.calls[0], "A")
    assert [(call.index, call.attempt) for call in hand.open.values() if isinstance(call, CallTask)] == [(1, 0), (0, 1)]
