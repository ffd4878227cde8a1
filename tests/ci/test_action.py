"""The GitHub Action: its shape, and its shell steps run as a runner would, with the commands of this package.

Comparing needs a private Airflow: a stand-in takes the place of the command there, and notes how it was called.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.golden import DAGS, ROOT

ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
STEPS = {step["name"]: step for step in ACTION["runs"]["steps"] if "name" in step}
EXPRESSION = re.compile(r"\$\{\{\s*inputs\.([\w-]+)\s*}}")

BAD = '{"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}}}'
SALES = "dags/sales_pipeline.asl.json"
SCHEDULE = '--schedule "cron(0 2 * * ? *)" --input @dags/sales_pipeline.input.json'

STAND_IN = f"""#!{sys.executable}
import sys
if sys.argv[1] != "compare":
    from sfn_provider.cli import main
    main()
arguments = sys.argv[2:]
for option in ("--html", "--markdown"):
    with open(arguments[arguments.index(option) + 1], "w") as file:
        file.write(f"the report of {{arguments[-1]}}\\n")
sys.exit("differs" in arguments[-1])
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A checked-out repository with the sales pipeline, a bad definition, and the command in ``bin``."""
    shutil.copytree(DAGS, tmp_path / "dags", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "bad one.asl.json").write_text(BAD)
    command = tmp_path / "bin" / "sfn-provider"
    command.parent.mkdir()
    command.write_text(STAND_IN)
    command.chmod(0o755)
    return tmp_path


def run(step: str, folder: Path, **inputs: str) -> subprocess.CompletedProcess[str]:
    """Run a step with bash as GitHub runs it, with the values of inputs in its environment."""
    values = {name: given["default"] for name, given in ACTION["inputs"].items()} | {
        name.replace("_", "-"): value for name, value in inputs.items()
    }
    found = STEPS[step]
    variables = {name: EXPRESSION.sub(lambda use: values[use[1]], text) for name, text in found["env"].items()}
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", found["run"]],
        cwd=folder,
        env=os.environ
        | variables
        | {"PATH": f"{folder / 'bin'}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
        | {"GITHUB_STEP_SUMMARY": str(folder / "summary.md")},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_it_is_a_composite_action_whose_inputs_are_used() -> None:
    text = (ROOT / "action.yml").read_text()
    assert ACTION["runs"]["using"] == "composite"
    assert all("description" in given for given in ACTION["inputs"].values())
    used = set(re.findall(r"inputs\.([\w-]+)", text))
    assert used == set(ACTION["inputs"])
    assert all("shell" in step for step in ACTION["runs"]["steps"] if "run" in step)


def test_no_input_is_put_into_a_script() -> None:
    """An input that were written into a script could be code."""
    assert [name for name, step in STEPS.items() if "${{" in step.get("run", "")] == []


def test_the_page_describes_its_inputs() -> None:
    page = (ROOT / "docs" / "ci.md").read_text()
    assert [name for name in ACTION["inputs"] if f"`{name}`" not in page] == []


def test_lint_annotates_each_problem(folder: Path) -> None:
    done = run("Lint", folder, lint="bad one.asl.json\ndags/*.asl.json\n")
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert {line.partition(" ")[0] for line in lines} == {"::error", "::warning"}
    assert lines[0].startswith("::error file=bad one.asl.json,line=1,")
    assert lines[-1].startswith(f"::warning file={SALES},line=")


@pytest.mark.parametrize(("strict", "code"), [("false", 0), ("true", 1)])
def test_warnings_fail_a_strict_job(folder: Path, strict: str, code: int) -> None:
    assert run("Lint", folder, lint="**/sales_pipeline.asl.json", strict=strict).returncode == code


def test_a_pattern_that_matches_nothing_fails(folder: Path) -> None:
    done = run("Lint", folder, lint="pipelines/*.asl.json")
    assert (done.returncode, done.stdout) == (2, "::error::lint: no file matches pipelines/*.asl.json\n")


def test_dag_files_are_checked_line_by_line(folder: Path) -> None:
    good = f"{SALES} -o dags/sales_pipeline.py {SCHEDULE}"
    assert run("Check DAG files", folder, translate_check=f"{good}\n\n").returncode == 0
    done = run("Check DAG files", folder, translate_check=f"{SALES} -o dags/sales_pipeline.py\n{good}\n")
    assert done.returncode == 1
    assert f"::error::not what the definition gives: {SALES} -o dags/sales_pipeline.py" in done.stdout


def test_every_comparison_leaves_its_report(folder: Path) -> None:
    done = run("Compare", folder, compare=f"{SALES}\n'what differs.json'\n{SALES}\n")
    assert done.returncode == 1
    assert done.stdout == "::error::the sides differ, or could not be compared: 'what differs.json'\n"
    reports = sorted(path.name for path in (folder / "sfn-provider-reports").iterdir())
    assert reports == ["1.html", "1.md", "2.html", "2.md", "3.html", "3.md"]
    summary = (folder / "summary.md").read_text()
    assert summary == f"the report of {SALES}\nthe report of what differs.json\nthe report of {SALES}\n"
