"""Bombs in files of data: inputs, mock files, histories, prices, substitutions, objects of an ItemReader."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from tests.attack.bombs.bomb import Bomb, as_text, machine, nested, only

_TEXTS: dict[str, Callable[[], str | bytes]] = {
    "nothing": lambda: "",
    "depth": lambda: nested(100_000),
    "900 levels": lambda: nested(900),
    "900 levels of objects": lambda: nested(900, '{"a":', "}"),
    "digits": lambda: "9" * 5_000,
    "NaN": lambda: "[NaN, -Infinity]",
    "1e999": lambda: '{"a": 1e999}',
    "surrogates": lambda: '{"\\ud800": "\\udfff"}',
    "control characters": lambda: '{"\\u001b[2J": "\\u0000\\u202e"}',
    "half a character": lambda: b'{"a": "\xff"}',
    "40 megabytes": lambda: "[" + "1," * 20_000_000 + "1]",
    "30 megabytes of lists": lambda: "[" + "[]," * 10_000_000 + "1]",
    "a repeated member": lambda: "{" + '"a": 1,' * 200_000 + '"a": 1}',
    "a list": lambda: "[]",
    "lists for objects": lambda: '{"events": [[]], "StateMachines": [], "MockedResponses": [], "regions": []}',
    "objects for lists": lambda: (
        '{"events": {}, "StateMachines": {"M": {"TestCases": {"C": []}}}, "regions": {"us-east-1": []}}'
    ),
}

_COMMANDS: dict[str, tuple[str, ...]] = {
    "input": ("run", "machine.json", "--input", "@bomb.json"),
    "mock file": ("run", "machine.json", "--mock", "bomb.json"),
    "mock file of a comparison": ("compare", "machine.json", "--mock", "bomb.json#C"),
    "history": ("replay", "bomb.json", "--definition", "machine.json"),
    "prices": ("compare", "machine.json", "--prices", "bomb.json", "--html", "r.html"),
    "substitutions": ("translate", "machine.json", "--substitutions", "bomb.json"),
    "tested input": ("test-state", "machine.json#A", "--input", "@bomb.json"),
}

_READER = {
    "Resource": "arn:aws:states:::s3:getObject",
    "ReaderConfig": {"InputType": "JSON"},
    "Parameters": {"Bucket": "b", "Key": "k"},
}


def _mocks(**fields: Any) -> Any:
    return {
        "StateMachines": {"M": {"TestCases": {"C": {"A": "R"}}}},
        "MockedResponses": {"R": {"0": {"Return": 1}}},
    } | fields


_MOCKS: dict[str, Callable[[], Any]] = {
    "keys 0-9999999999": lambda: _mocks(MockedResponses={"R": {"0-9999999999": {"Return": 1}}}),
    "a key of many digits": lambda: _mocks(MockedResponses={"R": {"9" * 5_000: {"Return": 1}}}),
    "keys of a hundred thousand calls": lambda: _mocks(MockedResponses={"R": {"0-99999": {"Return": 1}}}),
    "an object outside": lambda: _mocks(Objects={"s3://b/k": {"Path": "../../../../etc/passwd"}}),
    "an object that is a device": lambda: _mocks(Objects={"s3://b/k": {"Path": "/dev/zero"}}),
    "objects of all types": lambda: _mocks(Objects={"s3://b/k": 1, "x": [], "y": {"Path": []}}),
    "Recorded": lambda: _mocks(Recorded={"a": [[]]}),
    "inputs": lambda: _mocks(Inputs={"M/C": [], "M/" + "C" * 100_000: 1}),
    "machines": lambda: _mocks(StateMachines={f"M{n}": {"TestCases": {"C": {}}} for n in range(20_000)}),
    "case of states": lambda: _mocks(StateMachines={"M": {"TestCases": {"C": {f"S{n}": "R" for n in range(20_000)}}}}),
}


def _items(text: str | bytes, kind: str) -> dict[str, str | bytes]:
    reader = {
        **_READER,
        "ReaderConfig": {"InputType": kind} | ({"CSVHeaderLocation": "FIRST_ROW"} if kind == "CSV" else {}),
    }
    processor = machine(only(), ProcessorConfig={"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"})
    states = {"A": {"Type": "Map", "ItemReader": reader, "ItemProcessor": processor, "MaxConcurrency": 1, "End": True}}
    mocks = {
        "StateMachines": {"M": {"TestCases": {"C": {}}}},
        "MockedResponses": {},
        "Objects": {"s3://b/k": {"Path": "object"}},
    }
    return {"bomb.json": json.dumps(machine(states)), "mocks.json": json.dumps(mocks), "object": text}


_OBJECTS: dict[str, tuple[str, Callable[[], str | bytes]]] = {
    "JSON, deep": ("JSON", lambda: "[" + nested(100_000) + "]"),
    "JSON, an item not closed": ("JSON", lambda: '[{"a": "' + "x" * 1_000_000),
    "JSON, digits": ("JSON", lambda: "[" + "9" * 5_000 + "]"),
    "JSON, NaN": ("JSON", lambda: "[NaN]"),
    "JSON, blanks": ("JSON", lambda: " " * 5_000_000),
    "JSON, an item of megabytes": ("JSON", lambda: '[{"a": "' + "x" * 20_000_000 + '"}]'),
    "JSONL, deep": ("JSONL", lambda: nested(100_000)),
    "JSONL, blank lines": ("JSONL", lambda: "\n" * 1_000_000),
    "JSONL, a line of megabytes": ("JSONL", lambda: '"' + "x" * 20_000_000 + '"'),
    "CSV, quotes": ("CSV", lambda: 'a\n"' + '"' * 1_000_000),
    "CSV, columns": ("CSV", lambda: "a," * 100_000 + "\n" + "1," * 100_000),
    "CSV, a field of megabytes": ("CSV", lambda: "a\n" + "x" * 20_000_000),
    "CSV, null bytes": ("CSV", lambda: "a\n\x00\x00"),
    "MANIFEST, deep": ("MANIFEST", lambda: nested(100_000)),
    "MANIFEST, of itself": (
        "MANIFEST",
        lambda: '{"sourceBucket": "b", "fileFormat": "CSV", "fileSchema": "a", "files": [{"key": "k"}]}',
    ),
    "PARQUET": ("PARQUET", lambda: b"PAR1" + b"\xff" * 1_000 + b"PAR1"),
}


def bombs() -> Iterator[Bomb]:
    """Yield the bombs."""
    plain = json.dumps(machine({"A": {"Type": "Pass", "End": True, "Comment": "${a}"}}))
    for name, text in _TEXTS.items():
        for what, command in _COMMANDS.items():
            yield Bomb(f"{what}: {name}", lambda t=text: {"machine.json": plain, "bomb.json": t()}, (command,))
    task = {"A": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f", "End": True}}
    for name, make in _MOCKS.items():
        files = lambda m=make: {"machine.json": json.dumps(machine(task)), "bomb.json": as_text(m())}  # noqa: E731
        yield Bomb(f"mock file with {name}", files, (_COMMANDS["mock file"],))
    for name, (kind, content) in _OBJECTS.items():
        command = ("run", "bomb.json", "--mock", "mocks.json")
        yield Bomb(f"object of {name}", lambda c=content, k=kind: _items(c(), k), (command,))
