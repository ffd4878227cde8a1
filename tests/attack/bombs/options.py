"""Bombs in the options of commands: schedules, time zones, versions, prices, dates, names of cases and DAGs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from tests.attack.bombs.bomb import Bomb, machine, only

_TRANSLATE = ("translate", "machine.json", "--output", "dag.py")
_WORKFLOW = ("translate", "machine.json", "--target", "mwaa-serverless", "--output", "w.yaml")

_OPTIONS: dict[str, Callable[[], tuple[str, ...]]] = {
    "schedule of commas": lambda: (*_TRANSLATE, "--schedule", f"cron(0 {','.join(['1'] * 20_000)} * * ? *)"),
    "schedule of ranges": lambda: (*_TRANSLATE, "--schedule", "cron(0-999999999 0/0 1-31/999999999 * ? *)"),
    "schedule of brackets": lambda: (*_TRANSLATE, "--schedule", "cron(" * 20_000),
    "schedule of digits": lambda: (*_TRANSLATE, "--schedule", f"rate({'9' * 5_000} days)"),
    "schedule of a workflow": lambda: (*_WORKFLOW, "--schedule", f"cron(0 {'*/1,' * 20_000}* * * ? *)"),
    "time zone that is a path": lambda: (*_TRANSLATE, "--schedule", "@daily", "--timezone", "../../../../etc/passwd"),
    "time zone that is long": lambda: (*_TRANSLATE, "--schedule", "@daily", "--timezone", "A/" * 40_000),
    "id of a DAG that is long": lambda: (*_TRANSLATE, "--dag-id", "x" * 100_000),
    "id of a DAG with control characters": lambda: (*_TRANSLATE, "--dag-id", "\x1b[2J\u202e"),
    "version of digits": lambda: (*_TRANSLATE, "--style", "native", "--airflow-version", "9" * 100_000),
    "version of dots": lambda: (*_TRANSLATE, "--style", "native", "--airflow-version", "3." * 40_000),
    "template that is open": lambda: (*_TRANSLATE, "--style", "native", "--param", "a={{" * 20_000),
    "batch of a Map": lambda: (*_TRANSLATE, "--map-batch", "9" * 4_000),
    "date of a workflow": lambda: (*_WORKFLOW, "--start-date", "9" * 100_000 + "-01-01"),
    "region of a report": lambda: (*_TRANSLATE, "--report", "--region", "x" * 100_000),
    "substitution that repeats": lambda: ("lint", "machine.json", *("--substitutions", "a=${a}${a}") * 500),
    "substitution that is long": lambda: ("lint", "machine.json", "--substitutions", "a=" + "x" * 100_000),
    "input that nests": lambda: ("run", "machine.json", "--input", "[" * 50_000),
    "case that is long": lambda: ("run", "machine.json", "--mock", "mocks.json#" + "C" * 100_000),
    "case with control characters": lambda: ("run", "machine.json", "--mock", "mocks.json#\x1b[2J\u202e"),
    "case of hashes": lambda: ("run", "machine.json", "--mock", "mocks.json" + "#" * 100_000),
    "state of hashes": lambda: ("test-state", "machine.json" + "#" * 100_000),
    "name of a machine that is long": lambda: ("cases", "machine.json", "--name", "x" * 100_000),
    "retries of a tested state": lambda: ("test-state", "machine.json#A", "--retry-count", "9" * 4_000),
    "price of digits": lambda: ("compare", "machine.json", "--html", "r.html", "--price", "mwaa/x=" + "9" * 100_000),
    "price of slashes": lambda: ("compare", "machine.json", "--html", "r.html", "--price", "a/" * 40_000 + "=1"),
    "file that is long": lambda: ("lint", "x" * 100_000),
    "file of slashes": lambda: ("lint", "/" * 100_000),
    "command that is long": lambda: ("x" * 100_000,),
    "option that is long": lambda: ("lint", "--" + "x" * 100_000, "machine.json"),
}


def _files() -> dict[str, Any]:
    mocks = {"StateMachines": {"M": {"TestCases": {f"C{n}": {} for n in range(2_000)}}}, "MockedResponses": {}}
    return {"machine.json": json.dumps(machine(only(Comment="${a}"))), "mocks.json": json.dumps(mocks)}


def bombs() -> Iterator[Bomb]:
    """Yield the bombs."""
    for name, make in _OPTIONS.items():
        yield Bomb(f"option: {name}", _files, (make(),))
