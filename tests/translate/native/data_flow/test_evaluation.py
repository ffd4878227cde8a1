from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from sfn_provider.asl import parse
from sfn_provider.translate.native.data_flow.evaluation import Evaluator, Handover, ScopeFlow
from sfn_provider.translate.native.data_flow.values import (
    INPUT,
    MAX_PARTS,
    Absent,
    Array,
    Call,
    Constant,
    Member,
    Object,
    OneOf,
    Source,
    Unresolved,
    Value,
    constant,
    read,
    reads_of,
    write,
)

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:f"
FIRST = Source("result", "First")


def member(base: Value, *keys: str | int) -> Value:
    for key in keys:
        base = Member(base, key)
    return base


def flow(states: dict[str, Any], language: str = "JSONPath") -> ScopeFlow:
    definition = {"StartAt": next(iter(states)), "States": states, "QueryLanguage": language}
    return Evaluator(language).scope(parse(definition))


def task(**fields: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": FUNCTION, **fields}


@dataclass(frozen=True)
class Case:
    """What the last state works on, after a first Task."""

    name: str
    expected: Value
    first: dict[str, Any] = field(default_factory=dict)
    last: dict[str, Any] = field(default_factory=dict)


CASES = [
    Case("the result replaces the input", FIRST),
    Case("ResultPath null keeps the input", INPUT, {"ResultPath": None}),
    Case(
        "ResultPath adds a member to the input",
        member(FIRST, "b", 0),
        {"ResultPath": "$.a"},
        {"InputPath": "$.a.b[0]"},
    ),
    Case("beside a result the input is still read", member(INPUT, "x"), {"ResultPath": "$.a"}, {"InputPath": "$.x"}),
    Case(
        "the raw input gets the result, not what InputPath selects",
        member(INPUT, "x"),
        {"InputPath": "$.y", "ResultPath": "$.a"},
        {"InputPath": "$.x"},
    ),
    Case(
        "ResultSelector and OutputPath",
        member(FIRST, "Payload", "n"),
        {"ResultSelector": {"n.$": "$.Payload.n"}, "ResultPath": "$.r", "OutputPath": "$.r.n"},
    ),
    Case(
        "Parameters with constants, paths and functions",
        Object(
            (
                ("one", constant(1)),
                ("path", member(FIRST, "p")),
                ("text", Call("States.Format", (constant("a {}"), member(FIRST, "q")))),
                ("list", Array((constant(True), Object((("deep", FIRST),))))),
            )
        ),
        {},
        {
            "Parameters": {
                "one": 1,
                "path.$": "$.p",
                "text.$": "States.Format('a {}', $.q)",
                "list": [True, {"deep.$": "$"}],
            }
        },
    ),
    Case("the context object", member(Source("context"), "Execution", "Id"), {}, {"InputPath": "$$.Execution.Id"}),
    Case("the name of the state", constant("Last"), {}, {"InputPath": "$$.State.Name"}),
    Case(
        "a path with a filter",
        Unresolved("the path $.a[?(@.b == 1)] has a filter, a wildcard or a slice"),
        {},
        {"InputPath": "$.a[?(@.b == 1)]"},
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_a_state_works_on(case: Case) -> None:
    found = flow({"First": task(Next="Last", **case.first), "Last": task(End=True, **case.last)})
    assert found.states["Last"].effective == case.expected


def test_assign_reads_the_result_and_hands_on_variables() -> None:
    found = flow(
        {
            "First": task(Next="Last", Assign={"v.$": "$.r", "w": {"x": 1}}, ResultPath=None),
            "Last": task(End=True, Parameters={"v.$": "$v.y", "w.$": "$w.x"}),
        }
    )
    assert found.states["Last"].effective == Object((("v", member(FIRST, "r", "y")), ("w", constant(1))))


def test_a_caught_error_replaces_the_input_so_that_other_paths_find_nothing() -> None:
    found = flow(
        {
            "First": task(End=True, Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Last"}]),
            "Last": task(End=True, Parameters={"cause.$": "$.Cause", "error.$": "$.error"}),
        }
    )
    cause, error = (value for _, value in found.states["Last"].effective.members)  # type: ignore[union-attr]
    assert cause == member(Source("error", "First"), "Cause")
    assert isinstance(error, Absent)


def test_ways_that_meet_keep_their_values_apart_only_where_they_differ() -> None:
    states = {
        "First": task(Next="Which"),
        "Which": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.n", "NumericEquals": 1, "Next": "One"}],
            "Default": "Two",
        },
        "One": {"Type": "Pass", "Result": 1, "ResultPath": "$.way", "Next": "Last"},
        "Two": {"Type": "Pass", "Result": 2, "ResultPath": "$.way", "Next": "Last"},
        "Last": task(End=True),
    }
    document = flow(states).states["Last"].environment.document
    assert read(document, ("n",)) == member(FIRST, "n")
    assert read(document, ("way",)) == OneOf(((None, constant(1)), (Source("choice", "Which", "Two"), constant(2))))


def test_a_wait_behind_a_task_does_not_hide_which_way_was_taken() -> None:
    states = {
        "Which": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.n", "NumericEquals": 1, "Next": "First"}],
            "Default": "Last",
        },
        "First": task(Next="Wait"),
        "Wait": {"Type": "Wait", "Seconds": 5, "Next": "Last"},
        "Last": task(End=True),
    }
    assert flow(states).states["Last"].environment.document == OneOf(((None, INPUT), (FIRST, FIRST)))


def test_the_output_of_a_parallel_is_what_its_branches_hand_over() -> None:
    branch = {"StartAt": "A", "States": {"A": task(End=True, ResultPath="$.a")}}
    states = {
        "Both": {"Type": "Parallel", "Branches": [branch, _renamed(branch)], "Next": "Last"},
        "Last": task(End=True, Parameters={"a.$": "$[0].a", "x.$": "$[1].x"}),
    }
    effective = flow(states).states["Last"].effective
    assert effective == Object((("a", Source("result", "A")), ("x", member(INPUT, "x"))))


def _renamed(branch: dict[str, Any]) -> dict[str, Any]:
    return {"StartAt": "B", "States": {"B": branch["States"]["A"]}}


@dataclass(frozen=True)
class Expression:
    source: str
    expected: Value


@pytest.mark.parametrize(
    "case",
    [
        Expression("{% $states.input.a.b %}", member(INPUT, "a", "b")),
        Expression("{% $states.context.Execution.Id %}", member(Source("context"), "Execution", "Id")),
        Expression("{% $states.input.n > 5 %}", Call(">", (member(INPUT, "n"), constant(5)))),
        Expression("{% 'a' & $states.input.b %}", Call("&", (constant("a"), member(INPUT, "b")))),
        Expression("{% {'k': [1, $states.input.x]} %}", Object((("k", Array((constant(1), member(INPUT, "x")))),))),
        Expression("plain {{ text }}", constant("plain {{ text }}")),
    ],
    ids=lambda case: case.source,
)
def test_jsonata_that_is_resolved(case: Expression) -> None:
    found = flow({"Last": task(End=True, Arguments={"v": case.source})}, "JSONata")
    assert found.states["Last"].effective == Object((("v", case.expected),))


@pytest.mark.parametrize("source", ["$states.input.items[0]", "$map($states.input.x, function($v) {$v})", "$sum([1])"])
def test_jsonata_that_is_not(source: str) -> None:
    found = flow({"Last": task(End=True, Arguments={"v": f"{{% {source} %}}"})}, "JSONata")
    [(_, value)] = found.states["Last"].effective.members  # type: ignore[union-attr]
    assert isinstance(value, Unresolved) and source in value.why


def test_numbers_and_booleans_are_not_equal() -> None:
    assert constant(1) != constant(True)
    assert constant(1) != constant(1.0)


def test_a_path_written_into_an_unknown_object_keeps_its_other_members() -> None:
    document = write(INPUT, ("a", "b"), Constant(1, "int"))
    assert read(document, ("a", "b")) == constant(1)
    assert read(document, ("a", "c")) == member(INPUT, "a", "c")
    assert read(document, ("d",)) == member(INPUT, "d")


def test_reads_of_a_value_are_its_sources_with_the_paths_into_them() -> None:
    value = Object((("a", member(FIRST, "x", 0)), ("b", Call("f", (INPUT,)))), base=member(INPUT, "rest"))
    assert sorted(reads_of(value), key=str) == sorted([(INPUT, ("rest",)), (FIRST, ("x", 0)), (INPUT, ())], key=str)


def test_a_value_that_doubles_again_and_again_is_one_that_cannot_be_said() -> None:
    doubled = {"Type": "Pass", "Parameters": {"a.$": "$", "b.$": "$"}}
    states = {f"S{n}": {**doubled, "Next": f"S{n + 1}"} for n in range(60)} | {"S60": {"Type": "Succeed"}}
    flows = flow(states).states
    sizes = [flows[f"S{n}"].output.size for n in range(60)]
    assert sizes[:4] == [3, 7, 15, 31]
    assert max(sizes) <= MAX_PARTS
    assert any(isinstance(each.output, Unresolved) for each in flows.values())


def test_the_rules_of_a_choice_are_compared_with_one_of_their_target_each(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = []
    equal = Handover.__eq__
    monkeypatch.setattr(Handover, "__eq__", lambda way, other: compared.append(way) or equal(way, other))
    rules = [{"Variable": "$.a", "NumericEquals": n, "Next": f"S{n % 2}"} for n in range(100)]
    ends = {f"S{n}": {"Type": "Pass", "End": True} for n in range(2)}
    states = flow({"A": {"Type": "Choice", "Choices": rules, "Default": "S0"}, **ends}).states
    assert len(states["A"].ways) == 101
    assert len(compared) <= sum(len(each.ways) for each in states.values())


def test_the_rules_of_a_choice_that_bring_different_data_have_no_mark_of_their_target() -> None:
    rules = [
        {"Variable": "$.a", "NumericEquals": n, "Next": f"S{min(n, 1)}", "Assign": {"v": min(n, 2)}} for n in range(3)
    ]
    ends = {f"S{n}": {"Type": "Pass", "Parameters": {"v.$": "$v"}, "Next": "C"} for n in range(2)}
    last = {"Type": "Pass", "Parameters": {"v.$": "$v"}, "End": True}
    states = flow({"A": {"Type": "Choice", "Choices": rules}, **ends, "C": last}).states
    assert states["S0"].effective == Object((("v", constant(0)),))
    value = states["S1"].environment.variables["v"]
    assert isinstance(value, OneOf)
    assert {mark for mark, _ in value.alternatives} == {None}
