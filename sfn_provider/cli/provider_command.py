"""The class of all commands: errors of this package become messages and exit codes."""

from __future__ import annotations

from typing import Any

import click

from sfn_provider.cli.options.completion import complete_parameters
from sfn_provider.cli.output.printing import print_diagnostics, printable
from sfn_provider.exceptions import InvalidDefinition, SfnProviderError


class ProviderCommand(click.Command):
    """A command that turns this package's errors into messages and exit codes, and whose values a shell completes.

    Args:
        args: those of `click.Command`.
        kwargs: those of `click.Command`.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        complete_parameters(self.params)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command and return its exit code."""
        try:
            return super().invoke(ctx)
        except InvalidDefinition as error:
            file = error.file or ctx.params.get("file") or ctx.params.get("definition")
            print_diagnostics(error.diagnostics, file)
            return 1
        except SfnProviderError as error:
            click.echo(f"Error: {printable(str(error))}", err=True)
            return 2
