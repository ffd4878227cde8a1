"""Every code block of the documentation: its syntax, its names, its options; test_commands.py runs what can be run."""

from __future__ import annotations

import ast
import json
import re

import click
import pytest
import yaml
from botocore import xform_name
from botocore.loaders import Loader

from sfn_provider import __version__
from sfn_provider.cli import cli
from tests.docs.blocks import ROOT, Block, Command, blocks, blocks_of, commands

OWN = [command for command in commands() if command.is_own]
OTHERS = [command for command in commands() if not command.is_own]

_S3_COMMANDS = {"cp", "sync"}
"""Commands of ``aws s3`` that are no operations of the service."""


def check_options(words: list[str]) -> None:
    """Parse the arguments of a command of this package; an unknown option, or a wrong value, is an error."""
    # click keeps a command's help option as its first context names it, so this is the context of a real call.
    context = click.Context(cli, info_name="sfn-provider", **cli.context_settings)
    command = cli.get_command(context, words[1]) if len(words) > 1 else None
    if command is None:
        assert words[1:] in (["--version"], ["--help"]), f"there is no command {words[1:]}"
        return
    if words[2:] != ["--help"]:
        command.make_context(words[1], list(words[2:]), parent=context)


def check_make(words: list[str]) -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in words[1:]:
        assert "=" in target or re.search(rf"^{target}:", makefile, re.MULTILINE), f"make has no target {target}"


def check_pip(words: list[str]) -> None:
    wheel = f"dist/airflow_provider_sfn-{__version__}-py3-none-any.whl"
    assert words[1] == "install"
    assert set(words[2:]) <= {".", ".[mcp]", wheel, "-c", "constraints.txt"}


def check_python(words: list[str]) -> None:
    assert words[1] == "-m"


def check_aws(words: list[str]) -> None:
    """Look the operation and its parameters up in botocore's model of the service."""
    service, operation, *arguments = words[1:]
    if service == "s3" and operation in _S3_COMMANDS:
        return
    model = Loader().load_service_model(service, "service-2")
    name = next(name for name in model["operations"] if xform_name(name, "-") == operation)
    members = model["shapes"][model["operations"][name]["input"]["shape"]]["members"]
    known = {f"--{xform_name(member, '-')}" for member in members}
    assert {word for word in arguments if word.startswith("--")} <= known


def check_airflow(words: list[str]) -> None:
    assert words[1:3] in (["dags", "trigger"], ["dags", "unpause"])


def check_eval(words: list[str]) -> None:
    assert re.fullmatch(r"\$\(_SFN_PROVIDER_COMPLETE=(bash|zsh)_source sfn-provider\)", words[1])


def check_completion(words: list[str]) -> None:
    assert words[:2] == ["_SFN_PROVIDER_COMPLETE=fish_source", "sfn-provider"]


CHECKS = {
    "make": check_make,
    "pip": check_pip,
    "python": check_python,
    "aws": check_aws,
    "airflow": check_airflow,
    "eval": check_eval,
    "_SFN_PROVIDER_COMPLETE=fish_source": check_completion,
}
"""What checks a command, by its first word."""


@pytest.mark.parametrize("command", OWN, ids=str)
def test_the_options_of_a_command_exist(command: Command) -> None:
    check_options(command.words)


@pytest.mark.parametrize("command", OTHERS, ids=str)
def test_another_program_is_called_as_it_wants_to_be(command: Command) -> None:
    CHECKS[command.words[0]](command.words)


@pytest.mark.parametrize("block", [block for block in blocks() if block.language == "python"], ids=str)
def test_python_compiles_and_imports_what_is_there(block: Block) -> None:
    text = block.text if not block.text.startswith(" ") else f"if True:\n{block.text}"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sfn_provider"):
            assert {alias.name for alias in node.names} <= names_in(str(node.module))


def names_in(module: str) -> set[str]:
    """The names that can be imported from a module of the package: defined, imported or listed there."""
    path = ROOT.joinpath(*module.split("."))
    source = (path / "__init__.py" if path.is_dir() else path.with_suffix(".py")).read_text(encoding="utf-8")
    found = {name for node in ast.walk(ast.parse(source)) for name in names_of(node)}
    return found | ({file.stem for file in path.iterdir()} if path.is_dir() else set())


def names_of(node: ast.AST) -> list[str]:
    if isinstance(node, ast.ClassDef | ast.FunctionDef):
        return [node.name]
    if isinstance(node, ast.ImportFrom):
        return [alias.asname or alias.name for alias in node.names]
    return [node.id] if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) else []


@pytest.mark.parametrize("block", [block for block in blocks() if block.language == "json"], ids=str)
def test_json_is_json(block: Block) -> None:
    try:
        json.loads(block.text)
    except ValueError:
        assert [json.loads(line) for line in block.text.splitlines()]


class AnyTag(yaml.SafeLoader):
    """A loader that takes CloudFormation's short forms: ``!GetAtt``."""


AnyTag.add_multi_constructor("!", lambda loader, suffix, node: f"{suffix} {node.value}")


@pytest.mark.parametrize("block", [block for block in blocks() if block.language in ("yaml", "yml")], ids=str)
def test_yaml_is_yaml(block: Block) -> None:
    assert isinstance(yaml.load(block.text, AnyTag), dict)


@pytest.mark.parametrize("block", [block for block in blocks() if block.language == "hcl"], ids=str)
def test_terraform_is_terraform(block: Block) -> None:
    hcl2 = pytest.importorskip("hcl2")
    assert hcl2.loads(block.text)


def test_languages_are_those_that_are_checked() -> None:
    found = {block.language for block in blocks()}
    assert found <= {"", "python", "json", "yaml", "yml", "hcl"}, "write a check for it in tests/docs/test_blocks.py"


def test_a_wrong_option_is_found() -> None:
    with pytest.raises(click.NoSuchOption):
        check_options(["sfn-provider", "lint", "a.json", "--strikt"])
    with pytest.raises(click.BadParameter):
        check_options(["sfn-provider", "translate", "a.json", "--style", "exakt"])


def test_blocks_are_read_with_their_markers() -> None:
    text = "a\n\n<!-- needs AWS -->\n```\n$ sfn-provider lint \\\n  x.json  # why\nok\n```\n\n```json\n{}\n```\n"
    one, two = blocks_of("a.md", text)
    assert ([command.words for command in one.commands], one.needs) == ([["sfn-provider", "lint", "x.json"]], "AWS")
    assert (two.commands, two.language, two.needs, two.line) == ([], "json", None, 10)
