"""``sfn-provider lint``: checks definitions as Step Functions does at creation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import click

from sfn_provider.asl import Diagnostic
from sfn_provider.cli.options import ProviderCommand
from sfn_provider.cli.output import diagnostics_as_json, print_diagnostics, print_json
from sfn_provider.translate.definitions import read_definition

FileDiagnostics = dict[str, list[Diagnostic]]


@click.command(cls=ProviderCommand)
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["text", "json", "github"]),
    default="text",
    show_default=True,
    help="text for people, json for machines, github for annotations in GitHub Actions.",
)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option(
    "--type",
    "execution_type",
    type=click.Choice(["STANDARD", "EXPRESS"]),
    default="STANDARD",
    show_default=True,
    help="The type of the state machine: an EXPRESS one can do less.",
)
def lint(files: tuple[str, ...], output_format: str, as_json: bool, execution_type: str) -> int:
    """Check state machine definitions.

    Errors are what AWS refuses at creation; warnings are what it accepts and you will regret. Exits with 1 where there
    is an error.
    """
    found = {file: _check(file, execution_type) for file in files}
    _PRINTERS["json" if as_json else output_format](found)
    return 1 if _count_errors(found) else 0


def _check(file: str, execution_type: str) -> list[Diagnostic]:
    document = read_definition(file).document
    if execution_type == "EXPRESS":
        document = replace(document, execution_type="EXPRESS")
    return list(document.diagnostics)


def _count_errors(found: FileDiagnostics) -> int:
    return sum(entry.level == "error" for entries in found.values() for entry in entries)


def _print_text(found: FileDiagnostics) -> None:
    for file, entries in found.items():
        print_diagnostics(entries, file, stderr=False)
    errors = _count_errors(found)
    warnings = sum(map(len, found.values())) - errors
    click.echo(f"{len(found)} file(s): {errors} error(s), {warnings} warning(s)", err=True)


def _print_json(found: FileDiagnostics) -> None:
    print_json([{"file": file, **entry} for file, entries in found.items() for entry in diagnostics_as_json(entries)])


def _print_github(found: FileDiagnostics) -> None:
    for file, entries in found.items():
        for entry in entries:
            message = f"{entry.code} {entry.location or '/'}: {entry.message}"
            escaped = message.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
            path = file if Path(file).exists() else file.partition("#")[0]
            click.echo(f"::{entry.level} file={path},line={entry.line or 1},col={entry.column or 1}::{escaped}")


_PRINTERS: dict[str, Callable[[FileDiagnostics], None]] = {
    "text": _print_text,
    "json": _print_json,
    "github": _print_github,
}
