"""``lint``, as it is meant to be used."""

from __future__ import annotations

import json
from pathlib import Path

from tests.fixtures.command_line import SALES, Told, as_json
from tests.fixtures.machines.definitions import END, call, machine

BAD = '{\n  "StartAt": "A",\n  "States": {\n    "A": {"Type": "Pass", "Resutl": 1, "End": true}\n  }\n}\n'


def test_lint_of_a_good_definition(told: Told, folder: Path) -> None:
    assert told("lint", "greet.asl.json") == (0, "", "1 file: 0 errors, 0 warnings\n")
    assert as_json(told, "lint", "greet.asl.json") == (0, [])


def test_lint_tells_file_line_and_column_of_every_problem(told: Told, folder: Path) -> None:
    (folder / "bad.json").write_text(BAD)
    code, out, err = told("lint", "greet.asl.json", "bad.json")
    assert code == 1
    assert "bad.json:4:27: error SCHEMA_VALIDATION_FAILED /States/A/Resutl: " in out
    assert err == "2 files: 1 error, 0 warnings\n"


def test_lint_as_json_has_the_same_in_fields(told: Told, folder: Path) -> None:
    (folder / "bad.json").write_text(BAD)
    code, [found] = as_json(told, "lint", "bad.json")
    assert code == 1
    wanted = {"file": "bad.json", "level": "error", "code": "SCHEMA_VALIDATION_FAILED", "location": "/States/A/Resutl"}
    assert wanted.items() <= found.items()
    assert (found["line"], found["column"]) == (4, 27)
    assert told("lint", "bad.json", "--format", "json")[1] == told("lint", "bad.json", "--json")[1]


def test_lint_reports_what_it_can_read_beside_a_file_that_it_cannot(told: Told, folder: Path) -> None:
    (folder / "bad.json").write_text(BAD)
    code, out, err = told("lint", "nofile.json", "bad.json", "greet.asl.json")
    assert (code, out) == (2, told("lint", "bad.json")[1])
    assert err.splitlines()[-2:] == [
        "2 files: 1 error, 0 warnings",
        "Error: nofile.json: there is no such file; it should hold a state machine definition",
    ]
    assert told("lint", "nofile.json") == (2, "", f"{err.splitlines()[-1]}\n")


def test_lint_for_github_is_an_annotation_a_line(told: Told, folder: Path) -> None:
    (folder / "bad.json").write_text(BAD)
    code, out, _ = told("lint", "bad.json", "--format", "github")
    assert code == 1
    assert out.startswith("::error file=bad.json,line=4,col=27::SCHEMA_VALIDATION_FAILED /States/A/Resutl: ")
    assert len(out.splitlines()) == 1


def test_a_file_name_forges_no_annotation_for_github(told: Told, folder: Path) -> None:
    name = "50%,line=9\n::warning::x.json"
    (folder / name).write_text(BAD)
    code, out, _ = told("lint", name, "--format", "github")
    assert code == 1 and len(out.splitlines()) == 1
    assert out.startswith("::error file=50%25%2Cline=9%0A%3A%3Awarning%3A%3Ax.json,line=4,col=27::SCHEMA_")


def test_warnings_alone_are_no_failure(told: Told) -> None:
    code, out, err = told("lint", SALES)
    assert code == 0
    assert err == f"1 file: 0 errors, {len(out.splitlines())} warnings\n"
    assert out and all(": warning " in line for line in out.splitlines())


def test_lint_takes_substitutions(told: Told, folder: Path) -> None:
    (folder / "one.json").write_text(
        '{"StartAt": "A", "States": {"A": {"Type": "Wait", "Seconds": ${Pause}, "End": true}}}'
    )
    (folder / "two.json").write_text(json.dumps(machine({"A": call(Resource="${Function}")})))
    (folder / "values.json").write_text('{"Function": "arn:aws:lambda:eu-west-1:123456789012:function:f"}')
    assert told("lint", "one.json")[0] == 2
    code, out, _ = told("lint", "two.json")
    assert code == 0
    assert out.startswith("two.json:1:51: warning RESOURCE_WITHOUT_VALUE /States/A/Resource: ${Function} has no value")
    given = ("--substitutions", "Pause=3", "--substitutions", "values.json")
    assert told("lint", "one.json", "two.json", *given) == (0, "", "2 files: 0 errors, 0 warnings\n")
    code, _, err = told("lint", "one.json", "two.json", *given, "--substitutions", "Puase=3")
    assert (code, err) == (2, "Error: substitutions not used: Puase; the definition has no ${...} of that name\n")


def test_lint_reports_what_aws_refuses_and_what_fails(told: Told, folder: Path) -> None:
    inside = {"TaskDefinition": "t", "NetworkConfiguration": {"Vpc": 1}}
    wrong = {
        "A": call("B", Resource="arn:aws:states:::glue:startJobRunn", Parameters={"JobName": "j"}),
        "B": call("C", Resource="arn:aws:states:::aws-sdk:glue:startJobRun", Parameters={"JobName": "j", "Jb": 1}),
        "C": {"Type": "Pass", "Parameters": {"x.$": "States.Format('{} {}', $.a)"}, "Next": "D"},
        "D": call("E", Resource="arn:aws:states:::aws-sdk:ecs:runTask", Parameters=inside),
        "E": END,
    }
    (folder / "wrong.json").write_text(json.dumps(machine(wrong)))
    code, found = as_json(told, "lint", "wrong.json")
    assert code == 1
    assert [(entry["level"], entry["code"], entry["location"], entry["line"]) for entry in found] == [
        ("error", "SCHEMA_VALIDATION_FAILED", "/States/A/Resource", 1),
        ("error", "SCHEMA_VALIDATION_FAILED", "/States/B/Parameters/Jb", 1),
        ("warning", "INTRINSIC_WILL_FAIL", "/States/C/Parameters/x.$", 1),
        ("error", "SCHEMA_VALIDATION_FAILED", "/States/D/Parameters/NetworkConfiguration/Vpc", 1),
    ]


def test_strict_lint_takes_warnings_for_errors(told: Told, folder: Path) -> None:
    assert told("lint", SALES, "--strict")[0] == 1
    assert told("lint", "greet.asl.json", "--strict")[0] == 0
    assert told("lint", SALES, "--strict", "--json")[0] == 1


def test_lint_names_the_file_that_has_the_problem(told: Told, folder: Path) -> None:
    (folder / "asl.json").write_text(BAD)
    template = {"Type": "AWS::Serverless::StateMachine", "Properties": {"DefinitionUri": "asl.json"}}
    (folder / "template.json").write_text(json.dumps({"Resources": {"M": template}}))
    for command in ("lint", "translate"):
        code, out, err = told(command, "template.json#M")
        assert code == 1
        assert (out + err).startswith("asl.json:4:27: error SCHEMA_VALIDATION_FAILED /States/A/Resutl: ")


def test_values_that_are_missing_are_named_by_lint_and_run(told: Told, folder: Path) -> None:
    text = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Pass", "Result": "${Stage}", "End": True}}})
    (folder / "stage.asl.json").write_text(text)
    assert "warning UNRESOLVED_PLACEHOLDER /States/A/Result: no value for ${Stage}" in told("lint", "stage.asl.json")[1]
    assert "UNRESOLVED_PLACEHOLDER" in told("run", "stage.asl.json")[2]
    assert "UNRESOLVED" not in told("lint", "stage.asl.json", "--substitutions", "Stage=dev")[1]
