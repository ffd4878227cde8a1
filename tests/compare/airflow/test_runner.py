"""The private Airflow: nobody's settings go in, and nothing is left behind in anybody's home."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from sfn_provider.compare import run_on_airflow
from sfn_provider.compare.airflow import runner
from sfn_provider.compare.airflow.dag_execution import read_outcome
from sfn_provider.compare.airflow.intercepted_run import _imports_from
from sfn_provider.compare.airflow.runner import AirflowRunFailed, AirflowRunner, private_environment, shared_runner
from sfn_provider.engine import Mocks
from sfn_provider.executions.names import permitted_name
from sfn_provider.translate import translate
from sfn_provider.xcom_json import decode_dag_run_conf, decode_xcom, encode_dag_run_conf, encode_xcom
from tests.fixtures.machines.definitions import END, machine

HOME = Path("/a/home")


def test_nothing_of_the_users_airflow_settings_is_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = {
        "AIRFLOW_HOME": "/theirs",
        "AIRFLOW_CONFIG": "/theirs/airflow.cfg",
        "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "postgresql://theirs",
        "AIRFLOW_CONN_AWS_DEFAULT": "aws://theirs",
        "AIRFLOW_VAR_X": "theirs",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    for name, value in theirs.items():
        monkeypatch.setenv(name, value)
    made = private_environment(HOME)
    assert "theirs" not in str({name: value for name, value in made.items() if name.startswith("AIRFLOW")})
    assert "PYTHONDONTWRITEBYTECODE" not in made
    assert (made["AIRFLOW_HOME"], made["AIRFLOW__CORE__DAGS_FOLDER"]) == (str(HOME), str(HOME / "dags"))
    assert made["AIRFLOW__CORE__LOAD_EXAMPLES"] == "False"


def test_a_dag_file_hides_no_module_and_finds_what_is_beside_it(tmp_path: Path) -> None:
    (tmp_path / "wave.py").write_text("")
    (tmp_path / "beside_the_dag.py").write_text("")
    before = list(sys.path)
    with _imports_from([str(tmp_path)]):
        found = [find_spec(name) for name in ("wave", "beside_the_dag")]
    assert [Path(str(each and each.origin)).parent == tmp_path for each in found] == [False, True]
    assert sys.path == before


def test_a_file_in_the_users_folder_hides_no_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commands: list[list[str]] = []

    def refuse(command: list[str], **_: object) -> None:
        commands.append(command)
        raise OSError

    monkeypatch.setattr(runner.subprocess, "Popen", refuse)
    with pytest.raises(OSError):
        AirflowRunner().run("", None, {}, {})
    monkeypatch.undo()
    (tmp_path / "wave.py").write_text("")
    interpreter = commands[0][: commands[0].index("-m")]
    code = [*interpreter, "-c", "import wave; print(wave.__file__)"]
    found = subprocess.run(code, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert Path(found.strip()).parent != tmp_path


def test_the_end_of_the_log_is_text(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(runner.tempfile, "mkdtemp", lambda prefix: str(tmp_path))
    lines = "\x1b[31m│\x1b[0m locals \x1b[31m│\x1b[0m\n\x1b[31m╰──╯\x1b[0m\n\x1b[1;91mKeyError: \x1b[0m'a'\n"
    (tmp_path / "airflow.log").write_text(lines, encoding="utf-8")
    assert AirflowRunner()._log_tail() == "KeyError: 'a'"


def test_what_is_not_airflows_stays_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINE", "mine")
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    monkeypatch.setenv("PYTHONPATH", f"{os.sep}mine")
    made = private_environment(HOME)
    assert (made["MINE"], made["AWS_REGION"]) == ("mine", "eu-central-1")
    assert made["PYTHONPATH"].split(os.pathsep)[-1] == f"{os.sep}mine"
    import sfn_provider

    assert Path(made["PYTHONPATH"].split(os.pathsep)[0]) == Path(sfn_provider.__file__).parents[1]


CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "AKIAMINE",
    "AWS_SECRET_ACCESS_KEY": "mine",
    "AWS_SESSION_TOKEN": "mine",
    "AWS_PROFILE": "mine",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "/mine",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/mine",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/mine",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN": "mine",
    "AWS_SHARED_CREDENTIALS_FILE": "/mine",
    "AWS_CONFIG_FILE": "/mine",
    "BOTO_CONFIG": "/mine",
}


def test_a_mocked_airflow_finds_no_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "credentials").write_text(
        "[default]\naws_access_key_id = AKIAMINE\naws_secret_access_key = x\n"
    )
    for name, value in {**CREDENTIALS, "HOME": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    environment = private_environment(tmp_path)
    assert "mine" not in {value.strip("/").lower() for name, value in environment.items() if name.startswith("AWS")}
    code = "import boto3; print(boto3.Session().get_credentials())"
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "None\n"
    assert CREDENTIALS.items() <= private_environment(tmp_path, calls_aws=True).items()


def test_importing_this_package_does_not_touch_airflow_or_the_users_home(tmp_path: Path) -> None:
    code = "import sys, sfn_provider.compare, sfn_provider.cli; print('airflow' in sys.modules, 'boto3' in sys.modules)"
    environment = private_environment(tmp_path)
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
    assert list(tmp_path.iterdir()) == []


def test_the_users_airflow_home_is_not_touched_by_a_run(user_airflow_home: Path) -> None:
    assert run_on_airflow(machine({"A": END}), {"x": 1}, mocks={}).output == {"x": 1}
    assert [path.name for path in user_airflow_home.rglob("*")] == ["airflow.cfg"]
    assert "nonsense" in (user_airflow_home / "airflow.cfg").read_text()


@pytest.mark.usefixtures("user_airflow_home")
def test_two_files_of_the_same_length_in_the_same_second_are_two_files() -> None:
    outputs = [run_on_airflow(machine({"A": END | {"Result": n}}), {}, mocks={}).output for n in range(5)]
    assert outputs == list(range(5))


@pytest.mark.usefixtures("user_airflow_home")
def test_a_null_takes_its_way_through_a_choice() -> None:
    """Airflow 3.0 refuses to push it as an XCom."""
    rule = {"Variable": "$$.Execution.Name", "IsString": True, "Next": "Null"}
    choice = {"Type": "Choice", "Choices": [rule], "Default": "Other"}
    other = END | {"Result": "other"}
    states = {"A": {"Type": "Pass", "Result": None, "Next": "C"}, "C": choice, "Null": END, "Other": other}
    run = run_on_airflow({"StartAt": "A", "States": states}, {}, mocks={})
    assert (run.status, run.output) == ("SUCCEEDED", None)


def test_the_folder_holds_one_dag_file_at_a_time() -> None:
    run_on_airflow(machine({"A": END}), {}, mocks={})
    assert len(list((shared_runner()._home / "dags").glob("*.py"))) == 1


@pytest.mark.usefixtures("user_airflow_home")
def test_a_run_tells_its_tasks_and_what_they_left() -> None:
    source = translate(machine({"A": END}), dag_id="x").source
    result = shared_runner().run(source, "x", {"k": 1}, Mocks.from_mapping({}).as_configuration())
    [task] = result.tasks
    assert (result.state, task["task_id"], task["state"], task["return_value"]) == ("success", "A", "success", {"k": 1})
    assert task["token"]["next"] is None and task["error"] is None
    assert result.seconds > 0 and result.run_id.startswith("manual__")
    assert read_outcome(result).name == permitted_name(result.run_id)


@pytest.mark.usefixtures("user_airflow_home")
def test_a_dag_that_is_not_in_the_file_is_an_error() -> None:
    with pytest.raises(AirflowRunFailed, match="KeyError: 'y'"):
        shared_runner().run(translate(machine({"A": END}), dag_id="x").source, "y", {}, {})


def test_a_process_that_dies_is_told_and_the_next_run_starts_another(monkeypatch: pytest.MonkeyPatch) -> None:
    from sfn_provider.compare.airflow.runner import AirflowRunner

    runner = AirflowRunner()
    try:
        answers = '{"result": {"state": "success", "run_id": "r", "seconds": 1, "tasks": [], "requests": 0}}'
        for code, dies in (
            ("print('died here', file=sys.stderr)", True),
            (f"[print({answers!r}, flush=True) for _ in sys.stdin]", False),
        ):
            command = [sys.executable, "-c", f"import sys; {code}"]
            popen = subprocess.Popen
            monkeypatch.setattr(
                subprocess, "Popen", lambda _, popen=popen, command=command, **kwargs: popen(command, **kwargs)
            )
            if dies:
                with pytest.raises(AirflowRunFailed, match=r"ended unexpectedly(.|\n)*died here"):
                    runner.run("", "x", {}, None)
            else:
                assert runner.run("", "x", {}, None).run_id == "r"
            monkeypatch.undo()
    finally:
        runner.close()
    assert not runner._home.exists()


# Values on their way through Airflow ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value", [None, 1, "x", [], [1], {}, {"a": 1}, {"sfn_provider:input": 1}, {"sfn_provider:input": 1, "a": 2}]
)
def test_any_input_goes_through_a_configuration(value: object) -> None:
    configuration = encode_dag_run_conf(value)
    assert isinstance(configuration, dict)
    assert decode_dag_run_conf(configuration) == value


@pytest.mark.parametrize("value", [None, 1, "__type", [], {"a": [{"b": 1}]}, {"_a": 1, "a__": 2}])
def test_ordinary_values_are_kept_as_they_are(value: object) -> None:
    assert encode_xcom(value) is value
    assert decode_xcom(value) is value


@pytest.mark.parametrize(
    "value", [{"__type": 1}, {"a": [{"__classname__": "x"}]}, [[{"__id__": None}]], {"sfn_provider:json": "1"}]
)
def test_values_that_airflow_would_misread_are_kept_as_text(value: object) -> None:
    kept = encode_xcom(value)
    assert isinstance(kept, dict) and list(kept) == ["sfn_provider:json"] and isinstance(kept["sfn_provider:json"], str)
    assert decode_xcom(kept) == value
