"""Bombs that go off when a machine runs: expressions, paths and functions on large data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.attack.bombs.bomb import Bomb, nested, only, run_bomb

_LETTERS = {"a": "a" * 200_000}
_NUMBERS = {"a": list(range(40_000))}
_MIXED = {"a": list(range(20_000)), "b": "a" * 100_000, "c": nested(5_000)}

_EXPRESSIONS = {
    "distinct": "$distinct($states.input.a)",
    "in": "$states.input.a[$ in $states.input.a]",
    "sort": "$sort($states.input.a, function($l, $r){$l < $r})",
    "reduce": "$reduce($states.input.a, function($l, $r){$append($l, $r)})",
    "group": "$states.input.a{$string($): $count($)}",
    "join of all with all": "$states.input.a@$x.$states.input.a@$y.($x + $y)",
    "map of map": "$map($states.input.a, function($x){$map($states.input.a, function($y){$x + $y})})",
    "descent": "$states.input.**.**.**",
    "shuffle": "$shuffle($states.input.a)",
    "string": "$string($states.input.a)",
    "merge": "$merge($map($states.input.a, function($x){{$string($x): $states.input.a}}))",
    "each": "$each($states.input, function($v){$v & $v})",
    "parse": "$parse($string($states.input.a))",
    "zip": "$zip($states.input.a, $states.input.a)",
    "spread": "$spread($states.input.a)",
    "sum": "$sum($states.input.a)",
    "partition": "$partition($states.input.a, 1)",
    "range": "$range(1, 1e9, 1)",
    "order": "$states.input.a^(>$)",
    "context": "$states.input.a#$i[$i > 39990]",
}
"""JSONata on `_NUMBERS`."""

_TEXT_EXPRESSIONS = {
    "repeats": r"$match($states.input.a, /(a+)+b/)",
    "alternatives": r"$match($states.input.a, /(a|a)*b/)",
    "lookahead": r"$match($states.input.a, /(?=(a+))\1b/)",
    "contains": r"$contains($states.input.a, /(a*)*b/)",
    "split": r"$split($states.input.a, /(a?)*/)",
    "replace": r"$replace($states.input.a, /a/, $states.input.a)",
    "replace by a function": r"$replace($states.input.a, /a/, function($m){$states.input.a})",
    "case": "$uppercase($states.input.a & $states.input.a)",
    "pad": "$pad($states.input.a, 1e9, $states.input.a)",
    "hash": "$hash($states.input.a, 'SHA-512')",
    "join": "$join($map([1..1000], function(){$states.input.a}), $states.input.a)",
    "number": "$number($states.input.a)",
    "millis": "$toMillis($states.input.a, $states.input.a)",
    "base64": "$base64encode($states.input.a)",
}
"""JSONata on `_LETTERS`."""

_PATHS: dict[str, tuple[str, Any]] = {
    "six descents": ("$" + "..*" * 6, {"a": {"b": {"c": [1, [2, [3, {"d": [4, 5]}]]]}}}),
    "descents in width": ("$..*..*", {"a": [[n] * 10 for n in range(2_000)]}),
    "filter with a filter": ("$.a[?(@ in $.a)]", _NUMBERS),
    "huge slice": ("$.a[-99999999999:99999999999]", _NUMBERS),
    "huge step": ("$.a[0:9999999999999:1]", _NUMBERS),
    "regular expression": ("$.b[?(@.x =~ /(a+)+b/)]", {"b": [{"x": "a" * 5_000}] * 10}),
    "union": ("$.a[" + ",".join(map(str, range(5_000))) + "]", _NUMBERS),
}
"""Paths, each with its input."""

_FUNCTIONS = {
    "contains": "States.ArrayContains($.a, 99999)",
    "unique": "States.ArrayUnique($.a)",
    "partition": "States.ArrayPartition($.a, 1)",
    "range": "States.ArrayRange(1, 1000000000, 1)",
    "split": "States.StringSplit($.b, 'a')",
    "format": "States.Format('" + "{}" * 100 + "', " + ", ".join(["$.b"] * 100) + ")",
    "array": "States.Array(" + ", ".join(["$.a"] * 200) + ")",
    "to JSON": "States.JsonToString(States.Array(" + ", ".join(["$.b"] * 200) + "))",
    "from JSON": "States.StringToJson($.c)",
    "merge": "States.JsonMerge($, $, false)",
    "hash": "States.Hash($.b, 'SHA-512')",
    "base64": "States.Base64Encode($.b)",
    "math": "States.MathAdd(99999999999999999999, 1)",
    "random": "States.MathRandom(1, 999999999999)",
}
"""Intrinsic functions on `_MIXED`."""


def _output(expression: str) -> Any:
    return only(Output=f"{{% {expression} %}}")


def _parameter(text: str) -> Any:
    return only(Parameters={"x.$": text})


def _repeated(count: int) -> Any:
    return only(Parameters={f"p{n}.$": "$" for n in range(count)})


def _doubling(count: int) -> Any:
    states = {
        f"D{n}": {"Type": "Pass", "Output": "{% [$states.input, $states.input] %}", "Next": f"D{n + 1}"}
        for n in range(count)
    }
    return states | {f"D{count}": {"Type": "Succeed"}}


def _stars() -> Any:
    rule = {"Variable": "$.a", "StringMatches": "*a" * 6 + "b", "Next": "B"}
    return {"A": {"Type": "Choice", "Choices": [rule], "Default": "B"}, "B": {"Type": "Succeed"}}


def bombs() -> Iterator[Bomb]:
    """Yield the bombs."""
    jsonata = {"QueryLanguage": "JSONata"}
    for name, text in _EXPRESSIONS.items():
        yield from run_bomb(f"JSONata {name}", lambda e=text: _output(e), lambda: _NUMBERS, **jsonata)
    for name, text in _TEXT_EXPRESSIONS.items():
        yield from run_bomb(f"text {name}", lambda e=text: _output(e), lambda: _LETTERS, **jsonata)
    for name, (path, data) in _PATHS.items():
        yield from run_bomb(f"path {name}", lambda p=path: only(InputPath=p), lambda d=data: d)
        yield from run_bomb(f"path in Parameters {name}", lambda p=path: _parameter(p), lambda d=data: d)
    for name, text in _FUNCTIONS.items():
        yield from run_bomb(f"intrinsic with data {name}", lambda f=text: _parameter(f), lambda: _MIXED)
    yield from run_bomb("a value repeated", lambda: _repeated(2_000), lambda: {"b": "x" * 200_000})
    yield from run_bomb("a value doubled by variables", lambda: _doubling(60), lambda: [1], **jsonata)
    yield from run_bomb("stars", lambda: _stars(), lambda: _LETTERS)
