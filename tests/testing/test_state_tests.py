from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sfn_provider.asl.scope import MISSING
from sfn_provider.exceptions import InvalidDefinition, RequestRefused, UsageError
from sfn_provider.testing.state_tests import StateOutcome, StateTest

ROOT = Path(__file__).parents[2]
CHARGE = {
    "Type": "Task",
    "Resource": "arn:aws:states:::lambda:invoke",
    "Parameters": {"FunctionName": "charge", "Payload.$": "$"},
    "ResultSelector": {"id.$": "$.Payload.id"},
    "Retry": [{"ErrorEquals": ["Busy"], "MaxAttempts": 5}],
    "Catch": [{"ErrorEquals": ["Declined"], "ResultPath": "$.error", "Next": "Tell"}],
    "Next": "Tell",
}
MACHINE = {"StartAt": "Charge", "States": {"Charge": CHARGE, "Tell": {"Type": "Succeed"}}}
RESULT = {"StatusCode": 200, "Payload": {"id": 7}}


@pytest.fixture
def run(tmp_path: Path) -> StateTest:
    (tmp_path / "pipeline.asl.json").write_text(json.dumps(MACHINE))
    (tmp_path / "state.json").write_text(json.dumps({"Type": "Pass", "Result": "${Text}", "End": True}))
    return StateTest(tmp_path)


def test_a_state_that_succeeds(run: StateTest) -> None:
    outcome = run("pipeline.asl.json#Charge", {"order": 1}, result=RESULT)
    assert outcome.assert_succeeded(output={"id": 7}, next_state="Tell") is outcome
    assert (outcome.status, outcome.error, outcome.cause) == ("SUCCEEDED", None, None)
    assert outcome.inspect("afterParameters") == {"FunctionName": "charge", "Payload": {"order": 1}}


def test_a_state_that_is_retried(run: StateTest) -> None:
    outcome = run(MACHINE, {"order": 1}, state="Charge", error="Busy", cause="later", retry_count=2)
    outcome.assert_retried(after=4, retrier=0)
    assert (outcome.error, outcome.cause, outcome.next_state) == ("Busy", "later", None)
    assert outcome.output is MISSING


def test_a_state_whose_error_is_caught(run: StateTest) -> None:
    outcome = run(MACHINE, {"order": 1}, state="Charge", error="Declined", cause="no")
    expected = {"order": 1, "error": {"Error": "Declined", "Cause": "no"}}
    outcome.assert_caught(error="Declined", output=expected, next_state="Tell")


def test_a_state_that_fails(run: StateTest) -> None:
    run(MACHINE, state="Charge", error="Bug", cause="x").assert_failed(error="Bug", cause="x")
    run(json.dumps(MACHINE), state="Tell").assert_succeeded(output={}, next_state=None)


def test_a_file_with_one_state_and_substitutions(run: StateTest) -> None:
    run("state.json", substitutions={"Text": "a"}).assert_succeeded(output="a", next_state=None)
    run({"Type": "Pass", "Result": "${Text}", "End": True}, substitutions={"Text": "b"}).assert_succeeded(output="b")


def test_a_result_that_is_text(run: StateTest) -> None:
    """AWS takes a text for JSON; here it is the result."""
    task = {"Type": "Task", "Resource": "arn:aws:lambda:eu-west-1:123456789012:function:f", "End": True}
    run(task, result="{}").assert_succeeded(output="{}")
    run(task, result=None).assert_succeeded(output=None)


def test_variables_and_context(run: StateTest) -> None:
    state = {
        **{"Type": "Task", "Resource": "arn:aws:lambda:eu-west-1:123456789012:function:f", "End": True},
        "Parameters": {"v.$": "$v", "id.$": "$$.Execution.Id"},
    }
    outcome = run(state, result=1, variables={"v": 5}, context={"Execution": {"Id": "e"}})
    assert outcome.inspect("afterParameters") == {"v": 5, "id": "e"}


def test_a_file_beside_the_test_goes_before_one_of_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder, text in (("here", "current"), ("tests", "beside")):
        (tmp_path / folder).mkdir()
        state = {"Type": "Pass", "Result": text, "End": True}
        machine = {"StartAt": "What # is it?", "States": {"What # is it?": state}}
        (tmp_path / folder / "m.json").write_text(json.dumps(machine))
    monkeypatch.chdir(tmp_path / "here")
    StateTest(tmp_path / "tests")("m.json#What # is it?").assert_succeeded(output="beside")
    StateTest(tmp_path / "none")("m.json", state="What # is it?").assert_succeeded(output="current")
    StateTest(tmp_path)(tmp_path / "tests" / "m.json", state="What # is it?").assert_succeeded(output="beside")


@dataclass(frozen=True)
class Failure:
    name: str
    check: Callable[[StateOutcome], Any]
    words: tuple[str, ...]


FAILURES = [
    Failure("status", lambda o: o.assert_failed(), ("ended as SUCCEEDED", 'output: {"id": 7}', "status FAILED")),
    Failure(
        "output",
        lambda o: o.assert_succeeded(output={"id": 8, "more": True}),
        ("$.id: 7, expected 8", "$.more: none, expected true"),
    ),
    Failure("next state", lambda o: o.assert_succeeded(next_state=None), ("Expected the next state null",)),
    Failure("truth", lambda o: o.assert_succeeded(output={"id": True}), ("$.id: 7, expected true",)),
    Failure("inspection", lambda o: o.inspect("nothing"), ("no value 'nothing'", "afterParameters")),
]


@pytest.mark.parametrize("case", FAILURES, ids=lambda case: case.name)
def test_failures_say_what_happened(run: StateTest, case: Failure) -> None:
    outcome = run(MACHINE, {"order": 1}, state="Charge", result=RESULT)
    with pytest.raises(AssertionError) as raised:
        case.check(outcome)
    for word in ("The state 'Charge' ended as SUCCEEDED", *case.words):
        assert word in str(raised.value)


def test_the_delay_of_a_retry_is_compared(run: StateTest) -> None:
    outcome = run(MACHINE, state="Charge", error="Busy")
    with pytest.raises(AssertionError, match="Expected the delay 4"):
        outcome.assert_retried(after=4)
    with pytest.raises(AssertionError, match="Expected the retrier 1"):
        outcome.assert_retried(retrier=1)


def test_a_long_output_is_cut(run: StateTest) -> None:
    outcome = run({"Type": "Pass", "Result": "x" * 10_000, "End": True})
    with pytest.raises(AssertionError) as raised:
        outcome.assert_failed()
    assert len(str(raised.value)) < 3_000
    assert str(raised.value).startswith("The state ended as SUCCEEDED\n")


@pytest.mark.parametrize(
    ("fields", "error", "words"),
    [
        ({"state": "Charge"}, RequestRefused, "RoleArn must be specified"),
        ({"state": "Charge", "cause": "x"}, UsageError, "give the error, too"),
        ({"state": "Charge", "retry": 2}, UsageError, "no argument 'retry'; for a state's past it has retry_count"),
        ({"state": "Chrge", "result": 1}, RequestRefused, "does not exist"),
        ({"state": "Charge", "result": {"StatusCode": "x"}}, RequestRefused, "StatusCode"),
    ],
)
def test_what_cannot_be_run(run: StateTest, fields: dict[str, Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        run(MACHINE, **fields)


def test_results_are_validated_as_it_is_asked(run: StateTest) -> None:
    wrong = {"StatusCode": "x", "Payload": {"id": 7}}
    run(MACHINE, state="Charge", result=wrong, validation="NONE").assert_succeeded(output={"id": 7})


def test_files_that_cannot_be_used(run: StateTest, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"has no state 'Chrge', for example .*pipeline.asl.json#Charge"):
        run("pipeline.asl.json#Chrge")
    (tmp_path / "wrong.json").write_text(json.dumps({"StartAt": "A", "States": {"A": {"Type": "Pass"}}}))
    with pytest.raises(InvalidDefinition):
        run("wrong.json#A")


TEST = """
def test_it(state_test):
    outcome = state_test("pipeline.asl.json#Charge", {"order": 1}, error="Busy", retry_count=1)
    outcome.assert_retried(after=2)

def test_that_fails(state_test):
    state_test("pipeline.asl.json#Charge", {}, error="Busy").assert_retried(after=99)
"""
NOTHING_LOADED = """
import sys

def test_nothing_heavy_is_loaded_for_other_tests():
    assert "sfn_provider.testing.pytest_plugin" in sys.modules
    heavy = ("sfn_provider.engine", "sfn_provider.asl", "pydantic", "botocore", "airflow")
    assert [name for name in heavy if name in sys.modules] == []
"""


def test_the_plugin(tmp_path: Path) -> None:
    """A user's pytest, in a process of its own and without other plugins: those of this one have loaded everything."""
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "pipeline.asl.json").write_text(json.dumps(MACHINE))
    (tmp_path / "tests" / "test_a.py").write_text(NOTHING_LOADED)
    (tmp_path / "tests" / "test_b.py").write_text(TEST)
    plugin = ["-p", "sfn_provider.testing.pytest_plugin", "-W", "error"]
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *plugin, "tests"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=_environment())
    assert "1 failed, 2 passed" in done.stdout, done.stdout + done.stderr
    assert "Expected the delay 99" in done.stdout
    assert "state_tests.py" not in done.stdout  # what pytest shows is the test's own line


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}


def test_the_plugin_is_an_entry_point() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["entry-points"]["pytest11"] == {"sfn_provider": "sfn_provider.testing.pytest_plugin"}
