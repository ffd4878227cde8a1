"""Bombs in the text of definitions: blank lines, depth, long names, aliases, placeholders, paths, expressions."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

from tests.attack.bombs.bomb import SIMULATE, Bomb, definition_bomb, machine, nested, only, run_bomb

END = {"Type": "Pass", "End": True}
_PASS = '{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true, %s}}}'
_TEXTS: dict[str, Any] = {
    "blank lines": lambda: "\n" * 40_000,
    "blank lines before": lambda: "\n" * 400_000 + '{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}',
    "a megabyte of blanks inside": lambda: (
        '{"StartAt": "A",' + " " * 1_000_000 + '"States": {"A": {"Type": "Succeed"}}}'
    ),
    "slashes": lambda: "/" * 100_000,
    "comments not closed": lambda: "/*" * 50_000,
    "comments after a brace": lambda: "{" + "/*" * 50_000,
    "quotes not closed": lambda: '{"' + '\\"' * 100_000,
    "quotes": lambda: '{"a' * 50_000,
    "lone quote after blanks": lambda: "{" + " " * 50_000 + '"',
    "commas": lambda: '{"a": [' + ",\n" * 50_000 + "]}",
    "commas before blanks": lambda: '{"a": [1' + (", " + " " * 200) * 2_000 + "]}",
    "openings of placeholders": lambda: _PASS % ('"Comment": "' + "${" * 100_000 + '"'),
    "openings of placeholders outside": lambda: _PASS % ('"Comment": ' + "${" * 50_000),
    "placeholders": lambda: _PASS % ('"Comment": "' + "".join(f"${{v{n}}}" for n in range(50_000)) + '"'),
    "placeholders outside": lambda: _PASS % ('"Seconds": ' + "".join(f"${{v{n}}}" for n in range(20_000))),
    "brackets": lambda: nested(100_000),
    "brackets not closed": lambda: "[" * 500_000,
    "braces not closed": lambda: '{"a":' * 100_000,
    "depth 900": lambda: _PASS % ('"Result": ' + nested(900)),
    "depth 900 of objects": lambda: _PASS % ('"Result": ' + nested(900, '{"a":', "}")),
    "depth 120": lambda: _PASS % ('"Result": ' + nested(120)),
    "digits": lambda: _PASS % ('"Result": ' + "9" * 5_000),
    "digits within": lambda: _PASS % ('"Result": ' + "9" * 4_000),
    "1e999": lambda: _PASS % '"Result": 1e999',
    "many digits of a float": lambda: _PASS % ('"Result": 0.' + "9" * 200_000),
    "NaN": lambda: _PASS % '"Result": NaN',
    "surrogate": lambda: _PASS % '"Result": "\\ud800", "Comment": "\\udfff"',
    "surrogate name": lambda: '{"StartAt": "\\ud800", "States": {"\\ud800": {"Type": "Succeed"}}}',
    "surrogate in a field": lambda: _PASS % '"\\ud800": 1',
    "control characters": lambda: _PASS % '"\\u001b[31m\\u0007x\\u202e": 1, "\\r\\n::error::x": 2',
    "control characters in names": lambda: (
        '{"StartAt": "\\u001b[2J", "States": {"\\u001b[2J": {"Type": "Pas\\u001bs", "Next": "\\u0000\\u202e"}}}'
    ),
    "a long name": lambda: _PASS % ('"' + "x" * 500_000 + '": 1'),
    "a long value of an enumeration": lambda: _PASS % ('"QueryLanguage": "' + "x" * 500_000 + '"'),
    "many unknown fields": lambda: _PASS % ",".join(f'"Resul{n}": 1' for n in range(20_000)),
    "a field many times": lambda: _PASS % ",".join('"Result": 1' for n in range(50_000)),
    "yaml brackets": lambda: "a: " + "[" * 100_000,
    "yaml braces": lambda: "a: " + "{" * 50_000,
    "yaml depth by lines": lambda: "\n".join(" " * n + "a:" for n in range(1_500)),
    "yaml depth by dashes": lambda: "- " * 20_000,
    "yaml question marks": lambda: "? " * 20_000,
    "yaml aliases": lambda: _yaml_laughs("a", 9, 30),
    "yaml aliases of texts": lambda: f"a: &a {'x' * 100_000}\nb: [" + "*a, " * 2_000 + "]",
    "yaml anchors": lambda: "a: [" + ", ".join(f"&a{n} 1" for n in range(50_000)) + "]",
    "yaml alias of itself": lambda: "a: &a [*a]",
    "yaml merge keys": lambda: "a: &a {x: 1}\n<<: [" + "*a, " * 1_000 + "]",
    "yaml tags": lambda: "a: !!python/object/apply:os.system ['true']",
    "yaml surrogates": lambda: 'StartAt: "\\ud800"\nStates: {"\\ud800": {Type: Succeed}}',
    "yaml long number": lambda: "a: " + "9" * 100_000,
    "yaml long hexadecimal": lambda: "a: 0x" + "f" * 100_000,
    "yaml long float": lambda: "a: " + "9" * 100_000 + "e5",
    "yaml directives": lambda: "%YAML 1.2\n" * 20_000,
    "yaml documents": lambda: "---\n" * 100_000,
    "yaml comments": lambda: "# x\n" * 100_000 + "StartAt: A\n",
    "yaml folded": lambda: "Comment: >\n" + "  x\n\n" * 50_000 + "StartAt: A\n",
    "yaml blank lines": lambda: "Comment: x" + "\n" * 500_000,
    "yaml null bytes": lambda: "Comment: \x00\x00",
    "two megabytes": lambda: '{"Comment": "' + "x" * 2_000_000 + '"}',
    "twenty megabytes": lambda: '{"Comment": "' + "x" * 20_000_000 + '"}',
    "twenty megabytes of lists": lambda: '{"Comment": [' + "[]," * 7_000_000 + "[]]}",
    "twenty megabytes of yaml": lambda: "a:\n" + "- [x, y]\n" * 2_000_000,
    "only a byte order mark": lambda: "\ufeff",
    "null bytes": lambda: "\x00" * 100_000,
}


def _yaml_laughs(first: str, levels: int, width: int) -> str:
    lines = [f"{first}0: &{first}0 x"]
    lines += [f"{first}{n}: &{first}{n} [{', '.join([f'*{first}{n - 1}'] * width)}]" for n in range(1, levels)]
    return "\n".join(lines) + "\n"


def _choice(**rule: Any) -> Any:
    return machine({"A": {"Type": "Choice", "Choices": [rule | {"Next": "B"}]}, "B": {"Type": "Succeed"}})


def _rules(depth: int) -> Any:
    rule: Any = {"Variable": "$.a", "IsNull": True}
    for _ in range(depth):
        rule = {"Not": rule}
    return _choice(**rule)


def _path(text: str) -> Any:
    return machine(only(InputPath=text))


def _parameter(text: str) -> Any:
    return machine(only(Parameters={"a.$": text}))


def _expression(text: str) -> Any:
    return machine(only(Output=f"{{% {text} %}}"), QueryLanguage="JSONata")


_OBJECTS: dict[str, Any] = {
    "filters of exclamation marks": lambda: _path("$[?(" + "!" * 485 + "@.a)]"),
    "filters of parentheses": lambda: _path("$[?" + "(" * 5_000 + "@.a" + ")" * 5_000 + "]"),
    "filters of &&": lambda: _path("$[?(" + " && ".join(["@.a == 1"] * 5_000) + ")]"),
    "a filter in a filter": lambda: _path("$[?(@" * 1_000 + ")]" * 1_000),
    "path of brackets": lambda: _path("$" + "[" * 100_000),
    "path of dots": lambda: _path("$" + "." * 100_000),
    "path of steps": lambda: _path("$" + ".a" * 50_000),
    "path of quotes": lambda: _path("$['" + "\\'" * 50_000),
    "path of descents": lambda: _path("$" + "..*" * 5_000),
    "path of unions": lambda: _path("$[" + ",".join(f"'{n}'" for n in range(50_000)) + "]"),
    "path of a long index": lambda: _path("$[" + "9" * 5_000 + "]"),
    "path of a regular expression": lambda: _path("$[?(@.a =~ /a{99999999999}/)]"),
    "path of nested repeats": lambda: _path("$[?(@.a =~ /(a+)+(b+)+$/)]"),
    "path with a placeholder": lambda: _path("${x}"),
    "path with a placeholder inside": lambda: _path("$.a[${x}]"),
    "context path": lambda: _path("$$" * 50_000),
    "variable path": lambda: _path("$" + "x" * 100_000),
    "ResultPath 1,100 deep": lambda: machine(only(ResultPath="$" + ".a" * 1_100)),
    "ResultPath of a large index": lambda: machine(only(ResultPath="$.a[99999999999]")),
    "intrinsics nested": lambda: _parameter("States.Array(" * 5_000 + ")" * 5_000),
    "intrinsics of commas": lambda: _parameter("States.Array(" + "," * 50_000 + ")"),
    "intrinsics of many arguments": lambda: _parameter("States.Array(" + ",".join("1" for _ in range(50_000)) + ")"),
    "intrinsics of escapes": lambda: _parameter("States.Format('" + "\\" * 50_001 + "')"),
    "intrinsics of braces": lambda: _parameter("States.Format('" + "{}" * 50_000 + "')"),
    "intrinsic range": lambda: _parameter("States.ArrayRange(1, 99999999999, 1)"),
    "intrinsic with a placeholder": lambda: _parameter("States.Format('{}', ${x})"),
    "expression of parentheses": lambda: _expression("(" * 20_000 + "1" + ")" * 20_000),
    "expression of minus": lambda: _expression("-" * 50_000 + "1"),
    "expression of brackets": lambda: _expression("[" * 20_000 + "]" * 20_000),
    "expression of plus": lambda: _expression("+".join(["1"] * 50_000)),
    "expression of &": lambda: _expression("&".join(["'x'"] * 50_000)),
    "expression of steps": lambda: _expression("a" + ".a" * 50_000),
    "expression of quotes": lambda: _expression("'" * 50_001),
    "expression of backquotes": lambda: _expression("`" * 50_001),
    "expression of comments": lambda: _expression("/*" * 50_000),
    "expression of functions": lambda: _expression("function($x){" * 5_000 + "1" + "}" * 5_000),
    "expression of conditions": lambda: _expression("true ? " * 5_000 + "1" + " : 2" * 5_000),
    "expression of a repeat": lambda: _expression("$match('a', /a{99999999999}/)"),
    "expression of nested repeats": lambda: _expression("$match('" + "a" * 40 + "', /(a+)+b/)"),
    "expression of a range": lambda: _expression("[1..99999999999]"),
    "expression of ranges": lambda: _expression("$count([1..9999999])"),
    "expression of padding": lambda: _expression("$pad('x', 999999999)"),
    "expression of padding with a filler": lambda: _expression("$pad('x', 9999999, '" + "y" * 1_000 + "')"),
    "expression of a power": lambda: _expression("$power(9, 9999999)"),
    "expression of powers": lambda: _expression("9" * 400 + "*" + "9" * 400),
    "expression that calls itself": lambda: _expression("($f := function($n){$f($n + 1)}; $f(0))"),
    "expression without end": lambda: _expression("($f := function($n){$n > 0 ? $f($n + 1) : 0}; $f(1))"),
    "expression that doubles": lambda: _expression(
        "($f := function($x, $n){$n = 0 ? $x : $f($x & $x, $n - 1)}; $f('x', 40))"
    ),
    "expression that doubles values": lambda: _expression(
        "($a := [1,1]; " + "".join("$a := [[$a],[$a]]; " for _ in range(40)) + "$a)"
    ),
    "expression with a placeholder": lambda: _expression("${x} + 1"),
    "expression of a picture": lambda: _expression("$formatNumber(1, '" + "#" * 50_000 + "')"),
    "expression of a time": lambda: _expression("$fromMillis(1e300)"),
    "expression of a time picture": lambda: _expression("$fromMillis(0, '" + "[Y]" * 20_000 + "')"),
    "expression of a base": lambda: _expression("$formatBase(1e300, 2)"),
    "expression of a split": lambda: _expression("$split('" + "a" * 100_000 + "', '')"),
    "expression of a replacement": lambda: _expression("$replace('" + "a" * 10_000 + "', 'a', '" + "b" * 10_000 + "')"),
    "expression of surrogates": lambda: _expression("'\ud800'"),
    "expression of orders": lambda: _expression("[1..100]^(" + ",".join(["$"] * 5_000) + ")"),
    "expression of arguments": lambda: _expression("$f(" + ",".join(["?"] * 20_000) + ")"),
    "rules within rules": lambda: _rules(120),
    "rules within rules, deeper": lambda: _rules(20_000 // 20),
    "rules": lambda: machine(
        {
            "A": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.a", "NumericEquals": n, "Next": "B"} for n in range(8_000)],
            },
            "B": {"Type": "Succeed"},
        }
    ),
    "patterns of six stars": lambda: _choice(Variable="$.a", StringMatches="*a" * 6 + "b"),
    "patterns of stars": lambda: _choice(Variable="$.a", StringMatches="*" * 100_000),
    "timestamps": lambda: _choice(Variable="$.a", TimestampEquals="9" * 100_000),
    "thousands of states": lambda: machine(
        {f"S{n}": {"Type": "Pass", "Next": f"S{n + 1}"} for n in range(3_000)} | {"S3000": END}
    ),
    "states that nobody reaches": lambda: machine({"A": END} | {f"S{n}": END for n in range(5_000)}),
    "names that are alike": lambda: machine(
        {f"S{'x' * 70}{n}": {"Type": "Pass", "Next": f"S{'x' * 70}{n}y"} for n in range(1_500)}
    ),
    "a wrong Next from each state": lambda: machine(
        {f"State{n}": {"Type": "Pass", "Next": f"Stat{n}"} for n in range(3_000)}
    ),
    "a Choice to all, from all": lambda: _mesh(60),
    "loops within loops": lambda: _mesh(25),
    "retriers": lambda: machine(
        {"A": {**_task(), "Retry": [{"ErrorEquals": [f"E{n}"], "MaxAttempts": 99_999_999} for n in range(5_000)]}}
    ),
    "a retrier of a large backoff": lambda: machine(
        {"A": {**_task(), "Retry": [{"ErrorEquals": ["E"], "BackoffRate": 1e308, "IntervalSeconds": 99_999_999}]}}
    ),
    "catchers": lambda: machine(
        {"A": {**_task(), "Catch": [{"ErrorEquals": [f"E{n}"], "Next": "B"} for n in range(5_000)]}, "B": END}
    ),
    "branches": lambda: machine(
        {"A": {"Type": "Parallel", "End": True, "Branches": [machine({"X": END}) for _ in range(2_000)]}}
    ),
    "branches in branches": lambda: _parallel(24),
    "branches without StartAt": lambda: machine({"A": {"Type": "Parallel", "End": True, "Branches": [{}] * 2_000}}),
    "maps in maps": lambda: _maps(24),
    "Items 5": lambda: machine(
        {"A": {"Type": "Map", "Items": 5, "ItemProcessor": machine({"X": {"Type": "Succeed"}}), "End": True}},
        QueryLanguage="JSONata",
    ),
    "a wrong type in each field": lambda: machine({"A": {**{name: [] for name in _FIELDS}, "Type": "Task"}}),
    "null in each field": lambda: machine({"A": {**dict.fromkeys(_FIELDS), "Type": "Task"}}),
    "a resource of colons": lambda: machine({"A": {"Type": "Task", "Resource": ":" * 100_000, "End": True}}),
    "a resource that is long": lambda: machine(
        {"A": {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:" + "x" * 100_000 + ":y", "End": True}}
    ),
    "seconds without end": lambda: machine({"A": {"Type": "Wait", "Seconds": 10**300, "End": True}}),
    "a time out of the calendar": lambda: machine(
        {"A": {"Type": "Wait", "Timestamp": "99999-01-01T00:00:00Z", "End": True}}
    ),
    "fields of calls": lambda: machine(
        {
            "A": {
                "Type": "Task",
                "Resource": "arn:aws:states:::aws-sdk:dynamodb:putItem",
                "Parameters": {f"TableNam{n}": 1 for n in range(20_000)},
                "End": True,
            }
        }
    ),
}

_FIELDS = [
    "Resource",
    "Parameters",
    "Arguments",
    "ResultSelector",
    "ResultPath",
    "InputPath",
    "OutputPath",
    "Output",
    "Assign",
    "Retry",
    "Catch",
    "Next",
    "End",
    "Credentials",
    "TimeoutSeconds",
    "TimeoutSecondsPath",
    "HeartbeatSeconds",
    "Comment",
    "QueryLanguage",
    "Branches",
    "Choices",
    "Default",
    "Seconds",
    "Items",
    "ItemsPath",
    "ItemProcessor",
    "ItemReader",
    "ItemBatcher",
    "ResultWriter",
    "MaxConcurrency",
    "ToleratedFailurePercentage",
    "Cause",
    "Error",
]


def _task() -> Any:
    return {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f", "End": True}


def _mesh(count: int) -> Any:
    names = [f"C{n}" for n in range(count)]
    return machine(
        {
            name: {
                "Type": "Choice",
                "Default": names[0],
                "Choices": [{"Variable": "$.a", "StringEquals": other, "Next": other} for other in names],
            }
            for name in names
        }
    )


def _parallel(depth: int) -> Any:
    found = machine({"X": END})
    for _ in range(depth):
        found = machine({"P": {"Type": "Parallel", "Branches": [found], "End": True}})
    return found


def _maps(depth: int) -> Any:
    found = machine({"X": END})
    for _ in range(depth):
        found = machine({"M": {"Type": "Map", "ItemProcessor": found, "End": True}})
    return found


def _data_bombs() -> Iterator[Bomb]:
    texts = {"a": "a" * 200_000}
    items = {"a": list(range(40_000))}
    jsonata = {"QueryLanguage": "JSONata"}
    expressions = {
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
    for name, expression in expressions.items():
        yield from run_bomb(
            f"JSONata {name}", lambda e=expression: only(Output=f"{{% {e} %}}"), lambda: items, **jsonata
        )
    matching = {
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
    for name, expression in matching.items():
        yield from run_bomb(f"text {name}", lambda e=expression: only(Output=f"{{% {e} %}}"), lambda: texts, **jsonata)
    paths = {
        "six descents": ("$" + "..*" * 6, {"a": {"b": {"c": [1, [2, [3, {"d": [4, 5]}]]]}}}),
        "descents in width": ("$..*..*", {"a": [[n] * 10 for n in range(2_000)]}),
        "filter with a filter": ("$.a[?(@ in $.a)]", items),
        "huge slice": ("$.a[-99999999999:99999999999]", items),
        "huge step": ("$.a[0:9999999999999:1]", items),
        "regular expression": ("$.b[?(@.x =~ /(a+)+b/)]", {"b": [{"x": "a" * 5_000}] * 10}),
        "union": ("$.a[" + ",".join(map(str, range(5_000))) + "]", items),
    }
    for name, (path, data) in paths.items():
        yield from run_bomb(f"path {name}", lambda p=path: only(InputPath=p), lambda d=data: d)
        yield from run_bomb(f"path in Parameters {name}", lambda p=path: only(Parameters={"x.$": p}), lambda d=data: d)
    functions = {
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
    data = {"a": list(range(20_000)), "b": "a" * 100_000, "c": nested(5_000)}
    for name, function in functions.items():
        yield from run_bomb(f"intrinsic with data {name}", lambda f=function: only(Parameters={"x.$": f}), lambda: data)
    yield from run_bomb(
        "a value repeated",
        lambda: only(Parameters={f"p{n}.$": "$" for n in range(2_000)}),
        lambda: {"b": "x" * 200_000},
    )
    yield from run_bomb("a value doubled by variables", lambda: _doubling(60), lambda: [1], **jsonata)
    yield from run_bomb("stars", lambda: _stars(), lambda: {"a": "a" * 200_000})


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
    texts = (definition_bomb(name, make) for name, make in _TEXTS.items())
    objects = (definition_bomb(name, make, SIMULATE) for name, make in _OBJECTS.items())
    yield from chain(chain.from_iterable(texts), chain.from_iterable(objects), _data_bombs())
