"""The command line: ``sfn-provider`` and its commands, each imported when it is called.

Exit codes: 0 success, 1 what was checked is wrong, 2 the command cannot do what it was asked.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from io import TextIOWrapper

import click

from sfn_provider import __version__
from sfn_provider.cli.faults import describe_fault
from sfn_provider.cli.lazy_group import LazyGroup
from sfn_provider.cli.signals import exit_on_signals

SUMMARIES = {
    "lint": "Check state machine definitions.",
    "translate": "Translate a state machine definition into an Airflow DAG file.",
    "run": "Run a state machine without calling anything: tasks are mocked.",
    "test-state": "Test one state with a mock, as AWS's TestState API does.",
    "cases": "Make test cases that reach everything in a state machine.",
    "compare": "Run a state machine and its DAG on the same input, and compare.",
    "replay": "Replay recorded executions as a DAG in a private Airflow.",
    "serve": "Serve the Step Functions API on this machine, for development and tests.",
    "mcp": "Serve lint, translate, cases, compare and replay to an assistant.",
    "package": "Write plugins.zip, requirements.txt, DAGs and policy for MWAA.",
}
"""The commands, each a module of `sfn_provider.cli.commands`, with their lines in ``sfn-provider --help``."""


@click.group(
    cls=LazyGroup,
    package="sfn_provider.cli.commands",
    summaries=SUMMARIES,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="sfn-provider")
def cli() -> None:
    """Translate AWS Step Functions state machines into Airflow DAGs, run both, and compare them."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit."""
    # Searching for plugins of pydantic reads the metadata of every installed package: longer than lint's own work.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    exit_on_signals()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # escapes what the terminal's encoding has not
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
    except click.ClickException as error:
        error.show()
        return 2
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted.", err=True)
        return 130
    except Exception as error:  # the boundary: what no command foresaw
        click.echo(describe_fault(error), err=True)
        return 2
    return outcome if isinstance(outcome, int) else 0
