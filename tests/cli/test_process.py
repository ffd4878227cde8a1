"""The command line as a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

from tests.fixtures.machines.definitions import END, machine
from tests.golden import DAGS, ROOT


def process(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the console script's module."""
    return subprocess.run(
        [sys.executable, "-m", "sfn_provider.cli", *arguments],
        env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
    )


def test_the_console_script_is_the_module() -> None:
    from sfn_provider.cli import main

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    module, _, name = project["scripts"]["sfn-provider"].partition(":")
    assert getattr(import_module(module), name) is main


def test_a_run_from_files_to_output() -> None:
    sales = DAGS / "sales_pipeline.asl.json"
    files = (
        "--input",
        f"@{DAGS / 'sales_pipeline.input.json'}",
        "--mock",
        f"{DAGS / 'sales_pipeline.mocks.json'}#QualityFails",
    )
    done = process("run", str(sales), *files, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    assert (found["status"], found["transitions"]) == ("SUCCEEDED", 5)


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [(("lint", "gone.json"), 2, "gone.json: there is no such file"), (("lint",), 2, "Missing argument")],
)
def test_exit_codes_reach_the_shell(arguments: tuple[str, ...], code: int, told: str) -> None:
    done = process(*arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert told in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_a_terminal_that_cannot_show_a_character_gets_an_escape(encoding: str, tmp_path: Path) -> None:
    file, mocks = tmp_path / "odd.json", tmp_path / "mocks.json"  # to make mocks takes more than to run the machine
    file.write_text(json.dumps(machine({"状态 😀": END | {"Result": "\ud800 é"}})))
    mocks.write_text(json.dumps({"StateMachines": {"Odd": {"TestCases": {"Case": {}}}}, "MockedResponses": {}}))
    command = ("run", str(file), "--input", "{}", "--mock", f"{mocks}#Case")
    text = process(*command, PYTHONIOENCODING=encoding)
    assert text.returncode == 0 and "\\ud800" in text.stdout
    assert ("状态" in text.stdout) is (encoding == "utf-8")
    as_json = process(*command, "--json", PYTHONIOENCODING=encoding)
    assert json.loads(as_json.stdout)["output"] == "\ud800 é"


def test_a_reader_that_stops_reading_is_no_error() -> None:
    command = f"{sys.executable} -m sfn_provider.cli translate {DAGS / 'sales_pipeline.asl.json'} | head -c 0"
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(["bash", "-c", command], env=environment, capture_output=True, text=True, timeout=60)
    assert "Traceback" not in done.stdout + done.stderr
