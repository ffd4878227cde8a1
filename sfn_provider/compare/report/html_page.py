"""Writes a report as one HTML page without scripts or links to other files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from jinja2 import Environment, Template

from sfn_provider.compare.report.builder import Report
from sfn_provider.compare.report.drawing.case_paths import find_taken_paths
from sfn_provider.compare.report.drawing.cost_chart import CostChart, make_cost_chart
from sfn_provider.compare.report.drawing.timeline import Timeline, make_timelines
from sfn_provider.compare.report.model import CLOCKS, Case
from sfn_provider.drawing.html_templates import make_environment
from sfn_provider.drawing.layered_layout import Size
from sfn_provider.drawing.svg import Drawing, draw
from sfn_provider.formatting import count, format_dollars, format_rate, format_seconds

_MAX_DETAILS = 20
_MAX_ROWS = 500
_MAX_DIFFERING, _MAX_DIFFERENCES, _MAX_STATES, _MAX_CALLS = 40, 12, 150, 100
"""Limits of a case: visits that differ, differences of one visit, visits in the table, calls in the table."""

_WIDE, _NARROW = Size(820, 400), Size(360, 340)


@dataclass(frozen=True)
class Detail:
    """A case with its drawings and its timeline."""

    case: Case
    drawings: tuple[tuple[str, Drawing], ...]
    timelines: tuple[Timeline, ...]


def as_html(report: Report) -> str:
    """Write a report as an HTML page. Texts of definitions and data are escaped: they show as text."""
    cases = sorted(report.cases, key=lambda case: case.agrees)
    charts: tuple[CostChart, ...] = ()
    if report.cost is not None and report.cost.ways:
        charts = (make_cost_chart(report.cost, _WIDE), make_cost_chart(report.cost, _NARROW))
    return _template().render(
        report=report,
        drawings=_drawings(report, report.cases),
        cases=cases[:_MAX_ROWS],
        more_cases=max(0, len(cases) - _MAX_ROWS),
        details=list(_details(report, cases)),
        charts=charts,
        clocks=CLOCKS,
    )


def _details(report: Report, cases: Sequence[Case]) -> Iterator[Detail]:
    """The cases in full; those that differ come first."""
    for case in cases[:_MAX_DETAILS]:
        yield Detail(case, _drawings(report, [case]), make_timelines(case))


def _drawings(report: Report, cases: Sequence[Case]) -> tuple[tuple[str, Drawing], ...]:
    return (
        ("State machine", draw(report.machine, find_taken_paths(report.machine, cases, "step_functions"))),
        ("DAG", draw(report.dag, find_taken_paths(report.dag, cases, "airflow"))),
    )


def report_templates() -> Environment:
    """Make the environment of the reports' templates, with the filters that these have in common."""
    made = make_environment("sfn_provider.compare.report")
    made.filters |= {"seconds": format_seconds, "dollars": format_dollars, "rate": format_rate}
    return made


@cache
def _template() -> Template:
    made = report_templates()
    made.globals |= {
        "count": count,
        "max_differing": _MAX_DIFFERING,
        "max_differences": _MAX_DIFFERENCES,
        "max_states": _MAX_STATES,
        "max_calls": _MAX_CALLS,
    }
    return made.get_template("report.html.j2")
