"""A small text that is meant to cost much, and what it is given to."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.attack.limited_child import MOST_SECONDS, MOST_SECONDS_OF_CASES

Json = Any
Files = Mapping[str, str | bytes]


@dataclass(frozen=True, slots=True)
class Bomb:
    """Files and what is done with them.

    Args:
        name: its name, unique.
        files: makes the files, by their names.
        commands: arguments of ``sfn-provider``, each of which is run.
    """

    name: str
    files: Callable[[], Files]
    commands: tuple[tuple[str, ...], ...]

    @property
    def seconds(self) -> float:
        """How much processor time it may cost: a search for test cases runs hundreds of executions."""
        return MOST_SECONDS_OF_CASES if any(command[0] == "cases" for command in self.commands) else MOST_SECONDS

    def explode(self) -> int:
        """Write the files into the working folder, run the commands, and return the worst exit code."""
        for name, content in self.files().items():
            Path(name).parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, bytes):
                Path(name).write_bytes(content)
            else:
                Path(name).write_text(content, encoding="utf-8", errors="surrogatepass")
        return max(_run(command) for command in self.commands)


CASES = ("cases", "bomb.json", "--output", "mocks.json")
WORKFLOW = ("translate", "bomb.json", "--target", "mwaa-serverless", "--output", "workflow.yaml")
SIMULATE = ("simulate",)
"""Runs ``bomb.json`` with ``input.json``, where there is one, on the engine: the command ``run`` evaluates it twice."""


def _run(command: tuple[str, ...]) -> int:
    from sfn_provider.cli import run_command
    from sfn_provider.engine import simulate
    from sfn_provider.exceptions import SfnProviderError

    if command != SIMULATE:
        return run_command(list(command))
    definition, data = Path("bomb.json"), Path("input.json")
    value = json.loads(data.read_text(encoding="utf-8")) if data.exists() else {}
    try:
        execution = simulate(definition.read_text(encoding="utf-8"), value, mocks={})
    except SfnProviderError as error:
        print(repr(str(error)[:200]))
        return 2
    print(execution.status, repr(execution.error), repr(str(execution.cause)[:200]))
    return 0 if execution.status == "SUCCEEDED" else 1


def definition_bomb(name: str, make: Callable[[], Json | str], *more: tuple[str, ...]) -> Iterator[Bomb]:
    """Yield a bomb for each command that reads a definition.

    Args:
        name: its name.
        make: makes the definition, text or a JSON object.
        more: further commands on ``bomb.json``.
    """
    commands = (
        ("lint", "bomb.json"),
        ("translate", "bomb.json", "--output", "dag.py"),
        ("translate", "bomb.json", "--style", "native", "--output", "native.py"),
        *more,
    )
    for command in commands:
        yield Bomb(
            f"{name}: {' '.join(command[:1] + command[2:4])}", lambda: {"bomb.json": as_text(make())}, (command,)
        )


def file_bomb(name: str, file: str, files: Callable[[], Files]) -> Iterator[Bomb]:
    """Yield a bomb for each command that reads a file which holds definitions.

    Args:
        name: its name.
        file: the name of the file that is read.
        files: makes it, and the files that it names.
    """
    yield Bomb(f"{name}: lint", files, (("lint", file),))
    yield Bomb(f"{name}: translate", files, (("translate", file, "--output", "dag.py"),))


def run_bomb(name: str, states: Callable[[], Json], data: Callable[[], Json] = dict, **fields: Json) -> Iterator[Bomb]:
    """Yield a bomb that is run on the engine with an input.

    Args:
        name: its name.
        states: makes the states; the first one starts.
        data: makes the input.
        fields: fields of the machine.
    """

    def files() -> Files:
        return {"bomb.json": as_text(machine(states(), **fields)), "input.json": as_text(data())}

    yield Bomb(f"{name}: simulate", files, (SIMULATE,))


def machine(states: Json, **fields: Json) -> Json:
    """Return a machine that starts at the first of its states."""
    return {"StartAt": next(iter(states)), "States": states, **fields}


def only(**fields: Json) -> Json:
    """Return the states of a machine with one state, a Pass unless said otherwise."""
    return {"A": {"Type": "Pass", "End": True} | fields}


def as_text(value: Json | str) -> str:
    """Return a text as it is, and JSON of any other value."""
    return value if isinstance(value, str) else json.dumps(value)


def nested(depth: int, opening: str = "[", closing: str = "]", inside: str = "1") -> str:
    """Return JSON text that nests."""
    return opening * depth + inside + closing * depth
