"""Reports of comparisons and replays: as data, as JSON, as Markdown and as one HTML page."""

from sfn_provider.compare.report.builder import Report, make_report
from sfn_provider.compare.report.data.cases import of_comparison, of_live, of_replay
from sfn_provider.compare.report.data.costs import CostOptions
from sfn_provider.compare.report.html_page import as_html
from sfn_provider.compare.report.markdown import as_markdown
from sfn_provider.compare.report.model import Case

__all__ = [
    "Case",
    "CostOptions",
    "Report",
    "as_html",
    "as_markdown",
    "make_report",
    "of_comparison",
    "of_live",
    "of_replay",
]
