from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from sfn_provider.exceptions import InvalidDefinition, UsageError
from sfn_provider.translate import translate_file
from sfn_provider.translate.definitions import read_definition
from tests.aws.local_step_functions import SharedStepFunctions

DEFINITION = {"StartAt": "Rest", "States": {"Rest": {"Type": "Wait", "Seconds": 1, "End": True}}}
ACCOUNT = "123456789012"


def test_a_name_for_a_plain_definition_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "machine.asl.json"
    file.write_text(json.dumps(DEFINITION))
    with pytest.raises(UsageError, match="name it without #Rest"):
        read_definition(f"{file}#Rest")


def test_a_file_with_a_hash_in_its_name(tmp_path: Path) -> None:
    file = tmp_path / "machine#2.asl.json"
    file.write_text(json.dumps(DEFINITION))
    assert read_definition(str(file)).document.value == DEFINITION


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(UsageError, match=r"absent\.json: there is no such file"):
        read_definition("absent.json#Machine")


def test_a_plain_definition_keeps_its_places(tmp_path: Path) -> None:
    file = tmp_path / "machine.asl.yaml"
    file.write_text("StartAt: Rest\nStates:\n  Rest: {Type: Wait, Seconds: 1, Nxt: x}\n")
    with pytest.raises(InvalidDefinition) as raised:
        translate_file(str(file))
    found = next(entry for entry in raised.value.diagnostics if entry.location == "/States/Rest/Nxt")
    assert (found.line, found.column) == (3, 34)


def test_what_the_file_says_is_translated_with_the_definition(tmp_path: Path) -> None:
    file = tmp_path / "template.json"
    events = {
        "Daily": {"Type": "Schedule", "Properties": {"Schedule": "rate(1 day)", "Input": '{"a": 1}'}},
        "Api": {"Type": "Api"},
    }
    properties = {"Definition": DEFINITION, "Events": events}
    machine = {"Type": "AWS::Serverless::StateMachine", "Properties": properties}
    file.write_text(json.dumps({"Resources": {"NightShift": machine}}))
    made = translate_file(str(file))
    assert made.plan.dag_id == "night_shift"
    assert made.plan.params == {"a": 1}
    assert made.plan.schedule is not None
    assert made.plan.schedule.interval == ("days", 1)
    assert [finding.code for finding in made.findings] == ["EVENT_NOT_TAKEN"]
    given = translate_file(str(file), dag_id="other", schedule="@hourly", params={})
    assert (given.plan.dag_id, given.plan.params) == ("other", {})
    assert given.plan.schedule is not None
    assert given.plan.schedule.cron == "@hourly"


@pytest.mark.parametrize("kind", ["STANDARD", "EXPRESS"])
def test_a_machine_in_aws(stepfunctions: SharedStepFunctions, kind: str) -> None:
    definition = json.dumps(DEFINITION)
    role = f"arn:aws:iam::{ACCOUNT}:role/machine"
    create = stepfunctions.client.create_state_machine
    arn = create(name="tides", definition=definition, roleArn=role, type=kind)["stateMachineArn"]
    found = read_definition(arn)
    assert (found.document.text, found.name, found.origin, found.execution_type) == (definition, "tides", arn, kind)


@pytest.mark.usefixtures("stepfunctions")
def test_a_machine_that_aws_does_not_know() -> None:
    with pytest.raises(UsageError, match="StateMachineDoesNotExist"):
        read_definition(f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:absent")


@pytest.mark.usefixtures("stepfunctions")
def test_without_credentials_the_error_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "absent"))
    with pytest.raises(UsageError, match=r"no AWS credentials .* set AWS_PROFILE"):
        read_definition(f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:tides")


def test_an_arn_of_something_else() -> None:
    with pytest.raises(UsageError, match="not the ARN of a state machine"):
        read_definition(f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f")


@pytest.mark.parametrize("text", ["", "StartAt: A"], ids=["nothing", "yaml"])
def test_blank_lines_take_no_time(text: str, tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text(text + "\n" * 200_000)
    started = time.process_time()
    with pytest.raises(InvalidDefinition):
        translate_file(str(tmp_path / "m.yaml"))
    assert time.process_time() - started < 2
