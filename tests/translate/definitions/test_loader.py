from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sfn_provider.asl.document import Document
from sfn_provider.asl.placeholders import check_bare_placeholders
from sfn_provider.asl.resources import parse_resource
from sfn_provider.exceptions import StatesError, UsageError
from sfn_provider.integrations.clients import Clients
from sfn_provider.integrations.resolver import find_integration
from sfn_provider.translate import translate
from sfn_provider.translate.definitions import read_definition
from sfn_provider.translate.definitions.loader import infer_resources, placeholder_warning


def machine(**state: Any) -> dict[str, Any]:
    return {"StartAt": "Call", "States": {"Call": {"Type": "Task", **state, "End": True}}}


INVOKE = "arn:aws:states:::lambda:invoke"


@dataclass(frozen=True)
class Case:
    id: str
    state: dict[str, Any]
    resource: str


CASES = [
    Case(
        "parameters of lambda",
        {"Resource": "${Call}", "Parameters": {"FunctionName": "f", "Payload.$": "$"}},
        INVOKE,
    ),
    Case("arguments of lambda", {"Resource": "${Call}", "Arguments": {"FunctionName": "f", "Payload": 1}}, INVOKE),
    Case("a path to the function", {"Resource": "${Call}", "Parameters": {"FunctionName.$": "$.f"}}, INVOKE),
    Case(
        "a task token",
        {"Resource": "${Call}", "Parameters": {"FunctionName": "f", "Payload": {"t.$": "$$.Task.Token"}}},
        f"{INVOKE}.waitForTaskToken",
    ),
    Case("more than lambda takes", {"Resource": "${Call}", "Parameters": {"FunctionName": "f", "X": 1}}, "${Call}"),
    Case("no function", {"Resource": "${Call}", "Parameters": {"Payload": 1}}, "${Call}"),
    Case("no parameters", {"Resource": "${Call}"}, "${Call}"),
    Case("a part of the resource", {"Resource": "arn:${Call}", "Parameters": {"FunctionName": "f"}}, "arn:${Call}"),
]


@pytest.mark.parametrize("form", ["object", "one line", "lines", "yaml"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_the_resource_that_parameters_belong_to(case: Case, form: str) -> None:
    definition = {"Comment": "${Call} twice: ${Call}", **machine(**case.state)}
    source: Any = definition
    if form == "yaml":
        source = f"Comment: '${{Call}}'\nStartAt: Call\nStates: {json.dumps(definition['States'])}\n"
    elif form != "object":
        source = json.dumps(definition, indent=2 if form == "lines" else None)
    document = infer_resources(Document.open(source))
    resource = document.value["States"]["Call"]["Resource"]
    assert resource == case.resource
    codes = [note.code for note in document.notes]
    assert codes == (["INFERRED_RESOURCE"] if resource != case.state["Resource"] else [])


def test_several_on_one_line_and_inside_of_others() -> None:
    call = {"Type": "Task", "Resource": "${A}", "Parameters": {"FunctionName": "f"}, "End": True}
    bare = {"Type": "Task", "Resource": "${A}", "Next": "Call"}
    branch = {"StartAt": "Bare", "States": {"Bare": bare, "Call": call}}
    definition = {
        "StartAt": "Both",
        "States": {
            "Both": {"Type": "Parallel", "Branches": [branch, branch], "Next": "Each"},
            "Each": {"Type": "Map", "ItemProcessor": branch, "End": True},
        },
    }
    document = infer_resources(Document.open(json.dumps(definition)))
    inferred = json.dumps(definition).replace('"${A}", "Parameters"', f'"{INVOKE}", "Parameters"')
    assert json.dumps(document.value) == inferred
    assert [note.location for note in document.notes] == [
        "/States/Both/Branches/0/States/Call/Resource",
        "/States/Both/Branches/1/States/Call/Resource",
        "/States/Each/ItemProcessor/States/Call/Resource",
    ]
    assert infer_resources(Document.open(definition)).value == document.value
    assert definition["States"]["Both"]["Branches"][0]["States"]["Call"]["Resource"] == "${A}"  # type: ignore[index]


def test_a_value_that_is_missing_where_no_text_stands_is_refused() -> None:
    text = '{"StartAt": "A", "States": {"A": {"Type": "Wait", "Seconds": ${Pause}, "Comment": "${Text}", "End": true}}}'
    with pytest.raises(UsageError, match=r"\$\{Pause\} stand where no text stands"):
        check_bare_placeholders(text)
    with pytest.raises(UsageError, match="Pause=VALUE"):
        translate(text, dag_id="a")
    made = translate(text, dag_id="a", substitutions={"Pause": "5"})
    assert made.plan.tasks[0].arguments["seconds"] == 5


def test_names_without_a_value_are_listed_once() -> None:
    definition = machine(
        Resource="arn:${AWS::Partition}:states:::sns:publish", Parameters={"a": "${X} ${Y}", "b": "${X}"}
    )
    assert Document.open(definition).placeholders == dict.fromkeys(["X", "Y"], "/States/Call/Parameters/a")
    [warning] = placeholder_warning(Document.open(json.dumps(definition, indent=2)))
    assert (warning.code, warning.level, warning.location) == (
        "UNRESOLVED_PLACEHOLDER",
        "warning",
        "/States/Call/Parameters/a",
    )
    assert "${X}, ${Y}" in warning.message
    assert warning.line == 8


def test_nothing_is_said_where_all_have_a_value() -> None:
    assert placeholder_warning(Document.open(machine(Resource="arn:aws:states:::sns:publish"))) == ()


def test_a_translation_tells_the_names_and_keeps_them() -> None:
    made = translate(machine(Resource="${Unknown}"), dag_id="a")
    assert 'resource="${Unknown}"' in made.source
    assert [entry.code for entry in made.diagnostics] == ["UNRESOLVED_PLACEHOLDER"]
    assert [(found.code, found.effect) for found in made.findings] == [
        ("UNRESOLVED_PLACEHOLDER", "differs"),
        ("RESOURCE_WITHOUT_VALUE", "fails"),
    ]


def test_a_call_of_a_name_without_a_value_fails_and_names_it() -> None:
    resource = parse_resource(translate(machine(Resource="${Unknown}"), dag_id="a").plan.tasks[0].arguments["resource"])
    with pytest.raises(StatesError, match=r"\$\{Unknown\}"):
        find_integration(resource, Clients(None))


def test_an_inferred_resource_is_translated_and_told() -> None:
    made = translate(machine(Resource="${Call}", Parameters={"FunctionName": "f"}), dag_id="a")
    assert made.plan.tasks[0].arguments["resource"] == INVOKE
    assert [entry.code for entry in made.diagnostics] == ["INFERRED_RESOURCE"]


def test_a_definition_that_speaks_of_templates_is_no_template(tmp_path: Path) -> None:
    file = tmp_path / "machine.asl.json"
    text = json.dumps(machine(Resource="arn:aws:states:::sns:publish", Parameters={"Resources": {"a": 1}}), indent=1)
    file.write_text(text)
    found = read_definition(str(file))
    assert (found.document.text, found.name, found.origin) == (text, "machine.asl", "machine.asl.json")
