"""``translate``, as it is meant to be used."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

from tests.fixtures.command_line import INPUT, SALES, Told, as_json
from tests.fixtures.machines.definitions import END, call, machine
from tests.golden import DAGS


def test_translate_prints_the_file_and_nothing_else(told: Told, folder: Path) -> None:
    code, out, err = told("translate", "greet.asl.json")
    assert (code, err) == (0, "0 warnings, 0 findings\n")
    ast.parse(out)
    assert 'dag_id="greet"' in out and "greet.asl.json" in out


def test_translate_writes_a_file(told: Told, folder: Path) -> None:
    arguments = ("--schedule", "cron(0 2 * * ? *)", "--dag-id", "hello", "--input", '{"name": "Bob"}')
    code, out, err = told("translate", "greet.asl.json", "-o", "dag.py", *arguments)
    assert (code, out, err) == (0, "", "Wrote dag.py: DAG hello with 4 tasks\n0 warnings, 0 findings\n")
    source = (folder / "dag.py").read_text()
    assert 'schedule="0 2 * * *"' in source and 'params={"name": "Bob"}' in source
    written = [".sfn-provider.json", "dag.py"]
    assert sorted(path.name for path in folder.iterdir()) == [*written, "greet.asl.json", "input.json", "mocks.json"]


def test_translate_as_json(told: Told, folder: Path) -> None:
    code, found = as_json(told, "translate", "greet.asl.json", "--input", "@input.json")
    assert code == 0
    assert (found["dag_id"], found["file"], found["tasks"], found["diagnostics"]) == ("greet", None, 4, [])
    assert found["findings"] == 0
    assert 'params={"name": "Ada"}' in found["source"]
    code, found = as_json(told, "translate", "greet.asl.json", "-o", "dag.py")
    assert (found["file"], found["source"]) == ("dag.py", None)
    assert (folder / "dag.py").exists()


def test_translate_overwrites_a_file_as_a_whole(told: Told, folder: Path) -> None:
    (folder / "dag.py").write_text("x" * 100_000)
    assert told("translate", "greet.asl.json", "-o", "dag.py", "--overwrite")[0] == 0
    assert "xxx" not in (folder / "dag.py").read_text()


def test_translate_of_the_sales_pipeline_is_the_file_in_dags(told: Told) -> None:
    schedule = ("--schedule", "cron(0 2 * * ? *)")
    code, out, err = told("translate", SALES, "--input", INPUT, *schedule)
    assert (code, out) == (0, (DAGS / "sales_pipeline.py").read_text())
    assert "warning DATA_PATH_CANNOT_EXIST" in err


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ((), "1 warning, 2 findings: 1 fails, 1 differs; --report lists them"),
        (("-o", "dag.py"), "1 warning, 2 findings: 1 fails, 1 differs; --report lists them"),
        (("--report",), "1 warning, 2 findings: 1 fails, 1 differs"),
        (("--json",), "1 warning, 2 findings: 1 fails, 1 differs"),
        (("--strict",), "1 warning, 2 findings: 1 fails, 1 differs"),
        (("--substitutions", "F=arn:aws:lambda:eu-west-1:123456789012:function:f"), "0 warnings, 0 findings"),
    ],
)
def test_the_last_line_counts_warnings_and_findings(
    arguments: tuple[str, ...], line: str, told: Told, folder: Path
) -> None:
    (folder / "f.json").write_text(json.dumps(machine({"A": call(Resource="${F}")})))
    code, _, err = told("translate", "f.json", *arguments)
    assert code == (1 if "--strict" in arguments else 0)
    assert err.splitlines()[-1] == line


def test_strict_translation_takes_warnings_for_errors(told: Told, folder: Path) -> None:
    states = {"A": {"Type": "Pass", "Parameters": {"x.$": "States.Format('{} {}', $.a)"}, "Next": "B"}, "B": END}
    (folder / "warn.json").write_text(json.dumps(machine(states)))
    assert told("translate", "warn.json", "-o", "dag.py")[0] == 0
    (folder / "dag.py").unlink()
    code, out, err = told("translate", "warn.json", "-o", "dag.py", "--strict")
    assert (code, out, (folder / "dag.py").exists()) == (1, "", False)
    assert "warning INTRINSIC_WILL_FAIL" in err and err.splitlines()[-1] == "1 warning, 0 findings"


def test_translate_takes_the_time_zone_of_a_schedule(told: Told, folder: Path) -> None:
    given = ("--schedule", "cron(0 9 * * ? *)", "--timezone", "Europe/Berlin", "--input", "{}")
    code, out, err = told("translate", "greet.asl.json", *given)
    assert (code, err) == (0, "0 warnings, 0 findings\n")
    assert 'schedule=CronTriggerTimetable("0 9 * * *", timezone="Europe/Berlin"),' in out
    assert told("translate", "greet.asl.json", "--timezone", "Europe/Berlin")[0] == 2
    assert "did you mean 'Europe/Berlin'?" in told("translate", "greet.asl.json", *given[:3], "Europe/Berln")[2]


def test_translate_by_segments_and_what_each_granularity_takes(told: Told, folder: Path) -> None:
    code, found = as_json(told, "translate", "greet.asl.json", "--tasks", "segment", "--report")
    assert code == 0
    shown = found["report"]["granularities"]
    assert [(row["tasks"], row["is_chosen"]) for row in shown] == [
        ("state", False),
        ("segment", True),
        ("machine", False),
    ]
    assert [row["dag_tasks"] for row in shown] == [4, found["tasks"], 1]
    assert all(row["seconds"] <= 1.5 * row["run_tasks"] for row in shown)
    code, out, _ = told("translate", "greet.asl.json", "--tasks", "machine", "--report")
    assert code == 0
    assert "*  machine               1      1" in out


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("--map-batch", "0"), "a batch of 0 items of a Map: give a number from 1 to 10000"),
        (("--tasks", "machine", "--map-batch", "5"), "has no task of its own where one task runs the whole machine"),
    ],
    ids=["no items", "machine"],
)
def test_translate_refuses_what_is_no_granularity(
    arguments: tuple[str, ...], problem: str, told: Told, folder: Path
) -> None:
    code, _, errors = told("translate", "greet.asl.json", *arguments)
    assert (code, problem in errors) == (2, True), errors
