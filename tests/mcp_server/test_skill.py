"""The skill: what an assistant reads of it, and its scripts against the command line."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.golden import DAGS, ROOT

SKILL = ROOT / "skills" / "step-functions-to-airflow"
SCRIPTS = sorted((SKILL / "scripts").glob("*.sh"))


def test_the_skill_is_in_the_form_that_assistants_read() -> None:
    """Names have at most 64 characters, descriptions 1,024: https://agentskills.io/specification"""
    _, front, body = (SKILL / "SKILL.md").read_text(encoding="utf-8").split("---\n", 2)
    found = yaml.safe_load(front)
    assert (found["name"], [*found]) == (SKILL.name, ["name", "description"])
    assert 0 < len(found["description"]) <= 1024 and "<" not in found["description"]
    assert {script.name for script in SCRIPTS} == {word for word in SCRIPT_NAMES if f"scripts/{word} " in body}


SCRIPT_NAMES = ("compare.sh", "lint.sh", "replay.sh", "translate.sh")

ARGUMENTS = {
    "lint.sh": (["a.json"], "lint --json -- a.json"),
    "translate.sh": (["-a.json", "dag.py"], "translate --report --style=exact --output=dag.py -- -a.json"),
    "compare.sh": (["a b.json", "dag.py", "r.html"], "compare --dag-file=dag.py --html=r.html -- a b.json"),
    "replay.sh": (
        ["a.json", "dag.py", "1.json", "2.json"],
        "replay --definition=a.json --dag-file=dag.py -- 1.json 2.json",
    ),
}


@pytest.mark.parametrize("name", SCRIPT_NAMES)
def test_a_script_calls_the_command_line(name: str, tmp_path: Path) -> None:
    """The options are those of the commands; `tests/mcp_server/test_server.py` runs the commands with them."""
    arguments, called = ARGUMENTS[name]
    command = tmp_path / "sfn-provider"
    command.write_text('#!/bin/sh\necho "$*"\nexit 1\n')
    command.chmod(0o755)
    environment = os.environ | {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run([SKILL / "scripts" / name, *arguments], env=environment, capture_output=True, text=True)
    assert (done.stdout.strip(), done.stderr, done.returncode) == (called, "", 1)
    from importlib import import_module

    words = called.split()
    module = import_module(f"sfn_provider.cli.commands.{words[0]}")
    known = {option for parameter in getattr(module, words[0]).params for option in parameter.opts}
    assert {word.partition("=")[0] for word in words if word.startswith("--") and word != "--"} <= known


def test_lint_by_its_script() -> None:
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    command = [SKILL / "scripts" / "lint.sh", DAGS / "sales_pipeline.asl.json"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert (done.returncode, "DATA_PATH_CANNOT_EXIST" in done.stdout) == (0, True), done.stderr
