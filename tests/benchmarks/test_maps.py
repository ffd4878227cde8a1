"""Distributed Maps of a million items: memory and items a second, on the engine and as a DAG.

``make bench-maps`` runs it; ``ITEMS=50000`` makes it shorter.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ITEMS = int(os.environ.get("ITEMS", "1_000_000"))
TASKS = int(os.environ.get("TASKS", "40"))
MAX_MIB = 300
"""What a process may take beyond what it has imported."""

ROOT = Path(__file__).parents[2]


def write_lines(path: Path) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(f"{json.dumps({'n': n, 'name': f'item {n}'})}\n" for n in range(ITEMS))


def write_csv(path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["n", "name"])
        rows.writerows((n, f'item "{n}"') for n in range(ITEMS))


def write_array(path: Path) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write("[")
        file.writelines(f"{',' if n else ''}{json.dumps({'n': n, 'name': f'item {n}'})}" for n in range(ITEMS))
        file.write("]")


def write_inventory(path: Path) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(f'"bucket","folder/key {n}"\n' for n in range(ITEMS))


INVENTORY = {
    "destinationBucket": "arn:aws:s3:::data",
    "fileFormat": "CSV",
    "fileSchema": "Bucket, Key",
    "files": [{"key": "source"}],
}


@dataclass(frozen=True)
class Case:
    """A source of items.

    Args:
        config: the ReaderConfig.
        write: writes the object ``s3://data/source``.
        manifest: the object that is read in its place.
    """

    config: dict[str, Any]
    write: Callable[[Path], None]
    manifest: dict[str, Any] | None = None


CASES = {
    "JSON lines": Case({"InputType": "JSONL"}, write_lines),
    "CSV": Case({"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"}, write_csv),
    "JSON array": Case({"InputType": "JSON"}, write_array),
    "S3 inventory": Case({"InputType": "MANIFEST"}, write_inventory, INVENTORY),
}

SCRIPT = """
import json, pathlib, sys, time
from tests.benchmarks.map_memory import peak_mib
from sfn_provider.engine import Mocks, simulate

machine, objects = json.loads(sys.stdin.read())
mocks = Mocks.from_mapping({}, {uri: pathlib.Path(path) for uri, path in objects.items()})
before, started = peak_mib(), time.process_time()
execution = simulate(machine, {}, mocks=mocks, history="none")
print(json.dumps([time.process_time() - started, peak_mib() - before, execution.status, execution.transitions]))
"""


def machine_of(case: Case, **fields: Any) -> dict[str, Any]:
    from tests.fixtures.machines.distributed_maps import WRITER, each, reading

    key = "source" if case.manifest is None else "manifest.json"
    return each(ItemReader=reading(case.config, Key=key), ResultWriter=WRITER, **fields)


def objects_of(case: Case, folder: Path) -> dict[str, Path]:
    paths = {"s3://data/source": folder / "source"}
    case.write(paths["s3://data/source"])
    if case.manifest is not None:
        paths["s3://data/manifest.json"] = folder / "manifest.json"
        paths["s3://data/manifest.json"].write_text(json.dumps(case.manifest), encoding="utf-8")
    return paths


def report(where: str, name: str, seconds: float, mib: float) -> None:
    print(f"\n{where}, {name}: {ITEMS:,} items, {ITEMS / seconds:,.0f} a second of CPU, {mib:.0f} MiB")


@pytest.mark.parametrize("name", CASES)
def test_engine(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    objects = {uri: str(path) for uri, path in objects_of(case, tmp_path).items()}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        input=json.dumps([machine_of(case), objects]),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    seconds, mib, status, transitions = json.loads(done.stdout)
    report("engine", name, seconds, mib)
    assert (status, transitions) == ("SUCCEEDED", ITEMS + 1)
    assert mib < MAX_MIB


def test_dag(tmp_path: Path) -> None:
    """All tasks run in one process here, whose peak is a bound for each of them."""
    from sfn_provider.compare.airflow.dag_execution import DAG_ID
    from sfn_provider.compare.airflow.runner import AirflowRunner
    from sfn_provider.engine import Mocks
    from sfn_provider.translate import translate
    from tests.benchmarks.map_memory import cpu_seconds, peak_mib

    case = CASES["JSON lines"]
    mocks = Mocks.from_mapping({}, objects_of(case, tmp_path))
    # Fewer tasks than the 1,024 that there would be, with more child executions in each: harder on memory.
    source = translate(machine_of(case, MaxConcurrency=TASKS), dag_id=DAG_ID).source
    runner = AirflowRunner()
    try:
        runner.run(translate({"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}, dag_id="a").source, "a", {}, None)
        process = runner._process
        assert process is not None
        before, started = peak_mib(process.pid), cpu_seconds(process.pid)
        result = runner.run(source, DAG_ID, {}, mocks.as_configuration())
        seconds, mib = cpu_seconds(process.pid) - started, peak_mib(process.pid) - before
    finally:
        runner.close()
    tasks = [task for task in result.tasks if task["task_id"].endswith("children")]
    report("DAG", f"JSON lines, {len(tasks)} tasks", seconds, mib)
    assert result.state == "success", result.log
    assert sum(sum(task["return_value"].values()) for task in tasks) == ITEMS
    assert mib < MAX_MIB
