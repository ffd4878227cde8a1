"""Formats numbers, durations and amounts for people, and cuts texts."""

from __future__ import annotations


def count(number: float, noun: str, plural: str | None = None) -> str:
    """Return a number of things: ``1 item``, ``1,200 items``, ``2.5 tasks``.

    Args:
        number: how many.
        noun: what they are, in the singular.
        plural: the plural, where it is not the singular with an ``s``.
    """
    shown = f"{number:,}" if isinstance(number, int) else f"{number:,g}"
    return f"{shown} {noun if number == 1 else plural or f'{noun}s'}"


def format_times(number: int) -> str:
    """Return how often something is: ``once``, ``twice``, ``3 times``."""
    return {1: "once", 2: "twice"}.get(number, f"{number:,} times")


def format_seconds(value: float | None) -> str:
    """Format a duration: ``40 ms``, ``3.2 s``, ``15 s``, ``3 min 20 s``, ``2 h 5 min``; ``-`` for None."""
    if value is None:
        return "-"
    if value < 0.9995:
        return f"{max(1, round(value * 1000))} ms" if value > 0 else "0 s"
    if value < 59.95:
        return f"{value:.1f}".removesuffix(".0") + " s"
    minutes, rest = divmod(round(value), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def format_dollars(value: float) -> str:
    """Format an amount: ``$0.00015``, ``$3.20``, ``$1,234``."""
    if value >= 999.995:
        return f"${value:,.0f}"
    if value >= 0.0995 or not value:
        return f"${value:.2f}"
    return f"${value:.2g}" if value >= 0.0001 else "under $0.0001"


def format_rate(value: float) -> str:
    """Format a number to two digits: ``0.0087``, ``4.2``, ``110``."""
    return f"{value:.2g}" if value < 99.5 else f"{float(f'{value:.2g}'):,.0f}"


def cut(text: str, length: int) -> str:
    """Return a text of at most ``length`` characters, of which the last three are ``...`` if it was cut."""
    return text if len(text) <= length else f"{text[: length - 3]}..."


def cut_long(text: str, length: int) -> str:
    """Return a text, of a longer one its first ``length`` characters, and how many more it has."""
    return text if len(text) <= length else f"{text[:length]}... ({len(text) - length:,} more characters)"
