"""Bombs of a megabyte of JSONata expressions: many short ones, some long ones, none like another."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

from tests.attack.bombs.bomb import CASES, WORKFLOW, Bomb, definition_bomb, machine, only


def _many(count: int, expression: Callable[[int], str]) -> Any:
    """Return a machine with one state, whose output has many expressions."""
    return machine(only(Output=[f"{{%{expression(n)}%}}" for n in range(count)]), QueryLanguage="JSONata")


def _choices(count: int) -> Any:
    """Return a machine with a Choice of many conditions."""
    rules = [{"Condition": f"{{%$states.input.a={n}%}}", "Next": "B"} for n in range(count)]
    choice = {"Type": "Choice", "Choices": rules, "Default": "B"}
    return machine({"A": choice, "B": {"Type": "Succeed"}}, QueryLanguage="JSONata")


_MACHINES: dict[str, Callable[[], Any]] = {
    "numbers": lambda: _many(78_000, str),
    "variables": lambda: _many(70_000, "$v{}".format),
    "paths into the input": lambda: _many(34_000, "$states.input.a{}".format),
    "paths into the context": lambda: _many(34_000, "$states.context.b{}".format),
    "names without an input": lambda: _many(65_000, "a{}".format),
    "sums": lambda: _many(35, lambda n: f"{n}" + "+1" * 14_000),
    "steps": lambda: _many(35, lambda n: f"$x{n}" + ".a" * 14_000),
    "filters": lambda: _many(24, lambda n: f"$x{n}" + "[1]" * 14_000),
    "quoted names": lambda: _many(25, lambda n: f"$x{n}" + ".`a`" * 10_000),
    "calls": lambda: _many(14_000, lambda n: f"$sum($states.input.items.(price * qty)) > {n} ? 'big' : 'small'"),
    "functions": lambda: _many(40_000, lambda n: f"function($x){{{n}}}"),
    "long arrays": lambda: _many(35, lambda n: f"[{n}" + ",1" * 14_000 + "]"),
    "arrays": lambda: _many(70_000, "[{}]".format),
    "objects": lambda: _many(58_000, lambda n: f"{{'a':{n}}}"),
    "orders": lambda: _many(50_000, "a.b^(>{})".format),
    "escapes": lambda: _many(60_000, "'\\n{}'".format),
    "comments": lambda: _many(65_000, "/**/{}".format),
    "regular expressions": lambda: _many(65_000, "/a{}/".format),
    "long regular expressions": lambda: _many(50, lambda n: f"/{'a' * 20_000}{n}/"),
    "faults": lambda: _many(78_000, "({}".format),
    "one fault": lambda: _many(130_000, lambda _: "("),
    "too many tokens in each": lambda: _many(25, lambda n: f"{n}" + "+" * 40_000),
}


def bombs() -> Iterator[Bomb]:
    """Yield the bombs."""
    found = (definition_bomb(f"a megabyte of {name}", make, WORKFLOW) for name, make in _MACHINES.items())
    conditions = definition_bomb("a megabyte of conditions", lambda: _choices(18_000), WORKFLOW, CASES)
    yield from chain(chain.from_iterable(found), conditions)
