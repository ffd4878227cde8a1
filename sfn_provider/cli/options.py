"""Options that several commands have."""

from __future__ import annotations

from typing import Any

import click

from sfn_provider.cli.output import print_diagnostics
from sfn_provider.exceptions import InvalidDefinition


class DefinitionCommand(click.Command):
    """A command that takes a definition: it tells its problems with the file's name, and exits with 1."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except InvalidDefinition as error:
            print_diagnostics(error.diagnostics, ctx.params.get("file") or ctx.params.get("definition"))
            return 1


definition_argument = click.argument("file", metavar="FILE")

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")

input_option = click.option(
    "--input", "input_text", metavar="JSON|@FILE", default="{}", show_default=True, help="The execution's input."
)

substitutions_option = click.option(
    "--substitutions",
    metavar="NAME=VALUE|FILE",
    multiple=True,
    help="Values for ${NAME} in the definition; may be repeated.",
)
