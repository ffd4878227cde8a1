"""What all commands have in common: version, help, interruption."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from sfn_provider import __version__
from tests.fixtures.command_line import Told


def test_version_and_help(told: Told) -> None:
    assert told("--version") == (0, f"sfn-provider, version {__version__}\n", "")
    code, out, err = told("--help")
    assert (code, err) == (0, "")
    for command in ("lint", "translate", "run", "compare"):
        assert f"\n  {command} " in out
        help_code, help_text, err = told(command, "-h")
        assert (help_code, err) == (0, "")
        assert f"sfn-provider {command}" in help_text and "--json" in help_text


def test_interrupting_is_told_in_a_word(told: Told, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    def interrupt(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(import_module("sfn_provider.cli.commands.run"), "simulate", interrupt)
    assert told("run", "greet.asl.json")[0] == 130
