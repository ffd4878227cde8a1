"""``sfn-provider cases``: makes test cases that reach everything in a state machine."""

from __future__ import annotations

import json
from typing import Any

import click

from sfn_provider.cli.inputs.input_files import open_definition
from sfn_provider.cli.options.common import definition_argument, json_option, substitutions_option
from sfn_provider.cli.output.printing import print_json
from sfn_provider.cli.output.project_files import write_owned
from sfn_provider.cli.provider_command import ProviderCommand
from sfn_provider.compare.cases.made_cases import MACHINE_NAME, MadeCases, find_cases
from sfn_provider.exceptions import UsageError
from sfn_provider.formatting import count


@click.command(cls=ProviderCommand)
@definition_argument
@click.option("-o", "--output", metavar="MOCKS.json", help="Write the file here; without it, it is printed.")
@click.option(
    "--overwrite", is_flag=True, help="Write MOCKS.json over a file that was changed, or that others have written."
)
@click.option("--name", metavar="NAME", default=MACHINE_NAME, show_default=True, help="The machine's name in the file.")
@substitutions_option
@json_option
def cases(
    file: str, output: str | None, overwrite: bool, name: str, substitutions: tuple[str, ...], as_json: bool
) -> int:
    """Make a mock configuration file of Step Functions Local, with inputs, that reaches everything in a state machine.

    Every state, every rule and Default of a Choice, every catcher, a retry that helps and one that does not, a Map with
    no, one and several items, each loop left at once and after two turns. What cannot be reached is printed with the
    reason. The same definition makes the same file, which is meant to be edited.
    """
    if overwrite and output is None:
        raise UsageError("--overwrite is for a file: name it with -o, or leave --overwrite out")
    if "/" in name or not name:
        raise UsageError(f"--name {name!r}: a machine's name in a mock file has a character, and no '/'")
    definition = open_definition(file, substitutions, quiet=as_json)
    made = find_cases(definition.document, name)
    text = json.dumps(made.configuration, indent=2, ensure_ascii=False) + "\n"
    if output is not None:
        write_owned(output, text, overwrite=overwrite)
    if as_json:
        print_json(_as_json(made, output))
        return 0
    if output is None:
        click.echo(text, nl=False)
    for line in _report(made, output):
        click.echo(line, err=True)
    return 0


def _as_json(made: MadeCases, output: str | None) -> dict[str, Any]:
    """Return the file's content, or its path, and what the cases reach."""
    content: dict[str, Any] = {"file": output} if output is not None else {"configuration": made.configuration}
    return {
        **content,
        "cases": made.names,
        "coverage": made.coverage.as_json(),
        "not_reached": made.not_reached,
        "notes": list(made.notes),
    }


def _report(made: MadeCases, output: str | None) -> list[str]:
    where = f" in {output}" if output is not None else ""
    lines = [f"{count(len(made.names), 'case')}{where}: {made.coverage.text}", *made.notes]
    if made.not_reached:
        lines += ["Not reached:", *(f"  {what}: {why}" for what, why in made.not_reached.items())]
    return lines
