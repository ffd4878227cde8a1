"""Builds the diagnostics of rules: errors, warnings and lists of words."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import islice

from sfn_provider.asl.diagnostics import Diagnostic

SCHEMA = "SCHEMA_VALIDATION_FAILED"

_MAX_WORDS = 20


def error(message: str, location: str, code: str = SCHEMA) -> Diagnostic:
    """Report what Step Functions refuses."""
    return Diagnostic("error", code, message, location)


def warning(code: str, message: str, location: str) -> Diagnostic:
    """Report what Step Functions accepts, but what fails or surprises at run time."""
    return Diagnostic("warning", code, message, location)


def join_words(words: Iterable[str], last: str = "and") -> str:
    """Join words: ``A``, ``A and B``, ``A, B and C``."""
    parts = list(words)
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {last} {parts[-1]}"


def join_some(words: Collection[str]) -> str:
    """Join words in quotes, of many the first ones: ``'A', 'B' and 480 others``."""
    shown = list(map(repr, islice(words, _MAX_WORDS)))
    others = len(words) - len(shown)
    return join_words([*shown, f"{others:,} others"] if others > 1 else [*map(repr, words)])
