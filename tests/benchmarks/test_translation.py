"""How fast definitions become DAGs, and how fast Airflow parses what came of them. All times are the processor's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sfn_provider.translate import translate
from tests.fixtures.whole_airflow.airflow_processes import ROOT

TASKS = 100
SAMPLES = 15
MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:work"
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:work"
HEAD = "from datetime import UTC, datetime\n\nfrom airflow import DAG\n{imports}\n\n"
DAG = 'with DAG("{dag_id}", schedule=None, start_date=datetime(2025, 1, 1, tzinfo=UTC), catchup=False):\n'


def mixed(count: int) -> dict[str, Any]:
    """A machine of many states of five types: each goes on to the next, with other ways beside."""
    kinds: list[Callable[[int], dict[str, Any]]] = [
        lambda n: {
            "Type": "Task",
            "Resource": FUNCTION,
            "Parameters": {"number": n, "order.$": "$.order"},
            "Retry": [{"ErrorEquals": ["States.Timeout"], "MaxAttempts": 2}],
            "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.failure", "Next": "Last"}],
        },
        lambda n: {
            "Type": "Choice",
            "Choices": [{"Variable": "$.order", "NumericGreaterThan": n, "Next": "Last"}],
        },
        lambda n: {"Type": "Wait", "Seconds": 1},
        lambda n: {"Type": "Pass", "Comment": f"The step {n}"},
        lambda n: {"Type": "Pass", "Result": {"n": n}, "ResultPath": "$.step"},
    ]
    states = {f"State {n}": kinds[n % len(kinds)](n) for n in range(count - 1)}
    for n, state in enumerate(states.values()):
        state["Default" if state["Type"] == "Choice" else "Next"] = f"State {n + 1}" if n + 2 < count else "Last"
    return {"StartAt": "State 0", "States": {**states, "Last": {"Type": "Succeed"}}}


def passes(count: int) -> dict[str, Any]:
    """Pass states in a row."""
    states: dict[str, Any] = {f"P{n}": {"Type": "Pass", "Next": f"P{n + 1}"} for n in range(count - 1)}
    return {"StartAt": "P0", "States": {**states, f"P{count - 1}": {"Type": "Pass", "End": True}}}


def test_translating(capsys: pytest.CaptureFixture[str]) -> None:
    taken = {}
    for count in (50, 500, 5_000):  # AWS takes definitions up to 1 MiB
        definition = mixed(count)
        start = time.process_time()
        translation = translate(definition, dag_id="machine")
        taken[count] = time.process_time() - start
        assert len(translation.states) == count
    with capsys.disabled():
        growth = taken[5_000] / taken[500]
        print(f"\ntranslating 500 states: {taken[500]:.2f} s; 5,000 take {growth:.1f} times as long")


@dataclass(frozen=True)
class Pair:
    """A DAG file of ours, and the file of a peer with as many tasks."""

    ours: str
    peer: str
    bar: float


def hand_written(dag_id: str, imports: str, task: str, *, chained: bool = False) -> str:
    """A DAG file as one writes it, with as many tasks as the others."""
    tasks = [f"    t{n} = {task.replace('N', str(n))}\n" for n in range(TASKS)]
    edges = [f"    t{n} >> t{n + 1}\n" for n in range(TASKS - 1)] if chained else []
    return HEAD.format(imports=imports) + DAG.format(dag_id=dag_id) + "".join([*tasks, *edges])


def driving(kind: str, name: str, arguments: str) -> str:
    """A DAG file of tasks that drive Step Functions."""
    return hand_written(
        "ours", f"from sfn_provider.{kind}.step_function import {name}", f'{name}(task_id="tN", {arguments})'
    )


def bash(kind: str = "Operator", **arguments: object) -> str:
    """A DAG file of Bash tasks."""
    given = "".join(f", {name}={value!r}" for name, value in arguments.items())
    imports = f"from airflow.providers.standard.{kind.lower()}s.bash import Bash{kind}"
    return hand_written("peer", imports, f'Bash{kind}(task_id="tN", bash_command="true"{given})')


EMPTY = hand_written(
    "peer",
    "from airflow.providers.standard.operators.empty import EmptyOperator",
    'EmptyOperator(task_id="tN")',
    chained=True,
)
PAIRS = {
    "translated Pass states / EmptyOperators": Pair(translate(passes(TASKS), dag_id="ours").source, EMPTY, 1.3),
    "translated states of five types / EmptyOperators": Pair(translate(mixed(TASKS), dag_id="ours").source, EMPTY, 1.3),
    "StepFunctionStartExecutionOperators / BashOperators": Pair(
        driving("operators", "StepFunctionStartExecutionOperator", f'state_machine_arn="{MACHINE}"'), bash(), 1.1
    ),
    "StepFunctionStartExecutionOperators with input / BashOperators with env": Pair(
        driving(
            "operators",
            "StepFunctionStartExecutionOperator",
            f'state_machine_arn="{MACHINE}", state_machine_input={{"order": "N"}}',
        ),
        bash(env={"order": "N"}),
        1.1,
    ),
    "StepFunctionExecutionSensors / BashSensors": Pair(
        driving("sensors", "StepFunctionExecutionSensor", f'execution_arn="{MACHINE}"'), bash("Sensor"), 1.1
    ),
}


@pytest.mark.parametrize("name", PAIRS)
def test_parsing(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pair = PAIRS[name]
    files = {"ours": tmp_path / "ours.py", "peer": tmp_path / "peer.py"}
    for side, path in files.items():
        path.write_text(getattr(pair, side))
    taken = parse([*files.values()])
    ours, peer = (min(taken[str(files[side])]) for side in ("ours", "peer"))
    with capsys.disabled():
        print(
            f"\nparsing {TASKS} {name}: {ours * 1e3:.0f} ms / {peer * 1e3:.0f} ms = {ours / peer:.2f} (bar {pair.bar})"
        )


def parse(paths: list[Path]) -> dict[str, list[float]]:
    """Parse files as the DAG processor does, with modules that are compiled; give the seconds of all samples."""
    script = Path(__file__).with_name("parse_dags.py")
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [sys.executable, str(script), str(SAMPLES), *map(str, paths)],
        env=environment | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    taken: dict[str, list[float]] = json.loads(done.stdout.splitlines()[-1])
    assert [len(taken[str(path)]) for path in paths] == [SAMPLES] * len(paths)
    return taken
