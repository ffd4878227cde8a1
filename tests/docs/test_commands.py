"""Runs the commands of the documentation that need neither AWS nor the network, page by page, as a reader would.

Each page begins in a folder with the repository's ``dags``. Of the commands that start a private Airflow, ``compare``
and ``replay``, one each is run, those of the tutorials first; with ``SFN_PROVIDER_ALL_EXAMPLES=1``, which is
``make test-docs``, all are.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from sfn_provider.cli import run_command
from tests.docs.blocks import PAGES, ROOT, Command, commands

ALL = bool(os.environ.get("SFN_PROVIDER_ALL_EXAMPLES"))


def kind_of(command: Command) -> str | None:
    """What is like it among the commands that start a private Airflow; None for one that starts none."""
    words = command.words
    return words[1] if words[1] in ("compare", "replay") or "airflow" in words else None


def runnable() -> dict[str, list[Command]]:
    """The commands by page."""
    found: dict[str, list[Command]] = {page: [] for page in PAGES}
    seen = set[str]()
    for command in sorted(commands(), key=lambda command: "tutorials" not in command.block.page):
        kind = kind_of(command) if command.is_own and command.block.needs is None else "not run"
        if kind == "not run" or (kind in seen and not ALL):
            continue
        if kind is not None:
            seen.add(kind)
        found[command.block.page].append(command)
    return {page: own for page, own in found.items() if own}


RUNNABLE = runnable()


@pytest.mark.parametrize("page", RUNNABLE)
def test_the_commands_of_a_page_run(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(ROOT / "dags", tmp_path / "dags", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.chdir(tmp_path)
    codes = {command.line: run_command(command.words[1:]) for command in RUNNABLE[page]}
    assert {line for line, code in codes.items() if code not in (0, 1)} == set()
    for command in RUNNABLE[page]:
        words = command.words
        written = [words[words.index(option) + 1] for option in ("-o", "--html") if option in words]
        refused = codes[command.line] == 1 and words[1] in ("translate", "package")
        assert [name for name in written if not refused and not (tmp_path / name).exists()] == []


def test_the_tutorials_are_run() -> None:
    run = [command.words[1] for page, own in RUNNABLE.items() if "tutorials" in page for command in own]
    assert {"lint", "translate", "cases", "compare", "replay", "package"} <= set(run)
