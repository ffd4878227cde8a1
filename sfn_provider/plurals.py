"""Writes numbers with their nouns: ``1 state``, ``1,200 states``."""

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
