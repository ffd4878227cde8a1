"""The results of many replays: kept one by one, told together."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import IO, Any

import click
from pydantic import ValidationError
from rich.text import Text

from sfn_provider.cli.output import agreement, console, status, table
from sfn_provider.compare.report import Case
from sfn_provider.exceptions import UsageError


class Results:
    """The results so far, each kept as soon as it is there.

    Args:
        path: the file to keep them in, a JSON object a line; those in it are read. None for none.
    """

    def __init__(self, path: str | None) -> None:
        self._path = Path(path) if path else None
        self._file: IO[str] | None = None
        self.cases: list[Case] = []
        self.refused: dict[str, str] = {}

    def __enter__(self) -> Results:
        if self._path is not None:
            try:
                text = self._path.read_text(encoding="utf-8") if self._path.exists() else ""
                whole = text[: text.rfind("\n") + 1]  # the last line may have been cut off
                self.cases = [Case.model_validate_json(line) for line in whole.split("\n")[:-1]]
                if whole != text:
                    os.truncate(self._path, len(whole.encode()))
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
        """What was replayed already."""
        return {case.name for case in self.cases}

    def add(self, case: Case, as_json: bool) -> None:
        """Keep a result, and tell it."""
        self.cases.append(case)
        if self._file is not None:
            self._file.write(json.dumps(case.model_dump(mode="json"), ensure_ascii=False) + "\n")
            self._file.flush()
        if not as_json:
            print_case(case)

    def refuse(self, name: str, why: str) -> None:
        """An execution cannot be replayed: go on with the others, and say so at the end."""
        self.refused[name] = why
        click.echo(f"Error: {why}", err=True)

    def as_json(self) -> dict[str, Any]:
        """All of it for machines."""
        rows = [case.model_dump(mode="json") for case in self.cases]
        return {"replays": rows, "agree": self._agree, "differ": self._differ, "not_replayed": self.refused}

    def print(self) -> None:
        """The summary for people."""
        console().print(_summary(self.cases))
        told = f"{self._agree} of {len(self.cases)} replays agree with Step Functions."
        console().print(told + (f" {len(self.refused)} could not be replayed." if self.refused else ""))

    @property
    def code(self) -> int:
        """The exit code."""
        return 1 if self._differ else 2 if self.refused else 0

    @property
    def _agree(self) -> int:
        return sum(case.agrees for case in self.cases)

    @property
    def _differ(self) -> int:
        return len(self.cases) - self._agree


def print_case(case: Case) -> None:
    """One replay for people: its differences, state by state."""
    out = console()
    out.print(Text.assemble(f"{case.name}: ", status(case.status), ", ", agreement(case.agrees)))
    for row in case.differing:
        for told in row.differences:
            out.print(f"  {row.state}: {told}", markup=False, style="red")
    for told in case.outcome_differences:
        out.print(f"  outcome: {told}", markup=False, style="red")


_COLUMNS = ("Execution", "Status", "States", "Transitions", "Tasks", "Unrepeatable values", "DAG")


def _summary(cases: list[Case]) -> Any:
    cells: list[list[str | Text]] = [
        [
            case.name,
            status(case.status),
            str(len(case.states)),
            str(case.transitions),
            str(case.tasks or ""),
            str(case.unrepeatable),
            agreement(case.agrees),
        ]
        for case in cases
    ]
    return table("What Step Functions recorded, and the DAG on the same", _COLUMNS, cells, right=_COLUMNS[2:6])
