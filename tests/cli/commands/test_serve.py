"""``serve``: what it reads, what it prints, how it begins and ends."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sfn_provider.cli import run_command
from tests.fixtures.machines.definitions import END, call, machine
from tests.golden import DAGS, ROOT

pytest.importorskip("uvicorn", reason="the server needs Starlette and uvicorn, which Airflow 2 does not bring")

SALES = str(DAGS / "sales_pipeline.asl.json")
MOCKS = str(DAGS / "sales_pipeline.mocks.json")
TEMPLATE = """
Resources:
  Orders:
    Type: AWS::Serverless::StateMachine
    Properties:
      Type: EXPRESS
      Definition: {StartAt: A, States: {A: {Type: Pass, End: true}}}
  Bills:
    Type: AWS::Serverless::StateMachine
    Properties:
      Definition: {StartAt: A, States: {A: {Type: Pass, Result: "${Owner}", End: true}}}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a machine, a template, functions and mocks; the command runs in it."""
    (tmp_path / "greet.asl.json").write_text(json.dumps(machine({"Greet": call("Done"), "Done": END})))
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    (tmp_path / "handlers.py").write_text("def work(event, context):\n    return {'worked': event}\n")
    (tmp_path / "wrong.json").write_text('{"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}}}')
    mocks = {
        "StateMachines": {"greet": {"TestCases": {"Kind": {"Greet": "Hi"}}}},
        "MockedResponses": {"Hi": {"0": {"Return": 1}}},
    }
    (tmp_path / "mocks.json").write_text(json.dumps(mocks))
    mocks["StateMachines"] = {"greet": {"TestCases": {"Kind": {"Gret": "Hi"}}}}
    (tmp_path / "misspelt.json").write_text(json.dumps(mocks))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@contextmanager
def _serve(folder: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any], Any]]:
    """Run the command in a process: the process, what it prints first, and a client."""
    import boto3

    command = [sys.executable, "-m", "sfn_provider.cli", "serve", "--port", "0", "--json", *arguments]
    process = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={"PYTHONPATH": str(ROOT)}
    )
    try:
        assert process.stdout is not None and process.stderr is not None
        line = process.stdout.readline()
        assert line, process.stderr.read()
        started = json.loads(line)
        client = boto3.client("stepfunctions", endpoint_url=started["endpointUrl"], region_name=started["region"])
        yield process, started, client
    finally:
        process.kill()
        process.communicate()


def test_machines_of_files_run_with_functions_and_log_their_transitions_until_ctrl_c(folder: Path) -> None:
    files = ("greet.asl.json", "Renamed=greet.asl.json", "template.yaml#Orders", "template.yaml#Bills")
    options = ("--lambda", "work=handlers:work", "--substitutions", "Owner=Ada", "--region", "eu-central-1")
    with _serve(folder, *files, *options, "--account", "210987654321") as (process, started, client):
        prefix = "arn:aws:states:eu-central-1:210987654321:stateMachine:"
        assert started["stateMachineArns"] == [prefix + name for name in ("greet", "Renamed", "Orders", "Bills")]
        types = {each["name"]: each["type"] for each in client.list_state_machines()["stateMachines"]}
        assert types == {"greet": "STANDARD", "Renamed": "STANDARD", "Orders": "EXPRESS", "Bills": "STANDARD"}
        execution = client.start_execution(stateMachineArn=f"{prefix}greet", name="e1", input='{"n": 1}')[
            "executionArn"
        ]
        lines: list[str] = []
        while "ExecutionSucceeded" not in (lines or [""])[-1]:
            assert process.stdout is not None
            lines.append(json.loads(process.stdout.readline())["message"])
        assert [line.split()[1:3] for line in lines] == [
            ["ExecutionStarted"],
            ["TaskStateEntered", "Greet"],
            ["TaskStateExited", "Greet"],
            ["PassStateEntered", "Done"],
            ["PassStateExited", "Done"],
            ["ExecutionSucceeded"],
        ]
        assert json.loads(client.describe_execution(executionArn=execution)["output"]) == {"worked": {"n": 1}}
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
        assert (process.returncode, out, err) == (0, "", "")


def test_it_prints_the_variables_of_the_documentation(capsys: pytest.CaptureFixture[str]) -> None:
    from sfn_provider.cli.commands.serve import _print_start

    page = (ROOT / "docs" / "serve.md").read_text(encoding="utf-8")
    documented = re.findall(r"^(AWS_\w+=\S+)$", page, re.MULTILINE)
    server: Any = SimpleNamespace(endpoint_url="http://127.0.0.1:8083")
    answers: Any = SimpleNamespace(cases=[])
    tasks: Any = SimpleNamespace(makes_answers=False)
    _print_start(server, [], answers, tasks, {"region": "us-east-1", "secret": None}, as_json=False)
    [line] = [line for line in capsys.readouterr().out.splitlines() if "export AWS_" in line]
    assert line.split()[1:] == documented
    assert len(documented) == 5


def test_ctrl_c_ends_it_while_a_worker_waits_for_work(folder: Path) -> None:
    with _serve(folder) as (process, started, client):
        arn = client.create_activity(name="paint")["activityArn"]
        host, port = started["endpointUrl"].removeprefix("http://").split(":")
        body = json.dumps({"activityArn": arn}).encode()
        head = f"POST / HTTP/1.1\r\nHost: {host}\r\nX-Amz-Target: AWSStepFunctions.GetActivityTask\r\n"
        with socket.create_connection((host, int(port))) as waiting:
            waiting.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            client.list_activities()
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=20)
        assert (process.returncode, "Traceback" in err) == (0, False), err


def test_ctrl_c_ends_it_while_a_function_runs(folder: Path) -> None:
    (folder / "slow.py").write_text("import time\n\ndef work(event, context):\n    time.sleep(600)\n")
    with _serve(folder, "greet.asl.json", "--lambda", "work=slow:work") as (process, started, client):
        client.start_execution(stateMachineArn=started["stateMachineArns"][0])
        assert process.stdout is not None
        while "TaskStateEntered" not in process.stdout.readline():
            pass
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
        assert (process.returncode, err) == (0, "")


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str]]:
    """Run the command, which must not come to serve: its exit code and standard error."""
    monkeypatch.setattr("sfn_provider.cli.commands.serve._wait_for_interrupt", lambda: pytest.fail("it serves"))

    def tell(*arguments: str) -> tuple[int, str]:
        code = run_command(["serve", *arguments])
        return code, capsys.readouterr().err

    return tell


REFUSED = {
    "a definition that Step Functions refuses": (("wrong.json",), 1, "MISSING_TRANSITION_TARGET"),
    "no file": (("none.asl.json",), 2, "none.asl.json: there is no such file"),
    "one name twice": (
        ("greet.asl.json", "greet=template.yaml#Orders"),
        2,
        "both hold the state machine 'greet': name one of them, OtherName=template.yaml",
    ),
    "no time": (("--time", "slow"), 2, "--time 'slow' is neither real nor virtual, nor a speed such as 60x"),
    "no speed": (("--time", "0x"), 2, "time is 0.0"),
    "no mocks": (("--mock", "none.json"), 2, "none.json: there is no such file"),
    "no test case": (("--mock", "mocks.json#Rude"), 2, "there is no test case 'Rude'; it has greet/Kind"),
    "a mock of no state": (
        ("greet.asl.json", "--mock", "misspelt.json"),
        2,
        "test case 'greet/Kind' mocks state 'Gret', which the machine does not have; did you mean 'Greet'?",
    ),
    "no function": (("--lambda", "handlers:work"), 2, "--lambda 'handlers:work' must be NAME=module:function"),
    "a function that is not there": (("--lambda", "w=handlers:wrk"), 2, "handlers has no function 'wrk'; it has work"),
    "a function twice": (("--lambda", "w=json:dumps", "--lambda", "w=json:loads"), 2, "--lambda names w twice"),
    "no service": (("--endpoint", "dynamo=http://localhost:1"), 2, "did you mean 'dynamodb'"),
    "no URL": (("--endpoint", "sqs=localhost"), 2, "is no http:// or https:// URL"),
    "another address": (("--host", "0.0.0.0"), 2, "Others can reach the server at 0.0.0.0: give it a secret"),
    "a short secret": (("--secret", "abc"), 2, "it must have at least 16"),
    "a configuration without a DAG": (("--conf", "{}"), 2, "name the DAG by --dag"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_misuse(name: str, told: Callable[..., tuple[int, str]], folder: Path) -> None:
    arguments, code, message = REFUSED[name]
    found, err = told(*arguments, "--port", "0")
    assert found == code and message in err
    assert "Traceback" not in err and "fault of sfn-provider" not in err


def test_a_port_in_use_is_one_clear_error(told: Callable[..., tuple[int, str]], folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        code, err = told("--port", port)
    assert (code, err) == (2, f"Error: The server cannot listen at 127.0.0.1, port {port}: Address already in use\n")


@pytest.mark.parametrize("missing", ["starlette", "uvicorn"])
def test_without_the_extra_it_says_what_to_install(
    missing: str, told: Callable[..., tuple[int, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    code, err = told()
    assert code == 2 and "install airflow-provider-sfn[serve]" in err and "Traceback" not in err
