"""Bombs in `serverless.json` files of the Serverless Framework that hold state machines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from tests.attack.bombs.bomb import Bomb, as_text, file_bomb, nested


def _serverless(**root: Any) -> Any:
    machines = {
        "m": {
            "definition": {"StartAt": "A", "States": {"A": {"Type": "Pass", "Result": "${self:custom.a}", "End": True}}}
        }
    }
    return {"service": "s", "provider": {"name": "aws"}, "stepFunctions": {"stateMachines": machines}, **root}


_SERVERLESS: dict[str, Callable[[], Any]] = {
    "variables that double": lambda: _serverless(
        custom={"a": "${self:custom.a0}"}
        | {f"a{n}": f"${{self:custom.a{n + 1}}}${{self:custom.a{n + 1}}}" for n in range(50)}
        | {"a50": "x"}
    ),
    "variables that double values": lambda: _serverless(
        custom={"a": "${self:custom.a0}"}
        | {f"a{n}": [f"${{self:custom.a{n + 1}}}", f"${{self:custom.a{n + 1}}}"] for n in range(50)}
        | {"a50": "x"}
    ),
    "a variable of itself": lambda: _serverless(custom={"a": "${self:custom.a}"}),
    "all of the file": lambda: _serverless(custom={"a": "${self:}"}),
    "variables in variables": lambda: _serverless(custom={"a": "${self:" * 2_000 + "}" * 2_000}),
    "variables not closed": lambda: _serverless(custom={"a": "${self:" * 20_000}),
    "literals": lambda: _serverless(custom={"a": "${AWS::Region}" * 20_000}),
    "literals in one another": lambda: _serverless(custom={"a": "${A" * 1_500 + "}" * 1_500}),
    "null bytes": lambda: _serverless(custom={"a": "\x000\x00${AWS::Region}"}),
    "commas": lambda: _serverless(custom={"a": "${self:custom.b" + ", self:custom.b" * 20_000 + "}"}),
    "quotes": lambda: _serverless(custom={"a": "${self:custom.b, '" + "x'" * 10_001 + "}"}),
    "a default that is deep": lambda: _serverless(custom={"a": "${opt:b, " + nested(5_000) + "}"}),
    "a default of digits": lambda: _serverless(custom={"a": "${opt:b, " + "9" * 5_000 + "}"}),
    "an address of digits": lambda: _serverless(custom={"a": "${self:custom.b." + "9" * 5_000 + "}", "b": [1]}),
    "an address of other digits": lambda: _serverless(custom={"a": "${self:custom.b.\u00b2}", "b": [1]}),
    "a file outside": lambda: _serverless(custom={"a": "${file(../../../../etc/passwd)}"}),
    "a file that is the folder": lambda: _serverless(custom={"a": "${file(.)}"}),
    "a file with a null byte": lambda: _serverless(custom={"a": "${file(a\x00b)}"}),
    "the file itself": lambda: _serverless(custom={"a": "${file(serverless.json)}"}),
    "the file itself, by value": lambda: _serverless(custom={"a": "${file(serverless.json):custom.a}"}),
    "machines of all types": lambda: _serverless(stepFunctions={"stateMachines": [None, 1, {"m": []}]}),
    "events of all types": lambda: _serverless(
        stepFunctions={
            "stateMachines": {
                "m": {"definition": {}, "events": [1, {"schedule": [[]]}, {"schedule": {"rate": {}}}, {1: 2}]}
            }
        }
    ),
    "a stage of itself": lambda: _serverless(
        provider={"stage": "${self:provider.stage}"}, custom={"a": "${sls:stage}"}
    ),
}


def bombs() -> Iterator[Bomb]:
    """Yield the bombs."""
    file = "serverless.json"
    for name, make in _SERVERLESS.items():
        yield from file_bomb(f"{file} with {name}", file, lambda m=make: {file: as_text(m())})
