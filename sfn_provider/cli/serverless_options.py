"""Defines the options of commands that make a workflow of Amazon MWAA Serverless."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

import click

from sfn_provider.cli.options import option_group
from sfn_provider.exceptions import UsageError
from sfn_provider.translate.serverless.style import WAYS, WayName


@dataclass(frozen=True, slots=True)
class ServerlessOptions:
    """How a workflow is made.

    Args:
        way: how it runs the machine.
        start_date: from when on scheduled runs are made, ``2027-01-31``; None for a past date.

    Raises:
        UsageError: the date is none, or is past.
    """

    way: WayName = "auto"
    start_date: str | None = None

    def __post_init__(self) -> None:
        """Checks the date, which is a user's."""
        if self.start_date is None:
            return
        try:
            given = date.fromisoformat(self.start_date)
        except ValueError:
            raise UsageError(f"--start-date {self.start_date}: write a date such as 2027-01-31") from None
        if given <= datetime.now(UTC).date():
            raise UsageError(
                f"--start-date {self.start_date}: it is not in the future, which MWAA Serverless may ask for"
            )


serverless_options = option_group(
    "serverless",
    ServerlessOptions,
    {
        "way": {
            "type": click.Choice(WAYS),
            "default": "auto",
            "show_default": True,
            "help": "How a workflow of MWAA Serverless runs the machine: by the operators that are installed there, in "
            "YAML alone; by this package's code; auto: by operators where no task has to be skipped.",
        },
        "start_date": {
            "metavar": "DATE",
            "help": "From when on a workflow of MWAA Serverless runs by its schedule: 2027-01-31.",
        },
    },
)
"""Decorator that gives a command the options of a workflow, as `ServerlessOptions`."""
