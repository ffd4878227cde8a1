"""``translate --project``: a native DAG with its test, the definition and a README."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from sfn_provider.cli.commands.translate import translate

DEFINITION = {
    "Comment": "Counts | the boats",
    "StartAt": "Count boats",
    "States": {
        "Count boats": {
            "Type": "Task",
            "Resource": "arn:aws:lambda:us-east-1:123456789012:function:count",
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Tell"}],
            "Next": "Many?",
        },
        "Many?": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.boats", "NumericGreaterThan": 3, "Next": "Tell"}],
            "Default": "Few",
        },
        "Tell": {
            "Type": "Task",
            "Resource": "arn:aws:states:::sns:publish",
            "Parameters": {"TopicArn": "arn:aws:sns:us-east-1:123456789012:harbour", "Message": "look"},
            "End": True,
        },
        "Few": {"Type": "Succeed"},
    },
}
FILES = ["README.md", "dags/boats.py", "definitions/boats.asl.json", "tests/test_boats.py"]


@pytest.fixture
def definition(tmp_path: Path) -> Path:
    path = tmp_path / "boats.asl.json"
    path.write_text(json.dumps(DEFINITION), encoding="utf-8")
    return path


def write(definition: Path, folder: Path, *options: str) -> Any:
    arguments = [str(definition), "--style", "native", "--project", str(folder), *options]
    return CliRunner().invoke(translate, arguments, standalone_mode=False)


def files_of(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_project_is_written(definition: Path, tmp_path: Path) -> None:
    folder = tmp_path / "harbour"
    done = write(definition, folder)
    assert done.return_value == 0, done.output
    assert files_of(folder) == [".sfn-provider.json", *FILES]
    assert json.loads((folder / FILES[2]).read_text())["StartAt"] == "Count boats"
    readme = (folder / "README.md").read_text()
    assert "Counts \\| the boats" in readme
    assert "package airflow-provider-sfn is installed" in " ".join(readme.split())
    assert "the package airflow-provider-sfn; without it" in (folder / FILES[3]).read_text()
    assert "| Count boats | Task | operator | `LambdaInvokeFunctionOperator` | `Count_boats` |" in readme
    assert "**CATCH\\_RUN\\_STATE** of Count boats (differs)" in readme
    for name in (FILES[1], FILES[3]):
        ast.parse((folder / name).read_text())


def test_it_is_written_again_and_beside_another_one(definition: Path, tmp_path: Path) -> None:
    folder = tmp_path / "harbour"
    write(definition, folder)
    assert write(definition, folder).return_value == 0
    assert write(definition, folder, "--dag-id", "ships").return_value == 0
    assert "# ships" in (folder / "README.md").read_text()
    names = {*FILES, *(name.replace("boats", "ships") for name in FILES[1:])}
    assert set(files_of(folder)) == {".sfn-provider.json", *names}


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_was_changed_stays_and_is_named(name: str, definition: Path, tmp_path: Path) -> None:
    folder = tmp_path / "harbour"
    write(definition, folder)
    (folder / name).write_text("mine")
    others = {path: (folder / path).read_bytes() for path in files_of(folder)}
    changed = definition.with_name("boats.asl.json")
    changed.write_text(json.dumps({**DEFINITION, "Comment": "Others"}))
    done = write(changed, folder)
    assert done.return_value == 2 and str(folder / name) in done.output
    assert {path: (folder / path).read_bytes() for path in files_of(folder)} == others


def test_a_file_of_somebody_else_stays(definition: Path, tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine")
    done = write(definition, tmp_path)
    assert done.return_value == 2 and "README.md is not as this command" in done.output
    assert not (tmp_path / "dags").exists()


def test_with_templates_the_test_does_not_compare(definition: Path, tmp_path: Path) -> None:
    write(definition, tmp_path / "harbour", "--param", "day={{ ds }}")
    test = (tmp_path / "harbour" / FILES[3]).read_text()
    assert "compare" not in test and "import pytest" not in test
    assert "do not compare" in (tmp_path / "harbour" / "README.md").read_text()


@pytest.mark.parametrize(
    "options",
    [["--project", "x"], ["--project", "x", "--style", "native", "-o", "y.py"]],
    ids=["the exact style", "another output"],
)
def test_what_a_project_is_not_for_is_refused(options: list[str], definition: Path) -> None:
    done = CliRunner().invoke(translate, [str(definition), *options], standalone_mode=False)
    assert done.return_value == 2 and "--project writes" in done.output


@pytest.mark.airflow
def test_the_tests_of_the_project_pass(definition: Path, tmp_path: Path) -> None:
    folder = tmp_path / "harbour"
    write(definition, folder)
    home = {"AIRFLOW_HOME": str(tmp_path / "home"), "AIRFLOW__CORE__LOAD_EXAMPLES": "False"}
    root = str(Path(__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"],
        cwd=folder,
        env=os.environ | home | {"PYTHONPATH": root},
        capture_output=True,
        text=True,
    )
    assert "2 passed" in done.stdout, done.stdout + done.stderr


def write_file(definition: Path, *options: str) -> tuple[int, str]:
    arguments = [str(definition), "-o", str(definition.parent / "dag.py"), *options]
    done = CliRunner().invoke(translate, arguments, standalone_mode=False)
    return done.return_value, done.output


def test_a_file_that_was_not_changed_is_written_again(definition: Path) -> None:
    assert write_file(definition)[0] == 0
    assert write_file(definition, "--dag-id", "ships")[0] == 0
    assert 'dag_id="ships"' in (definition.parent / "dag.py").read_text(encoding="utf-8")


@pytest.mark.parametrize("is_written", [True, False], ids=["changed", "of others"])
def test_a_file_of_others_stays_unless_it_is_to_be_overwritten(definition: Path, is_written: bool) -> None:
    if is_written:
        write_file(definition)
    file = definition.parent / "dag.py"
    file.write_text("# mine\n", encoding="utf-8")
    code, text = write_file(definition)
    assert code != 0 and "Add --overwrite" in text and "Nothing is written" in text
    assert file.read_text(encoding="utf-8") == "# mine\n"
    assert write_file(definition, "--overwrite")[0] == 0
    assert "DAG(" in file.read_text(encoding="utf-8")
    assert write_file(definition)[0] == 0


def test_only_a_file_is_overwritten(definition: Path) -> None:
    done = CliRunner().invoke(translate, [str(definition), "--overwrite"])
    assert "name it with -o" in done.output


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (("--tasks", "segment"), "tasks 'segment': that is for DAGs of the style exact, not native"),
        (("--map-batch", "5"), "a batch of 5 items of a Map: that is for DAGs of the style exact, not native"),
        (("--param", "boat={{ ds }}"), "no state reads this field of the input"),
    ],
)
def test_what_a_native_file_would_ignore_is_refused(definition: Path, options: tuple[str, ...], text: str) -> None:
    states: Any = json.loads(definition.read_text(encoding="utf-8"))
    states["States"]["Count boats"]["Parameters"] = {"port.$": "$.port"}
    definition.write_text(json.dumps(states), encoding="utf-8")
    code, output = write_file(definition, "--style", "native", *options)
    assert code != 0 and text in output
    assert not (definition.parent / "dag.py").exists()
