"""Printing for people and for machines."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from io import TextIOWrapper
from typing import Any

import click
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sfn_provider.asl.diagnostics import Diagnostic

_WIDTH_OF_FILES = 120
_LEVEL_STYLES = {"error": "bold red", "warning": "yellow"}
_STATUS_STYLES = {"SUCCEEDED": "green", "FAILED": "red", "TIMED_OUT": "red", "ABORTED": "red"}


def console(*, stderr: bool = False) -> Console:
    """A console that keeps to plain text where it is no terminal."""
    made = Console(stderr=stderr, highlight=False, soft_wrap=True)
    if not made.is_terminal:
        made.width = _WIDTH_OF_FILES
    return made


def print_json(value: Any) -> None:
    """Print a value as JSON, with escapes where the terminal cannot show a character."""
    text = json.dumps(value, indent=2, ensure_ascii=False, default=str)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        text = json.dumps(value, indent=2, default=str)
    click.echo(text)


def escape_what_cannot_be_shown() -> None:
    """Let the process print every text: a character that its terminal's encoding has not is written as an escape."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def print_diagnostics(diagnostics: Iterable[Diagnostic], file: str | None = None, *, stderr: bool = True) -> None:
    """Print diagnostics, one a line: where, how bad, which, what."""
    out = console(stderr=stderr)
    for found in diagnostics:
        place = ":".join(str(part) for part in (file, found.line, found.column) if part is not None)
        line = Text(f"{place}: " if place else "")
        line.append(found.level, _LEVEL_STYLES[found.level])
        line.append(f" {found.code} {found.location or '/'}: {found.message}")
        out.print(line)


def diagnostics_as_json(diagnostics: Iterable[Diagnostic]) -> list[dict[str, Any]]:
    """Diagnostics as JSON objects."""
    return [asdict(found) for found in diagnostics]


def status(name: str) -> Text:
    """An execution's status, coloured."""
    return Text(name, _STATUS_STYLES.get(name, ""))


def agreement(agrees: bool) -> Text:
    """Whether two sides agree, coloured."""
    return Text("agrees", "green") if agrees else Text("DIFFERS", "bold red")


def table(
    title: str, columns: Sequence[str], rows: Sequence[Sequence[str | Text]], *, right: Sequence[str] = ()
) -> Table:
    """A table with a heading. The last column gives way where the window is narrow; the others stay whole.

    Args:
        title: the heading.
        columns: the columns' names.
        rows: the cells, a row each.
        right: those of the columns that hold numbers.
    """
    made = Table(title=title, title_justify="left", title_style="bold", header_style="bold", box=box.SIMPLE_HEAD)
    for place, column in enumerate(columns):
        whole = max(len(column), *(len(row[place]) for row in rows), 0)
        made.add_column(
            column,
            justify="right" if column in right else "left",
            no_wrap=True,
            min_width=None if place == len(columns) - 1 else whole,
        )
    for row in rows:
        made.add_row(*(Text(cell) if isinstance(cell, str) else cell for cell in row))
    return made


def seconds(value: float | None) -> str:
    """A duration for people: ``0.4 s``, ``3 min 20 s``, ``2 h 5 min``."""
    if value is None:
        return ""
    if value < 60:
        return f"{value:.1f} s" if value != int(value) else f"{int(value)} s"
    minutes, rest = divmod(round(value), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s"


def shorten(value: Any, width: int = 60) -> str:
    """A JSON value on one line, cut where it is too long."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text if len(text) <= width else text[: width - 1] + "…"
