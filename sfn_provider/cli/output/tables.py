"""Prints tables, statuses and progress for people, with rich."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.status import Status
from rich.table import Table
from rich.text import Text

from sfn_provider.cli.output.printing import printable
from sfn_provider.cli.signals import exit_if_signalled
from sfn_provider.formatting import cut
from sfn_provider.secret_masking import one_line

_FILE_WIDTH = 10_000
"""Columns where the output is no terminal: more than any line has, so that no cell is cut."""

_STATUS_STYLES = {"SUCCEEDED": "green", "FAILED": "red", "TIMED_OUT": "red", "ABORTED": "red"}

Cell = str | Text


class PrintableConsole(Console):
    """A console to which texts are printed without control characters: names and causes are of other people."""

    def print(self, *objects: Any, **options: Any) -> None:
        """Print as `Console.print`, with the control characters of texts escaped; into a file, without padding."""
        shown = [printable(part) if isinstance(part, str) else part for part in objects]
        if self.is_terminal:
            super().print(*shown, **options)
            return
        with self.capture() as captured:
            super().print(*shown, **options)
        lines = [line.rstrip(" ") for line in captured.get().split("\n")]
        self.file.write("\n".join(lines))
        self.file.flush()


def console(*, stderr: bool = False) -> Console:
    """Return a console that writes plain text where the output is no terminal."""
    made = PrintableConsole(stderr=stderr, highlight=False, soft_wrap=True)
    if not made.is_terminal:
        made.width = _FILE_WIDTH
    return made


def progress(what: str, name: str, number: int, count: int) -> Status:
    """Show on stderr, within a ``with`` statement, which of several things runs in a private Airflow.

    Exits here after a signal that Python has dropped.

    Args:
        what: what they are: ``Case``.
        name: the name of the one that runs.
        number: its number, from 1 on.
        count: how many they are.
    """
    exit_if_signalled()
    start = " (the first one starts a private Airflow, some ten seconds)" if number == 1 else ""
    return console(stderr=True).status(f"{what} {number} of {count}: {one_line(name)}{start}")


def status(name: str) -> Text:
    """Return an execution's status, colored."""
    return Text(name, _STATUS_STYLES.get(name, ""))


def agreement(agrees: bool, missing_input: str | None = None) -> Text:
    """Return whether both sides agree, colored.

    Args:
        agrees: whether they do.
        missing_input: the path that the input lacks, so that nothing ran.
    """
    if agrees and missing_input is not None:
        return Text(f"nothing ran: the input lacks {missing_input}", "yellow")
    return Text("agrees", "green") if agrees else Text("DIFFERS", "bold red")


def print_differences(states: Iterable[tuple[str, Sequence[str]]], outcome: Iterable[str]) -> None:
    """Print the differences of a comparison, one a line.

    Args:
        states: the names of states, each with its differences.
        outcome: the differences of the outcome.
    """
    out = console()
    for name, differences in (*states, ("outcome", outcome)):
        for difference in differences:
            out.print(f"  {name}: {difference}", markup=False, style="red")


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[Cell]], *, right: Sequence[str] = ()) -> Table:
    """Make a table with a heading. Only the last column is cut where the window is narrow.

    Args:
        title: the heading.
        columns: the columns' names.
        rows: the cells, a row each.
        right: those of the columns that hold numbers.
    """
    made = Table(title=title, title_justify="left", title_style="bold", header_style="bold", box=box.SIMPLE_HEAD)
    for place, column in enumerate(columns):
        width = max(len(column), *(len(row[place]) for row in rows), 0)
        made.add_column(
            column,
            justify="right" if column in right else "left",
            no_wrap=True,
            min_width=None if place == len(columns) - 1 else width,
        )
    for row in rows:
        made.add_row(*(Text(one_line(cell)) if isinstance(cell, str) else cell for cell in row))
    return made


def shorten(value: Any, width: int = 60) -> str:
    """Format a JSON value on one line, cut where it is too long."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return one_line(cut(text, width))
