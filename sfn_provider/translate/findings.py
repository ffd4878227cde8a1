"""Defines findings: differences between a DAG and its state machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Effect = Literal["fails", "differs", "looks"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One difference between a DAG and its state machine.

    Args:
        code: short name of the kind, for example ``TASK_TOKEN``.
        effect: ``fails`` if a run that reaches the state fails, ``differs`` if data, time or outcome may differ,
            ``looks`` if only the view in Airflow differs.
        why: the difference and its reason.
        advice: what to do.
        state: name of the state; None for the whole machine.
        location: JSON pointer into the definition, ``""`` for the whole.
    """

    code: str
    effect: Effect
    why: str
    advice: str
    state: str | None = None
    location: str = ""

    def __str__(self) -> str:
        place = f"state {self.state!r}: " if self.state is not None else ""
        return f"{self.code}: {place}{self.why} {self.advice}"
