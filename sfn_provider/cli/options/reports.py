"""Defines the options of reports: files, prices and runs a month; writes the files."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from sfn_provider.cli.options.common import option_group
from sfn_provider.cli.output.files import check_folder, write_files
from sfn_provider.cli.output.tables import console
from sfn_provider.compare.cost.estimate import Environment
from sfn_provider.compare.cost.prices import Prices, load_prices
from sfn_provider.compare.report.builder import Report
from sfn_provider.compare.report.data.costs import CostOptions
from sfn_provider.compare.report.replay_reports import ONCE_A_DAY
from sfn_provider.compare.report.schedule_frequency import runs_per_month
from sfn_provider.exceptions import UsageError
from sfn_provider.translate.plan.schedule import Schedule


@dataclass(frozen=True)
class ReportOptions:
    """The files of a report, and what its costs are estimated with.

    Args:
        html: the HTML page to write.
        markdown: the Markdown file to write.
        runs: runs a month; None for what the schedule says.
        prices: the prices.
        environment: the MWAA environment, beyond what its class comes with.
        made_at: the time of the report in UTC, to the minute.
        cost_options: the options of costs that the user has given, as ``--region``.
    """

    html: str | None
    markdown: str | None
    runs: int | None
    prices: Prices
    environment: Environment
    made_at: str
    cost_options: tuple[str, ...] = ()

    def refuse_costs(self, what: str) -> None:
        """Refuse options of costs where the report has none.

        Args:
            what: the kind of comparison, for the error.

        Raises:
            UsageError: one is given.
        """
        for option in self.cost_options:
            raise UsageError(f"{option} is for costs, and the report of {what} has none: leave it out")

    def costs(self, schedule: Schedule | None) -> CostOptions:
        """Return what costs are estimated with, for a DAG with this schedule."""
        if self.runs is not None:
            runs, source = self.runs, "as given"
        elif schedule is not None:
            runs, source = runs_per_month(schedule), f"as the schedule {schedule.source} has it"
        else:
            runs, source = ONCE_A_DAY, "once a day: neither --runs-per-month nor a schedule is given"
        return CostOptions(self.prices, runs, source, self.environment)

    def write(self, report: Report) -> None:
        """Write a report to the files that are asked for, and print their paths to stderr."""
        from sfn_provider.compare.report.html_page import as_html  # needs Jinja
        from sfn_provider.compare.report.markdown import as_markdown

        self.write_texts(lambda: as_html(report), lambda: as_markdown(report))

    def write_texts(self, html: Callable[[], str], markdown: Callable[[], str]) -> None:
        """Write what two functions return to the files that the options name.

        Args:
            html: makes the HTML page.
            markdown: makes the Markdown.
        """
        asked = [(path, render) for path, render in ((self.html, html), (self.markdown, markdown)) if path is not None]
        write_files({path: render() for path, render in asked})
        for path, _ in asked:
            console(stderr=True).print(f"The report: {Path(path).resolve()}", markup=False)


def _read(
    html: str | None,
    markdown: str | None,
    runs_per_month: int | None,
    region: str,
    prices: str | None,
    price: tuple[str, ...],
    environment_class: tuple[str, ...],
    **environment: Any,
) -> ReportOptions:
    loaded = load_prices(region, prices, price)
    for name in environment_class:
        if name not in loaded.mwaa:
            known = ", ".join(loaded.mwaa) or "none"
            raise UsageError(f"no price of {name} in {loaded.region}; known: {known}. Give your own with --price")
    chosen = environment_class or [name for name, found in loaded.mwaa.items() if found.has_all_prices]
    loaded = loaded.model_copy(update={"mwaa": {name: loaded.mwaa[name] for name in chosen}})
    for path in (html, markdown):
        if path is not None:
            check_folder(path)
    made_at = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    given = _given(("runs_per_month", "region", "prices", "price", "environment_class", *environment))
    return ReportOptions(html, markdown, runs_per_month, loaded, Environment(**environment), made_at, given)


def _given(names: Iterable[str]) -> tuple[str, ...]:
    """Return those of some options that stand in the command, as the user writes them."""
    context = click.get_current_context()
    written = (name for name in names if context.get_parameter_source(name) is ParameterSource.COMMANDLINE)
    return tuple(f"--{name.replace('_', '-')}" for name in written)


report_options = option_group(
    "report",
    _read,
    {
        "html": {"metavar": "FILE.html", "help": "Write the report as one HTML page."},
        "markdown": {"metavar": "FILE.md", "help": "Write the report as Markdown."},
        "runs_per_month": {
            "metavar": "N",
            "type": click.IntRange(1),
            "help": "For the costs; by default as the schedule says, else 30.",
        },
        "region": {"default": "us-east-1", "show_default": True, "help": "Region of the prices."},
        "prices": {"metavar": "FILE", "help": "Your own prices, in the form of compare/cost/prices.json."},
        "price": {
            "metavar": "PLACE=DOLLARS",
            "multiple": True,
            "help": "A price of your own, by its place in that file: mwaa/mw1.small/environment=0.55. Repeatable.",
        },
        "environment_class": {
            "metavar": "CLASS",
            "multiple": True,
            "help": "MWAA environment class to estimate; repeatable; default all whose workers have a known price.",
        },
        "workers": {
            "metavar": "N",
            "type": click.IntRange(0),
            "default": 0,
            "help": "Further MWAA workers, all month.",
        },
        "schedulers": {"metavar": "N", "type": click.IntRange(0), "default": 0, "help": "Further MWAA schedulers."},
        "webservers": {"metavar": "N", "type": click.IntRange(0), "default": 0, "help": "Further MWAA web servers."},
        "storage_gb": {
            "metavar": "GB",
            "type": click.FloatRange(0),
            "default": 10.0,
            "help": "MWAA's metadata database.",
        },
    },
)
