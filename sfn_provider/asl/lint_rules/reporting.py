"""Builds the diagnostics of rules: errors, warnings, suggestions and lists of words."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from functools import lru_cache, partial
from heapq import nlargest

from sfn_provider.asl.diagnostics import Diagnostic

SCHEMA = "SCHEMA_VALIDATION_FAILED"


def error(message: str, location: str, code: str = SCHEMA) -> Diagnostic:
    """Report what Step Functions refuses."""
    return Diagnostic("error", code, message, location)


def warning(code: str, message: str, location: str) -> Diagnostic:
    """Report what Step Functions accepts, but what fails or surprises at run time."""
    return Diagnostic("warning", code, message, location)


def did_you_mean(word: str, known: Iterable[str], cutoff: float = 0.6) -> str:
    """Return ``; did you mean 'Poll'?`` for the most similar known word; an empty string where none is similar.

    Args:
        word: the unknown word.
        known: the valid words.
        cutoff: the similarity required, from 0 to 1.
    """
    near = closest_word(word, known, cutoff)
    return f"; did you mean {near!r}?" if near else ""


def closest_word(word: str, known: Iterable[str], cutoff: float = 0.6) -> str | None:
    """Return the most similar known word, as it is known; None where none is similar."""
    return _nearest(word, tuple(known), cutoff)


_MANY, _FEW = 100, 10
"""Of more than so many known words, so many with the longest common beginning are compared."""


@lru_cache(1024)
def _nearest(word: str, known: tuple[str, ...], cutoff: float) -> str | None:
    folded = {option.casefold(): option for option in reversed(known)}
    options: Iterable[str] = folded
    if len(folded) > _MANY:  # comparing with all of them takes milliseconds
        options = nlargest(_FEW, folded, key=partial(_common_length, word.casefold()))
    near = get_close_matches(word.casefold(), options, n=1, cutoff=cutoff)
    return folded[near[0]] if near else None


def _common_length(one: str, other: str) -> int:
    """Return how many characters two texts have in common at their beginnings."""
    shorter = min(len(one), len(other))
    return next((place for place in range(shorter) if one[place] != other[place]), shorter)


def join_words(words: Iterable[str], last: str = "and") -> str:
    """Join words: ``A``, ``A and B``, ``A, B and C``."""
    parts = list(words)
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {last} {parts[-1]}"
