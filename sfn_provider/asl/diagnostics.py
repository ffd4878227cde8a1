"""A problem found in a definition, and where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One problem in a definition.

    Args:
        level: ``error`` where Step Functions refuses the definition, else ``warning``.
        code: AWS's code where AWS has one (``SCHEMA_VALIDATION_FAILED``, ``MISSING_TRANSITION_TARGET``), else ours, in
            the same form.
        message: what is wrong and what to do, one sentence or two, without the location.
        location: JSON pointer into the definition, ``""`` for the whole, for example ``/States/Poll/Next``.
        line: line in the source text, counted from 1; None where the source was no text.
        column: column in that line, counted from 1.

    Source: the form follows ValidateStateMachineDefinition's diagnostics,
    https://docs.aws.amazon.com/step-functions/latest/apireference/API_ValidateStateMachineDefinitionDiagnostic.html
    """

    level: Level
    code: str
    message: str
    location: str = ""
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        place = f" at {self.location}" if self.location else ""
        line = f" (line {self.line}, column {self.column})" if self.line is not None else ""
        return f"{self.code}: {self.message}{place}{line}"


def pointer(*parts: str | int) -> str:
    """Join parts into a JSON pointer (RFC 6901): ``pointer("States", "a/b", 0)`` is ``/States/a~1b/0``."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)
