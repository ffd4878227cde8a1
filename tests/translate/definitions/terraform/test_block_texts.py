"""Tests which blocks of a Terraform folder are parsed, and how a file is split into them."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("hcl2")

from sfn_provider.exceptions import UsageError
from sfn_provider.translate.definitions.reader import read_definition
from sfn_provider.translate.definitions.terraform import parser
from sfn_provider.translate.definitions.terraform.block_texts import split_blocks
from sfn_provider.translate.definitions.terraform.syntax import parse_blocks, parse_file

MACHINE = """resource "aws_sfn_state_machine" "m" {
  definition = jsonencode({ StartAt = local.first, States = { A = { Type = "Pass", End = true } } })
}
"""
LOCALS = 'locals {\n  first = "A"\n}\n'
NOT_TERRAFORM = 'resource "aws_sns_topic" "t" {\n  name = ]\n}\n'

SPLIT = {
    "texts with braces": 'a "b" {\n  c = "}" # }\n  d = "\\"}"\n  e = "\\\\"\n}\nf {}\n',
    "interpolations": 'a {\n  b = "${x["}"]}${{ c = "${1}" }}"\n}\nb {}\n',
    "escaped interpolations": 'a {\n  b = "$${x"} { %%{ if y } $ % $$ }"\n}\nb {}\n',
    "directives": 'a {\n  b = "%{ if x == "}" }y%{ endif }"\n}\nb {}\n',
    "heredocs": 'a {\n  b = <<EOT\n }} " /*\n  EOTX\nEOT\n}\nb {\n  c = <<-E\n {\n  E\n}\n',
    "a heredoc in a call": "a {\n  b = f(<<EOT\n}\nEOT\n  , 1)\n}\nb {}\n",
    "comments": "# {\n// {\n/* a {\n*/ a { # }\n  /* } */ b = 1 // }\n}\n/**/\nb {}",
    "operators": "a {\n  b = 1 / 2 < 3 && 4 <= 5\n}\nb {}\n",
    "labels without quotation marks": 'a b "c" {\n}\nd e{\n}\n',
    "lines of Windows": 'a "b" {\r\n  c = <<EOT\r\n}\r\nEOT\r\n}\r\nb {\r\n}\r\n',
    "two blocks in a line": "a {} b {}\n",
    "nothing": "# only a comment",
}

ANYTHING_ELSE = {
    "an argument": "a = 1\n",
    "a block without an end": "a {\n",
    "a brace too many": "a {\n}\n}\n",
    "a text without an end": 'a {\n  b = "\n}\n',
    "a heredoc without an end": "a {\n  b = <<EOT\n}\n",
    "a comment without an end": "a {\n  /* }\n",
    "an escape without an end": 'a {\n  b = "$${"\n',
}


def write(folder: Path, **files: str) -> str:
    for name, text in files.items():
        (folder / f"{name}.tf").write_text(text)
    return str(folder)


@pytest.mark.parametrize("text", SPLIT.values(), ids=SPLIT)
def test_a_file_is_split_as_the_parser_reads_it(text: str) -> None:
    def described(blocks: tuple) -> list:
        return [
            (block.kind, block.labels, {name: (value.source, value.line) for name, value in block.attributes.items()})
            for block in blocks
        ]

    assert split_blocks(text, lambda work: None) is not None
    assert described(parse_blocks(text, "main.tf")) == described(parse_file(text, "main.tf").blocks)


@pytest.mark.parametrize("text", ANYTHING_ELSE.values(), ids=ANYTHING_ELSE)
def test_a_file_with_anything_else_is_left_to_the_parser(text: str) -> None:
    assert split_blocks(text, lambda work: None) is None


def test_a_large_folder_has_a_small_machine(tmp_path: Path) -> None:
    others = "".join(
        f'resource "aws_sns_topic" "t{n}" {{\n  name = "a-${{var.env}}-{n}"\n  tags = {{ a = "b" }}\n}}\n'
        for n in range(25_000)
    )
    folder = write(tmp_path, main=MACHINE, others=others, locals=LOCALS)
    assert len(others) > 2_000_000
    assert read_definition(folder).document.value["StartAt"] == "A"


def test_a_machine_is_read_beside_one_that_is_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parser, "MAX_TOKENS", 10_000)
    large = MACHINE.replace('"m"', '"large"').replace("Type", "Comment = [" + "1, " * 6_000 + "], Type")
    folder = write(tmp_path, main=MACHINE, large=large, locals=LOCALS)
    assert read_definition(f"{folder}#m").document.value["StartAt"] == "A"
    with pytest.raises(UsageError, match="more than 10,000 names"):
        read_definition(f"{folder}#large")


def test_a_block_that_no_machine_needs_may_have_any_text(tmp_path: Path) -> None:
    found = read_definition(write(tmp_path, main=NOT_TERRAFORM + MACHINE + LOCALS))
    assert found.document.value["StartAt"] == "A" and not found.document.notes


def test_a_block_that_is_needed_and_cannot_be_read_is_left_out_alone(tmp_path: Path) -> None:
    schedule = NOT_TERRAFORM.replace("aws_sns_topic", "aws_scheduler_schedule")
    found = read_definition(write(tmp_path, main=LOCALS + schedule + MACHINE))
    [note] = found.document.notes
    assert found.document.value["StartAt"] == "A"
    assert note.code == "FILE_NOT_READ"
    assert note.message.startswith(f"{tmp_path}/main.tf:5:10: not Terraform: ") and "at line 5" in note.message
    assert "what the block has" in note.message


def test_a_machine_that_cannot_be_read_has_its_line(tmp_path: Path) -> None:
    broken = NOT_TERRAFORM.replace("aws_sns_topic", "aws_sfn_state_machine")
    counted = broken.replace('"t"', '"u"').replace("name", "count = 2\n  name")
    folder = write(tmp_path, main=LOCALS + MACHINE + broken + counted)
    assert read_definition(f"{folder}#m").document.value["StartAt"] == "A"
    with pytest.raises(UsageError, match=r"main\.tf:8:10: not Terraform"):
        read_definition(f"{folder}#t")
    with pytest.raises(UsageError, match=r"main\.tf:12:10: not Terraform"):
        read_definition(f"{folder}#u")


def test_the_blocks_of_a_folder_have_its_bound(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="more than 100,000 names"):
        read_definition(write(tmp_path, main=MACHINE + LOCALS, others="a {}\n" * 100_000))


def test_a_folder_may_have_many_blocks_that_are_needed(tmp_path: Path) -> None:
    schedules = "".join(
        f'resource "aws_scheduler_schedule" "s{n}" {{\n  target {{\n    arn = aws_sqs_queue.q{n}.arn\n  }}\n}}\n'
        for n in range(1_000)
    )
    folder = write(tmp_path, main=MACHINE + LOCALS, schedules=schedules)
    assert read_definition(folder).document.value["StartAt"] == "A"


def test_an_override_file_makes_instances(tmp_path: Path) -> None:
    override = 'resource "aws_sfn_state_machine" "m" {\n  for_each = { x = 1 }\n}\n'
    folder = write(tmp_path, main=MACHINE + LOCALS, override=override)
    assert read_definition(f"{folder}#m[x]").document.value["StartAt"] == "A"
