from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("hcl2")

from sfn_provider.exceptions import UsageError
from sfn_provider.translate.definitions.reader import read_definition
from sfn_provider.translate.definitions.terraform import parser
from sfn_provider.translate.definitions.terraform.parser import bounded_parsing, parse_tree
from sfn_provider.translate.definitions.terraform.syntax import parse_expression

TEMPLATE = '{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true, "Result": "%s"}}}'


def write(folder: Path, template: str) -> str:
    definition = 'templatefile("${path.module}/a.tpl", { a = range(30), b = "x" })'
    (folder / "main.tf").write_text(f'resource "aws_sfn_state_machine" "m" {{\n  definition = {definition}\n}}\n')
    (folder / "a.tpl").write_text(TEMPLATE % template)
    return str(folder / "main.tf")


def test_a_folder_has_a_bound_for_all_its_texts_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parser, "MAX_TOKENS", 10_000)

    def parse(numbers: range) -> None:
        for number in numbers:
            parse_tree(f"a = [{number}{', 1' * 900}]", "main.tf")

    with bounded_parsing():
        parse(range(5))
        parse(range(5))
        with pytest.raises(UsageError, match=r"more than 10,000 names.*file\(\) and templatefile\(\)"):
            parse(range(7))
    with bounded_parsing():
        parse(range(5, 7))


def test_loops_of_a_template_parse_an_expression_once(tmp_path: Path) -> None:
    loops = "%{ for x in a }%{ for y in a }${b}%{ endfor }%{ endfor }"
    value = read_definition(write(tmp_path, loops)).document.value
    assert value["States"]["A"]["Result"] == "x" * 900


def test_the_expressions_of_a_template_have_its_bound(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="more than 100,000 names"):
        read_definition(write(tmp_path, "".join(f"${{{number}}}" for number in range(2_000))))


def test_an_expression_has_its_line_in_its_file() -> None:
    assert parse_expression("a.b", "a.tpl", 70_000).place == "a.tpl:70000"
    with pytest.raises(UsageError, match=r"^a\.tpl:70000:\d+: not Terraform"):
        parse_expression("a b", "a.tpl", 70_000)
