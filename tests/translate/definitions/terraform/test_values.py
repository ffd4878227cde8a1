from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from sfn_provider.exceptions import UsageError
from sfn_provider.translate.definitions import read_definition
from sfn_provider.translate.definitions.terraform.functions import call_function

pytest.importorskip("hcl2")

NAMES = """
variable "port" { default = "Kiel" }
variable "crew" {
  type = number
  default = "3"
}
variable "unknown" {}
variable "deep" {
  default = { docks = [{ name = "north" }, { name = "south" }], size = 2 }
}
variable "key" {
  sensitive = true
  default   = "hush"
}
locals {
  ships = { anna = { open = true, load = 4 }, berta = { open = false, load = 7 } }
  self  = local.self
}
resource "aws_glue_job" "load" {
  name = "load-${var.port}"
  tags = { a = "b" }
}
resource "aws_sns_topic" "each" {
  for_each = toset(["a", "b"])
  name     = "topic-${each.key}"
}
resource "aws_sqs_queue" "two" {
  count = 2
  name  = "queue-${count.index}"
}
"""


@dataclass(frozen=True)
class Case:
    """An expression of Terraform and its value; the value is what Terraform computes, or a placeholder."""

    text: str
    value: Any
    substitutions: dict[str, str] = field(default_factory=dict)


CASES = [
    # Names
    Case("var.port", "Kiel"),
    Case("var.crew", 3),
    Case("var.unknown", "${var.unknown}"),
    Case("var.absent", "${var.absent}"),
    Case("var.key", "${var.key}"),
    Case("var.deep.docks[1].name", "south"),
    Case('var.deep["size"]', 2),
    Case("var.deep.docks.0.name", "north"),
    Case("var.deep.harbour", "${var.deep.harbour}"),
    Case("var.unknown.a[0]['b']".replace("'", '"'), "${var.unknown.a[0]['b']}"),
    Case("local.self", "${local.self}"),
    Case("terraform.workspace", "${terraform.workspace}"),
    Case("data.aws_region.current.name", "${data.aws_region.current.name}"),
    Case("aws_lambda_function.f.arn", "${aws_lambda_function.f.arn}"),
    Case("aws_glue_job.load.name", "load-Kiel"),
    Case("aws_glue_job.load.arn", "${aws_glue_job.load.arn}"),
    Case("aws_glue_job.load.tags", "${aws_glue_job.load.tags}"),
    Case('aws_sns_topic.each["b"].name', "topic-b"),
    Case('aws_sns_topic.each["b"].arn', "${aws_sns_topic.each['b'].arn}"),
    Case('aws_sns_topic.each["c"].name', "${aws_sns_topic.each['c'].name}"),
    Case("aws_sqs_queue.two[1].name", "queue-1"),
    Case("aws_sqs_queue.two[2].name", "${aws_sqs_queue.two[2].name}"),
    Case("each.key", "${each.key}"),
    Case("module.network.vpc_id", "${module.network.vpc_id}"),
    # Values of the user
    Case("var.port", "Rostock", {"var.port": "Rostock"}),
    Case("var.crew", 5, {"var.crew": "5"}),
    Case("var.key", "given", {"var.key": "given"}),
    Case("var.deep.size", 9, {"var.deep": '{"size": 9}'}),
    Case("var.deep.size", "8", {"var.deep.size": "8"}),
    Case("aws_lambda_function.f.arn", "arn:x", {"aws_lambda_function.f.arn": "arn:x"}),
    Case('var.unknown == "a" ? "x" : "y"', "x", {"var.unknown": "a"}),
    # Texts
    Case('"a-${var.port}-${var.crew}"', "a-Kiel-3"),
    Case('"${var.crew}"', 3),
    Case('"a-${var.unknown}"', "a-${var.unknown}"),
    Case('"\\u00e9 \\"q\\" \\t$${raw} %%{raw}"', 'é "q" \t${raw} %{raw}'),
    # Operators, conditions, loops
    Case("(1 + 2) * 3 - 7 % 4", 6),
    Case("7 / 2", 3.5),
    Case("6 / 2", 3),
    Case("-var.crew", -3),
    Case('!true || var.port == "Kiel"', True),
    Case("false && var.unknown", False),
    Case("true && var.unknown", "${true && var.unknown}"),
    Case('var.port == "Kiel" ? 1 : 2', 1),
    Case('var.unknown == "a" ? 1 : 2', "${var.unknown == 'a' ? 1 : 2}"),
    Case('var.unknown == "a" ? 5 : 5', 5),
    Case("[for name, ship in local.ships : upper(name) if ship.open]", ["ANNA"]),
    Case("{ for name, ship in local.ships : name => ship.load }", {"anna": 4, "berta": 7}),
    Case("{ for name, ship in local.ships : ship.open => name... }", {"true": ["anna"], "false": ["berta"]}),
    Case('[for i, v in ["a", "b"] : "${i}${v}"]', ["0a", "1b"]),
    Case('[for name, load in { b = 2, a = 1 } : "${name}${load}"]', ["a1", "b2"]),
    Case("[for x in var.unknown : x]", "${[for x in var.unknown : x]}"),
    Case("var.deep.docks[*].name", ["north", "south"]),
    Case("aws_lambda_function.f[*].arn", "${aws_lambda_function.f[*].arn}"),
    # Functions
    Case("merge({ a = 1, b = 2 }, { b = var.unknown })", {"a": 1, "b": "${var.unknown}"}),
    Case('format("%s has %d of %03d, 5%%", var.port, 2, 7)', "Kiel has 2 of 007, 5%"),
    Case('format("%s!", var.unknown)', "${var.unknown}!"),
    Case('join(",", ["a", var.unknown])', "a,${var.unknown}"),
    Case('join(",", var.unknown)', "${join(',', var.unknown)}"),
    Case('concat(["a"], ["b"])', ["a", "b"]),
    Case('lookup(var.deep, "none", "default")', "default"),
    Case('coalesce("", var.port)', "Kiel"),
    Case('split("-", "a-b")', ["a", "b"]),
    Case('replace("a.b.c", ".", "-")', "a-b-c"),
    Case('replace("ab12", "/[0-9]+/", "")', "ab"),
    Case("upper(var.unknown)", "${upper(var.unknown)}"),
    Case('jsondecode("{\\"a\\": [1]}").a[0]', 1),
    Case('try(var.deep.none, "fallback")', "fallback"),
    Case('try(var.port, "fallback")', "Kiel"),
    Case("can(var.deep.none)", False),
    Case('element(["a", "b"], 3)', "b"),
    Case("max([1, 5, 3]...)", 5),
    Case('flatten([["a"], ["b", ["c"]]])', ["a", "b", "c"]),
    Case('tonumber("12")', 12),
    Case('sensitive("a")', "${sensitive('a')}"),
    Case("timestamp()", "${timestamp()}"),
    Case('format("%d")', "${format('%d')}"),
]


def read_value(folder: Path, text: str, substitutions: dict[str, str] | None = None) -> Any:
    states = '{ A = { Type = "Pass", Result = ' + text + ", End = true } }"
    definition = f'jsonencode({{ StartAt = "A", States = {states} }})'
    (folder / "main.tf").write_text(
        f'{NAMES}\nresource "aws_sfn_state_machine" "m" {{\n  definition = {definition}\n}}\n'
    )
    return read_definition(str(folder), substitutions).document.value["States"]["A"]["Result"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.text} {case.substitutions or ''}".strip())
def test_the_value_of_an_expression(case: Case, tmp_path: Path) -> None:
    value = read_value(tmp_path, case.text, case.substitutions)
    assert (value, type(value)) == (case.value, type(case.value))


@pytest.mark.parametrize(
    ("substitutions", "message"),
    [
        ({"var.crew": "many"}, "--substitutions var.crew: 'many' is no number"),
        ({"var.prot": "Rostock"}, "substitutions not used: var.prot"),
    ],
)
def test_values_that_cannot_be_used_are_refused(substitutions: dict[str, str], message: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=message):
        read_value(tmp_path, "var.crew", substitutions)


TEMPLATES = [
    ("a ${name} b", {"name": "x"}, "a x b"),
    ("%{ if on }yes%{ else }no%{ endif }", {"on": True}, "yes"),
    ("%{ if on }yes%{ else }no%{ endif }", {"on": False}, "no"),
    ("%{ for s in list }${s};%{ endfor }", {"list": ["a", "b"]}, "a;b;"),
    ("%{ for i, s in list }${i}${s}%{ endfor }", {"list": ["a", "b"]}, "0a1b"),
    ("%{ for k, v in map }%{ if v > 1 }${k}%{ endif }%{ endfor }", {"map": {"a": 1, "b": 2}}, "b"),
    ("%{ for k, v in map }${k}${v}%{ endfor }", {"map": {"b": 2, "a": 1}}, "a1b2"),
    ("x\n  %{~ if on ~}\n  y\n  %{~ endif ~}\n z", {"on": True}, "xyz"),
    ("${jsonencode(list)} $${raw} %%{raw}", {"list": [1, "é"]}, '[1,"é"] ${raw} %{raw}'),
    ('${lookup({a = "}"}, "a")}', {}, "}"),
    ("${elsewhere}", {}, "${elsewhere}"),
]


@pytest.mark.parametrize(("template", "values", "text"), TEMPLATES, ids=[template for template, _, _ in TEMPLATES])
def test_a_template_is_rendered(template: str, values: dict[str, Any], text: str, tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_text(template)
    (tmp_path / "values.auto.tfvars.json").write_text(json.dumps({"values": values}))
    assert read_value(tmp_path, 'templatefile("${path.module}/t.txt", var.values)') == text


BAD_TEMPLATES = [
    ("%{ if on }", "a directive of the template has no %{ endif }"),
    ("%{ for x in }", "%{ for x in } is not understood"),
    ("%{ while x }", "%{ while x } is not understood"),
    ("a\nb ${x", "t.txt:2: a text has"),
    ("%{ if unknown }%{ endif }", "whose value is not known"),
    ("%{ for x in 5 }%{ endfor }", "needs a list or a map"),
    ("${a b}", "t.txt:1"),
]


@pytest.mark.parametrize(("template", "message"), BAD_TEMPLATES, ids=[template for template, _ in BAD_TEMPLATES])
def test_a_template_that_cannot_be_rendered_is_refused(template: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_text(template)
    with pytest.raises(UsageError) as error:
        read_value(tmp_path, 'templatefile("t.txt", {})')
    assert message in str(error.value)


def test_loops_of_templates_end(tmp_path: Path) -> None:
    loop = "%{ for x in range(1000) }"
    (tmp_path / "t.txt").write_text(f"{loop}{loop}a%{{ endfor }}%{{ endfor }}")
    with pytest.raises(UsageError, match="make more than 100,000 parts"):
        read_value(tmp_path, 'templatefile("t.txt", {})')


LARGE = [
    ("replace", ["a" * 3_000, "a", "b" * 3_000]),
    ("replace", ["a" * 3_000, "/(a)/", "$1" * 3_000]),
    ("replace", ["a" * 3_000, "/(a+)/", "${1}" * 3_000]),
    ("replace", ["", "/(?=.*)/", "b" * 5_000_000]),
    ("join", ["a" * 3_000, ["b"] * 3_000]),
    ("format", ["%999d" * 5_000, *range(5_000)]),
]


@pytest.mark.parametrize(("name", "arguments"), LARGE)
def test_a_function_makes_no_text_that_is_larger_than_a_file(name: str, arguments: list[Any]) -> None:
    with pytest.raises(ValueError, match="more than 4,194,304 characters"):
        call_function(name, arguments)


def test_replaced_groups_and_repeated_values() -> None:
    assert call_function("replace", ["ab12", r"/([a-z])(\d)?/", "${1}-$2"]) == "a-b-12"
    values = [1, "1", [1], {"a": [1]}, 1, [1], {"a": [2]}, {"a": [1]}, None, None]
    assert call_function("distinct", [values]) == [1, "1", [1], {"a": [1]}, {"a": [2]}, None]
