"""The options by which commands write reports."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import Any

import click

from sfn_provider.cli.files import write_text
from sfn_provider.cli.output import console
from sfn_provider.compare.cost import Prices, load_prices
from sfn_provider.compare.cost.estimate import Environment
from sfn_provider.exceptions import UsageError
from sfn_provider.translate.plan.schedule import Schedule

_OPTIONS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("--html", {"metavar": "FILE.html", "help": "Write the report as one HTML page."}),
    ("--markdown", {"metavar": "FILE.md", "help": "Write the report as Markdown."}),
    (
        "--runs-per-month",
        {"metavar": "N", "type": click.IntRange(1), "help": "For the costs; by default as the schedule says, else 30."},
    ),
    ("--region", {"default": "us-east-1", "show_default": True, "help": "Region of the prices."}),
    ("--prices", {"metavar": "FILE", "help": "Your own prices, in the form of compare/cost/prices.json."}),
    (
        "--environment-class",
        {"metavar": "CLASS", "multiple": True, "help": "MWAA environment class to estimate; repeatable; default all."},
    ),
    (
        "--workers",
        {"metavar": "N", "type": click.IntRange(0), "default": 0, "help": "Further MWAA workers, all month."},
    ),
    ("--schedulers", {"metavar": "N", "type": click.IntRange(0), "default": 0, "help": "Further MWAA schedulers."}),
    ("--webservers", {"metavar": "N", "type": click.IntRange(0), "default": 0, "help": "Further MWAA web servers."}),
    (
        "--storage-gb",
        {"metavar": "GB", "type": click.FloatRange(0), "default": 10.0, "help": "MWAA's metadata database."},
    ),
)


@dataclass(frozen=True)
class ReportOptions:
    """What a report is to be made with, and where it goes.

    Args:
        html: the page to write.
        markdown: the Markdown file to write.
        runs: runs a month; None for what the schedule says.
        prices: the prices.
        environment: the MWAA environment, beyond what its class comes with.
    """

    html: str | None
    markdown: str | None
    runs: int | None
    prices: Prices
    environment: Environment

    def costs(self, schedule: Schedule | None) -> Any:
        """What costs are estimated with, as `CostOptions`, where the DAG has this schedule."""
        from sfn_provider.compare.report import CostOptions
        from sfn_provider.compare.report.replay_reports import ONCE_A_DAY
        from sfn_provider.compare.report.schedule_frequency import runs_per_month

        if self.runs is not None:
            runs, source = self.runs, "as given"
        elif schedule is not None:
            runs, source = runs_per_month(schedule), f"as the schedule {schedule.source} has it"
        else:
            runs, source = ONCE_A_DAY, "once a day: neither --runs-per-month nor a schedule is given"
        return CostOptions(self.prices, runs, source, self.environment)

    def write(self, report: Any) -> None:
        """Write a report to the files that are asked for, and tell where they are."""
        from sfn_provider.compare.report import as_html, as_markdown

        for path, written in ((self.html, as_html), (self.markdown, as_markdown)):
            if path is not None:
                write_text(path, written(report))
                console(stderr=True).print(f"The report: {Path(path).resolve()}", markup=False)


def report_options(command: Callable[..., int]) -> Callable[..., int]:
    """Give a command the options, which it takes as one argument ``report``."""

    @wraps(command)
    def called(**given: Any) -> int:
        taken = {name[2:].replace("-", "_"): given.pop(name[2:].replace("-", "_")) for name, _ in _OPTIONS}
        return command(report=_read(taken), **given)

    for name, settings in reversed(_OPTIONS):
        click.option(name, **settings)(called)
    return called


def made_at() -> str:
    """The time of the report, to the minute."""
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")


def _read(given: dict[str, Any]) -> ReportOptions:
    prices = load_prices(given["region"], given["prices"])
    unknown = [name for name in given["environment_class"] if name not in prices.mwaa]
    if unknown:
        known = ", ".join(prices.mwaa) or "none"
        raise UsageError(
            f"no price of {unknown[0]} in {prices.region}; known: {known}. Give your own with --prices FILE"
        )
    if given["environment_class"]:
        prices = prices.model_copy(update={"mwaa": {name: prices.mwaa[name] for name in given["environment_class"]}})
    for path in (given["html"], given["markdown"]):
        if path is not None and not Path(path).parent.is_dir():
            raise UsageError(f"{path}: cannot be written: there is no folder {Path(path).parent}; create it first")
    environment = replace(
        Environment(),
        **{name: given[name] for name in ("workers", "schedulers", "webservers", "storage_gb")},
    )
    return ReportOptions(given["html"], given["markdown"], given["runs_per_month"], prices, environment)
