"""What commands import: each starts fast, because it imports nothing that only others need."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping

import pytest

from sfn_provider.cli import SUMMARIES, cli
from tests.golden import DAGS, ROOT

HEAVY = ("airflow", "boto3", "botocore", "networkx", "jsonata", "jinja2", "httpx", "yaml", "rich")
SALES = str(DAGS / "sales_pipeline.asl.json")
COMMANDS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "--help": (("--help",), (*HEAVY, "pydantic", "sfn_provider.asl", "sfn_provider.compare", "sfn_provider.translate")),
    "lint": (
        ("lint", SALES),
        (*HEAVY, "sfn_provider.engine", "sfn_provider.compare", "sfn_provider.mwaa", "sfn_provider.translate.plan"),
    ),
    "translate": (
        ("translate", SALES),
        ("airflow", "boto3", "botocore", "jinja2", "httpx", "rich", "sfn_provider.compare"),
    ),
    "cases": (("cases", SALES), ("airflow", "boto3", "jinja2", "httpx", "mcp", "opentelemetry")),
    "run": (
        ("run", SALES, "--help"),
        (*HEAVY[:-1], "sfn_provider.compare.airflow", "sfn_provider.integrations", "sfn_provider.translate.native"),
    ),
}
RUN = """
import sys
from sfn_provider.cli import run_command
code = run_command(sys.argv[1:])
print("\\n".join(sorted(sys.modules)), file=sys.stderr)
sys.exit(code)
"""


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_imports_only_what_it_needs(name: str) -> None:
    arguments, banned = COMMANDS[name]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", RUN, *arguments], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    modules = done.stderr.splitlines()
    assert "sfn_provider.cli" in modules
    assert not [module for module in modules if any(f"{module}.".startswith(f"{name}.") for name in banned)]


@pytest.mark.parametrize("name", SUMMARIES)
def test_every_command_of_the_help_is_there_and_has_a_help_of_its_own(name: str) -> None:
    command = cli.get_command(cli.make_context("sfn-provider", [name]), name)
    assert command is not None and command.name == name
    assert command.help and SUMMARIES[name].partition(" ")[0] == command.help.partition(" ")[0]
