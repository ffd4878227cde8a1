from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sfn_provider.exceptions import UsageError
from sfn_provider.translate.definitions import LoadedDefinition, read_definition

pytest.importorskip("hcl2")


def machine(definition: str, more: str = "") -> str:
    return f'resource "aws_sfn_state_machine" "ferry" {{\n  name = "ferry"\n  {more}\n  definition = {definition}\n}}\n'


@dataclass(frozen=True)
class Case:
    id: str
    text: str
    states: dict[str, Any]


HEREDOC = '{"StartAt": "Sail", "States": {"Sail": {"Type": "Task", "Resource": "RESOURCE", "End": true}}}'
OBJECT = '{ StartAt = "Sail", States = { Sail = { Type = "Task", Resource = RESOURCE, End = true } } }'


def sail(resource: str, **fields: Any) -> dict[str, Any]:
    return {"Sail": {"Type": "Task", "Resource": resource, **fields, "End": True}}


CASES = [
    Case(
        "heredoc",
        machine("<<EOF\n" + HEREDOC.replace("RESOURCE", "${aws_lambda_function.f.arn}") + "\nEOF"),
        sail("${aws_lambda_function.f.arn}"),
    ),
    Case(
        "indented heredoc",
        machine("<<-ASL\n    " + HEREDOC.replace("RESOURCE", "$${kept}") + "\n  ASL"),
        sail("${kept}"),
    ),
    Case(
        "an interpolation with quotes and braces",
        machine("<<EOF\n" + HEREDOC.replace("RESOURCE", '${lookup({a = "b"}, "a")}') + "\nEOF"),
        sail("b"),
    ),
    Case(
        "a heredoc with backslashes",
        machine("<<EOF\n" + HEREDOC.replace("RESOURCE", r"a\"b\n") + "\nEOF"),
        sail('a"b\n'),
    ),
    Case(
        "jsonencode",
        machine(f"jsonencode({OBJECT.replace('RESOURCE', 'aws_lambda_function.f.arn')})"),
        sail("${aws_lambda_function.f.arn}"),
    ),
    Case(
        "values in jsonencode",
        machine(
            "jsonencode("
            + OBJECT.replace(
                "RESOURCE,",
                '"a-${var.region}"\n # a comment\n Parameters = { "x.$" : "$.y", n = 1.5, m = -3, no = !true,'
                ' l = [true, null, "q\\"\\n$${lit}"], c = var.a ? 1 : 2 },',
            )
            + ")"
        ),
        sail(
            "a-${var.region}",
            Parameters={
                "x.$": "$.y",
                "n": 1.5,
                "m": -3,
                "no": False,
                "l": [True, None, 'q"\n${lit}'],
                "c": "${var.a ? 1 : 2}",
            },
        ),
    ),
    Case(
        "names of the file",
        'locals {\n  fn = "arn:${var.part}:x"\n}\nvariable "part" {\n  default = "aws"\n}\n'
        + machine(f"jsonencode({OBJECT.replace('RESOURCE', 'local.fn')})"),
        sail("arn:aws:x"),
    ),
    Case(
        "names of the file in a heredoc",
        'locals {\n  fn = "arn:x"\n}\n' + machine("<<EOF\n" + HEREDOC.replace("RESOURCE", "${local.fn}") + "\nEOF"),
        sail("arn:x"),
    ),
    Case(
        "a definition by a name of the file",
        f"locals {{\n  asl = jsonencode({OBJECT.replace('RESOURCE', '1')})\n}}\n" + machine("local.asl"),
        sail(1),  # type: ignore[arg-type]
    ),
]


def states_of(definition: LoadedDefinition) -> Any:
    return definition.document.value["States"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_the_definition_of_a_resource(case: Case, tmp_path: Path) -> None:
    file = tmp_path / "main.tf"
    file.write_text(case.text)
    found = read_definition(str(file))
    assert states_of(found) == case.states
    assert found.name == "ferry"


def test_a_template_file(tmp_path: Path) -> None:
    (tmp_path / "asl").mkdir()
    (tmp_path / "asl" / "ferry.json").write_text(
        '{"StartAt": "Sail", "States": {"Sail": {"Type": "Task", "Resource": "${fn}", "Comment": "${word} $${raw}", '
        '"TimeoutSeconds": ${limit}, "End": true}}}'
    )
    file = tmp_path / "main.tf"
    values = 'fn = aws_lambda_function.f.arn, word = "ahoy", limit = 30'
    file.write_text(machine(f'templatefile("${{path.module}}/asl/ferry.json", {{ {values} }})'))
    found = read_definition(str(file))
    assert states_of(found) == sail("${aws_lambda_function.f.arn}", Comment="ahoy ${raw}", TimeoutSeconds=30)
    assert found.file == str(tmp_path / "asl" / "ferry.json")


def test_a_file(tmp_path: Path) -> None:
    (tmp_path / "ferry.json").write_text(HEREDOC)
    file = tmp_path / "main.tf"
    file.write_text(machine('file("ferry.json")'))
    assert states_of(read_definition(str(file))) == sail("RESOURCE")


def test_the_type_of_a_machine(tmp_path: Path) -> None:
    file = tmp_path / "main.tf"
    file.write_text(machine(f"<<EOF\n{HEREDOC}\nEOF", 'type = "EXPRESS"'))
    assert read_definition(str(file)).execution_type == "EXPRESS"


def test_problems_have_the_line_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "main.tf"
    text = machine('<<-EOF\n    {\n      "StartAt": "Sail",\n      "Stats": {}\n    }\n  EOF')
    file.write_text(text)
    found = read_definition(str(file))
    [problem] = [entry for entry in found.document.diagnostics if entry.location == "/Stats"]
    assert problem.line is not None
    assert "Stats" in text.splitlines()[problem.line - 1]


REFUSED = [
    (machine("data.template_file.asl.rendered"), "what can be read is a heredoc"),
    (machine("<<EOF\n%{ if var.x }{}%{ endif }\nEOF"), "must be rendered by Terraform"),
    (machine("templatefile(var.path, {})"), "path of ferry's definition is not known"),
    (machine('file("absent.json")'), "no such file"),
    (machine("jsonencode([1])"), "jsonencode of an object"),
    ('resource "aws_sfn_state_machine" "ferry" {\n}\n', "has no definition"),
    ('resource "aws_s3_bucket" "b" {\n}\n', "has no state machine"),
    ("resource {", "not Terraform"),
    (machine("<<EOF\n{}\nEOF") + machine("<<EOF\n{}\nEOF").replace('"ferry" {', '"barge" {'), "ferry, barge; name one"),
]


@pytest.mark.parametrize(("text", "told"), REFUSED, ids=[told for _, told in REFUSED])
def test_what_cannot_be_read_is_refused(text: str, told: str, tmp_path: Path) -> None:
    file = tmp_path / "main.tf"
    file.write_text(text)
    with pytest.raises(UsageError, match=told):
        read_definition(str(file))


def test_json_of_terraform_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "main.tf.json"
    file.write_text("{}")
    with pytest.raises(UsageError, match=r"name a \.tf file"):
        read_definition(str(file))


def test_without_the_parser_the_error_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "hcl2", None)
    file = tmp_path / "main.tf"
    file.write_text(machine(f"<<EOF\n{HEREDOC}\nEOF"))
    with pytest.raises(UsageError, match=r"airflow-provider-sfn\[terraform\]"):
        read_definition(str(file))
