"""A report as one HTML page that needs nothing else: no network, no script."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from sfn_provider.compare.report import formatting as words
from sfn_provider.compare.report.builder import Report
from sfn_provider.compare.report.drawing.cost_chart import Chart, chart
from sfn_provider.compare.report.drawing.layered_layout import Size
from sfn_provider.compare.report.drawing.svg import Drawing, draw
from sfn_provider.compare.report.drawing.taken_paths import passed
from sfn_provider.compare.report.drawing.timeline import Lane, lanes
from sfn_provider.compare.report.model import CLOCKS, Case

_MOST_IN_DETAIL = 20
_MOST_ROWS = 500
_MOST_DIFFERING, _MOST_TOLD, _MOST_STATES = 40, 12, 150
"""Visits that differ, differences of one visit, and visits that are shown of a case."""

_WIDE, _NARROW = Size(820, 400), Size(360, 340)


@dataclass(frozen=True)
class Detail:
    """A case with its drawings and its timeline."""

    case: Case
    drawings: tuple[tuple[str, Drawing], ...]
    lanes: tuple[Lane, ...]


def as_html(report: Report) -> str:
    """Write a report as an HTML page. Texts of definitions and data are escaped: they show as text."""
    cases = sorted(report.cases, key=lambda case: case.agrees)
    charts: tuple[Chart, ...] = ()
    if report.cost is not None and report.cost.ways:
        charts = (chart(report.cost, _WIDE), chart(report.cost, _NARROW))
    return _template().render(
        report=report,
        drawings=_drawings(report, report.cases),
        cases=cases[:_MOST_ROWS],
        more_cases=max(0, len(cases) - _MOST_ROWS),
        details=list(_details(report, cases)),
        charts=charts,
        clocks=CLOCKS,
    )


def _details(report: Report, cases: Sequence[Case]) -> Iterator[Detail]:
    """The cases that are shown in full: those that differ come first."""
    for case in cases[:_MOST_IN_DETAIL]:
        yield Detail(case, _drawings(report, [case]), lanes(case))


def _drawings(report: Report, cases: Sequence[Case]) -> tuple[tuple[str, Drawing], ...]:
    return (
        ("State machine", draw(report.machine, passed(report.machine, cases, "step_functions"))),
        ("DAG", draw(report.dag, passed(report.dag, cases, "airflow"))),
    )


@cache
def _template() -> Template:
    loader = PackageLoader("sfn_provider.compare.report", "templates")
    made = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    made.filters |= {"seconds": words.seconds, "dollars": words.dollars}
    made.globals |= {
        "count": words.count,
        "most_differing": _MOST_DIFFERING,
        "most_told": _MOST_TOLD,
        "most_states": _MOST_STATES,
    }
    return made.get_template("report.html.j2")
