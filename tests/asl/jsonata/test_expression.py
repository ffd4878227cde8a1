"""Compiling expressions, what they say when they fail, and what they read."""

from __future__ import annotations

import concurrent.futures
import json
import random
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfn_provider.asl.jsonata import (
    BUILT_IN_FUNCTIONS,
    Expression,
    JsonataSyntaxError,
    check_type,
    compile_jsonata,
)
from sfn_provider.asl.jsonata.shortcuts import NO_SHORTCUT
from sfn_provider.asl.scope import MISSING, Json, Scope
from sfn_provider.compare.cases.data.traced_values import TracedInteger, TracedText
from sfn_provider.exceptions import QueryEvaluationError
from tests.asl.jsonata.expression_values import SCOPE, cause_of, evaluate


def test_undefined_result_is_a_failure_that_names_the_field() -> None:
    assert cause_of(" $states.input.cit ", "Arguments/to[0]") == (
        "The JSONata expression '$states.input.cit' specified for the field 'Arguments/to[0]' "
        "returned nothing (undefined)."
    )


@pytest.mark.parametrize("source", ["$sum", "$f := function($x) { $x }", "[$uppercase]", "{'f': /a/}"])
def test_function_is_no_result(source: str) -> None:
    assert cause_of(source, "Items").endswith("specified for the field 'Items' returned an unsupported result type.")


@dataclass(frozen=True)
class Typed:
    """A value, the type that was expected, and what the cause says about it; None where it fits."""

    value: Json
    expected: Any
    says: str | None


@pytest.mark.parametrize(
    "case",
    [
        Typed([1], "array", None),
        Typed(1.5, "number", None),
        Typed("a", "string", None),
        Typed(True, "number", "Expected 'number', but was 'boolean' for value: true"),
        Typed({"é": [1.0, None]}, "array", "Expected 'array', but was 'object' for value: {\"é\":[1,null]}"),
        Typed(None, "string", "Expected 'string', but was 'null' for value: null"),
        Typed("x", "boolean", "Expected 'boolean', but was 'string' for value: \"x\""),
        Typed(TracedInteger(3), "number", None),
        Typed(TracedText("3"), "number", "Expected 'number', but was 'string' for value: \"3\""),
    ],
    ids=lambda case: f"{case.value!r} as {case.expected}",
)
def test_type_of_a_field(case: Typed) -> None:
    if case.says is None:
        check_type(case.value, case.expected, "$x", "Seconds")
        return
    with pytest.raises(QueryEvaluationError) as caught:
        check_type(case.value, case.expected, "$x", "Seconds")
    assert caught.value.cause == (
        "The JSONata expression '$x' specified for the field 'Seconds' returned an unexpected result type. " + case.says
    )


def test_evaluate_checks_the_type_that_is_expected() -> None:
    expression = compile_jsonata("$states.input.city", "Seconds")
    with pytest.raises(QueryEvaluationError, match="Expected 'number', but was 'string' for value: \"Bern\""):
        expression.evaluate(SCOPE, random.Random(1), expected="number")


@dataclass(frozen=True)
class Reading:
    """An expression and what it reads."""

    source: str
    references: set[str] = field(default_factory=set)
    functions: set[str] = field(default_factory=set)
    states: set[str] = field(default_factory=set)
    whole: bool = False
    unsupported: tuple[str, ...] = ()


@pytest.mark.parametrize(
    "case",
    [
        Reading("$states.input.a + $b", {"b"}, states={"input"}),
        Reading("($x := $y; $x + $z)", {"y", "z"}),
        Reading("[$x, ($x := 1), $x]", {"x"}),
        Reading("(($x := 1); $x)", {"x"}),
        Reading("($f := function($a) { $a + $late + $out }; $late := 1; $f(2))", {"out"}),
        Reading("$map($items, function($i, $n) { $i * $n * $rate })", {"items", "rate"}, {"map"}),
        Reading("$items@$i#$n[$n > $least].{'k': $i}", {"items", "least"}),
        Reading("[$items@$i.$i, $i]", {"items", "i"}),
        Reading("$x ~> $sum() ~> $round(?, $digits)", {"x", "digits"}, {"sum", "round"}),
        Reading("$states.result[id = $states.input.id].name", states={"result", "input"}),
        Reading("$lookup($states, 'input')", functions={"lookup"}, whole=True),
        Reading("$states.*.a", whole=True),
        Reading("($states := {'input': 1}; $states.input)"),
        Reading("$x.(a + $up)^(b, >$least){c: $each}", {"x", "up", "least"}, {"each"}),
        Reading("$x ~> |a[$deep]|{'b': c}|", {"x", "deep"}),
        Reading(
            "city & $.a",
            unsupported=(
                "Reference to 'city' at the top level is not supported.",
                "Reference to '$' at the top level is not supported.",
            ),
        ),
        Reading(
            "$map($x, function($v) { town })",
            {"x"},
            {"map"},
            unsupported=("Reference to 'town' at the top level is not supported.",),
        ),
        Reading("$x[a = $$.b]", {"x"}, unsupported=("Reference to '$$' is not supported.",)),
    ],
    ids=lambda case: case.source,
)
def test_what_an_expression_reads(case: Reading) -> None:
    found = compile_jsonata(case.source, "Output")
    assert found.references == case.references
    assert found.functions == case.functions
    assert found.states_fields == case.states
    assert found.reads_any_states_field is case.whole
    assert found.unsupported_references == case.unsupported


def test_states_has_only_what_there_is() -> None:
    assert evaluate("$keys($states)") == ["input", "context", "result"]
    assert evaluate("$keys($states)", Scope(input=1, error_output={"Error": "E"})) == [
        "input",
        "context",
        "errorOutput",
    ]
    assert cause_of("$states.result", scope=Scope(input=1)).endswith("returned nothing (undefined).")
    assert evaluate("$states.result", Scope(input=1, result=None)) is None


def test_variable_hides_a_function_of_its_name() -> None:
    scope = Scope(input={}, variables={"count": 7})
    assert evaluate("$count", scope) == 7
    assert evaluate("$count + 1", scope) == 8
    assert compile_jsonata("$count", "Output").functions == {"count"}
    assert cause_of("$count([1])", scope=scope).endswith("T1006: Attempted to invoke a non-function")


def test_numbers_are_written_as_aws_does() -> None:
    scope = Scope(input={"whole": 2.0, "long": 2**63 - 1, "beyond": 2**63}, variables={"list": (1.0, 2.5)})
    found = json.dumps(evaluate("$states.input", scope))
    assert found == '{"whole": 2, "long": 9223372036854775807, "beyond": 9.223372036854776e+18}'
    assert json.dumps(evaluate("$list", scope)) == "[1, 2.5]"
    assert json.dumps(evaluate("[$states.input.whole]", scope)) == "[2]"


def test_result_shares_nothing_with_the_scope() -> None:
    for source in ("$states.input", "($states.input)", "[$states.input.trips]", "$states.input.trips[0]"):
        found = evaluate(source)
        found.clear()
    assert SCOPE.input["trips"] == [{"km": 3}, {"km": 5}]


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.floats(-2, 2, allow_nan=False).map(lambda x: round(x, 1))
    | st.text("ab", max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)


@given(JSON_VALUES, st.lists(st.sampled_from("abc"), max_size=3))
def test_shortcut_gives_what_the_evaluator_gives(value: Json, keys: list[str]) -> None:
    scope = Scope(input=value, variables={"v": value})
    for path in (".".join(["$states.input", *keys]), ".".join(["$v", *keys])):
        short, long = compile_jsonata(path, "Output"), compile_jsonata(f"({path})", "Output")
        assert short._program.shortcut is not None and long._program.shortcut is None
        assert _outcome(short, scope) == _outcome(long, scope)


def _outcome(expression: Expression, scope: Scope) -> str:
    try:
        return json.dumps(expression.evaluate(scope, random.Random(1)))
    except QueryEvaluationError as error:
        return str(error.cause).rpartition("'")[2]


def test_shortcut_leaves_arrays_on_the_way_to_the_evaluator() -> None:
    expression = compile_jsonata("$states.input.trips.km", "Output")
    short = expression._program.shortcut
    assert short is not None and short(SCOPE) is NO_SHORTCUT
    assert expression.evaluate(SCOPE, random.Random(1)) == [3, 5]


def test_randomness_comes_from_the_caller() -> None:
    for source in ("$uuid()", "$random()", "$shuffle([1..20])"):
        assert evaluate(source, seed=3) == evaluate(source, seed=3)
        assert evaluate(source, seed=3) != evaluate(source, seed=4)
    assert str(evaluate("$uuid()"))[14] == "4"
    assert evaluate("$random(5)", seed=1) == evaluate("$random(5)", seed=2)


def test_time_comes_from_the_context_object() -> None:
    started = Scope(input={}, context={"Execution": {"StartTime": "2023-01-02T03:04:05Z"}})
    assert evaluate("$now()", started) == "2023-01-02T03:04:05.000Z"
    assert "State.EnteredTime" in cause_of("$millis()", scope=Scope(input={}))


def test_one_expression_in_many_threads() -> None:
    expression = compile_jsonata("$sum($map($states.input, function($x) { $x * $states.input[0] }))", "Output")

    def run(number: int) -> Json:
        return expression.evaluate(Scope(input=[number, 1, 2]), random.Random(1))

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        assert list(pool.map(run, range(200))) == [number * (number + 3) for number in range(200)]


def test_compiling_is_cached_by_text() -> None:
    first, other = compile_jsonata("$fare * 2", "Output"), compile_jsonata(" $fare * 2", "Assign/x")
    assert first.syntax_tree is other.syntax_tree
    assert (first.field, other.field) == ("Output", "Assign/x")


def test_what_stays_compiled_is_bounded_by_its_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sfn_provider.asl.jsonata.program.MAX_COMPILED_TOKENS", 10_000)
    first = compile_jsonata("$first + 1", "Output")
    assert first.tokens == 4  # with the end
    for number in range(4):
        compile_jsonata(f"[{number}{',1' * 1_400}]", "Output")
    assert compile_jsonata("$first + 1", "Output").syntax_tree is not first.syntax_tree


def test_a_regular_expression_counts_by_its_length() -> None:
    assert compile_jsonata(f"/{'a' * 1_000}/", "Output").tokens > 1_000
    with pytest.raises(JsonataSyntaxError, match="more than 30,000 names, values and operators"):
        compile_jsonata(f"/{'a' * 30_000}/", "Output")


def test_import_does_not_touch_the_process() -> None:
    code = (
        "import sys; before = sys.getrecursionlimit(); from sfn_provider.asl.jsonata import compile_jsonata;"
        "assert 'jsonata' not in sys.modules; compile_jsonata('1', 'Output');"
        "assert 'jsonata' in sys.modules; assert sys.getrecursionlimit() == before"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


def test_table_of_functions_is_complete() -> None:
    from sfn_provider.asl.jsonata.functions.table import BASE_FRAME

    assert set(BASE_FRAME.bindings) == BUILT_IN_FUNCTIONS
    assert {"partition", "range", "hash", "random", "uuid", "parse"} <= BUILT_IN_FUNCTIONS
    assert "eval" not in BUILT_IN_FUNCTIONS


def test_missing_is_not_null() -> None:
    scope = Scope(input=None, result=MISSING)
    assert evaluate("$states.input", scope) is None
    assert evaluate("$exists($states.input)", scope) is True
    assert evaluate("$exists($states.result)", scope) is False


def test_a_long_literal_in_a_regular_expression_is_matched_at_once() -> None:
    started = time.process_time()
    assert evaluate(f"$count($match('{'a' * 3_000}', /{'a' * 3_000}/))") == 1
    assert evaluate(f"$count($match('{'a' * 2_999}', /{'a' * 3_000}/))") == 0
    assert time.process_time() - started < 4  # it was 8 seconds for one of them
