"""Reports of comparisons: as data, as JSON, as Markdown and as one HTML page."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sfn_provider.compare.report.html_page import as_html
    from sfn_provider.compare.report.markdown import as_markdown

__all__ = ["as_html", "as_markdown"]

_ON_DEMAND = {"as_html": "sfn_provider.compare.report.html_page", "as_markdown": "sfn_provider.compare.report.markdown"}


def __getattr__(name: str) -> Any:
    if name in _ON_DEMAND:
        return getattr(import_module(_ON_DEMAND[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
