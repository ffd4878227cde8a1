"""``sfn-provider test-state``: what it takes, prints and exits with."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sfn_provider.cli import run_command

WORK = {
    "Type": "Task",
    "Resource": "arn:aws:states:::lambda:invoke",
    "Parameters": {"FunctionName": "f", "Payload.$": "$.n"},
    "Retry": [{"ErrorEquals": ["Busy"], "IntervalSeconds": 7, "MaxAttempts": 2}],
    "Next": "Is it #1?",
}
CHOOSE = {"Type": "Choice", "Choices": [{"Variable": "$.n", "NumericEquals": 1, "Next": "End"}], "Default": "End"}
MACHINE = {"StartAt": "Work", "States": {"Work": WORK, "Is it #1?": CHOOSE, "End": {"Type": "Succeed"}}}
ALONE = {"Type": "Pass", "QueryLanguage": "JSONata", "Output": "{% $states.input.n + $more %}", "End": True}
TEMPLATE = {
    "Resources": {
        name: {"Type": "AWS::StepFunctions::StateMachine", "Properties": {"Definition": MACHINE}} for name in ("A", "B")
    }
}
ONE = {"Resources": {"A": TEMPLATE["Resources"]["A"]}}

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command in a folder with definitions: its exit code, standard output and standard error."""
    files = {"machine.asl.json": MACHINE, "alone.json": ALONE, "both.template.json": TEMPLATE, "one.template.json": ONE}
    job = {"Resource": "arn:aws:states:::glue:startJobRun.sync", "Parameters": {"JobName": "j"}}
    files["job.json"] = {"Type": "Task", **job, "End": True}
    for name, value in files.items():
        (tmp_path / name).write_text(json.dumps(value))
    (tmp_path / "input.json").write_text('{"n": 1}')
    (tmp_path / "bad.json").write_text('{"StartAt": "A", "States": {"A": {"Type": "Pass"}}}')
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[int, str, str]:
        code = run_command(["test-state", *arguments])
        return code, *capsys.readouterr()

    return run


RESULT = ("--mock-result", '{"StatusCode": 200}')


def response(run: Run, *arguments: str) -> Any:
    code, out, err = run(*arguments, "--json")
    assert err == ""
    return code, json.loads(out)


@pytest.mark.parametrize(
    "reference",
    [
        "machine.asl.json#Work",
        "both.template.json#A#Work",
        "one.template.json#Work",
        "one.template.json#A#Work",
        "./machine.asl.json#Work",
    ],
)
def test_a_state_by_its_name(run: Run, reference: str) -> None:
    expected = {"status": "SUCCEEDED", "output": '{"StatusCode": 200}', "nextState": "Is it #1?"}
    assert response(run, reference, "--input", "@input.json", *RESULT) == (0, expected)


def test_a_name_with_a_hash(run: Run) -> None:
    expected = {"status": "SUCCEEDED", "output": '{"n": 1}', "nextState": "End"}
    assert response(run, "machine.asl.json#Is it #1?", "--input", "@input.json") == (0, expected)


def test_a_state_alone_with_variables(run: Run) -> None:
    code, found = response(run, "alone.json", "--input", '{"n": 1}', "--variables", '{"more": 2}')
    assert (code, found["output"]) == (0, "3")


def test_a_retry(run: Run) -> None:
    error = ("--mock-error", "Busy", "--mock-cause", "later", "--input", "@input.json")
    code, found = response(run, "machine.asl.json#Work", *error, "--retry-count", "1", "--inspection-level", "DEBUG")
    details = found["inspectionData"].pop("errorDetails")
    assert (code, found["status"], found["cause"]) == (0, "RETRIABLE", "later")
    assert details == {"retryIndex": 0, "retryBackoffIntervalSeconds": 14}
    code, found = response(run, "machine.asl.json#Work", *error, "--retry-count", "2")
    assert (code, found["status"]) == (1, "FAILED")


def test_what_people_see(run: Run) -> None:
    arguments = ("--input", "@input.json", *RESULT, "--inspection-level", "TRACE")
    code, out, err = run("machine.asl.json#Work", *arguments)
    assert (code, err) == (0, "")
    assert out.startswith('Status: SUCCEEDED\nOutput: {"StatusCode": 200}\nNext state: Is it #1?\nData flow\n')
    rows = {line.split()[0]: line.split()[1] for line in out.splitlines() if line.startswith("  ") and line.strip()}
    assert rows["afterParameters"] == '{"FunctionName":"f","Payload":1}'
    assert rows["result"] == '{"StatusCode":200}'


def test_validation_of_the_result(run: Run) -> None:
    wrong = ("machine.asl.json#Work", "--input", "@input.json", "--mock-result", '{"StatusCode": "200"}')
    code, out, err = run(*wrong)
    assert (code, out) == (2, "")
    assert err.endswith("Mock result schema validation error: Field 'StatusCode' must be a number\n")
    assert run(*wrong, "--field-validation-mode", "NONE")[0] == 0


STATES = "its states are Work, Is it #1?, End"
MISUSE = {
    "no state": (("machine.asl.json",), f"for example machine.asl.json#Work; {STATES}"),
    "another state": (("machine.asl.json#Wrok",), "machine.asl.json has no state 'Wrok', for example"),
    "no such file": (("none.json#Work",), "none.json: there is no such file"),
    "several machines": (("both.template.json#Work",), "has no state machine 'Work'; it has A, B"),
    "a state of a state": (("alone.json#Work",), "alone.json holds the definition of one state"),
    "no mock": (("machine.asl.json#Work",), "Nothing is called here: answer for the state by --mock-result"),
    "a cause without an error": (("alone.json", "--mock-cause", "c"), "name the error by --mock-error"),
    "a mock that is no JSON": (("alone.json", "--mock-result", "{"), "for a file write --mock-result @FILE"),
    "a context that is no JSON": (("alone.json", "--context", "{"), "for a file write --context @FILE"),
    "both": (("machine.asl.json#Work", *RESULT, "--mock-error", "E"), "only one of the following fields"),
}


@pytest.mark.parametrize("name", MISUSE)
def test_misuse_says_what_to_do(run: Run, name: str) -> None:
    arguments, message = MISUSE[name]
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert message in err


def test_an_invalid_machine_is_shown_with_its_lines(run: Run) -> None:
    code, _, err = run("bad.json#A")
    assert code == 1
    assert err.splitlines()[-1].startswith("bad.json:1:29: error SCHEMA_VALIDATION_FAILED /States/A: ")


def test_an_invalid_state_alone(run: Run, tmp_path: Path) -> None:
    (tmp_path / "alone.json").write_text('{"Type": "Pas"}')
    code, out, err = run("alone.json")
    assert (code, out) == (1, "")
    assert err.startswith("alone.json: InvalidDefinition: Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED")


def test_data_of_an_item_reader_from_a_file(run: Run, tmp_path: Path) -> None:
    reader = {"Resource": "arn:aws:states:::s3:getObject", "Parameters": {"Bucket": "b", "Key": "k"}}
    config = {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"}
    states = {"P": {"Type": "Pass", "End": True}}
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"},
        "StartAt": "P",
        "States": states,
    }
    selector = {"v.$": "$$.Map.Item.Value"}
    reader["ReaderConfig"] = config  # type: ignore[assignment]
    state = {"Type": "Map", "ItemReader": reader, "ItemProcessor": processor, "ItemSelector": selector, "End": True}
    (tmp_path / "map.json").write_text(json.dumps(state))
    (tmp_path / "rows.csv").write_text("a,b\n1,2\n")
    arguments = ("--mock-result", "[]", "--map-item-data", "@rows.csv", "--inspection-level", "DEBUG")
    _, found = response(run, "map.json", *arguments)
    assert json.loads(found["inspectionData"]["afterItemSelector"]) == [{"v": {"a": "1", "b": "2"}}]


def test_the_type_of_the_machine(run: Run) -> None:
    assert run("machine.asl.json#Work", "--input", '{"n": 1}', *RESULT, "--type", "EXPRESS")[0] == 0
    code, _, err = run("job.json", "--mock-result", "{}", "--type", "EXPRESS")
    assert (code, "needs the type STANDARD" in err) == (1, True)
    assert run("job.json", "--mock-result", "{}", "--field-validation-mode", "NONE")[0] == 0
