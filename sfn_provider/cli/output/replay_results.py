"""Collects the results of replays, appends them to a file, and prints them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import IO, Any

import click
from pydantic import ValidationError
from rich.text import Text

from sfn_provider.cli.output.tables import Cell, agreement, console, print_differences, status, table
from sfn_provider.compare.report.model import Case
from sfn_provider.exceptions import UsageError
from sfn_provider.formatting import count

_COLUMNS = ("Execution", "Status", "States", "Transitions", "Tasks", "Unrepeatable values", "DAG")


class ReplayResults:
    """The results so far. With a file each is written as soon as it is there. Use it in a ``with`` statement.

    Args:
        path: the file, a JSON object a line; the results in it are read. None for no file.
    """

    def __init__(self, path: str | None) -> None:
        self._path = Path(path) if path else None
        self._file: IO[str] | None = None
        self.cases: list[Case] = []
        self.not_replayed: dict[str, str] = {}

    def __enter__(self) -> ReplayResults:
        if self._path is not None:
            try:
                text = self._path.read_text(encoding="utf-8") if self._path.exists() else ""
                complete = text[: text.rfind("\n") + 1]  # the last line may have been cut off
                self.cases = [Case.model_validate_json(line) for line in complete.split("\n")[:-1]]
                if complete != text:
                    os.truncate(self._path, len(complete.encode()))
                self._file = self._path.open("a", encoding="utf-8")
            except ValidationError as error:
                raise UsageError(
                    f"{self._path}: cannot keep results there: it holds others, or those of another version of this "
                    f"package; name another file ({error.errors()[0]['msg']})"
                ) from error
            except (OSError, ValueError) as error:
                raise UsageError(f"{self._path}: cannot keep results there: {error}") from error
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    @property
    def names(self) -> set[str]:
        """The names of the executions that have a result."""
        return {case.name for case in self.cases}

    def add(self, case: Case, *, quiet: bool) -> None:
        """Add the result of a replay, and print it unless ``quiet``."""
        self.cases.append(case)
        if self._file is not None:
            self._file.write(json.dumps(case.model_dump(mode="json"), ensure_ascii=False) + "\n")
            self._file.flush()
        if not quiet:
            console().print(Text.assemble(f"{case.name}: ", status(case.status), ", ", agreement(case.agrees)))
            print_differences([(row.state, row.differences) for row in case.differing], case.outcome_differences)

    def add_error(self, name: str, error: str) -> None:
        """Add an execution that cannot be replayed, and print the reason."""
        self.not_replayed[name] = error
        click.echo(f"Error: {error}", err=True)

    def as_json(self) -> dict[str, Any]:
        """Return all results as JSON."""
        rows = [case.model_dump(mode="json") for case in self.cases]
        return {"replays": rows, "agree": self._agree, "differ": self._differ, "not_replayed": self.not_replayed}

    def print_summary(self) -> None:
        """Print a table of all results, and how many agree."""
        console().print(
            table("What Step Functions recorded, and the DAG on the same", _COLUMNS, self._rows(), right=_COLUMNS[2:6])
        )
        agree = f"{self._agree} of {count(len(self.cases), 'replay agrees', 'replays agree')} with Step Functions."
        console().print(agree + (f" {len(self.not_replayed)} could not be replayed." if self.not_replayed else ""))

    @property
    def exit_code(self) -> int:
        """1 where a DAG differs, 2 where all agree but some could not be replayed, else 0."""
        return 1 if self._differ else 2 if self.not_replayed else 0

    @property
    def _agree(self) -> int:
        return sum(case.agrees for case in self.cases)

    @property
    def _differ(self) -> int:
        return len(self.cases) - self._agree

    def _rows(self) -> list[list[Cell]]:
        return [
            [
                case.name,
                status(case.status),
                str(len(case.states)),
                str(case.transitions),
                str(case.tasks or ""),
                str(case.unrepeatable),
                agreement(case.agrees),
            ]
            for case in self.cases
        ]
