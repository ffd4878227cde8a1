"""Bombs in definitions that are JSON: paths, expressions, rules, and many states of each kind."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

from tests.attack.bombs.bomb import SIMULATE, Bomb, definition_bomb, machine, only

END = {"Type": "Pass", "End": True}


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


def bombs() -> Iterator[Bomb]:
    """Yield the bombs."""
    return chain.from_iterable(definition_bomb(name, make, SIMULATE) for name, make in _OBJECTS.items())
