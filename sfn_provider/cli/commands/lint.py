"""``sfn-provider lint``: checks what Step Functions refuses at creation, and what is known to fail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import click

from sfn_provider.asl import Diagnostic
from sfn_provider.asl.model import ExecutionType
from sfn_provider.asl.placeholders import check_used
from sfn_provider.cli.inputs.substitutions import read_substitutions
from sfn_provider.cli.options.common import execution_type_option, substitutions_option
from sfn_provider.cli.output.printing import diagnostics_as_json, print_diagnostics, print_json
from sfn_provider.cli.provider_command import ProviderCommand
from sfn_provider.exceptions import InvalidDefinition, SfnProviderError
from sfn_provider.formatting import count
from sfn_provider.translate.definitions import LoadedDefinition, read_definition
from sfn_provider.translate.definitions.loader import placeholder_warning
from sfn_provider.translate.known_failures import find_known_failures

FileDiagnostics = dict[str, list[Diagnostic]]
"""The diagnostics by the file that they are in, which may be another one than the one that was named."""


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
@execution_type_option
@substitutions_option
@click.option("--strict", is_flag=True, help="Take warnings for errors: exit with 1 where there is one.")
def lint(
    files: tuple[str, ...],
    output_format: str,
    as_json: bool,
    execution_type: ExecutionType | None,
    substitutions: tuple[str, ...],
    strict: bool,
) -> int:
    """Check state machine definitions.

    Errors are what AWS refuses at creation; warnings are what it accepts and what fails at run time, or surprises.
    FILE may be all that translate takes. Exits with 1 where there is an error; with --strict, a warning. Where a file
    cannot be read, the others are checked, and the exit code is 2.
    """
    values = read_substitutions(substitutions)
    found: FileDiagnostics = {}
    unreadable: list[SfnProviderError] = []
    unused = set(values)
    for file in files:
        try:
            definition = read_definition(file, values, refuse_unused=False)
        except InvalidDefinition as error:
            found.setdefault(error.file or file, []).extend(error.diagnostics)
            unused.clear()  # what it would use is not known
        except SfnProviderError as error:
            unreadable.append(error)
            unused.clear()
        else:
            name = definition.file if definition.file != file.partition("#")[0] else file
            found.setdefault(name, []).extend(_check(definition, execution_type))
            unused &= definition.unused
    check_used(unused)
    return _report(found, unreadable, "json" if as_json else output_format, strict=strict)


def _report(found: FileDiagnostics, unreadable: list[SfnProviderError], output_format: str, *, strict: bool) -> int:
    """Print what was found, and what cannot be read; return the exit code."""
    if found or not unreadable:
        _PRINTERS[output_format](found)
    for error in unreadable:
        click.echo(f"Error: {error}", err=True)
    if unreadable:
        return 2
    return 1 if _count_errors(found) or (strict and any(found.values())) else 0


def _check(definition: LoadedDefinition, execution_type: ExecutionType | None) -> list[Diagnostic]:
    document = definition.document
    if execution_type is not None:
        document = replace(document, execution_type=execution_type)
    is_template = "#" in definition.origin
    failures = find_known_failures(document, is_template=is_template)
    # In a template the deployment has the values.
    unresolved = () if is_template else placeholder_warning(document)
    return [*document.notes, *document.diagnostics, *failures, *unresolved]


def _count_errors(found: FileDiagnostics) -> int:
    return sum(entry.level == "error" for entries in found.values() for entry in entries)


def _print_text(found: FileDiagnostics) -> None:
    for file, entries in found.items():
        print_diagnostics(entries, file, stderr=False)
    errors = _count_errors(found)
    warnings = sum(map(len, found.values())) - errors
    click.echo(f"{count(len(found), 'file')}: {count(errors, 'error')}, {count(warnings, 'warning')}", err=True)


def _print_json(found: FileDiagnostics) -> None:
    print_json([{"file": file, **entry} for file, entries in found.items() for entry in diagnostics_as_json(entries)])


def _print_github(found: FileDiagnostics) -> None:
    for file, entries in found.items():
        for entry in entries:
            message = _escape_command(f"{entry.code} {entry.location or '/'}: {entry.message}")
            path = _escape_command(file if Path(file).exists() else file.partition("#")[0])
            path = path.replace(":", "%3A").replace(",", "%2C")
            click.echo(f"::{entry.level} file={path},line={entry.line or 1},col={entry.column or 1}::{message}")


def _escape_command(text: str) -> str:
    """Escape a text as GitHub's toolkit does, so that no name ends a workflow command or is one."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


_PRINTERS: dict[str, Callable[[FileDiagnostics], None]] = {
    "text": _print_text,
    "json": _print_json,
    "github": _print_github,
}
