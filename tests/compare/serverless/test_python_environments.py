"""The interpreter that runs workflows: what it lacks is said, with the command that helps."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from sfn_provider.compare.airflow.runner import AirflowRunner
from sfn_provider.compare.serverless import python_environments
from sfn_provider.compare.serverless.python_environments import find_interpreter, find_problems
from sfn_provider.exceptions import UsageError

WHOLE = {
    "apache-airflow": "3.0.6",
    "apache-airflow-providers-amazon": "9.32.0",
    "dag-factory": "1.0.0",
    "cadwyn": "5.4.4",
    "fastapi": "0.116.1",
    "jsonata-python": "0.7.1",
    "networkx": "3.5",
    "pydantic": "2.11.7",
    "regex": "2025.7.34",
}


@pytest.mark.parametrize(
    ("change", "problems"),
    [
        ({}, []),
        ({"dag-factory": None}, ["it lacks dag-factory"]),
        ({"fastapi": "0.165.0"}, ["fastapi is 0.165.0, not <0.117"]),
        ({"apache-airflow": "3.3.2"}, ["apache-airflow is 3.3.2, not ==3.0.6"]),
        ({"apache-airflow-providers-amazon": "9.32.0rc1"}, ["apache-airflow-providers-amazon is 9.32.0rc1"]),
        ({"apache-airflow-providers-amazon": "9.31.0", "regex": None}, ["9.31.0, not <9.33,>=9.32", "lacks regex"]),
    ],
)
def test_what_an_interpreter_lacks_is_told(change: dict[str, str | None], problems: list[str]) -> None:
    found = find_problems({**WHOLE, **change})
    assert len(found) == len(problems)
    assert all(part in text for part, text in zip(problems, found, strict=True)), found


def test_an_interpreter_without_dag_factory_is_refused_with_the_command_that_helps() -> None:
    with pytest.raises(UsageError, match=r"it lacks dag-factory.* environment .*pip install 'apache-airflow==3\.0\.6'"):
        find_interpreter(sys.executable)


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "there is no such file"), ("echo told >&2; exit 3", "is no Python .*: told"), ("echo {", "is no Python")],
)
def test_what_is_no_interpreter_is_refused(content: str | None, message: str, tmp_path: Path) -> None:
    python = tmp_path / "python"
    if content is not None:
        python.write_text(f"#!/bin/sh\n{content}\n")
        python.chmod(0o755)
    with pytest.raises(UsageError, match=message):
        find_interpreter(str(python))


def test_a_folder_is_no_interpreter(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=rf"is a folder; name the interpreter in it: {tmp_path}/bin/python$"):
        find_interpreter(str(tmp_path))


def test_without_an_interpreter_the_make_target_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(python_environments, "DEFAULT", tmp_path / "python")
    with pytest.raises(UsageError, match="run make serverless-env; elsewhere name an interpreter with --python"):
        find_interpreter()


def test_another_interpreter_gets_this_package_alone() -> None:
    runner = AirflowRunner(sys.executable)
    try:
        [folder] = runner.search_path().values()
        assert [entry.name for entry in Path(folder).iterdir()] == ["sfn_provider"]
        assert (Path(folder) / "sfn_provider" / "compare").samefile(Path(python_environments.__file__).parents[1])
    finally:
        runner.close()
    assert AirflowRunner().search_path() == {}
