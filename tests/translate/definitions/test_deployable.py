"""Definitions as AWS takes them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sfn_provider.exceptions import UsageError
from sfn_provider.translate.definitions.deployable import read_deployable

DEFINITION = {
    "StartAt": "Call",
    "States": {"Call": {"Type": "Task", "Resource": "${Function}", "End": True}},
}
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:work"
VALUES = {"Function": FUNCTION}
FILLED = {"StartAt": "Call", "States": {"Call": {"Type": "Task", "Resource": FUNCTION, "End": True}}}
COMMENTED = "// the machine\n" + json.dumps(DEFINITION)
YAML = """
StartAt: Call
States:
  Call:
    Type: Task
    Resource: ${Function}
    End: true
"""
TEMPLATE = {
    "Resources": {
        "Orders": {
            "Type": "AWS::StepFunctions::StateMachine",
            "Properties": {"StateMachineType": "EXPRESS", "Definition": DEFINITION},
        }
    }
}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("orders.asl.json", json.dumps(DEFINITION)),
        ("orders.asl.json", COMMENTED),
        ("orders.asl.yaml", YAML),
        ("template.json#Orders", json.dumps(TEMPLATE)),
    ],
    ids=["JSON", "JSON with comments", "YAML", "CloudFormation"],
)
def test_a_file_becomes_json(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name.partition("#")[0]).write_text(text)
    read = read_deployable(name, VALUES, str(tmp_path))
    assert json.loads(read.text) == FILLED
    assert read.type == ("EXPRESS" if "template" in name else "STANDARD")
    assert read.origin == name


@pytest.mark.parametrize("given", [DEFINITION, json.dumps(DEFINITION), YAML], ids=["dict", "JSON", "YAML"])
def test_the_definition_itself(given: Any) -> None:
    assert json.loads(read_deployable(given, VALUES, "").text) == FILLED


def test_the_type_that_is_asked_for_goes_before_the_files(tmp_path: Path) -> None:
    (tmp_path / "template.json").write_text(json.dumps(TEMPLATE))
    assert read_deployable("template.json", VALUES, str(tmp_path), "STANDARD").type == "STANDARD"


INVOKE = {"Type": "Task", "Resource": "${Function}", "Parameters": {"FunctionName": "f", "Payload": {}}, "End": True}


@pytest.mark.parametrize(
    ("definition", "values", "message"),
    [
        (DEFINITION, {}, r"the definition: no value for \$\{Function\}: give it in substitutions"),
        (DEFINITION, VALUES | {"Funktion": "f"}, "substitutions not used: Funktion"),
        (json.dumps(DEFINITION).replace("true", "${End}"), VALUES, r"\$\{End\} stand where no text stands"),
        (
            {"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}}},
            {},
            r"the definition has errors:\n(.*\n)*definition: MISSING_TRANSITION_TARGET /States/A/Next",
        ),
    ],
    ids=["no value", "no place", "bare", "lint"],
)
def test_what_aws_is_not_asked(definition: Any, values: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        read_deployable(definition, values, "")


def test_no_resource_is_guessed(tmp_path: Path) -> None:
    """A translation may take a call of Lambda for one; a state machine is deployed as it is written."""
    (tmp_path / "m.json").write_text(json.dumps({"StartAt": "Call", "States": {"Call": INVOKE}}))
    with pytest.raises(UsageError, match=r"m\.json: no value for \$\{Function\}"):
        read_deployable("m.json", {}, str(tmp_path))


def test_text_that_only_looks_like_a_placeholder_is_kept_when_it_is_said_so() -> None:
    greeting = {"StartAt": "A", "States": {"A": {"Type": "Pass", "Result": "Hello ${name}", "End": True}}}
    with pytest.raises(UsageError, match="no value for"):
        read_deployable(greeting, {}, "")
    assert json.loads(read_deployable(greeting, {"name": "${name}"}, "").text) == greeting


def test_an_error_is_told_with_file_line_and_column(tmp_path: Path) -> None:
    path = tmp_path / "bad.json"
    path.write_text('{\n "StartAt": "A",\n "States": {"A": {"Type": "Pass", "Next": "B"}}\n}')
    with pytest.raises(UsageError, match=r"bad\.json has errors:\n(.*\n)*.*bad\.json:3:\d+: MISSING_TRANSITION_TARGET"):
        read_deployable("bad.json", {}, str(tmp_path))


LOOSE = {"StartAt": "A", "States": {"A": {"Type": "Pass", "Parameters": {"day": "$.day"}, "End": True}}}


def test_warnings_are_told_but_for_what_is_not_sent() -> None:
    [line] = read_deployable("// comments are not sent\n" + json.dumps(LOOSE), {}, "").warnings
    assert line.startswith("definition:2:")
    assert "/States/A/Parameters/day" in line
