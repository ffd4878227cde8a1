"""``translate --check``: is a file what the definition gives?"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from sfn_provider.cli import run_command
from tests.fixtures.machines.definitions import END, call, machine

BOATS = machine({"Count": call("Done"), "Done": END})

Told = Callable[..., tuple[int, str, str]]


@pytest.fixture
def told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Run ``translate boats.json`` in a folder that has it: its exit code, standard output and standard error."""
    (tmp_path / "boats.json").write_text(json.dumps(BOATS))
    monkeypatch.chdir(tmp_path)

    def tell(*arguments: str) -> tuple[int, str, str]:
        code = run_command(("translate", "boats.json", *arguments))
        out, err = capsys.readouterr()
        return code, out, err

    return tell


def test_a_file_as_it_was_written_passes(told: Told) -> None:
    told("-o", "boats.py")
    assert told("-o", "boats.py", "--check") == (0, "", "boats.py is what the definition gives\n")
    Path("boats.py").write_bytes(Path("boats.py").read_bytes().replace(b"\n", b"\r\n"))
    assert told("-o", "boats.py", "--check")[0] == 0


def test_a_change_is_shown_and_nothing_is_written(told: Told) -> None:
    told("-o", "boats.py")
    changed = Path("boats.py").read_text().replace("catchup=False", "catchup=True")
    Path("boats.py").write_text(changed)
    code, out, err = told("-o", "boats.py", "--check")
    assert code == 1
    assert "-    catchup=True,\n+    catchup=False,\n" in out
    assert err.startswith("boats.py is not what the definition gives now: translate again without --check")
    assert Path("boats.py").read_text() == changed


def test_another_option_is_a_change(told: Told) -> None:
    told("-o", "boats.py")
    code, out, _ = told("-o", "boats.py", "--schedule", "rate(1 hour)", "--check")
    assert (code, "+    schedule=timedelta(hours=1),\n" in out) == (1, True)


def test_a_missing_file_is_a_change(told: Told) -> None:
    code, out, _ = told("-o", "boats.py", "--check")
    assert (code, out.startswith("--- /dev/null\n+++ boats.py (as translated now)\n")) == (1, True)
    assert not Path("boats.py").exists()


def test_a_project_is_checked_file_by_file(told: Told) -> None:
    project = ("--style", "native", "--airflow-version", "3.0.6", "--project", "harbour")
    told(*project)
    assert told(*project, "--check")[0] == 0
    Path("harbour/README.md").write_text("mine\n")
    code, out, _ = told(*project, "--check", "--json")
    assert code == 1
    found = {entry["file"]: entry["is_current"] for entry in json.loads(out)["files"]}
    assert found == {
        "harbour/README.md": False,
        "harbour/dags/boats.py": True,
        "harbour/definitions/boats.asl.json": True,
        "harbour/tests/test_boats.py": True,
    }


def test_there_must_be_a_file_to_check(told: Told) -> None:
    code, out, err = told("--check")
    assert (code, out) == (2, "")
    assert (
        err == "Error: --check compares a file with what would be written: name it with -o OUT.py, or --project DIR\n"
    )


def test_what_is_refused_is_not_checked(told: Told) -> None:
    told("-o", "boats.py")
    Path("boats.json").write_text(json.dumps(machine({"A": {"Type": "Pass", "Next": "B"}})))
    code, _, err = told("-o", "boats.py", "--check")
    assert (code, "MISSING_TRANSITION_TARGET" in err) == (1, True)
