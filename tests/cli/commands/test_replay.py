"""``sfn-provider replay``: files, folders of AWS, wrong input."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sfn_provider.cli import run_command
from sfn_provider.engine import simulate
from sfn_provider.translate import translate
from tests.aws.scripted import ScriptedAws
from tests.aws.server import ErrorResponse
from tests.fixtures.machines.definitions import END, call, choose, machine
from tests.fixtures.machines.recorded_histories import ARN, history

GREET = machine(
    {
        "Ask": choose("$.name", {"nobody": "Nobody"}, "Greet"),
        "Greet": call("Done", Retry=[{"ErrorEquals": ["Busy"]}]),
        "Done": END,
        "Nobody": {"Type": "Fail", "Error": "Nobody"},
    }
)
BUSY = {"Throw": {"Error": "Busy"}}
MACHINE = "arn:aws:states:eu-central-1:210987654321:stateMachine:Orders"


def recorded(input: Any = None, *answers: dict[str, Any]) -> dict[str, Any]:
    return history(simulate(GREET, input or {"name": "Ada"}, mocks={"Greet": list(answers)}, name="nightly-7"))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a definition and two histories; the commands run in it."""
    (tmp_path / "greet.asl.json").write_text(json.dumps(GREET))
    (tmp_path / "good.json").write_text(json.dumps(recorded(None, BUSY, {"Return": "hello"})))
    (tmp_path / "failed.json").write_text(json.dumps(recorded({"name": "nobody"})))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    def tell(*arguments: str) -> tuple[int, str, str]:
        code = run_command(["replay", *arguments])
        out, err = capsys.readouterr()
        return code, out, err

    return tell


def test_histories_are_replayed_and_summed_up(folder: Path, told: Callable[..., tuple[int, str, str]]) -> None:
    code, out, _ = told("good.json", "failed.json", "--definition", "greet.asl.json")
    assert code == 0
    assert "good.json: SUCCEEDED, agrees" in out
    assert "failed.json: FAILED, agrees" in out
    assert "2 of 2 replays agree" in out


def test_a_dag_file_that_was_changed_is_found_out(folder: Path, told: Callable[..., tuple[int, str, str]]) -> None:
    retry_dropped = machine({**GREET["States"], "Greet": call("Done")})
    (folder / "dag.py").write_text(translate(retry_dropped, dag_id="greet").source)
    code, out, _ = told("good.json", "--definition", "greet.asl.json", "--dag-file", "dag.py", "--json")
    assert code == 1
    result = json.loads(out)
    assert (result["agree"], result["differ"]) == (0, 1)
    greet = next(state for state in result["replays"][0]["states"] if state["state"] == "Greet")
    assert "2 calls on Step Functions, 1 on Airflow" in greet["differences"]


def test_results_are_kept_and_not_made_again(folder: Path, told: Callable[..., tuple[int, str, str]]) -> None:
    assert told("good.json", "--definition", "greet.asl.json", "--results", "done.jsonl")[0] == 0
    (folder / "good.json").write_text("no longer a history")
    code, out, _ = told("good.json", "failed.json", "--definition", "greet.asl.json", "--results", "done.jsonl")
    assert code == 0
    assert "2 of 2 replays agree" in out
    lines = [json.loads(line) for line in (folder / "done.jsonl").read_text().splitlines()]
    assert [(line["name"], line["agrees"]) for line in lines] == [("good.json", True), ("failed.json", True)]


def test_one_that_cannot_be_replayed_does_not_stop_the_others(
    folder: Path, told: Callable[..., tuple[int, str, str]]
) -> None:
    (folder / "cut.json").write_text(json.dumps({"events": recorded(None, {"Return": 1})["events"][:-1]}))
    code, out, err = told("cut.json", "good.json", "--definition", "greet.asl.json")
    assert code == 2
    assert "cut.json: the history ends with PassStateExited" in err
    assert "1 of 1 replay agrees with Step Functions. 1 could not be replayed." in out


@pytest.fixture
def aws(scripted_aws: ScriptedAws, monkeypatch: pytest.MonkeyPatch) -> ScriptedAws:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    events = recorded(None, {"Return": "hello"})["events"]
    stamped = [{**event, "timestamp": 1741572000.25 + place} for place, event in enumerate(events)]
    scripted_aws.script("DescribeStateMachineForExecution", {"definition": json.dumps(GREET)})
    scripted_aws.script("GetExecutionHistory", {"events": stamped[:4], "nextToken": "more"}, {"events": stamped[4:]})
    return scripted_aws


def test_an_execution_is_read_from_aws_and_kept(
    aws: ScriptedAws, folder: Path, told: Callable[..., tuple[int, str, str]]
) -> None:
    code, out, _ = told("--execution-arn", ARN, "--save", "kept")
    assert code == 0, out
    assert set(aws.actions()) == {"DescribeStateMachineForExecution", "GetExecutionHistory"}
    assert told("kept/Orders.nightly-7.json", "--definition", "kept/Orders.asl.json")[0] == 0


def test_the_last_executions_of_a_machine(
    aws: ScriptedAws, folder: Path, told: Callable[..., tuple[int, str, str]]
) -> None:
    executions = [
        {"executionArn": ARN + name, "status": status, "startDate": 1741572000, "stateMachineArn": MACHINE, "name": "n"}
        for name, status in (("-a", "RUNNING"), ("-b", "SUCCEEDED"), ("-c", "ABORTED"), ("-d", "FAILED"))
    ]
    aws.script("ListExecutions", {"executions": executions})
    code, out, _ = told("--state-machine-arn", MACHINE, "--last", "1", "--json")
    assert code == 0
    assert [row["name"] for row in json.loads(out)["replays"]] == [ARN + "-b"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "nothing to replay"),
        (["good.json"], "name it with --definition FILE"),
        (["nowhere.json", "--definition", "greet.asl.json"], "nowhere.json: there is no such file"),
        (["greet.asl.json", "--definition", "greet.asl.json"], "it has no list of events"),
        (["--execution-arn", "arn:aws:states:x"], "not the ARN of an execution"),
        (["--execution-arn", ARN.replace(":execution:", ":express:")], "no history of express executions"),
        (["--state-machine-arn", ARN], "not the ARN of a state machine"),
    ],
)
def test_misuse(folder: Path, told: Callable[..., tuple[int, str, str]], arguments: list[str], message: str) -> None:
    code, _, err = told(*arguments)
    assert code == 2
    assert message in err


def test_what_aws_refuses_is_told(aws: ScriptedAws, folder: Path, told: Callable[..., tuple[int, str, str]]) -> None:
    aws.script("DescribeStateMachineForExecution", ErrorResponse("AccessDeniedException", "not allowed"))
    code, _, err = told("--execution-arn", ARN)
    assert code == 2
    assert "AWS refuses to read it" in err and "not allowed" in err
