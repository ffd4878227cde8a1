"""A folder for commands to run in, and what a command has said."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from sfn_provider.cli import run_command
from tests.fixtures.command_line import GREET, GREET_MOCKS


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a machine, its mocks and an input; the commands run in it."""
    (tmp_path / "greet.asl.json").write_text(json.dumps(GREET))
    (tmp_path / "mocks.json").write_text(json.dumps(GREET_MOCKS))
    (tmp_path / "input.json").write_text('{"name": "Ada"}')
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run a command: its exit code, standard output and standard error."""

    def tell(*arguments: str) -> tuple[int, str, str]:
        code = run_command(arguments)
        out, err = capsys.readouterr()
        return code, out, err

    return tell
