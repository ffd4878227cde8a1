"""Holds a case while it is made: the input, the answers of tasks, objects in S3."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any, Self

from sfn_provider.asl.scope import Json
from sfn_provider.engine.simulation.mocks import Mocks

Entry = dict[str, Any]
"""``{"Return": json}`` or ``{"Throw": {"Error": text, "Cause": text}}``."""


@dataclass(slots=True)
class CaseData:
    """What an execution is run with.

    Args:
        input: its input.
        answers: what each state's task answers, by the state's name: an entry for each call.
        objects: texts of S3 objects by ``s3://bucket/key``.
        rows: the items that an ItemReader reads, by the Map's JSON pointer.
        fixed_input: True where the input must stay as it is.
        absent: the members that must not be there, as paths that begin with the name of the document.
    """

    input: Json = field(default_factory=dict)
    answers: dict[str, list[Entry]] = field(default_factory=dict)
    objects: dict[str, str] = field(default_factory=dict)
    rows: dict[str, list[Json]] = field(default_factory=dict)
    absent: frozenset[str] = frozenset()
    fixed_input: bool = False

    def copy(self) -> Self:
        """Return a copy that shares nothing."""
        return copy.deepcopy(self)

    def mocks(self) -> Mocks:
        """Return the mocks for an execution."""
        return Mocks(shorten_answers(self.answers), self.objects)


def shorten_answers(answers: dict[str, list[Entry]]) -> dict[str, list[Entry]]:
    """Leave out the entries at the end that repeat the one before them: the last one answers all later calls."""
    shortened = {state: list(entries) for state, entries in answers.items()}
    for entries in shortened.values():
        while len(entries) > 1 and entries[-1] == entries[-2]:
            entries.pop()
    return shortened
