from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from sfn_provider.cli.inputs.substitutions import read_substitutions
from sfn_provider.exceptions import UsageError
from sfn_provider.translate.definitions import LoadedDefinition, read_definition

pytest.importorskip("hcl2")


def machine(name: str, result: str, more: str = "") -> str:
    definition = (
        f'jsonencode({{ StartAt = "A", States = {{ A = {{ Type = "Pass", Result = {result}, End = true }} }} }})'
    )
    return f'resource "aws_sfn_state_machine" "{name}" {{\n  {more}\n  definition = {definition}\n}}\n'


def write(folder: Path, files: dict[str, str]) -> str:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return str(folder)


def result_of(definition: LoadedDefinition) -> Any:
    return definition.document.value["States"]["A"]["Result"]


@dataclass(frozen=True)
class Case:
    """A folder, and the value of ``var.port`` in its machine."""

    id: str
    files: dict[str, str]
    value: Any
    substitutions: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


VARIABLE = {"variables.tf": 'variable "port" {\n  type = string\n  default = "default"\n}\n'}
UNSET = {"variables.tf": 'variable "port" {}\n'}
TFVARS = {"terraform.tfvars": 'port = "tfvars"\n'}
JSON = {"terraform.tfvars.json": '{"port": "json"}'}
AUTO_A = {"a.auto.tfvars": 'port = "auto a"\n'}
AUTO_B = {"b.auto.tfvars.json": '{"port": "auto b"}'}

CASES = [
    Case("default", VARIABLE, "default", notes=("PARAMETER_DEFAULT",)),
    Case("tfvars before default", VARIABLE | TFVARS, "tfvars"),
    Case("JSON before tfvars", VARIABLE | TFVARS | JSON, "json"),
    Case("auto before tfvars", VARIABLE | TFVARS | JSON | AUTO_A, "auto a"),
    Case("auto in the order of their names", VARIABLE | AUTO_B | AUTO_A, "auto b"),
    Case("the user before all", VARIABLE | TFVARS | AUTO_A, "user", {"var.port": "user"}),
    Case("a file that Terraform does not take by itself", VARIABLE | {"prod.tfvars": 'port = "prod"\n'}, "default",
         notes=("PARAMETER_DEFAULT",)),
    Case("no value", UNSET, "${var.port}"),
    Case("a value of another type", VARIABLE | {"terraform.tfvars": "port = 5\n"}, "5"),
    Case("an override file", VARIABLE | {"a_override.tf": 'variable "port" {\n  default = "override"\n}\n'}, "override",
         notes=("PARAMETER_DEFAULT",)),
    Case("a file that is no Terraform", VARIABLE | TFVARS | {"broken.tf": "resource {"}, "tfvars",
         notes=("FILE_NOT_READ",)),
    Case("JSON form", VARIABLE | TFVARS | {"x.tf.json": "{}"}, "tfvars", notes=("FILE_NOT_READ",)),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_values_of_variables_take_the_precedence_of_terraform(case: Case, tmp_path: Path) -> None:
    folder = write(tmp_path, {"main.tf": machine("ferry", "var.port"), **case.files})
    for reference in (folder, f"{folder}/main.tf", f"{folder}#ferry", f"{folder}#aws_sfn_state_machine.ferry"):
        found = read_definition(reference, case.substitutions)
        assert result_of(found) == case.value
        assert tuple(note.code for note in found.document.notes) == case.notes
        assert (found.name, found.file) == ("ferry", f"{folder}/main.tf")


def test_a_file_of_values_need_not_be_used_as_a_whole(tmp_path: Path) -> None:
    values = 'port = "prod"\nunused = true\nlist = ["a"]\n'
    folder = write(tmp_path, {"main.tf": machine("ferry", "[var.port, var.list]"), "envs/prod.tfvars": values, **UNSET,
                              "list.tf": 'variable "list" {\n  type = list(string)\n}\n'})  # fmt: skip
    given = read_substitutions((f"{folder}/envs/prod.tfvars",))
    assert result_of(read_definition(folder, given)) == ["prod", ["a"]]
    later = read_substitutions((f"{folder}/envs/prod.tfvars", "var.port=qa"))
    assert result_of(read_definition(folder, later)) == ["qa", ["a"]]
    with pytest.raises(UsageError, match=r"substitutions not used: var\.prot"):
        read_definition(folder, read_substitutions((f"{folder}/envs/prod.tfvars", "var.prot=qa")))


def test_the_names_of_a_condition_without_a_value_are_reported(tmp_path: Path) -> None:
    files = {"main.tf": machine("ferry", 'var.port == "a" ? 1 : 2'), **UNSET}
    [note] = read_definition(write(tmp_path, files)).document.notes
    assert note.code == "VARIABLE_WITHOUT_VALUE"
    assert "var.port has no value in the folder" in note.message
    assert "--substitutions var.port=VALUE" in note.message


def test_defaults_that_the_machine_does_not_use_are_not_reported(tmp_path: Path) -> None:
    other = machine("barge", "var.port", "count = var.port == 1 ? 1 : 0")
    folder = write(tmp_path, {"main.tf": machine("ferry", "1") + other, **VARIABLE})
    assert read_definition(f"{folder}#ferry").document.notes == ()
    assert [note.code for note in read_definition(f"{folder}#barge").document.notes] == [
        "COUNT_NOT_KNOWN",
        "PARAMETER_DEFAULT",
    ]


# Machines of a folder ------------------------------------------------------------------------------------------------

MODULE = (
    'variable "cargo" {}\n'
    + machine("this", "var.cargo")
    + 'output "arn" {\n  value = aws_sfn_state_machine.this.arn\n}\n'
)
CALL = 'module "harbour" {\n  source = "./modules/port"\n  cargo  = "coal"\n}\n'
EACH = machine("ships", "each.value", 'for_each = { a = "anna", b = "berta" }')
PUBLIC = """\
module "flow" {
  source     = "terraform-aws-modules/step-functions/aws"
  version    = "4.2.1"
  definition = <<-EOT
    {"StartAt": "A", "States": {"A": {"Type": "Pass", "Result": "public", "End": true}}}
  EOT
}
"""


@pytest.mark.parametrize(
    ("files", "name", "value", "dag_name"),
    [
        ({"main.tf": EACH}, "ships[a]", "anna", "ships_a"),
        ({"main.tf": EACH}, 'aws_sfn_state_machine.ships["b"]', "berta", "ships_b"),
        ({"main.tf": machine("one", "count.index", "count = 1")}, "one", 0, "one"),
        ({"main.tf": machine("two", "count.index", "count = 2")}, "two[1]", 1, "two_1"),
        ({"main.tf": machine("off", "1", "count = 0")}, "off", 1, "off"),
        ({"main.tf": CALL, "modules/port/main.tf": MODULE}, "module.harbour.this", "coal", "harbour_this"),
        ({"main.tf": CALL, "modules/port/main.tf": MODULE}, "module.harbour.aws_sfn_state_machine.this", "coal",
         "harbour_this"),
        ({"main.tf": CALL, "modules/port/main.tf": MODULE}, "this", "coal", "harbour_this"),
        ({"main.tf": PUBLIC}, "module.flow", "public", "flow"),
        ({"main.tf": PUBLIC}, "flow", "public", "flow"),
    ],
)  # fmt: skip
def test_a_machine_by_its_name(files: dict[str, str], name: str, value: Any, dag_name: str, tmp_path: Path) -> None:
    found = read_definition(f"{write(tmp_path, files)}#{name}")
    assert (result_of(found), found.name) == (value, dag_name)


def test_a_file_of_a_module_is_read_from_its_folder(tmp_path: Path) -> None:
    text = 'resource "aws_sfn_state_machine" "this" {\n  definition = file("${path.module}/asl.json")\n}\n'
    asl = '{"StartAt": "A", "States": {"A": {"Type": "Pass", "Result": 7, "End": true}}}'
    call = 'module "m" {\n  source = "./m"\n}\n'
    found = read_definition(write(tmp_path, {"main.tf": call, "m/main.tf": text, "m/asl.json": asl}))
    assert (result_of(found), found.file) == (7, f"{tmp_path}/m/asl.json")


@pytest.mark.parametrize("reference", ["infra//envs/prod", "infra//envs/prod/main.tf"])
def test_a_folder_above_may_be_read_where_it_is_named(reference: str, tmp_path: Path) -> None:
    asl = '{"StartAt": "A", "States": {"A": {"Type": "Pass", "Result": "${port} ${name}", "End": true}}}'
    files = {
        "infra/envs/prod/main.tf": 'module "flow" {\n  source = "../../modules/flow"\n  port = file("port.txt")\n}\n'
        + machine("other", 'file("../../asl/port.txt")'),
        "infra/envs/prod/port.txt": "Kiel",
        "infra/asl/port.txt": "Oslo",
        "infra/modules/flow/main.tf": 'variable "port" {}\nresource "aws_sfn_state_machine" "this" {\n  name = "n"\n'
        '  definition = templatefile("${path.module}/flow.json", { port = var.port, name = path.root })\n}\n',
        "infra/modules/flow/flow.json": asl,
    }
    write(tmp_path, files)
    assert result_of(read_definition(f"{tmp_path}/{reference}#other")) == "Oslo"
    if reference.endswith("prod"):
        found = read_definition(f"{tmp_path}/{reference}#module.flow.this")
        assert (result_of(found), found.file) == ("Kiel .", f"{tmp_path}/infra/modules/flow/flow.json")
    (tmp_path / "infra/asl/port.txt").unlink()
    (tmp_path / "infra/asl/port.txt").symlink_to("/etc/hostname")
    with pytest.raises(UsageError, match=OUTSIDE):
        read_definition(f"{tmp_path}/{reference}#other")


def test_files_of_modules_that_cannot_be_read_are_reported(tmp_path: Path) -> None:
    files = {"main.tf": CALL, "modules/port/main.tf": MODULE, "modules/port/broken.tf": "resource {"}
    [note] = read_definition(write(tmp_path, files)).document.notes
    assert note.code == "FILE_NOT_READ" and "modules/port/broken.tf:1" in note.message


OUTSIDE = "nothing outside of it is read"


@pytest.mark.parametrize(
    ("files", "reference", "message"),
    [
        ({"in/main.tf": machine("a", 'file("../secret")'), "secret": "x"}, "in", OUTSIDE),
        ({"in/main.tf": machine("a", 'file("/etc/hostname")')}, "in", OUTSIDE),
        ({"in/main.tf": machine("a", 'templatefile("${path.module}/../secret", {})'), "secret": "x"}, "in", OUTSIDE),
        ({"in/main.tf": machine("a", 'file("link")'), "secret": "x"}, "in", OUTSIDE),
        ({"in/main.tf": machine("a", 'file("gone")')}, "in", "there is no such file"),
        ({"in/main.tf": 'module "m" {\n  source = "../out"\n}\n', "out/main.tf": machine("a", "1")}, "in",
         r"module m \(../out\) is not read, as it is not in the folder; name the folder that has both: .*//in"),
        ({"in/main.tf": 'module "m" {\n  source = "git::https://x"\n}\n'}, "in",
         r"module m \(git::https://x\) is not read, as it is not in the folder; name the folder that has it"),
        ({"in/main.tf": machine("a", 'file("../secret")'), "secret": "x"}, "in", "both, .*//in, or"),
        ({"in/main.tf": "resource {"}, "in", "has no state machine.*main.tf:1:11: not Terraform"),
        ({"in/main.tf": "resource {"}, "in/main.tf", "main.tf:1:11: not Terraform"),
        ({"in/main.tf": machine("a", "1") + machine("b", "1")}, "in", "has the state machines a, b; name one: .*in#a"),
        ({"in/main.tf": machine("a", "1")}, "in#c", "has no state machine 'c'; it has a"),
        ({"in/main.tf": machine("a", "1"), "in/b.tf": "locals {}\n"}, "in/b.tf", "has no state machine"),
        ({"in/template.yaml": ""}, "in", "is a folder; name the file .*did you mean .*in/template.yaml"),
        ({"in/x.txt": ""}, "in", r"a folder needs \.tf files"),
        ({"in/main.tf": 'module "m" {\n  source = "./"\n}\n'}, "in", "has no state machine"),
        ({"in/main.tf": machine("a", "1"), "in/terraform.tfvars.json": "[]"}, "in", "must be a JSON object"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused(files: dict[str, str], reference: str, message: str, tmp_path: Path) -> None:
    write(tmp_path, files)
    (tmp_path / "in" / "link").symlink_to(tmp_path / "secret")
    with pytest.raises(UsageError, match=message):
        read_definition(str(tmp_path / reference))


def test_configuration_that_is_a_link_to_elsewhere_is_not_read(tmp_path: Path) -> None:
    write(tmp_path, {"in/main.tf": machine("a", "local.secret"), "out.tf": 'locals {\n  secret = "x"\n}\n'})
    (tmp_path / "in" / "more.tf").symlink_to(tmp_path / "out.tf")
    (tmp_path / "in" / "terraform.tfvars").symlink_to(tmp_path / "out.tf")
    assert result_of(read_definition(str(tmp_path / "in"))) == "${local.secret}"


# What does not end, or is odd ----------------------------------------------------------------------------------------


def doubling(first: str, again: str) -> str:
    """Locals of which each has the one before twice."""
    lines = [f"  a{number} = {again.replace('X', f'local.a{number - 1}')}" for number in range(1, 60)]
    return "locals {\n  a0 = " + first + "\n" + "\n".join(lines) + "\n}\n"


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"main.tf": machine("a", "local.a59") + doubling('"xx"', '"${X}${X}"')}, "too many values"),
        ({"main.tf": machine("a", "local.a59") + doubling('["x"]', "concat(X, X)")}, "too many values"),
        ({"main.tf": machine("a", "local.a59") + doubling('["x"]', "[X, X]")}, "a local value .* is too large"),
        ({"main.tf": machine("a", "[for a in range(1000) : [for b in range(1000) : 1]]")}, "too many values"),
        ({"main.tf": machine("a", "9" * 5000)}, "is no number that can be read"),
        ({"main.tf": machine("a", 'file("x.bin")'), "x.bin": "\udcff"}, "not UTF-8 text"),
    ],
    ids=["texts", "lists", "lists in lists", "loops", "digits", "bytes"],
)  # fmt: skip
def test_what_is_too_large_is_refused(
    files: dict[str, str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sfn_provider.translate.definitions.terraform.uses.MAX_WORK", 20_000)
    for name, text in files.items():
        (tmp_path / name).write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(UsageError, match=message):
        read_definition(str(tmp_path))


CYCLE = {
    "a/main.tf": 'module "b" {\n  source = "../a"\n}\noutput "x" {\n  value = module.b.x\n}\n',
    "main.tf": machine("m", "module.a.x") + 'module "a" {\n  source = "./a"\n}\n',
}


@pytest.mark.parametrize(
    ("files", "value"),
    [
        (CYCLE, "${module.a.module.b.x}"),
        ({"main.tf": machine("m", "1") + 'module "a" {\n  source = "./"\n}\n'}, 1),
        ({"main.tf": machine("m", "local.a") + 'locals {\n  a = local.b\n  b = local.a\n}\n'}, "${local.a}"),
        ({"main.tf": machine("m", "1", "count = -1")}, 1),
        ({"main.tf": machine("m", "1", "count = 100000000")}, 1),
        ({"main.tf": machine("m", "1") + "resource {\n}\nmodule {\n}\nvariable {\n}\noutput {\n}\n"}, 1),
        ({"main.tf": machine("m", 'yamldecode(templatefile("a.yml", { f = aws_lambda_function.f.arn })).a'),
          "a.yml": "a: [${f}]\n"}, ["${aws_lambda_function.f.arn}"]),
        ({"main.tf": machine("m", '{ (var.k) = 1, for = 2, "b c" : 3 }')}, {"${var.k}": 1, "for": 2, "b c": 3}),
        ({"main.tf": machine("m", "1 / 0")}, "${1 / 0}"),
        ({"main.tf": machine("m", '"a"').replace("\n", "\r\n")}, "a"),
    ],
)  # fmt: skip
def test_what_is_odd_is_read(files: dict[str, str], value: Any, tmp_path: Path) -> None:
    assert result_of(read_definition(write(tmp_path, files))) == value
