"""Bombs for what follows data, constants and errors from state to state: a small text with much to analyse."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

from tests.attack.bombs.bomb import CASES, WORKFLOW, Bomb, definition_bomb, machine, only

END = {"Type": "Pass", "End": True}


def _copies() -> Any:
    """Return a machine whose states copy their whole input 190 times each."""
    copies = {f"p{n}.$": "$" for n in range(190)}
    states = {f"S{n}": {"Type": "Pass", "Parameters": copies, "Next": f"S{n + 1}"} for n in range(8)}
    return machine(states | {"S8": END})


def _presence() -> Any:
    """Return a loop of two Choices whose rules find members present, thousands of them."""

    def rules(count: int, target: str) -> Any:
        return [{"Variable": f"$.x{n % 20}.y{n % 150}", "IsPresent": True, "Next": target} for n in range(count)]

    return machine(
        {
            "A": {
                "Type": "Pass",
                "Result": {f"x{n}": dict.fromkeys(map("y{}".format, range(150)), 1) for n in range(20)},
                "Next": "B",
            },
            "B": {"Type": "Choice", "Choices": rules(5_000, "C"), "Default": "C"},
            "C": {"Type": "Choice", "Choices": rules(3_000, "B"), "Default": "D"},
            "D": END,
        }
    )


def _equal_shapes() -> Any:
    """Return a machine whose ways part and meet 1,200 times, with a large value on each."""
    value = {f"p{n}": {f"q{m}": {"r": 1} for m in range(40)} for n in range(40)}
    copy = {"Type": "Pass", "Parameters": {"p.$": "$.p", "x.$": "$.x"}}
    states: Any = {
        "A": {"Type": "Choice", "Choices": [{"Variable": "$.a", "IsNull": True, "Next": "B"}], "Default": "C"},
        "B": {"Type": "Pass", "Result": value, "Next": "M0"},
        "C": {"Type": "Pass", "Result": value, "Next": "M0"},
    }
    for n in range(1_200):
        rule = {"Variable": "$.a", "IsNull": True, "Next": f"L{n}"}
        states[f"M{n}"] = {"Type": "Choice", "Choices": [rule], "Default": f"R{n}"}
        states[f"L{n}"] = states[f"R{n}"] = {**copy, "Next": f"M{n + 1}"}
    return machine(states | {"M1200": END})


def _catches(count: int) -> Any:
    """Return a machine of Tasks in a row whose catchers all lead to its last state."""
    call = {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f"}
    catch = [{"ErrorEquals": ["E"], "Next": "End"}]
    states = {f"S{n}": {**call, "Catch": catch, "Next": f"S{n + 1}"} for n in range(count)}
    return machine(states | {f"S{count}": {"Type": "Pass", "Next": "End"}, "End": END})


def _fan(count: int) -> Any:
    rules = [{"Variable": "$.a", "NumericEquals": n, "Next": f"S{n}"} for n in range(count)]
    choice = {"Type": "Choice", "Choices": rules, "Default": "S0"}
    return machine({"A": choice} | {f"S{n}": {"Type": "Pass", "Result": n, "End": True} for n in range(count)})


def _headers(name: Callable[[int], str]) -> Any:
    config = {"InputType": "CSV", "CSVHeaderLocation": "GIVEN", "CSVHeaders": [name(n) for n in range(80_000)]}
    reader = {"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": config}
    processor = machine({"X": END}, ProcessorConfig={"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"})
    reader["Parameters"] = {"Bucket": "b", "Key": "k"}
    return machine({"A": {"Type": "Map", "ItemReader": reader, "ItemProcessor": processor, "End": True}})


def _constants(expression: Callable[[int], str]) -> Any:
    return machine(only(Output={f"p{n}": f"{{% {expression(n)} %}}" for n in range(300)}), QueryLanguage="JSONata")


_MACHINES: dict[str, Callable[[], Any]] = {
    "input that is copied again and again": _copies,
    "rules that find members present": _presence,
    "ways that part and meet with a large value": _equal_shapes,
    "catchers to one state": lambda: _catches(1_500),
    "a Choice to states of their own": lambda: _fan(2_500),
    "CSV headers": lambda: _headers("h{}".format),
    "CSV headers that repeat": lambda: _headers(lambda n: f"h{n // 2}"),
    "constants that loop": lambda: _constants(lambda n: f"($f := function($n){{$n >= {n} ? $f($n + 1) : 0}}; $f({n}))"),
    "constants that match": lambda: _constants(lambda n: f"$match('{'a' * 2_000}{n}', /(a|a)*(a|a)*b$/)"),
    "constants of ranges": lambda: _constants(lambda n: f"$count([1..{800_000 + n}])"),
    "constants of padding": lambda: _constants(lambda n: f"$length($pad('x', {6_000_000 + n}))"),
}


def bombs() -> Iterator[Bomb]:
    """Yield the bombs."""
    found = (definition_bomb(name, make, WORKFLOW, CASES) for name, make in _MACHINES.items())
    yield from chain.from_iterable(found)
