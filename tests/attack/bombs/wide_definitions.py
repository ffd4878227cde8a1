"""Bombs of definitions, that have one thing thousands of times."""

from __future__ import annotations

import string
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

from tests.attack.bombs.bomb import CASES, SIMULATE, Bomb, definition_bomb, machine, only

END = {"Type": "Pass", "End": True}
_PUT = "arn:aws:states:::dynamodb:putItem"
_ALPHABET = "".join(chr(0x4E00 + n) for n in range(300))
"""Characters, each of which is rare in a text of them: what difflib leaves out as frequent is none of them."""


def _task(**fields: Any) -> Any:
    return {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f", "End": True} | fields


def _chain(count: int, state: Callable[[int], Any]) -> Any:
    """Return a machine of states in a row, and then an end."""
    states = {f"S{n}": state(n) | {"Next": f"S{n + 1}"} for n in range(count)}
    return machine(states | {f"S{count}": END})


def _variables(count: int, read: str) -> Any:
    """Return a machine that assigns variables and reads others that are called nearly so."""
    assigned = {f"customer{n}": n for n in range(count)}
    used = {f"p{n}.$": f"$custmer{n}{read}" for n in range(count)}
    return machine({"A": {"Type": "Pass", "Assign": assigned, "Next": "B"}, "B": {**END, "Parameters": used}})


def _long_variables() -> Any:
    name = _ALPHABET * 700
    states = {"A": {"Type": "Pass", "Assign": {name + "x": 1}, "Next": "B"}, "B": {**END, "InputPath": f"${name}"}}
    return machine(states)


def _members(count: int) -> Any:
    """Return a machine of which each state reads a member that is called nearly as one that is there."""
    states: Any = {"A": {"Type": "Pass", "Result": {f"customer{n}": n for n in range(count)}, "Next": "S0"}}
    reads = {"Type": "Pass", "ResultPath": None}
    states |= {f"S{n}": {**reads, "InputPath": f"$.custmer{n}", "Next": f"S{n + 1}"} for n in range(count)}
    return machine(states | {f"S{count}": END})


def _expressions(count: int) -> Any:
    assigned = {f"customer{n}": n for n in range(count)}
    used = {f"p{n}": f"{{% $custmer{n} %}}" for n in range(count)}
    states = {"A": {"Type": "Pass", "Assign": assigned, "Next": "B"}, "B": {**END, "Output": used}}
    return machine(states, QueryLanguage="JSONata")


_MACHINES: dict[str, Callable[[], Any]] = {
    "fields of a call that it does not have": lambda: machine(
        only(Type="Task", Resource=_PUT, Parameters={f"TableNam{n}": n for n in range(20_000)})
    ),
    "fields of a call that it does not have, by paths": lambda: machine(
        only(Type="Task", Resource=_PUT, Parameters={f"TableNam{n}.$": "$.a" for n in range(15_000)})
    ),
    "fields inside a call that it does not have": lambda: machine(
        only(
            Type="Task",
            Resource="arn:aws:states:::ecs:runTask",
            Parameters={
                "TaskDefinition": "t",
                "Overrides": {"ContainerOverrides": [{f"Nam{n}": n} for n in range(15_000)]},
            },
        )
    ),
    "types of a call that are wrong": lambda: machine(
        only(
            Type="Task",
            Resource="arn:aws:states:::ecs:runTask",
            Parameters={"TaskDefinition": "t", "Overrides": {"ContainerOverrides": [{"Name": 1}] * 30_000}},
        )
    ),
    "calls of actions that do not exist": lambda: _chain(
        3_500, lambda n: {"Type": "Task", "Resource": f"arn:aws:states:::aws-sdk:ec2:describeInstance{n}"}
    ),
    "calls of services that do not exist": lambda: _chain(
        3_500, lambda n: {"Type": "Task", "Resource": f"arn:aws:states:::aws-sdk:dynamod{n}:getItem"}
    ),
    "optimized actions that do not exist": lambda: _chain(
        3_500, lambda n: {"Type": "Task", "Resource": f"arn:aws:states:::dynamod{n}:getItem"}
    ),
    "variables that are not assigned": lambda: _variables(6_000, ""),
    "variables that are not assigned, in expressions": lambda: _expressions(6_000),
    "variables with long names": _long_variables,
    "members that are not there": lambda: _members(4_000),
    "errors that are none": lambda: machine(
        {"A": _task(Retry=[{"ErrorEquals": [f"States.Timeou{n}"]} for n in range(10_000)])}
    ),
    "errors that are none, in one retrier": lambda: machine(
        {"A": _task(Retry=[{"ErrorEquals": [f"States.Timeou{n}" for n in range(20_000)]}])}
    ),
    "retriers of wrong types": lambda: machine({"A": _task(Retry=[{"ErrorEquals": 1}] * 20_000)}),
    "retriers of nothing": lambda: machine({"A": _task(Retry=[{}] * 75_000)}),
    "retriers that are numbers": lambda: machine({"A": _task(Retry=[1] * 150_000)}),
    "rules of nothing": lambda: machine({"A": {"Type": "Choice", "Choices": [{}] * 75_000}}),
    "rules with unknown fields": lambda: machine(
        {"A": {"Type": "Choice", "Choices": [{"StringEqual": 1, "Next": "B"}] * 12_500}, "B": {"Type": "Succeed"}}
    ),
    "states of nothing": lambda: machine({f"S{n}": {} for n in range(30_000)}),
    "states of unknown types": lambda: machine({f"S{n}": {"Type": f"Tas{n}"} for n in range(15_000)}),
    "states that are numbers": lambda: machine({f"S{n}": 1 for n in range(40_000)}),
    "branches that are numbers": lambda: machine({"A": {"Type": "Parallel", "Branches": [1] * 150_000, "End": True}}),
    "functions that do not exist": lambda: machine(
        only(Parameters={f"p{n}.$": f"States.Formatt({n})" for n in range(10_000)})
    ),
    "paths that are none": lambda: machine(only(Parameters={f"p{n}.$": "$.a[" for n in range(20_000)})),
    "expressions that are none": lambda: machine(
        only(Output={f"p{n}": f"{{% ({n} %}}" for n in range(15_000)}), QueryLanguage="JSONata"
    ),
    "expressions of one variable": lambda: machine(
        {"A": {"Type": "Pass", "Assign": {"v": 1}, "Next": "B"}, "B": END | {"Output": ["{% $v %}"] * 50_000}},
        QueryLanguage="JSONata",
    ),
    "expressions of one variable and a number": lambda: machine(
        {
            "A": {"Type": "Pass", "Assign": {"v": 1}, "Next": "B"},
            "B": END | {"Output": [f"{{% $v + {n} %}}" for n in range(12_500)]},
        },
        QueryLanguage="JSONata",
    ),
    "expressions of functions that do not exist": lambda: machine(
        only(Output={f"p{n}": f"{{% $coun{n}(1) %}}" for n in range(12_500)}), QueryLanguage="JSONata"
    ),
    "expressions that fail": lambda: machine(
        only(Output={f"p{n}": f"{{% $error('{n}') %}}" for n in range(12_500)}), QueryLanguage="JSONata"
    ),
    "text with the other language's signs": lambda: machine(
        only(Output={f"p{n}": "$.a" for n in range(20_000)}), QueryLanguage="JSONata"
    ),
    "fields of a ResultWriter that it does not have": lambda: machine(
        {
            "A": {
                "Type": "Map",
                "End": True,
                "ItemProcessor": machine(
                    {"X": END}, ProcessorConfig={"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"}
                ),
                "ResultWriter": {
                    "Resource": "arn:aws:states:::s3:putObject",
                    "Parameters": {f"Bucke{n}": n for n in range(20_000)},
                },
            }
        }
    ),
    "a wrong Next from each rule": lambda: machine(
        {
            "A": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.a", "IsNull": True, "Next": f"Stat{n}"} for n in range(6_000)],
            }
        }
        | {f"State{n}": END for n in range(2_500)}
    ),
    "names in two groups": lambda: machine(
        {
            "A": {
                "Type": "Parallel",
                "End": True,
                "Branches": [
                    machine({f"S{n}": END for n in range(4_500)}),
                    machine({f"S{n}": END for n in range(4_500)}),
                ],
            }
        }
    ),
    "states in a row that read one another": lambda: _chain(
        3_000, lambda n: {"Type": "Pass", "InputPath": f"$.r{n}", "ResultPath": f"$.r{n + 1}"}
    ),
    "task tokens that nobody passes on": lambda: _chain(
        2_500, lambda n: {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken"}
    ),
    "ways that part and meet": lambda: _diamonds(1_500),
    "ways back": lambda: _ways_back(1_500),
    "placeholders of letters": lambda: machine(
        only(Parameters={f"p{n}": "${" + string.ascii_letters + str(n) + "}" for n in range(6_000)})
    ),
}


def _diamonds(count: int) -> Any:
    states: Any = {}
    for n in range(count):
        states[f"C{n}"] = {
            "Type": "Choice",
            "Choices": [{"Variable": "$.a", "IsNull": True, "Next": f"L{n}"}],
            "Default": f"R{n}",
        }
        states[f"L{n}"] = {"Type": "Pass", "Result": n, "ResultPath": f"$.l{n}", "Next": f"C{n + 1}"}
        states[f"R{n}"] = {"Type": "Pass", "Result": n, "ResultPath": f"$.r{n}", "Next": f"C{n + 1}"}
    return machine(states | {f"C{count}": END})


def _ways_back(count: int) -> Any:
    """Return a machine of Choices each of which goes on or back to the first."""
    states: Any = {
        f"C{n}": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.a", "IsNull": True, "Next": "C0"}],
            "Default": f"C{n + 1}",
        }
        for n in range(count)
    }
    return machine(states | {f"C{count}": END})


def bombs() -> Iterator[Bomb]:
    """Yield the bombs."""
    yield from chain.from_iterable(definition_bomb(name, make, SIMULATE, CASES) for name, make in _MACHINES.items())
