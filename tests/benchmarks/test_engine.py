"""How fast the engine is: against moto's interpreter, with the size of a machine, and to import."""

from __future__ import annotations

import json
import logging
import random
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from sfn_provider.asl import parse
from sfn_provider.asl.model import StateMachine
from sfn_provider.engine import Execution, simulate
from tests.fixtures.machines.engine import group, inline_map, jsonata, one

pytestmark = pytest.mark.filterwarnings("ignore")

TURNS = 1_000
ROLE = "arn:aws:iam::123456789012:role/bench"
ROOT = Path(__file__).parents[2]


def passes(count: int) -> dict[str, Any]:
    """Pass states in a row."""
    return group({f"P{n}": {"Type": "Pass", **({"Next": f"P{n + 1}"} if n + 1 < count else {})} for n in range(count)})


def counting(turns: int) -> dict[str, Any]:
    """A loop of a Pass and a Choice."""
    return group(
        {
            "Count": {"Type": "Pass", "Parameters": {"n.$": "States.MathAdd($.n, 1)"}, "Next": "Enough"},
            "Enough": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.n", "NumericLessThan": turns, "Next": "Count"}],
                "Default": "Done",
            },
            "Done": {"Type": "Succeed"},
        }
    )


SUM = "{% $sum + $n * ($n + 1) / 2 %}"


def summing(turns: int) -> dict[str, Any]:
    """The same in JSONata, with variables."""
    return jsonata(
        {
            "Set": {"Type": "Pass", "Assign": {"n": 0, "sum": 0}, "Next": "Add"},
            "Add": {"Type": "Pass", "Assign": {"n": "{% $n + 1 %}", "sum": SUM}, "Next": "Enough"},
            "Enough": {
                "Type": "Choice",
                "Choices": [{"Condition": f"{{% $n < {turns} %}}", "Next": "Add"}],
                "Default": "Done",
            },
            "Done": {"Type": "Succeed", "Output": "{% $sum %}"},
        }
    )


@dataclass(frozen=True)
class Case:
    """A machine, its input, and how many times faster than moto it must run; None where moto cannot run it."""

    definition: dict[str, Any]
    input: Any
    least: float | None


CASES = {
    f"{TURNS:,} Pass states in a row": Case(passes(TURNS), {}, 100),
    f"Choice loop of {TURNS:,} turns": Case(counting(TURNS), {"n": 0}, 50),
    f"Map over {TURNS:,} items": Case(one(inline_map({"Item": {"Type": "Pass"}})), list(range(TURNS)), 100),
    f"JSONata sum of {TURNS:,} turns": Case(summing(TURNS), {}, None),
}


def best(work: Callable[[], Any], runs: int = 5) -> float:
    """The CPU seconds of the fastest of some runs, after one that does not count."""
    work()
    return min(timed(work)[0] for _ in range(runs))


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """The CPU seconds that some work takes in all threads of this process, and what it gives."""
    started = time.process_time()
    result = work()
    return time.process_time() - started, result


@pytest.fixture
def stepfunctions(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> Iterator[Any]:
    """A client of moto's Step Functions in this process, which interprets definitions."""
    import boto3
    from moto import mock_aws

    caplog.set_level(logging.CRITICAL, "moto")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "bench")
    with mock_aws(config={"stepfunctions": {"execute_state_machine": True}}):
        yield boto3.client("stepfunctions", region_name="us-east-1")


def run_on_moto(client: Any, case: Case) -> tuple[float, dict[str, Any]]:
    """Run a machine on moto, three times; the fewest CPU seconds from StartExecution to the execution's end."""
    definition = json.dumps(case.definition)
    machine = client.create_state_machine(name=f"m{time.perf_counter_ns()}", definition=definition, roleArn=ROLE)
    runs = [timed(partial(run_to_end, client, machine["stateMachineArn"], json.dumps(case.input))) for _ in range(3)]
    took, arn = min(runs)
    return took, client.describe_execution(executionArn=arn)


def run_to_end(client: Any, machine: str, input: str) -> str:
    """Run a machine on moto, which interprets it in threads: wait for these, for asking for the status takes time."""
    others = set(threading.enumerate())
    name = f"e{time.perf_counter_ns()}"
    arn: str = client.start_execution(stateMachineArn=machine, name=name, input=input)["executionArn"]
    while threads := set(threading.enumerate()) - others:
        for thread in filter(threading.Thread.is_alive, threads):  # the others are about to start
            thread.join()
    return arn


def table(title: str, *rows: tuple[str, ...]) -> None:
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    print(f"\n\n{title}")
    for row in rows:
        print("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def test_transitions_against_moto(stepfunctions: Any) -> None:
    rows, slow = [("machine", "transitions", "engine /s", "moto /s", "ratio")], []
    for name, case in CASES.items():
        machine = parse(case.definition)
        ours: Execution = simulate(machine, case.input)
        rate = ours.transitions / best(partial(simulate, machine, case.input))
        row = (name, f"{ours.transitions:,}", f"{rate:,.0f}")
        took, theirs = run_on_moto(stepfunctions, case)
        if case.least is None:
            assert theirs["status"] == "FAILED", "moto evaluates JSONata now: compare it"
            rows.append((*row, "cannot run it", ""))
            continue
        assert (theirs["status"], json.loads(theirs["output"])) == (ours.status, ours.output)
        ratio = rate * took / ours.transitions
        rows.append((*row, f"{ours.transitions / took:,.0f}", f"{ratio:.0f}"))
        slow += [name] if ratio < case.least else []
    table("Transitions per CPU second, the definition parsed beforehand", *rows)
    assert not slow, f"not as much faster than moto as it must be: {slow}"


def test_jsonata_against_the_library() -> None:
    from jsonata import Jsonata

    from sfn_provider.asl.scope import Scope
    from sfn_provider.asl.templates import compile_template

    expression, variables = SUM.removeprefix("{%").removesuffix("%}").strip(), {"n": 7, "sum": 21}
    library = Jsonata(expression)
    for name, value in variables.items():
        library.assign(name, value)
    theirs = best(lambda: [library.evaluate(None) for _ in range(TURNS)]) / TURNS
    compiled, scope, entropy = compile_template(SUM, "JSONata", "Output"), Scope(None, {}, variables), random.Random(1)
    ours = best(lambda: [compiled.evaluate(scope, entropy) for _ in range(TURNS)]) / TURNS
    assert compiled.evaluate(scope, entropy) == library.evaluate(None) == 49
    table(
        f"One evaluation of {expression}",
        ("", "microseconds"),
        ("sfn_provider", f"{ours * 1e6:.1f}"),
        ("jsonata-python", f"{theirs * 1e6:.1f}"),
        ("ratio", f"{theirs / ours:.1f}"),
    )


def again(times: int, machine: StateMachine) -> None:
    for _ in range(times):
        simulate(machine, {})


def test_cost_of_a_transition_by_the_size_of_the_machine() -> None:
    costs = {}
    for count in (10, 100, 1_000, 10_000):
        machine = parse(passes(count))
        repeat = max(1, 2_000 // count)
        costs[count] = best(partial(again, repeat, machine), runs=3) / repeat / count
    rows = [(f"{count:,}", f"{cost * 1e6:.1f}") for count, cost in costs.items()]
    ratio = costs[10_000] / costs[10]
    table("Cost of a transition", ("states", "microseconds"), *rows, ("ratio of the last to the first", f"{ratio:.2f}"))
    assert ratio < 2


def writing(states: int) -> dict[str, Any]:
    """Pass states in a row, each of which writes something into its input."""
    written = {"Type": "Pass", "Result": {"done": True}, "ResultPath": "$.step"}
    return group({name: {**written, **state} for name, state in passes(states)["States"].items()})


def document(size: int) -> dict[str, Any]:
    """An object of so many kilobytes."""
    return {"rows": [{"id": n, "text": "x" * 80} for n in range(size * 10)]}


@dataclass(frozen=True)
class Growth:
    """What a transition costs while something grows.

    Args:
        unit: what grows.
        runs: by its amount, what runs on which input.
        most: how many times the cost at the start the cost at the end may be.
    """

    unit: str
    runs: dict[int, tuple[dict[str, Any], Any]]
    most: float


LENGTHS = (1_000, 10_000, 24_000)
GROWTHS = {
    "a JSONPath loop": Growth("events", {count: (counting(count // 4), {"n": 0}) for count in LENGTHS}, 1.5),
    "a JSONata loop": Growth("events", {count: (summing(count // 4 - 1), {}) for count in LENGTHS}, 1.5),
    "iterations of a Map": Growth(
        "items", {n: (one(inline_map({"Item": {"Type": "Pass"}})), list(range(n))) for n in (250, 2_500, 6_000)}, 1.5
    ),
    "states that write into a document": Growth("KB", {n: (writing(200), document(n)) for n in (1, 10, 100)}, 4),
}


@pytest.mark.parametrize("growth", GROWTHS.values(), ids=GROWTHS)
def test_cost_of_a_transition_stays(growth: Growth) -> None:
    costs = {}
    for amount, (definition, input) in growth.runs.items():
        machine = parse(definition)
        transitions = simulate(machine, input).transitions
        costs[amount] = best(partial(simulate, machine, input)) / transitions
    rows = [(f"{amount:,}", f"{cost * 1e6:.1f}") for amount, cost in costs.items()]
    first, *_, last = costs.values()
    table("Cost of a transition", (growth.unit, "microseconds"), *rows, ("last to first", f"{last / first:.2f}"))
    assert last < growth.most * first


IMPORTS = """
import time
started = time.perf_counter()
import sfn_provider.asl, sfn_provider.engine, sfn_provider.translate
print(time.perf_counter() - started)
"""


def test_import_time() -> None:
    def once() -> float:
        done = subprocess.run([sys.executable, "-c", IMPORTS], cwd=ROOT, capture_output=True, text=True, check=True)
        return float(done.stdout)

    once()
    seconds = [once() for _ in range(9)]
    table(
        "import sfn_provider.asl, sfn_provider.engine, sfn_provider.translate",
        ("", "seconds"),
        ("fastest of 9", f"{min(seconds):.3f}"),
        ("median of 9", f"{statistics.median(seconds):.3f}"),
    )
    assert min(seconds) < 0.3
