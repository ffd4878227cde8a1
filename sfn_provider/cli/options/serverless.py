"""Defines the options of commands that make a workflow of Amazon MWAA Serverless, or compare one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

import click

from sfn_provider.cli.options.common import option_group
from sfn_provider.exceptions import UsageError
from sfn_provider.translate.serverless.limits import TARGET
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


_WAY: Final[dict[str, Any]] = {
    "type": click.Choice(WAYS),
    "default": "auto",
    "show_default": True,
    "help": "How a workflow of MWAA Serverless runs the machine: by the operators that are installed there, in "
    "YAML alone; by this package's code; auto: by operators where no task has to be skipped.",
}

serverless_options = option_group(
    "serverless",
    ServerlessOptions,
    {
        "way": _WAY,
        "start_date": {
            "metavar": "DATE",
            "help": "From when on a workflow of MWAA Serverless runs by its schedule: 2027-01-31.",
        },
    },
)
"""Decorator that gives a command the options of a workflow, as `ServerlessOptions`."""


@dataclass(frozen=True, slots=True)
class WorkflowOptions:
    """What ``compare`` needs for a workflow of MWAA Serverless.

    Args:
        target: what the definition is translated for.
        way: how a workflow runs the machine.
        python: the interpreter that runs the workflow; None for the one that ``make serverless-env`` builds.
        workflow_arn: the workflow on the service, with ``--on aws``.
    """

    target: str = "mwaa"
    way: WayName = "auto"
    python: str | None = None
    workflow_arn: str | None = None

    @property
    def is_workflow(self) -> bool:
        """Whether a workflow is compared, rather than a DAG."""
        return self.target == TARGET or self.workflow_arn is not None

    def check(self, side: str) -> None:
        """Check that the options fit together, and what stands for Step Functions.

        Args:
            side: ``engine`` or ``aws``.

        Raises:
            UsageError: an option has no effect, or one is missing.
        """
        if self.workflow_arn is not None and side != "aws":
            raise UsageError("--workflow-arn starts a workflow on MWAA Serverless: add --on aws, or leave it out")
        if self.target == TARGET and side == "aws" and self.workflow_arn is None:
            raise UsageError(f"--on aws and --target {TARGET}: name the workflow to start with --workflow-arn ARN")
        if self.python is not None and (not self.is_workflow or side == "aws"):
            raise UsageError(f"--python runs a workflow on this machine: add --target {TARGET}, or leave it out")
        if self.way != "auto" and not self.is_workflow:
            raise UsageError(f"--way is of workflows: add --target {TARGET}, or leave it out")


workflow_options = option_group(
    "workflow",
    WorkflowOptions,
    {
        "target": {
            "type": click.Choice(["mwaa", TARGET]),
            "default": "mwaa",
            "show_default": True,
            "help": "What is compared: the DAG for an environment, or the workflow for MWAA Serverless.",
        },
        "way": _WAY,
        "python": {
            "metavar": "INTERPRETER",
            "help": "With --target mwaa-serverless: the Python that has Airflow 3.0.6 and dag-factory; by default the "
            "one that make serverless-env builds.",
        },
        "workflow_arn": {"metavar": "ARN", "help": "With --on aws: the workflow of MWAA Serverless to start."},
    },
)
"""Decorator that gives ``compare`` the options of a workflow, as `WorkflowOptions`."""
