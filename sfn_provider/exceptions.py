"""The exceptions of this package, and the diagnostics that one of them carries.

::

    SfnProviderError
    ├── InvalidDefinition      a state machine definition that Step Functions would refuse; carries diagnostics
    ├── InconsistentFlow       a translated DAG whose arguments and edges disagree; the message says where
    ├── UsageError             a file, an option or an input that cannot be used; the message says what to do
    ├── RequestRefused         a request that AWS refuses; carries AWS's error code and message
    └── StatesError            an error as Step Functions names it: what Retry and Catch match on
        └── QueryEvaluationError   a JSONata expression failed; carries the field it stands in

Standard library only: every other module may import this one.
"""

from __future__ import annotations

from collections.abc import Sequence
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

    def format(self, file: str) -> str:
        """Return one line as compilers print it: ``file:line:column: CODE location: message``."""
        return f"{self.position(file)}: {self.summary}"

    def position(self, file: str | None) -> str:
        """Return ``file:line:column``, without what is not known."""
        return ":".join(str(part) for part in (file, self.line, self.column) if part is not None)

    @property
    def summary(self) -> str:
        """``CODE location: message``."""
        return f"{self.code} {self.location or '/'}: {self.message}"


class SfnProviderError(Exception):
    """Base of every error that this package raises on purpose."""


class UsageError(SfnProviderError):
    """A file, an option or an input cannot be used.

    Args:
        message: one or two sentences: where, what, and what to do.
    """


class InconsistentFlow(SfnProviderError):
    """A translated DAG would not run the states that its tasks name: its arguments and its edges disagree.

    Args:
        message: a line for each problem: which task, what is wrong, and what to do.
    """


class RequestRefused(SfnProviderError):
    """A request that the API of Step Functions refuses.

    Args:
        code: AWS's error code, for example ``ValidationException``.
        message: AWS's message.
    """

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        self.message = message
        super().__init__(code, message)

    def __str__(self) -> str:
        return self.message if self.code in self.message else f"{self.code}: {self.message}"


class InvalidDefinition(SfnProviderError):
    """The definition has at least one problem for which Step Functions would refuse to create the machine.

    Args:
        diagnostics: every problem found, warnings included, in the order of the definition.
        file: the file that has them; None if it is not known.
    """

    def __init__(self, diagnostics: Sequence[Diagnostic], file: str | None = None) -> None:
        self.diagnostics = tuple(diagnostics)
        self.file = file
        super().__init__("\n".join(str(d) for d in self.diagnostics if d.level == "error"))

    def __reduce__(self) -> tuple[type[InvalidDefinition], tuple[tuple[Diagnostic, ...], str | None]]:
        return type(self), (self.diagnostics, self.file)


class StatesError(SfnProviderError):
    """An error by the name that Retry and Catch match, with its cause.

    Args:
        error: the error name, for example ``States.Runtime`` or a Lambda function's ``errorType``. None where AWS
            reports none (a Fail state without Error).
        cause: the text that AWS shows beside it. None where there is none.
    """

    def __init__(self, error: str | None, cause: str | None = None) -> None:
        self.error = error
        self.cause = cause
        super().__init__(error, cause)

    def __str__(self) -> str:
        return ": ".join(part for part in (self.error, self.cause) if part)

    @property
    def details(self) -> dict[str, str]:
        """The fields ``error`` and ``cause`` of a history event, as far as there are any."""
        return {name: text for name, text in (("error", self.error), ("cause", self.cause)) if text is not None}


class QueryEvaluationError(StatesError):
    """A JSONata expression failed or gave what its field cannot take: ``States.QueryEvaluationError``.

    Args:
        cause: what AWS prints after its standard opening.
        location: the field that holds the expression, for example ``Output/total``.
    """

    def __init__(self, cause: str, location: str) -> None:
        self.location = location
        super().__init__("States.QueryEvaluationError", cause)

    def __reduce__(self) -> tuple[type[QueryEvaluationError], tuple[str | None, str]]:
        return type(self), (self.cause, self.location)
