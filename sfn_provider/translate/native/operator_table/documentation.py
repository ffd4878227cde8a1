"""Describes the table of operators as lines of Markdown, for docs/operators.md."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sfn_provider.translate.native.operator_table.lookup import OPERATORS
from sfn_provider.translate.native.operator_table.row import (
    OlderProvider,
    OperatorRow,
    Version,
    for_provider,
    outcome_texts,
)
from sfn_provider.translate.native.operator_table.unused import UNUSED

_NEWEST: Final[Version] = (10**9,)


def operator_lines() -> list[str]:
    """Return the rows of the table of operators, as they are with the newest provider."""
    return [_line(for_provider(row, _NEWEST), row) for row in OPERATORS.values()]


def unused_lines() -> list[str]:
    """Return the rows of the table of operators that are not used."""
    return [f"| `{resource}` | {why} |" for resource, why in UNUSED.items()]


def _line(row: OperatorRow, versions: OperatorRow) -> str:
    resource = "the ARN of a function" if row.resource == "lambda" else f"`{row.resource}`"
    operator = f"`{row.operator.rpartition('.')[2]}`"
    results = ", ".join(f"`{path}`" for path in row.returns)
    changed = [f"{name}: {text}" for name, text in row.changed.items() if text not in row.lost]
    texts = " ".join((*changed, *row.lost, *map(_older_text, _with_text(versions))))
    return f"| {resource} | {operator} | {_version(row.since)} | {_parameters(row)} | {results} | {texts} |"


def _version(version: Version) -> str:
    return ".".join(map(str, version))


def _parameters(row: OperatorRow) -> str:
    if row.passthrough is None:
        return ", ".join((*row.arguments, *row.fixed))
    return f"all but {', '.join(sorted(row.unsupported))}" if row.unsupported else "all"


def _with_text(row: OperatorRow) -> Iterator[tuple[OlderProvider, list[str]]]:
    """Iterate over the versions with which something is lost."""
    for older in row.older:
        missing = [name for name, argument in row.arguments.items() if argument.name in older.without]
        texts = [*older.lost, *outcome_texts(older.outcomes)]
        texts += [f"{', '.join(missing)} cannot be used."] if missing else []
        texts += [f"{', '.join(older.required)} must be there."] if older.required else []
        texts += [f"{', '.join(sorted(older.untemplated))} is no template field."] if older.untemplated else []
        if texts:
            yield older, texts


def _older_text(entry: tuple[OlderProvider, list[str]]) -> str:
    older, texts = entry
    return f"Before {_version(older.before)}: {' '.join(texts)}"
