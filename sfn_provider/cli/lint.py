"""``sfn-provider lint``: what is wrong with a definition, before AWS says it."""

from __future__ import annotations

import click

from sfn_provider.asl import lint as lint_definition
from sfn_provider.cli.files import read_text
from sfn_provider.cli.output import diagnostics_as_json, print_diagnostics, print_json


@click.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option(
    "--format",
    "layout",
    type=click.Choice(["text", "json", "github"]),
    default="text",
    show_default=True,
    help="text for people, json for machines, github for annotations in GitHub Actions.",
)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
def lint(files: tuple[str, ...], layout: str, as_json: bool) -> int:
    """Check state machine definitions.

    Errors are what AWS refuses at creation; warnings are what it accepts and you will regret. Exits with 1 where there
    is an error.
    """
    found = {file: lint_definition(read_text(file, "a state machine definition")) for file in files}
    if as_json or layout == "json":
        print_json([{"file": file, **entry} for file in files for entry in diagnostics_as_json(found[file])])
    else:
        for file in files:
            _print_github(file, found[file]) if layout == "github" else print_diagnostics(
                found[file], file, stderr=False
            )
    errors = sum(entry.level == "error" for entries in found.values() for entry in entries)
    if layout == "text" and not as_json:
        warnings = sum(map(len, found.values())) - errors
        click.echo(f"{len(files)} file(s): {errors} error(s), {warnings} warning(s)", err=True)
    return 1 if errors else 0


def _print_github(file: str, found: list) -> None:  # type: ignore[type-arg]
    for entry in found:
        message = f"{entry.code} {entry.location or '/'}: {entry.message}"
        escaped = message.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
        click.echo(f"::{entry.level} file={file},line={entry.line or 1},col={entry.column or 1}::{escaped}")
