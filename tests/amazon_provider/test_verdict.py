"""When the run of the amazon provider's tests fails, and what it takes from the sdist."""

from __future__ import annotations

import tarfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.amazon_provider import sdist
from tests.amazon_provider.verdict import FAILED, PASSED, ExpectedFailure, Outcome, StandIn, compare, summarize

FILE, OTHER_FILE = "unit/test_x.py", "unit/test_y.py"
GOOD, BAD = f"{FILE}::test_good", f"{FILE}::test_bad"
EXPECTED = (ExpectedFailure(BAD, "TimeoutError", "patches the waiter"),)
AS_EXPECTED = {GOOD: Outcome(PASSED), BAD: Outcome(FAILED, "E   TimeoutError")}


@dataclass(frozen=True)
class Case:
    id: str
    outcomes: dict[str, Outcome]
    problems: list[str]
    files: tuple[str, ...] = field(default=(FILE,))


CASES = [
    Case("as expected", AS_EXPECTED, []),
    Case("no tests", {}, ["no tests have run"]),
    Case("another test fails", AS_EXPECTED | {GOOD: Outcome(FAILED)}, [f"{GOOD} failed: mend"]),
    Case("another test is skipped", AS_EXPECTED | {GOOD: Outcome("skipped")}, [f"{GOOD} skipped: mend"]),
    Case(
        "a file cannot be imported", AS_EXPECTED | {"unit/test_y.py": Outcome(FAILED)}, ["unit/test_y.py failed: mend"]
    ),
    Case("a listed test passes", AS_EXPECTED | {BAD: Outcome(PASSED)}, [f"{BAD} passed: strike"]),
    Case("a listed test is skipped", AS_EXPECTED | {BAD: Outcome("skipped")}, [f"{BAD} skipped: strike"]),
    Case("a listed test is gone", {GOOD: Outcome(PASSED)}, [f"{BAD} has not run: strike"]),
    Case(
        "a listed test fails otherwise",
        AS_EXPECTED | {BAD: Outcome(FAILED, "E   KeyError")},
        [f"{BAD} failed, but not with 'TimeoutError': E   KeyError"],
    ),
    Case("a file has no tests", AS_EXPECTED, [f"{OTHER_FILE}: none of its tests has run"], (FILE, OTHER_FILE)),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_what_lets_the_run_fail(case: Case) -> None:
    problems = compare(case.outcomes, EXPECTED, case.files)
    assert len(problems) == len(case.problems)
    assert all(problem.startswith(start) for problem, start in zip(problems, case.problems, strict=True))


def test_the_summary_counts_and_lists_with_reasons() -> None:
    assert summarize(AS_EXPECTED, EXPECTED, [StandIn(FILE, "pytest-asyncio", "asyncio.run")]).splitlines() == [
        "1 passed, 1 failed, 0 skipped",
        f"{BAD} is expected to fail:",
        "  patches the waiter",
        f"{FILE} needs pytest-asyncio; it gets asyncio.run:",
        f"  {GOOD}: passed",
        f"  {BAD}: failed",
    ]


@pytest.mark.parametrize("has_tests", [True, False])
def test_an_sdist_is_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_tests: bool) -> None:
    name = "apache_airflow_providers_amazon-9.39.0"
    folder = tmp_path / "made" / name / ("tests" if has_tests else "src") / "unit"
    folder.mkdir(parents=True)
    (folder / "test_x.py").touch()
    commands: list[tuple[str, ...]] = []

    def pip(command: Any, check: bool) -> None:
        commands.append(command)
        with tarfile.open(tmp_path / f"{name}.tar.gz", "w:gz") as archive:
            archive.add(tmp_path / "made" / name, name)

    monkeypatch.setattr(sdist.subprocess, "run", pip)
    if has_tests:
        tests = sdist.download_tests("9.39.0", tmp_path)
        assert [path.relative_to(tests).as_posix() for path in tests.rglob("*.py")] == ["unit/test_x.py"]
    else:
        with pytest.raises(FileNotFoundError, match="has no folder tests"):
            sdist.download_tests("9.39.0", tmp_path)
    assert commands[0][-1] == "apache-airflow-providers-amazon==9.39.0"


def test_only_tests_of_step_functions_are_taken_and_only_their_modules_replaced(tmp_path: Path) -> None:
    prefix = "airflow.providers.amazon.aws"
    texts = {
        "unit/test_step_function.py": f"import {prefix}.hooks.step_function\nimport {prefix}.links.base_aws\n",
        "unit/test_sqs.py": f"import {prefix}.hooks.sqs\n",
        "system/example_step_functions.py": f"from {prefix}.sensors.step_function import Sensor\n",
    }
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    files = sdist.use_this_package(tmp_path)
    assert {path.relative_to(tmp_path).as_posix(): path.read_text() for path in files} == {
        "unit/test_step_function.py": f"import sfn_provider.hooks.step_function\nimport {prefix}.links.base_aws\n",
        "system/example_step_functions.py": "from sfn_provider.sensors.step_function import Sensor\n",
    }
