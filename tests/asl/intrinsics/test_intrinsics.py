"""Calls of intrinsic functions: how they are read, and what is said when they fail. Each function has its own tests."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import pytest

from sfn_provider.asl.intrinsics import FUNCTIONS, IntrinsicSyntaxError, compile_intrinsic
from sfn_provider.asl.scope import Json, Scope
from sfn_provider.exceptions import StatesError

DATA: Json = {"n": 4, "name": "tea", "list": [1, 2, 3], "rows": [{"a": 1}, {"a": 2}], "nothing": None}
SCOPE = Scope(DATA, {"Execution": {"Name": "nightly"}}, {"unit": "cup"})

DOCUMENTED = [
    "States.Array",
    "States.ArrayContains",
    "States.ArrayGetItem",
    "States.ArrayLength",
    "States.ArrayPartition",
    "States.ArrayRange",
    "States.ArrayUnique",
    "States.Base64Decode",
    "States.Base64Encode",
    "States.Format",
    "States.Hash",
    "States.JsonMerge",
    "States.JsonToString",
    "States.MathAdd",
    "States.MathRandom",
    "States.StringSplit",
    "States.StringToJson",
    "States.UUID",
]


def test_the_table_has_the_documented_functions() -> None:
    assert sorted(FUNCTIONS) == DOCUMENTED
    assert all(name == function.name for name, function in FUNCTIONS.items())


@dataclass(frozen=True)
class Case:
    call: str
    value: Json
    scope: Scope = field(default_factory=lambda: SCOPE)


def evaluate(case: Case) -> Json:
    return compile_intrinsic(case.call).evaluate(case.scope, random.Random(1))


READ = {
    "no arguments": Case("States.Array()", []),
    "literals": Case(
        "States.Array('x', 12, -3, 1.5, 2e2, true, false, null)", ["x", 12, -3, 1.5, 200.0, True, False, None]
    ),
    "empty text": Case("States.Array('')", [""]),
    "paths": Case("States.Array($.n, $$.Execution.Name, $unit, $)", [4, "nightly", "cup", DATA]),
    "blanks": Case("States.Array( $.n ,\n\t'a' )", [4, "a"]),
    "no blanks": Case("States.Array($.n,$.name,1)", [4, "tea", 1]),
    "blank after the call": Case("States.Array(1)\n", [1]),
    "nested": Case("States.MathAdd(States.ArrayLength($.list), States.MathAdd($.n, -1))", 6),
    "path with many nodes": Case("States.Array($.rows[*].a)", [[1, 2]]),
    "path without a node gives an empty array": Case("States.ArrayLength($.none[*].a)", 0),
    "filter with a comma and a parenthesis in it": Case(
        "States.Array($.rows[?(@.a == 1 || @.b == ',)')], 9)", [[{"a": 1}], 9]
    ),
    "union": Case("States.Array($.list[0,2], 9)", [[1, 3], 9]),
    "quoted name in a path": Case("States.Array($['a)b'], 1)", [5, 1], Scope({"a)b": 5})),
    "escapes": Case(r"States.Array('it\'s', '\{\}', 'a\\b')", ["it's", "{}", "a\\b"]),
    "braces need no escape but in Format": Case("""States.StringToJson('{"a": {}}')""", {"a": {}}),
    "other scripts": Case("States.Array('größe ✓')", ["größe ✓"]),
    "null from the data": Case("States.Array($.nothing)", [None]),
}


@pytest.mark.parametrize("case", READ.values(), ids=READ)
def test_calls_are_read(case: Case) -> None:
    found = evaluate(case)
    assert found == case.value
    assert repr(found) == repr(case.value)  # 1 and 1.0 and True differ


REFUSED = {
    "empty": ("", "expected a function"),
    "path": ("$.a", "expected a function"),
    "text": ("Hello", "expected a function"),
    "blank before": (" States.UUID()", "expected a function"),
    "blank before the parenthesis": ("States.UUID ()", "expected a function"),
    "unknown function": ("States.Upper('a')", "there is no function States.Upper"),
    "case of letters": ("States.format('a')", "did you mean States.Format?"),
    "unknown inner function": ("States.Array(States.Len($.a))", "there is no function States.Len"),
    "open call": ("States.Array(1", "expected ',' or ')'"),
    "open call after a path": ("States.Array($.a", "')' is missing"),
    "open bracket in a path": ("States.Array($.a[)", "')' is missing after the path"),
    "nothing in the call": ("States.Array(", "expected a path, a call"),
    "trailing comma": ("States.Array(1, )", "expected a path, a call"),
    "leading comma": ("States.Array(, 1)", "expected a path, a call"),
    "two values": ("States.Array(1 2)", "expected ',' or ')'"),
    "something after": ("States.Array(1) + 1", "nothing may follow"),
    "double quotes": ('States.Array("a")', "expected a path, a call"),
    "array": ("States.Array([1])", "expected a path, a call"),
    "object": ("States.Array({})", "expected a path, a call"),
    "number without digits after the point": ("States.Array(1.)", "expected a path, a call"),
    "number without digits before the point": ("States.Array(.5)", "expected a path, a call"),
    "number with a leading zero": ("States.Array(01)", "expected a path, a call"),
    "word": ("States.Array(trueish)", "expected a path, a call"),
    "open text": ("States.Array('a)", "expected a path, a call"),
    "escaped double quote": (r"States.Array('say \"hi\"')", r"\" is no escape"),
    "an integer too long": (f"States.Array({'1' * 4_301})", "a number has too many digits"),
    "newline as an escape": (r"States.Array('a\nb')", r"\n is no escape"),
    "wrong path": ("States.Array($.a[x])", "is not a JSONPath"),
    "wrong filter": ("States.Array($.a[?(@.b in ['x'])])", "a condition is a path or a comparison"),
}


@pytest.mark.parametrize(("text", "reason"), REFUSED.values(), ids=REFUSED)
def test_refused_text_says_why(text: str, reason: str) -> None:
    with pytest.raises(IntrinsicSyntaxError) as caught:
        compile_intrinsic(text)
    assert reason in str(caught.value)
    assert text in str(caught.value)


def test_calls_nested_without_end_are_refused() -> None:
    with pytest.raises(IntrinsicSyntaxError, match="nests its calls too deep"):
        compile_intrinsic("States.Array(" * 50_000)


def test_the_same_text_gives_the_same_object() -> None:
    assert compile_intrinsic("States.Array(1)") is compile_intrinsic("States.Array(1)")


FAILED = {
    "refused argument": ("States.MathAdd('a', 1)", "Invalid arguments in States.MathAdd"),
    "the inner function is named": ("States.Array(States.ArrayLength($.n))", "Invalid arguments in States.ArrayLength"),
    "missing path": (
        "States.Array(1,$.total)",
        "The JsonPath argument for the field '$.total' could not be found in the input '{INPUT}'",
    ),
    "missing path in an inner call": (
        "States.Array(States.Array($.total.net))",
        "The JsonPath argument for the field '$.total.net' could not be found in the input '{INPUT}'",
    ),
    "missing in the context": (
        "States.Array($$.Task.Token)",
        "The JsonPath argument for the field '$.Task.Token' could not be found in the input '{INPUT}'",
    ),
    "missing variable": (
        "States.Array($gone.x)",
        "The JsonPath argument for the field '$gone.x' could not be found in the input '{INPUT}'",
    ),
    "index beyond the end": (
        "States.Array($.list[3])",
        "The JsonPath argument for the field '$.list[3]' could not be found in the input '{INPUT}'",
    ),
    "index of no array": ("States.Array($.n[0])", "Filter: [0] can only be applied to arrays. Current context is: 4"),
}


@pytest.mark.parametrize(("text", "detail"), FAILED.values(), ids=FAILED)
def test_a_failed_call_names_the_whole_expression(text: str, detail: str) -> None:
    shown = '{"n":4,"name":"tea","list":[1,2,3],"rows":[{"a":1},{"a":2}],"nothing":null}'
    with pytest.raises(StatesError) as caught:
        compile_intrinsic(text).evaluate(SCOPE, random.Random(1))
    assert caught.value.error == "States.Runtime"
    assert caught.value.cause == f"The function '{text}' had the following error: {detail.replace('{INPUT}', shown)}"


@pytest.mark.parametrize("name", [name for name in DOCUMENTED if FUNCTIONS[name].min_arguments])
def test_too_few_arguments_fail_when_they_run_and_warn_before(name: str) -> None:
    intrinsic = compile_intrinsic(f"{name}()")
    assert intrinsic.warnings[0].startswith(f"{name} takes ")
    with pytest.raises(StatesError, match=f"Invalid arguments in {name}"):
        intrinsic.evaluate(SCOPE, random.Random(1))


@pytest.mark.parametrize("name", [name for name in DOCUMENTED if FUNCTIONS[name].max_arguments is not None])
def test_too_many_arguments_fail_when_they_run_and_warn_before(name: str) -> None:
    intrinsic = compile_intrinsic(f"{name}(1, 2, 3, 4)")
    assert intrinsic.warnings[0].endswith("not 4: the state fails when it runs")
    with pytest.raises(StatesError, match=f"Invalid arguments in {name}"):
        intrinsic.evaluate(SCOPE, random.Random(1))


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("States.ArrayLength", "1 argument,"),
        ("States.MathAdd", "2 arguments,"),
        ("States.MathRandom", "2 to 3 arguments,"),
        ("States.Format", "at least 1 argument,"),
    ],
)
def test_the_warning_says_how_many_arguments_there_should_be(name: str, counts: str) -> None:
    assert f"{name} takes {counts}" in compile_intrinsic(f"{name}()").warnings[0]


def test_more_calls_than_documented_work() -> None:
    nested = "States.Array(" * 11 + ")" * 11
    intrinsic = compile_intrinsic(nested)
    assert (intrinsic.calls, intrinsic.warnings) == (11, ())
    assert intrinsic.evaluate(SCOPE, random.Random(1)) == [[[[[[[[[[[]]]]]]]]]]]
