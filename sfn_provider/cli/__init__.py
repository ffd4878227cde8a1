"""The command line: ``sfn-provider lint | translate | run | compare | replay | package``.

Exit codes: 0 all is well, 1 the thing that was checked is wrong, 2 the command cannot do what it was asked.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence

import click

from sfn_provider import __version__
from sfn_provider.cli.commands.compare import compare
from sfn_provider.cli.commands.lint import lint
from sfn_provider.cli.commands.package import package
from sfn_provider.cli.commands.replay import replay
from sfn_provider.cli.commands.run import run
from sfn_provider.cli.commands.translate import translate
from sfn_provider.cli.output import escape_what_cannot_be_shown, print_diagnostics
from sfn_provider.exceptions import InvalidDefinition, SfnProviderError


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="sfn-provider")
def cli() -> None:
    """Translate AWS Step Functions state machines into Airflow DAGs, run both, and compare them."""


for command in (lint, translate, run, compare, replay, package):
    cli.add_command(command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit. What ends the process by SIGTERM leaves nothing behind either."""
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    escape_what_cannot_be_shown()
    sys.exit(run_command(arguments))


def run_command(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: the arguments; those of the process by default.

    Returns:
        The exit code.
    """
    try:
        outcome = cli.main(args=arguments, prog_name="sfn-provider", standalone_mode=False)
    except InvalidDefinition as error:
        print_diagnostics(error.diagnostics)
        return 1
    except SfnProviderError as error:
        click.echo(f"Error: {error}", err=True)
        return 2
    except click.ClickException as error:
        error.show()
        return 2
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted.", err=True)
        return 130
    return outcome if isinstance(outcome, int) else 0
