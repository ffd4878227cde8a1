"""Compares files with what a command would write, and shows how they differ."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import unified_diff
from pathlib import Path
from typing import Any

import click

from sfn_provider.cli.output.printing import print_json, printable
from sfn_provider.formatting import count
from sfn_provider.text_files import read_text_file

_MOST_LINES = 200
"""The lines of a difference that are shown."""


def check_files(folder: str | Path, texts: Mapping[str, str], *, as_json: bool = False) -> int:
    """Compare the files of a folder with texts, and print how they differ.

    Line ends are not compared: version control may change them.

    Args:
        folder: the folder.
        texts: what the files should hold, by their paths below the folder.
        as_json: print JSON: ``{"files": [{"file": ..., "is_current": false, "difference": "..."}]}``.

    Returns:
        The exit code: 0 where all are the same.

    Raises:
        UsageError: where a file is there and cannot be read.
    """
    found = {str(Path(folder) / name): _difference(Path(folder) / name, text) for name, text in texts.items()}
    if as_json:
        print_json({"files": [_as_json(file, lines) for file, lines in found.items()]})
    else:
        for file, lines in found.items():
            _print(file, lines)
    return 1 if any(found.values()) else 0


def _difference(path: Path, text: str) -> list[str]:
    """Return the lines of a unified difference from a file to a text; none where they are the same."""
    is_there = path.exists()
    current = read_text_file(path, "what translate has written") if is_there else ""
    name = str(path) if is_there else "/dev/null"
    return list(unified_diff(current.splitlines(), text.splitlines(), name, f"{path} (as translated now)", lineterm=""))


def _as_json(file: str, lines: list[str]) -> dict[str, Any]:
    return {"file": file, "is_current": not lines, "difference": "\n".join(lines)}


def _print(file: str, lines: list[str]) -> None:
    if not lines:
        click.echo(f"{printable(file)} is what the definition gives", err=True)
        return
    click.echo(printable("\n".join(lines[:_MOST_LINES])))
    if len(lines) > _MOST_LINES:
        click.echo(f"... and {count(len(lines) - _MOST_LINES, 'more line')}")
    click.echo(
        f"{printable(file)} is not what the definition gives now: translate again without --check, or change the "
        "definition; a file that is yours to change is not to be checked",
        err=True,
    )
