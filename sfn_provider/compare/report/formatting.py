"""Formats durations, amounts and counts for people."""

from __future__ import annotations


def format_seconds(value: float | None) -> str:
    """Format a duration: ``40 ms``, ``3.2 s``, ``3 min 20 s``, ``2 h 5 min``."""
    if value is None:
        return "-"
    if value < 1:
        return f"{round(value * 1000)} ms" if value else "0 s"
    if value < 60:
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def format_dollars(value: float) -> str:
    """Format an amount: ``$0.00015``, ``$3.20``, ``$1,234``."""
    if value >= 1_000:
        return f"${value:,.0f}"
    if value >= 0.1 or not value:
        return f"${value:.2f}"
    return f"${value:.2g}" if value >= 0.0001 else "under $0.0001"


def format_rate(value: float) -> str:
    """Format a number to two digits: ``0.0087``, ``4.2``, ``110``."""
    return f"{value:.2g}" if value < 100 else f"{float(f'{value:.2g}'):,.0f}"
