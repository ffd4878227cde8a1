"""The bounds of expressions: depth, memory, time and work."""

from __future__ import annotations

import bisect
import json
import random
import time
from functools import partial
from typing import Any

import pytest

from sfn_provider.asl.jsonata import (
    EvaluationLimits,
    compile_jsonata,
    explain_limit,
    is_timeout,
)
from sfn_provider.asl.scope import Json, Scope
from sfn_provider.exceptions import QueryEvaluationError
from tests.asl.jsonata.expression_values import PROGRAM_LIMITS, SCOPE, cause_of, evaluate

RECURSION = "($f := function($x) { $x <= 0 ? 0 : 1 + $f($x - 1) }; $f(%d))"
STACK = ": Stack overflow error: Check for non-terminating recursive function. Consider rewriting as tail-recursive"
MEMORY = ": Expression evaluation memory limit exceeded: Check for excessive memory usage"
TIMEOUT = ": Expression evaluation timeout: Check for infinite loop"


@pytest.mark.parametrize(
    ("fits", "too_much", "tail"),
    [
        ("1" + "+1" * 99, "1" + "+1" * 100, STACK),
        ("(" * 99 + "1" + ")" * 99, "(" * 100 + "1" + ")" * 100, STACK),
        (RECURSION % 31, RECURSION % 32, STACK),
        ("1", "($f := function($x) { [0, $f($x)] }; $f(1))", STACK),
        ("$count([1..873782])", "$count([1..873783])", MEMORY),
        ("$length($pad('', 6990256))", "$pad('', 1e12)", MEMORY),
        ("$count($range(1, 360145, 1))", "$range(1, 360146, 1)", MEMORY),
    ],
    ids=["sum", "parentheses", "recursion", "endless recursion", "range", "text", "$range"],
)
def test_bounds_of_aws(fits: str, too_much: str, tail: str) -> None:
    evaluate(fits)
    assert cause_of(too_much).endswith(f"threw an error during evaluation{tail}")


def test_endless_loop_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PROGRAM_LIMITS, partial(EvaluationLimits, 50_000))
    cause = cause_of("($f := function($x) { $f($x + 1) }; $f(1))")
    assert cause.endswith("threw an error during evaluation: Expression evaluation timeout: Check for infinite loop")


def test_data_nested_too_deeply_for_python_is_a_failure_of_the_state() -> None:
    deep: list[Any] = []
    for _ in range(20_000):
        deep = [deep]
    scope = Scope(input={"deep": deep})
    for source in ("$states.input.deep", "$count($states.input.deep)"):
        assert "Stack overflow error" in cause_of(source, scope=scope)


DOUBLED = "$f := function($n, $x) { $n = 0 ? $x : $f($n - 1, {'a': $x, 'b': $x}) };"
"""Makes objects that share what is inside of them, so that 30 levels have a thousand million values."""


@pytest.mark.parametrize(
    ("source", "tail"),
    [
        (f"({DOUBLED} $f(28, 1))", MEMORY),
        (f"({DOUBLED} $string($f(28, 1)))", TIMEOUT),
        (f"({DOUBLED} $f(28, 1) = $f(28, 1))", TIMEOUT),
        (f"({DOUBLED} $count($distinct([$f(28, 1), $f(28, 2)])))", TIMEOUT),
        (f"({DOUBLED} $uppercase($f(24, 1)))", ". T0410"),
        ("$replace($pad('', 100000, 'a'), 'a', $pad('', 100000, 'b'))", MEMORY),
        ("$replace($pad('', 100000, 'a'), /a/, $pad('', 100000, 'b'))", MEMORY),
        ("$count($split($pad('', 1000000, 'a'), ''))", MEMORY),
        ("$count([1..800000].{'a': $, 'b': [$], 'c': [$]})", TIMEOUT),
        ("[1..100000][$ in [1..100000]]", TIMEOUT),
        (f"({DOUBLED} $count($f(28, 1).**))", TIMEOUT),
        ("$length($join($map([1..800000], $string), ','))", TIMEOUT),
        ("$map([1..100000], function($i) { $formatNumber($i, '#,##0.00') })", TIMEOUT),
        ("[1..800000]{$string($ % 3): $}", TIMEOUT),
    ],
    ids=[
        "result", "text", "equality", "distinct", "message", "replace", "replace by pattern", "split", "objects", "in",
        "descendants", "calls", "pictures", "groups",
    ],
)  # fmt: skip
def test_work_is_bounded(source: str, tail: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if tail == TIMEOUT:  # a tenth of the work, to be quick
        monkeypatch.setattr(PROGRAM_LIMITS, partial(EvaluationLimits, 60_000))
    started = time.process_time()
    cause = cause_of(source).partition("threw an error during evaluation")[2]
    assert cause.startswith(tail)
    assert time.process_time() - started < 4


@pytest.mark.parametrize(
    "source",
    [
        "$sum([1..50].($ * 2))",
        "$map([1..20], function($i) { $uppercase('a' & $i) }) ~> $join(',')",
        "$replace('banana', /a/, 'o') & $string({'a': [1, {'b': null}]})",
        "{'a': [1..30], 'b': $distinct([1, 2, 2])} = {'a': 1}",
    ],
    ids=["numbers", "calls", "matches", "equality"],
)
def test_the_bound_counts_work_and_not_time(source: str) -> None:
    expression = compile_jsonata(source, "Output")

    def ends(work: int) -> bool:
        try:
            expression.evaluate(SCOPE, random.Random(1), limits=EvaluationLimits(work))
        except QueryEvaluationError as error:
            assert is_timeout(error.cause)
            return False
        return True

    least = bisect.bisect_left(range(4_000), True, key=ends)
    assert 10 < least < 4_000
    assert [ends(work) for work in (least - 1, least)] * 3 == [False, True] * 3


def test_whose_bound_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PROGRAM_LIMITS, partial(EvaluationLimits, 5_000))
    cause = cause_of("($f := function($x) { $f($x + 1) }; $f(1))")
    assert "600,000 steps" in str(explain_limit(cause))
    assert explain_limit(cause_of("1 + 'a'")) is None
    assert explain_limit(None) is None


def test_a_large_group_takes_linear_work() -> None:
    assert evaluate("$each([1..20000]{$string($ % 2): $}, $count)") == [10_000, 10_000]
    assert evaluate("[[1, 2], 3, [4]]{'a': $}") == {"a": [1, 2, 3, 4]}
    assert "D1009" in cause_of("[1, 2]{'a': $, 'a': 1}")


def test_distinct_of_many_objects_is_fast() -> None:
    assert evaluate("$count($distinct([1..20000].{'a': $ % 10000, 'b': [true, 1, null]}))") == 10_000


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("$distinct([1, 1.0, true, '1', null, null, [1], [1.0], [true], {'a': 1, 'b': 2}, {'b': 2, 'a': 1}])",
         [1, True, "1", None, [1], [True], {"a": 1, "b": 2}]),
        ("[{'a': [1, {}]} = {'a': [1.0, {}]}, {'a': true} = {'a': 1}, [] = {}, [1] != [1, 2], 'a' != 'a']",
         [True, False, False, True, False]),
        ("9007199254740993 = 9007199254740992", True),
        ("[$undefined = 1, $undefined != 1]", [False, False]),
    ],
    ids=["distinct", "equality", "doubles", "undefined"],
)  # fmt: skip
def test_equality_is_deep(source: str, expected: Json) -> None:
    found = evaluate(source)
    assert json.dumps(found) == json.dumps(expected)
