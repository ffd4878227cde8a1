"""Values that rules ask for by way of an expression: conditions that count and add up, and results of functions."""

from __future__ import annotations

from typing import Any

import pytest

from sfn_provider.asl import parse
from sfn_provider.asl.scope import MISSING, Json
from sfn_provider.compare.cases.derived_values import solve, try_expression
from sfn_provider.compare.cases.made_cases import find_cases
from sfn_provider.compare.machine_analysis.data_read_types import EACH
from sfn_provider.compare.machine_analysis.jsonata_reads import expression_reads
from tests.compare.cases.machines import choice, ends, machine, verify

CONDITIONS = (
    "$sum($states.input.lines.(price * pieces)) > 1000",
    "$count($states.input.items[status = 'open' and qty > 3]) > 2",
    "$count($filter($states.input.xs, function($x){$x.score > 5})) >= 4",
    "$count($states.input.orders[total > 100]) = $count($states.input.orders)",
    "$count($states.input.items) = 7",
    "$sum($states.input.amounts) > 100",
    "$max($states.input.items.qty) > 10",
    "$average($states.input.scores) >= 0.95",
    "$exists($states.input.a.b)",
    "$not($exists($states.input.p))",
    "$length($states.input.name) > 5",
    "'a' in $states.input.tags",
    "$contains($states.input.name, 'foo')",
    "$states.input.items[0].name = 'x'",
    "$type($states.input.x) = 'array'",
    "$lowercase($states.input.s) = 'done'",
    "($x := $states.input.z; $x.q = 'v')",
)

INTRINSICS: dict[str, dict[str, Json]] = {
    "States.ArrayLength($.items)": {"NumericGreaterThan": 3},
    "States.ArrayLength($.none)": {"NumericEquals": 0},
    "States.ArrayLength($.items[?(@.ok == true)])": {"NumericGreaterThan": 1},
    "States.ArrayContains($.tags, 'gold')": {"BooleanEquals": True},
    "States.ArrayContains($.ids, 7)": {"BooleanEquals": True},
    "States.ArrayContains($.names, $.name)": {"BooleanEquals": True},
    "States.MathAdd($.n, 5)": {"NumericEquals": 12},
    "States.MathAdd($.n, -1)": {"NumericGreaterThan": 100},
    "States.Format('{}-{}', $.a, $.b)": {"StringEquals": "x-y"},
    "States.ArrayGetItem($.xs, 1)": {"StringEquals": "ok"},
    "States.ArrayGetItem(States.StringSplit($.key, '/'), 0)": {"StringEquals": "in"},
    "States.StringToJson($.text)": {"NumericEquals": 3},
    "States.JsonToString($.o)": {"StringEquals": "{}"},
    "States.Base64Decode($.b)": {"StringEquals": "hi"},
}

OUTPUTS = {
    "$count($states.input.items)": "$states.input.v > 3",
    "$sum($states.input.lines.(price * qty))": "$states.input.v > 1000",
    "$exists($states.input.x)": "$states.input.v",
    "$length($states.input.name)": "$states.input.v = 6",
    "$states.input.items[status = 'open']": "$count($states.input.v) > 1",
    "$states.input.a & '-' & $states.input.b": "$states.input.v = 'x-y'",
}


def assert_both_ways_are_taken(definition: dict[str, Any]) -> None:
    made = find_cases(parse(definition))
    assert made.coverage.counts("rule") == (2, 2), made.not_reached
    assert {"state /States/Yes", "state /States/No"} <= verify(definition, made)


@pytest.mark.parametrize("condition", CONDITIONS)
def test_a_condition_is_brought_about(condition: str) -> None:
    rule = {"Condition": f"{{% {condition} %}}", "Next": "Yes"}
    assert_both_ways_are_taken(machine("Check", {"Check": choice(rule), **ends("Yes", "No")}, QueryLanguage="JSONata"))


@pytest.mark.parametrize("call", INTRINSICS)
def test_what_an_intrinsic_function_comes_to_is_brought_about(call: str) -> None:
    compute = {"Type": "Pass", "Parameters": {"v.$": call}, "ResultPath": "$.made", "Next": "Check"}
    check = choice({"Variable": "$.made.v", **INTRINSICS[call], "Next": "Yes"})
    assert_both_ways_are_taken(machine("Compute", {"Compute": compute, "Check": check, **ends("Yes", "No")}))


@pytest.mark.parametrize("output", OUTPUTS)
def test_what_an_expression_comes_to_is_brought_about(output: str) -> None:
    compute = {"Type": "Pass", "Output": {"v": f"{{% {output} %}}"}, "Next": "Check"}
    check = choice({"Condition": f"{{% {OUTPUTS[output]} %}}", "Next": "Yes"})
    states = {"Compute": compute, "Check": check, **ends("Yes", "No")}
    assert_both_ways_are_taken(machine("Compute", states, QueryLanguage="JSONata"))


EXECUTION_INPUT = {
    "JSONPath": {"Variable": "$$.Execution.Input.mode", "StringEquals": "full", "Next": "Yes"},
    "JSONata": {"Condition": "{% $states.context.Execution.Input.mode = 'full' %}", "Next": "Yes"},
}


@pytest.mark.parametrize("language", EXECUTION_INPUT)
def test_what_a_later_state_reads_of_the_execution_s_input_is_there(language: str) -> None:
    forget = {"Type": "Pass", "Next": "Check"} | ({"Output": {}} if language == "JSONata" else {"Result": {}})
    states = {"Forget": forget, "Check": choice(EXECUTION_INPUT[language]), **ends("Yes", "No")}
    assert_both_ways_are_taken(machine("Forget", states, QueryLanguage=language))


@pytest.mark.parametrize(
    ("call", "target", "values"),
    [
        ("$.a.b[0]", 5, [{"b": 5}]),
        ("States.ArrayLength($.x)", 2, [{"x": ["sample", "sample"]}]),
        ("States.ArrayLength($.x)", 10_000, []),
        ("States.MathAdd($.x, $.y)", 7, [{"x": 7, "y": 0}]),
        ("States.MathAdd(1, States.MathAdd($.x, 1))", 7, [{"x": 5}]),
        ("States.Format('it\\'s {}', $.x)", "it's so", [{"x": "so"}]),
        ("States.Format('a{}', $.x)", "b", []),
        ("States.Array($.x, 'k', $.y)", [1, "k", 2], [{"x": 1, "y": 2}]),
        ("States.JsonToString($.x)", "no JSON", []),
        ("States.UUID()", "u", []),
        ("States.Hash($.x, 'MD5')", "h", []),
    ],
)
def test_calls_are_solved_backwards(call: str, target: Json, values: list[dict[str, Json]]) -> None:
    assert solve(call, target) == values


def test_expressions_are_tried_with_what_they_should_come_to_first() -> None:
    tried = [*try_expression("$states.input.a", ["wished"])]
    assert tried[0] == {"a": "wished"}
    assert {"a": MISSING} in tried
    assert [*try_expression("{${Fields}: $states.input.a}")] == []  # a placeholder of a deployment tool


def test_what_is_asked_for_its_presence_may_be_absent() -> None:
    (entries, error) = expression_reads("$states.input.xs[$not($exists(error))]")
    assert (entries.steps, entries.optional) == (("xs",), False)
    assert (error.steps, error.optional) == (("xs", EACH, "error"), True)


@pytest.mark.parametrize(
    ("expression", "reads"),
    [
        ("$sum($o.lines.(a * b))", ["o.lines list", "o.lines.*.a number", "o.lines.*.b number"]),
        ("$states.input.p.(a & b)", ["p any", "p.a text", "p.b text"]),
        ("$states.input.xs[x = 1].y", ["xs list", "xs.*.x any", "xs.*.y any"]),
        ("$map($xs, function($i, $n){$i.a + $n})", ["xs list", "xs.*.a number"]),
        ("$reduce($xs, function($sum, $i){$sum + $i.n})", ["xs list", "xs.*.n number"]),
        ("($i := $states.input; $i.a.b > 3)", [" any", "a.b number"]),
        ("$states.input.**.y", [" any"]),
    ],
)
def test_reads_of_callbacks_filters_and_steps(expression: str, reads: list[str]) -> None:
    assert [f"{'.'.join(map(str, read.steps))} {read.kind}" for read in expression_reads(expression)] == reads
