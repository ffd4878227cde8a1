"""What a finding about a translation is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Effect = Literal["fails", "differs", "looks"]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a DAG does not do as the state machine does.

    Args:
        code: short name of the kind, for example ``TASK_TOKEN``.
        effect: ``fails`` where a run that gets there fails, ``differs`` where data, time or outcome may be others,
            ``looks`` where only the view differs.
        why: what is different and why.
        advice: what to do.
        state: name of the state; None for the machine as a whole.
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
