"""Bounds the work of a search for test cases, counted so that it is the same in every run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

MAX_WORK: Final = 10_000_000
"""How much work a search may take, where 1 is about a microsecond: a visit of an edge, a test of a rule."""

STATE: Final = 50
"""The work of entering a state, in the engine and in what watches it."""

EVALUATION_STEP: Final = 2
"""The work of a step of a JSONata expression."""


class SearchEnded(Exception):
    """The search has taken all the work that it may."""


@dataclass(slots=True)
class SearchBudget:
    """The work that a search has left.

    Args:
        most: how much work it may take.
    """

    most: int = MAX_WORK
    left: int = field(init=False)

    def __post_init__(self) -> None:
        self.left = self.most

    def spend(self, work: int) -> None:
        """Take some work from what is left.

        Raises:
            SearchEnded: so much is not left.
        """
        self.left -= work
        if self.left < 0:
            raise SearchEnded

    def spend_on_evaluation(self, steps: int) -> None:
        """Take the work of evaluating a JSONata expression.

        Args:
            steps: its work as `EvaluationLimits` counts it.

        Raises:
            SearchEnded: so much is not left.
        """
        self.spend(EVALUATION_STEP * steps)
