"""Suggests the known word that an unknown one is most like, in bounded time."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from functools import lru_cache, partial
from heapq import nlargest
from typing import Final

MAX_WORD: Final = 80
"""Maximum characters of words that are compared: as many as a state's name has. Comparing two words takes time by the
product of their lengths."""

MAX_SUGGESTIONS: Final = 20
"""Unknown words for which a rule searches similar ones: that is slow among thousands, and more of them help nobody."""

_MANY_CHARACTERS, _FEW = 2_000, 10
"""Of known words with more characters than that together, so many with the longest common beginning are compared."""


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
    """Return the most similar known word, as it is known; None where none is similar, or the word is a long text."""
    return _closest(word, tuple(known), cutoff) if len(word) <= MAX_WORD else None


class Suggestions:
    """Suggests words for the first `MAX_SUGGESTIONS` unknown ones alone."""

    def __init__(self) -> None:
        self._left = MAX_SUGGESTIONS

    @property
    def are_used_up(self) -> bool:
        """True where so many words were searched that there are no more suggestions."""
        return self._left <= 0

    def did_you_mean(self, word: str, known: Iterable[str], cutoff: float = 0.6) -> str:
        """Return what `sfn_provider.asl.suggestions.did_you_mean` does; an empty string after so many words."""
        self._left -= 1
        return did_you_mean(word, known, cutoff) if self._left >= 0 else ""


@lru_cache(1024)
def _closest(word: str, known: tuple[str, ...], cutoff: float) -> str | None:
    folded = {option.casefold(): option for option in reversed(known) if len(option) <= MAX_WORD}
    options: Iterable[str] = folded
    if sum(map(len, folded)) > _MANY_CHARACTERS:  # comparing with all of them takes milliseconds
        options = nlargest(_FEW, folded, key=partial(_common_length, word.casefold()))
    near = get_close_matches(word.casefold(), options, n=1, cutoff=cutoff)
    return folded[near[0]] if near else None


def _common_length(one: str, other: str) -> int:
    """Return how many characters two texts have in common at their beginnings."""
    shorter = min(len(one), len(other))
    return next((place for place in range(shorter) if one[place] != other[place]), shorter)
