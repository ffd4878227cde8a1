"""Makes random values from a text: the same text gives the same values."""

from __future__ import annotations

import random
from collections.abc import MutableSequence
from typing import Any


class SeededRandomness:
    """Random values as `random.Random` makes them from a seed, which takes effect when the first one is drawn.

    Seeding takes longer than most states need to run, and nearly none of them draws a value.

    Args:
        seed: what is joined by slashes to the text that is the seed.
    """

    __slots__ = ("_generator", "_seed")

    def __init__(self, *seed: object) -> None:
        self._seed = seed
        self._generator: random.Random | None = None

    def _seeded(self) -> random.Random:
        if self._generator is None:
            self._generator = random.Random("/".join(map(str, self._seed)))
        return self._generator

    def random(self) -> float:
        """Return a number from 0 to below 1."""
        return self._seeded().random()

    def uniform(self, a: float, b: float, /) -> float:
        """Return a number between two others."""
        return self._seeded().uniform(a, b)

    def randrange(self, start: int, stop: int, /) -> int:
        """Return an integer from ``start`` to below ``stop``."""
        return self._seeded().randrange(start, stop)

    def getrandbits(self, k: int, /) -> int:
        """Return an integer of ``k`` random bits."""
        return self._seeded().getrandbits(k)

    def shuffle(self, x: MutableSequence[Any]) -> None:
        """Shuffle a list in place."""
        self._seeded().shuffle(x)
