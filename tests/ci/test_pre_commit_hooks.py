"""The hooks for pre-commit: in its own form, with commands that exist, for the files they are for."""

from __future__ import annotations

import re
import shlex

import pytest
import yaml

from sfn_provider.cli import run_command
from tests.docs.test_blocks import check_options
from tests.golden import ROOT

clientlib = pytest.importorskip("pre_commit.clientlib")
HOOKS = {hook["id"]: hook for hook in clientlib.load_manifest(str(ROOT / ".pre-commit-hooks.yaml"))}


@pytest.mark.parametrize(
    ("name", "is_for_it"),
    [
        ("a/orders.asl.json", True),
        ("orders.asl.yaml", True),
        ("orders.asl.yml", True),
        ("orders.json", False),
        ("orders.asl.json.bak", False),
    ],
)
def test_files_that_are_linted(name: str, is_for_it: bool) -> None:
    assert bool(re.search(HOOKS["sfn-lint"]["files"], name)) is is_for_it


def test_lint_takes_files() -> None:
    check_options([*shlex.split(HOOKS["sfn-lint"]["entry"]), "--strict", "one.asl.json", "two.asl.json"])


def test_the_check_takes_the_arguments_of_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    page = (ROOT / "docs" / "ci.md").read_text()
    example = yaml.safe_load(page.split("```yaml\n")[1].partition("```")[0])
    [hook] = [hook for hook in example["repos"][0]["hooks"] if hook["id"] == "sfn-translate-check"]
    entry = shlex.split(HOOKS["sfn-translate-check"]["entry"])
    check_options([*entry, *hook["args"]])
    monkeypatch.chdir(ROOT)
    arguments = ["dags/sales_pipeline.asl.json", "-o", "dags/sales_pipeline.py", "--schedule", "cron(0 2 * * ? *)"]
    assert run_command([*entry[1:], *arguments, "--input", "@dags/sales_pipeline.input.json"]) == 0


def test_the_page_names_every_hook() -> None:
    page = (ROOT / "docs" / "ci.md").read_text()
    assert [name for name in HOOKS if f"`{name}`" not in page] == []
