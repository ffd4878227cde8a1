"""Prints JSON and diagnostics, with what a terminal cannot show escaped."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import click

from sfn_provider.asl.diagnostics import Diagnostic
from sfn_provider.secret_masking import one_line


def printable(text: str) -> str:
    """Escape the control characters in each line of a text, so that none reaches the terminal; lines stay lines."""
    return "\n".join(map(one_line, text.split("\n")))


_LEVEL_STYLES: dict[str, dict[str, Any]] = {"error": {"fg": "red", "bold": True}, "warning": {"fg": "yellow"}}


def print_json(value: Any) -> None:
    """Print a value as JSON, with escapes where the terminal cannot show a character."""
    text = json.dumps(value, indent=2, ensure_ascii=False, default=str)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
        is_plain = text.replace("\n", "").isprintable()
    except UnicodeEncodeError:
        is_plain = False
    if not is_plain:
        text = json.dumps(value, indent=2, default=str)
    click.echo(text)


def print_diagnostics(diagnostics: Iterable[Diagnostic], file: str | None = None, *, stderr: bool = True) -> None:
    """Print diagnostics, one a line: ``FILE:LINE:COLUMN: LEVEL CODE LOCATION: MESSAGE``.

    In color on a terminal, unless NO_COLOR is set; with FORCE_COLOR everywhere.
    """
    color = False if os.environ.get("NO_COLOR") else True if os.environ.get("FORCE_COLOR") else None
    for found in diagnostics:
        position = found.position(file)
        text = f"{click.style(found.level, **_LEVEL_STYLES[found.level])} {one_line(found.summary)}"
        click.echo(f"{one_line(position)}: {text}" if position else text, err=stderr, color=color)


def diagnostics_as_json(diagnostics: Iterable[Diagnostic]) -> list[dict[str, Any]]:
    """Return diagnostics as JSON objects."""
    return [asdict(found) for found in diagnostics]
