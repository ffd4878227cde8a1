"""A full disk: a command that cannot write all of its files leaves none behind, and says so in one line."""

from __future__ import annotations

import errno
import resource
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from sfn_provider.cli.faults import describe_fault
from tests.attack.limited_child import run_limited

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="its limit of the size of files is Linux's")

ROOT = Path(__file__).parents[2]
DEFINITION = ROOT / "dags/sales_pipeline.asl.json"


def _command(*arguments: str) -> Callable[[], int]:
    def run() -> int:
        from sfn_provider.cli import run_command

        return run_command(list(arguments))

    return run


def _write_report() -> int:
    """Write the two files of a report as ``compare`` does, the second of which is too large."""
    from sfn_provider.cli.output.files import write_files
    from sfn_provider.exceptions import UsageError

    try:
        write_files({"report.html": "short", "report.md": "long" * 10_000})
    except UsageError as error:
        print(f"Error: {error}")
        return 2
    return 0


@dataclass(frozen=True)
class Case:
    """A command, the largest file that it can write, and the file of which it says that it cannot."""

    name: str
    action: Callable[[], int]
    limit: int
    file: str


CASES = [
    Case("translate", _command("translate", "m.json", "-o", "dag.py"), 1_000, "dag.py"),
    Case("cases", _command("cases", "m.json", "-o", "mocks.json"), 1_000, "mocks.json"),
    Case(
        "a project",
        _command("translate", "m.json", "--style", "native", "--project", "new/project"),
        2_000,
        "new/project",
    ),
    Case("a bundle", _command("package", "--airflow-version", "3.0.6", "-o", "new/bundle"), 20_000, "plugins.zip"),
    Case("a report", _write_report, 20_000, "report.md"),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_cannot_be_written_as_a_whole_leaves_nothing_behind(case: Case) -> None:
    def act() -> int:
        shutil.copy(DEFINITION, "m.json")
        resource.setrlimit(resource.RLIMIT_FSIZE, (case.limit, resource.RLIM_INFINITY))
        code = case.action()
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        left = sorted(str(path) for path in Path().rglob("*"))
        print(f"exit {code}, left {left}")
        return 0

    outcome = run_limited(act, seconds=60.0)
    assert outcome.problem == "", outcome
    assert "exit 2, left ['m.json']" in outcome.text
    (line,) = [line for line in outcome.text.splitlines() if line.startswith("Error: ")]
    assert case.file in line and line.endswith(": cannot be written: File too large")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_an_output_that_is_full_is_no_fault_of_the_package(number: int) -> None:
    text = describe_fault(OSError(number, "No space left on device"))
    assert text.startswith("Error: No space left on device: free some") and "report it" not in text
