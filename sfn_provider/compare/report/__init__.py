"""Reports of comparisons: as data, as JSON, as Markdown and as one HTML page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfn_provider.lazy_names import lazy_names

if TYPE_CHECKING:
    from sfn_provider.compare.report.html_page import as_html
    from sfn_provider.compare.report.markdown import as_markdown

__all__ = ["as_html", "as_markdown"]

_ON_DEMAND = {"as_html": "sfn_provider.compare.report.html_page", "as_markdown": "sfn_provider.compare.report.markdown"}

__getattr__ = lazy_names(__name__, _ON_DEMAND)
