"""Regular expressions: JavaScript's meaning, and an end in bounded time."""

from __future__ import annotations

import random
import time
from typing import Any

import pytest

from sfn_provider.asl.jsonata import EvaluationLimits, JsonataSyntaxError, compile_jsonata
from sfn_provider.asl.jsonata.limits import MAX_MATCHING_SECONDS
from sfn_provider.asl.scope import Scope
from sfn_provider.exceptions import QueryEvaluationError

ALMOST = "a" * 60 + "!"
"""What (a|aa)+$ tries in more than 2**40 ways before it fails."""


def evaluate(source: str, data: Any, seconds: float = MAX_MATCHING_SECONDS) -> Any:
    scope = Scope(input=data, context={"State": {"EnteredTime": "2024-02-29T12:34:56.789Z"}})
    limits = EvaluationLimits(matching_seconds=seconds)
    return compile_jsonata(source, "Output").evaluate(scope, random.Random(1), limits=limits)


@pytest.mark.parametrize(
    "source",
    [
        "$match($states.input, /(a|aa)+$/)",
        "$contains($states.input, /(a|aa)+$/i)",
        "$split($states.input, /(a|a)+$/)",
        "$replace($states.input, /^(a|aa)+b/m, '-')",
        "/(a|aa)+$/($states.input)",
        "$contains($states.input, /!/) and $match($states.input, /(a|aa)+$/) = []",
    ],
)
def test_a_catastrophic_pattern_ends_as_a_timeout(source: str) -> None:
    started = time.process_time()
    with pytest.raises(QueryEvaluationError) as caught:
        evaluate(source, ALMOST, seconds=0.1)
    assert time.process_time() - started < 10
    assert str(caught.value.cause).endswith(
        "threw an error during evaluation: Expression evaluation timeout: Check for infinite loop"
    )


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a*)*c", "^(a?)*b"])
def test_nested_repeats_end_at_once(pattern: str) -> None:
    started = time.process_time()
    assert evaluate(f"$contains($states.input, /{pattern}/)", ALMOST) is False
    assert time.process_time() - started < 1


def test_a_picture_that_matches_in_many_ways_ends_at_once() -> None:
    started = time.process_time()
    with pytest.raises(QueryEvaluationError, match=r"returned nothing \(undefined\)"):
        evaluate(f"$toMillis($states.input, '{'[Y]' * 40}')", "1" * 200 + "x")
    assert time.process_time() - started < 2


def test_all_matches_of_an_evaluation_share_one_limit() -> None:
    each_below_the_limit = "$map([1..100000], function($i) { $contains($states.input, /(a|aa)+$/) })"
    started = time.process_time()
    with pytest.raises(QueryEvaluationError, match="Expression evaluation timeout"):
        evaluate(each_below_the_limit, "a" * 16 + "!", seconds=0.1)
    assert time.process_time() - started < 10


def test_the_limit_is_whole_for_each_evaluation() -> None:
    for _ in range(2):
        with pytest.raises(QueryEvaluationError, match="Expression evaluation timeout"):
            evaluate("$match($states.input, /(a|aa)+$/)", ALMOST, seconds=0.1)
    assert evaluate("$match($states.input, /a+!$/).index", ALMOST) == 0


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("$contains('b', /a{e}/)", False),  # the library's fuzzy match
        ("$contains('a{e}', /a{e}/)", True),
        ("$replace('{1}', /{\\d}/, 'x')", "x"),
        ("$replace('aaa', /a{2}/, 'x')", "xa"),
        ("$replace('aaa', /a{2,}/, 'x')", "x"),
        ("$replace('Ll', /\\L/, 'x')", "xl"),  # the library's named list
    ],
)
def test_what_the_library_adds_means_what_javascript_means(source: str, expected: Any) -> None:
    assert evaluate(source, None) == expected


@pytest.mark.parametrize("pattern", ["^*a", "\\b+", "(?|a)", "(?R)", "\\1(a)", "a{99999999999}"])
def test_what_the_library_adds_and_javascript_refuses_is_refused(pattern: str) -> None:
    with pytest.raises(JsonataSyntaxError):
        compile_jsonata(f"$match('a', /{pattern}/)", "Output")
